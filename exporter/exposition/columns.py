"""Columns: the families that have one sample for each customer, as they stand in a shelf and as lines.

Nearly all series of a page are in columns, and when one changes again, it is for a few customers more.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isnan
from struct import Struct
from typing import Any, NamedTuple

from exporter.samples import Family
from exporter.store import Layout, Shelf, health

_NUMBER = Struct("d")
# So many columns are kept as they were rendered last: those of the few groups that are being fetched.
MOST_RECENT = 192


class Around(NamedTuple):
    """What stands in a line before the customer's name, and between it and the number."""

    before: str
    after: str


@dataclass(slots=True)
class Column:
    """The entries of a column by row, beside the names of the customers.

    Attributes:
        names: as they stand in lines.
        entries: numbers, None where a customer has none; or where nobody lacks one, what the store has packed.
        place: where the number is in what is packed.
    """

    names: Sequence[str]
    entries: Sequence[Any]
    place: int | None = None

    def texts(self, around: Around) -> list[str]:
        """Return the line of each row."""
        before, after = around
        if self._is_constant:
            ending = f"{after}{self.entries[0]!r}\n"
            return [f"{before}{name}{ending}" for name in self.names]
        if self.place is None:
            pairs = zip(self.names, self.entries, strict=False)
            return ["" if each is None else f"{before}{name}{after}{each!r}\n" for name, each in pairs]
        numbers = map(_reader(self.place), self.entries)
        return [f"{before}{name}{after}{value!r}\n" for name, (value,) in zip(self.names, numbers, strict=True)]

    @property
    def _is_constant(self) -> bool:
        # Whether fetches are up, and stale, is mostly the same for all.
        first = self.entries[0] if self.place is None and self.entries else None
        return first is not None and len(self.entries) == len(self.names) == self.entries.count(first)

    def only(self, rows: Sequence[int]) -> "Column":
        """Return the column of some rows alone."""
        return Column([self.names[row] for row in rows], [self.entries[row] for row in rows], self.place)

    def changes(self, later: "Column") -> Sequence[int] | None:
        """Return the rows in which a later column differs; None if it is another one altogether."""
        if self.names != later.names or self.place != later.place or len(self.entries) != len(later.entries):
            return None
        pairs = zip(self.entries, later.entries, strict=True)
        return [row for row, (old, new) in enumerate(pairs) if old != new]


_EMPTY = Column((), ())


class Recent:
    """The columns that were rendered last, with their lines."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[tuple[Shelf, Family], tuple[Column, list[str]]] = {}

    def texts(self, shelf: Shelf, family: Family, column: Column, around: Around) -> Sequence[str]:
        """Return the line of each row; few are written anew if the column was asked for a moment ago."""
        known, texts = self._known.pop((shelf, family), (None, []))
        rows = known.changes(column) if known else None
        if rows is None:
            texts = column.texts(around)
        else:
            for row, text in zip(rows, column.only(rows).texts(around), strict=True):
                texts[row] = text
        self._known[shelf, family] = column, texts
        if len(self._known) > MOST_RECENT:
            del self._known[next(iter(self._known))]
        return texts


def is_column(family: Family) -> bool:
    """Return whether there is at most one sample of a family for each customer and collector."""
    return family in _HEALTH or not family.labels


def column_of(shelf: Shelf, family: Family, names: Sequence[str]) -> Column:
    """Return the column of a family as a shelf has it now; ``names`` are its customers'."""
    if family in _HEALTH:
        return Column(names, _HEALTH[family](shelf)[: len(names)])
    layouts = shelf.layouts[: len(names)]
    first = layouts[0] if layouts else None
    if layouts.count(first) == len(layouts):
        # Nearly everywhere all customers of a group have the same series.
        if first is None or family not in first.parts:
            return _EMPTY
        return Column(names, shelf.values[: len(names)], first.parts[family][0])
    places: dict[Layout | None, int] = {
        layout: layout.parts[family][0] for layout in set(layouts) if layout and family in layout.parts
    }
    if not places:
        return _EMPTY
    pairs = zip(shelf.values, map(places.get, layouts), strict=False)
    return Column(names, [None if place is None else _reader(place)(packed)[0] for packed, place in pairs])


@cache
def _reader(place: int) -> Callable[[bytes], tuple[float, ...]]:
    return Struct(f"{place * _NUMBER.size}xd").unpack_from


def _up(shelf: Shelf) -> Sequence[float | None]:
    attempts = zip(shelf.reasons, shelf.last_attempt, strict=True)
    # One that could not even be attempted is down too.
    return [None if reason is None and isnan(attempt) else float(reason is None) for reason, attempt in attempts]


def _stale(shelf: Shelf) -> Sequence[float | None]:
    # What comes from the configuration has no health.
    states = zip(shelf.since, shelf.is_stale, strict=True)
    return [None if isnan(since) or not shelf.collector else float(is_stale) for since, is_stale in states]


def _last_success(shelf: Shelf) -> Sequence[float | None]:
    return _known(shelf.last_success)


def _last_attempt(shelf: Shelf) -> Sequence[float | None]:
    return _known(shelf.last_attempt)


def _known(times: "array[float]") -> Sequence[float | None]:
    return [None if isnan(seconds) else seconds for seconds in times]


_HEALTH: Mapping[Family, Callable[[Shelf], Sequence[float | None]]] = {
    health.UP: _up,
    health.STALE: _stale,
    health.LAST_SUCCESS: _last_success,
    health.LAST_ATTEMPT: _last_attempt,
}
