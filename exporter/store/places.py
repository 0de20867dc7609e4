"""Where samples and health are kept: sources, groups of customers, and in each group a shelf for each collector.

Plain mutable records, written for the memory of millions of series: a shelf keeps its hundred customers in columns,
and nothing exists for a single fetch but its row. Only the store changes them, under its lock.
"""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf, isnan, nan
from struct import Struct
from typing import TypeAlias

from exporter.errors import Reason
from exporter.providers.base import Customer
from exporter.samples import Family
from exporter.state import Scope

# Exposition renders so many customers of one family at once: few blocks to join at
# a scrape, few customers to render again when one of them changes.
GROUP_SIZE = 100
# The row of a customer that has left; it is in every shelf and always blank.
_NOWHERE = GROUP_SIZE

Series: TypeAlias = tuple[Family, tuple[str, ...]]


class Layout:
    """Which series a place holds, in order; shared by all places that hold the same.

    Attributes:
        keys: the series.
        parts: for each family, where its values begin and which label values they have.
        numbers: how the values are packed.
    """

    __slots__ = ("__weakref__", "keys", "numbers", "parts")

    def __init__(self, keys: tuple[Series, ...]) -> None:
        """Keep the series; those of one family stand in a row."""
        self.keys = keys
        labels: dict[Family, list[tuple[str, ...]]] = {}
        for family, values in keys:
            labels.setdefault(family, []).append(values)
        self.parts: dict[Family, tuple[int, tuple[tuple[str, ...], ...]]] = {}
        start = 0
        for family, each in labels.items():
            self.parts[family] = (start, tuple(each))
            start += len(each)
        self.numbers = _packing(len(keys))


_PACKINGS: Sequence[Struct] = [Struct(f"{count}d") for count in range(100)]


def _packing(count: int) -> Struct:
    return _PACKINGS[count] if count < len(_PACKINGS) else Struct(f"{count}d")


@dataclass(slots=True)
class Notes:
    """What few places have something to say about.

    Attributes:
        marks: the last exposed values of counters that are not shown now, by series: where they go on.
        held: how far each held counter is above the vendor's value, by family name.
        corrections: falls of the vendor's counters so far, by family name.
        left_out: what the last fetch left out, by reason.
    """

    marks: dict[Series, float] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    corrections: dict[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


class Shelf:
    """What one collector brought for each customer of a group, in columns; a customer has the same row in all shelves.

    Attributes:
        group: the group.
        collector: the value of the label ``collector``; empty for what comes from the configuration.
        interval: seconds between two fetches.
        deadline: monotonic time at which the age of its places is looked at again; None if there is nothing to see.
        since: monotonic time of the last success, or of when the place was made; nan where there is no place.
        last_success, last_attempt: Unix times; nan until there is one.
        is_stale: 1 where no success came in time.
        reasons: why the last fetch failed; None where it did not.
        errors: the same in words.
        layouts, values: the series shown, and their numbers; no layout means none.
        notes: what is rare, by row.
        scope: what its places are kept by over restarts; None where nothing is kept.
    """

    __slots__ = (
        "collector",
        "deadline",
        "errors",
        "group",
        "interval",
        "is_stale",
        "last_attempt",
        "last_success",
        "layouts",
        "notes",
        "reasons",
        "scope",
        "since",
        "values",
    )

    def __init__(self, group: "Group", collector: str, interval: float) -> None:
        """Make a shelf without places."""
        rows = GROUP_SIZE + 1
        self.group = group
        self.collector = collector
        self.interval = interval
        self.deadline: float | None = None
        self.since = array("d", [nan]) * rows
        self.last_success = array("d", [nan]) * rows
        self.last_attempt = array("d", [nan]) * rows
        self.is_stale = bytearray(rows)
        self.reasons: list[Reason | None] = [None] * rows
        self.errors: list[str] = [""] * rows
        self.layouts: list[Layout | None] = [None] * rows
        self.values: list[bytes] = [b""] * rows
        self.notes: dict[int, Notes] = {}
        self.scope: Scope | None = None

    def has(self, row: int) -> bool:
        """Return whether the customer of a row has a place here."""
        return not isnan(self.since[row])

    def copy(self, group: "Group", rows: Sequence[int]) -> "Shelf":
        """Return a shelf of another group that has these rows, one after the other, as they are now."""
        copy = Shelf(group, self.collector, self.interval)
        for to, row in enumerate(rows):
            copy.since[to] = self.since[row]
            copy.last_success[to] = self.last_success[row]
            copy.last_attempt[to] = self.last_attempt[row]
            copy.is_stale[to] = self.is_stale[row]
            copy.reasons[to] = self.reasons[row]
            copy.layouts[to] = self.layouts[row]
            copy.values[to] = self.values[row]
            if row in self.notes:
                notes = self.notes[row]
                copy.notes[to] = Notes(held=dict(notes.held), corrections=dict(notes.corrections))
        return copy

    def clear(self, row: int) -> None:
        """Make a row blank, so that another customer can have it."""
        self.since[row] = self.last_success[row] = self.last_attempt[row] = nan
        self.is_stale[row] = 0
        self.reasons[row] = self.layouts[row] = None
        self.errors[row] = ""
        self.values[row] = b""
        self.notes.pop(row, None)


class Record:
    """One customer of a source: the value of its label, its group, its row there, and who it is to the vendor.

    ``customer`` is None for the source itself, and as long as nobody has said who it is.
    """

    __slots__ = ("customer", "group", "name", "row")

    def __init__(self, group: "Group", name: str, row: int) -> None:
        """Make a customer without places; an empty name stands for the source itself."""
        self.group = group
        self.name = name
        self.row = row
        self.customer: Customer | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the customer has left."""
        return self.row == _NOWHERE

    @property
    def places(self) -> "Sequence[Place]":
        """Its places, in the order in which its group had the first of each."""
        return [Place(self, shelf) for shelf in self.group.shelves.values() if shelf.has(self.row)]

    def last_attempt(self, collector: str, interval: float) -> float:
        """Return the Unix time at which its last fetch by a collector began; minus infinity until there is one."""
        moment = self.group.shelves[collector, interval].last_attempt[self.row]
        return -inf if isnan(moment) else moment

    def place(self, collector: str, interval: float) -> "Place":
        """Return its place for a collector on this interval."""
        return Place(self, self.group.shelves[collector, interval])


@dataclass(frozen=True, slots=True)
class Place:
    """Where one collector's samples of one customer are kept, with the health of its fetches: a row of a shelf."""

    record: Record
    shelf: Shelf

    @property
    def collector(self) -> str:
        """The value of the label ``collector``; empty for what comes from the configuration."""
        return self.shelf.collector

    @property
    def is_gone(self) -> bool:
        """Whether the customer has left; there is nothing here then."""
        return self.record.is_gone

    @property
    def up(self) -> bool | None:
        """Whether the last fetch succeeded, and the one that is due could be made; None until either is known."""
        return None if self.last_attempt is None and self.reason is None else self.reason is None

    @property
    def reason(self) -> Reason | None:
        """Why the last fetch failed; None if it did not."""
        return self.shelf.reasons[self.record.row]

    @property
    def last_error(self) -> str:
        """The same in words."""
        return self.shelf.errors[self.record.row]

    @property
    def last_success(self) -> float | None:
        """Unix time at which the last successful fetch ended; None until there is one."""
        return _known(self.shelf.last_success[self.record.row])

    @property
    def last_attempt(self) -> float | None:
        """Unix time at which the last fetch began; None until there is one."""
        return _known(self.shelf.last_attempt[self.record.row])

    @property
    def is_stale(self) -> bool:
        """Whether no success came in time."""
        return bool(self.shelf.is_stale[self.record.row])


def _known(seconds: float) -> float | None:
    return None if isnan(seconds) else seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """A fetch that failed: the Unix time at which it ended, whose it was, why it failed, and the same in words."""

    at: float
    customer: str
    collector: str
    reason: Reason
    error: str


class Group:
    """Up to ``GROUP_SIZE`` customers of a source, whose series are rendered together.

    Attributes:
        source: the value of the label ``source``.
        records: its customers by row; None where one has left.
        free: the rows of those that have left, for others to take.
        shelves: by collector and interval.
        changed: the families to be rendered again.
    """

    __slots__ = ("_names", "changed", "free", "records", "shelves", "source")

    def __init__(self, source: str) -> None:
        """Make an empty group."""
        self.source = source
        self.records: list[Record | None] = []
        self.free: list[int] = []
        self.shelves: dict[tuple[str, float], Shelf] = {}
        self.changed: set[Family] = set()
        self._names: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The values of the label ``customer`` by row; empty where one has left. The same until one comes or goes."""
        if self._names is None:
            self._names = tuple([record.name if record else "" for record in self.records])
        return self._names

    def shelf(self, collector: str, interval: float) -> Shelf:
        """Return the shelf of a collector; a new one if there was none."""
        known = self.shelves.get((collector, interval))
        if known is None:
            known = self.shelves[collector, interval] = Shelf(self, collector, interval)
        return known

    def join(self, name: str) -> Record:
        """Give a customer a row."""
        self._names = None
        if self.free:
            row = self.free.pop()
            record = self.records[row] = Record(self, name, row)
        else:
            record = Record(self, name, len(self.records))
            self.records.append(record)
        return record

    def with_only(self, records: Sequence[Record]) -> "Group":
        """Return a copy in which these customers are, and nobody else; it stays as they are now."""
        copy = Group(self.source)
        copy.records = list(records)
        rows = [record.row for record in records]
        copy.shelves = {key: shelf.copy(copy, rows) for key, shelf in self.shelves.items()}
        return copy

    @property
    def untried(self) -> int:
        """How many of its places have not been fetched once yet."""
        shelves = [shelf for shelf in self.shelves.values() if shelf.collector]
        rows = chain.from_iterable(zip(each.since, each.last_attempt, each.reasons, strict=True) for each in shelves)
        # As ``Place.up`` has it, but nobody can come or go while a whole source is looked through.
        return sum(isnan(attempt) and reason is None and not isnan(since) for since, attempt, reason in rows)

    def dissolve(self, nowhere: "Group") -> set[Family]:
        """Let all customers go at once; return the families that are to be rendered without them.

        Whoever still holds the record of a customer looks here for its row, which is blank in the shelves of a group
        that has nobody. Shelves of its own would be in a cycle with it, and nobody would free them.
        """
        layouts = {layout for shelf in self.shelves.values() for layout in shelf.layouts if layout is not None}
        for record in filter(None, self.records):
            record.row = _NOWHERE
        self.records, self._names = [], None
        self.shelves = {key: nowhere.shelf(*key) for key in self.shelves}
        return {family for layout in layouts for family in layout.parts}

    def leave(self, record: Record) -> None:
        """Let a customer go; whoever still holds its record finds nothing there any more."""
        for shelf in self.shelves.values():
            shelf.clear(record.row)
        self.records[record.row], self._names = None, None
        self.free.append(record.row)
        record.row = _NOWHERE


class SourceRecord:
    """What the store knows of one source: its groups, and counts kept as things happen.

    Attributes:
        groups: its customers in the order in which they came, but for those who took the row of one that left.
        roomy: the groups that have a row to give.
        records: its customers by name; the empty name stands for the source itself.
        series: how many are shown.
        left_out: what the last fetches left out, by reason.
        last_success: monotonic time at which a fetch last succeeded; None until one has.
        last_failure: the last fetch that failed, if any has.
        shortest_interval: seconds between two fetches of its most frequent collector.
    """

    __slots__ = (
        "groups",
        "last_failure",
        "last_success",
        "left_out",
        "records",
        "roomy",
        "series",
        "shortest_interval",
    )

    def __init__(self) -> None:
        """Make a source without customers."""
        self.groups: list[Group] = []
        self.roomy: list[Group] = []
        self.records: dict[str, Record] = {}
        self.series = 0
        self.left_out: Counter[str] = Counter()
        self.last_success: float | None = None
        self.last_failure: Failure | None = None
        self.shortest_interval = float("inf")

    def clear(self) -> None:
        """Let go of all customers: the exporter's own metrics may ask for the counts yet, and for nothing else."""
        self.groups, self.roomy, self.records = [], [], {}

    def join(self, source: str, customer: str) -> Record:
        """Return the record of a new customer of this source, in the first group that has room."""
        if not self.roomy:
            self.roomy.append(Group(source))
            self.groups.append(self.roomy[0])
        group = self.roomy[0]
        record = self.records[customer] = group.join(customer)
        if len(group.records) == GROUP_SIZE and not group.free:
            self.roomy.remove(group)
        return record
