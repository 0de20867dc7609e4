"""Lines of the text formats: headers of families, and the samples of a group of customers."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache, lru_cache
from math import isnan
from struct import Struct
from typing import TypeAlias

from exporter.samples import Family, Kind
from exporter.store import Group, Shelf, health

_NUMBER = Struct("d")
# With so many digits before the point, the formats' own rule writes an exponent where Python's repr does not.
_DIGITS = 7
_LEAST_WITH_EXPONENT = 10.0 ** (_DIGITS - 1)
# By the place of the point; Python's repr writes no more than sixteen digits before it.
_EXPONENTS = [f"e+{point - 1:02d}" for point in range(18)]
# So many families of sources and collectors are remembered.
_TEMPLATES = 4096


class Format(Enum):
    """A text format that Prometheus reads, by its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(family: Family, format_: Format) -> bytes:
    """Return the HELP and TYPE lines of a family."""
    return heading(family.name, family.kind, family.help, format_).encode()


def heading(name: str, kind: str, help_: str, format_: Format) -> str:
    """Return HELP and TYPE lines for samples of a name; OpenMetrics names a counter without its ``_total``."""
    help_ = help_.replace("\\", r"\\").replace("\n", r"\n")
    if format_ is Format.OPENMETRICS:
        help_ = help_.replace('"', r"\"")
        if kind == Kind.COUNTER:
            name = name.removesuffix("_total")
    return f"# HELP {name} {help_}\n# TYPE {name} {kind}\n"


def lines(family: Family, group: Group) -> bytes:
    """Return the lines of all samples of a family that the customers of a group have; the same in both formats."""
    names = _escaped([record.name if record else "" for record in group.records])
    rendered: list[str] = []
    for shelf in group.shelves.values():
        if family in _COLUMNS or not family.labels:
            # Nearly all series of a page are of this kind, one for each customer, and a page has millions.
            before, after = _around(family, group.source, shelf.collector)
            column = _COLUMNS.get(family, _column)(shelf, family)
            rendered += [f"{before}{names[row]}{after}{number(value)}\n" for row, value in column]
        else:
            line, order = _template(family, source=group.source)
            for row, labels, value in _ROWS.get(family, _samples)(shelf, family):
                values = (names[row], *map(escape, labels))
                rendered.append(line % (*[values[index] for index in order], number(value)))
    text = "".join(rendered)
    return (text if family.per_customer else text.replace('customer="",', "")).encode()


def escape(value: str) -> str:
    """Return a label value as it stands between the quotes."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value


def number(value: float) -> str:
    """Return a finite number exactly, as Go and prometheus_client write it."""
    text = repr(value)
    if value < _LEAST_WITH_EXPONENT or (point := text.find(".")) < _DIGITS:
        return text
    digits = (text[1:point] + text[point + 1 :]).rstrip("0")
    return f"{text[0]}.{digits}{_EXPONENTS[point]}" if digits else f"{text[0]}{_EXPONENTS[point]}"


def _escaped(names: list[str]) -> list[str]:
    # Hardly any name has anything to be escaped, and all of a group are looked through at once.
    together = "".join(names)
    return names if escape(together) is together else [escape(name) for name in names]


@lru_cache(_TEMPLATES)
def _around(family: Family, source: str, collector: str) -> tuple[str, str]:
    """Return what stands before and after the customer's name in a line, up to the value."""
    line, _ = _template(family, source=source, collector=collector)
    before, after, _ = (line % ("\n", "\n")).split("\n", 2)
    return before, after


@lru_cache(_TEMPLATES)
def _template(family: Family, **known: str) -> tuple[str, tuple[int, ...]]:
    """Return the line of a family with places for the label values not known, and the order in which these come."""
    names = ("customer", *family.labels)
    sorted_names = sorted((*names, "source"))
    texts = {name: escape(value).replace("%", "%%") for name, value in known.items()}
    pairs = ",".join(f'{name}="{texts.get(name, "%s")}"' for name in sorted_names)
    order = tuple(names.index(name) for name in sorted_names if name not in known)
    return f"{family.name}{{{pairs}}} %s\n", order


# Rows of a shelf, and the value of each.
_Column: TypeAlias = Iterable[tuple[int, float]]


def _column(shelf: Shelf, family: Family) -> _Column:
    first, rows = shelf.layouts[0], len(shelf.group.records)
    if first is not None and shelf.layouts.count(first) == rows:
        # Nearly everywhere all customers of a group have the same series.
        part = first.parts.get(family)
        return enumerate(_picked(part[0], shelf.values[:rows])) if part else ()
    parts = [(row, layout.parts.get(family)) for row, layout in enumerate(shelf.layouts) if layout is not None]
    return [(row, _picked(part[0], [shelf.values[row]])[0]) for row, part in parts if part]


def _picked(place: int, values: list[bytes]) -> list[float]:
    return [value for (value,) in map(_picker(place).unpack_from, values)]


@cache
def _picker(place: int) -> Struct:
    return Struct(f"{place * _NUMBER.size}xd")


def _times(times: "array[float]") -> _Column:
    return [(row, seconds) for row, seconds in enumerate(times) if not isnan(seconds)]


def _up(shelf: Shelf, _: Family) -> _Column:
    attempts = zip(shelf.reasons, shelf.last_attempt, strict=True)
    return [
        (row, float(reason is None))
        for row, (reason, attempt) in enumerate(attempts)
        # One that could not even be attempted is down too.
        if reason is not None or not isnan(attempt)
    ]


def _stale(shelf: Shelf, _: Family) -> _Column:
    # What comes from the configuration has no health.
    return [(row, float(shelf.is_stale[row])) for row, _ in _times(shelf.since) if shelf.collector]


def _last_success(shelf: Shelf, _: Family) -> _Column:
    return _times(shelf.last_success)


def _last_attempt(shelf: Shelf, _: Family) -> _Column:
    return _times(shelf.last_attempt)


_COLUMNS: Mapping[Family, Callable[[Shelf, Family], _Column]] = {
    health.UP: _up,
    health.STALE: _stale,
    health.LAST_SUCCESS: _last_success,
    health.LAST_ATTEMPT: _last_attempt,
}

# Rows of a shelf, each with the label values beside the customer's, and the value.
_Rows: TypeAlias = Iterator[tuple[int, tuple[str, ...], float]]


def _samples(shelf: Shelf, family: Family) -> _Rows:
    for row, layout in enumerate(shelf.layouts):
        if layout is not None and (part := layout.parts.get(family)) is not None:
            start, labels = part
            values = layout.numbers.unpack(shelf.values[row])
            for each, value in zip(labels, values[start : start + len(labels)], strict=True):
                yield row, each, value


def _failing(shelf: Shelf, _: Family) -> _Rows:
    for row, reason in enumerate(shelf.reasons):
        if reason is not None:
            yield row, (shelf.collector, reason), 1.0


def _held(shelf: Shelf, _: Family) -> _Rows:
    for row, notes in shelf.notes.items():
        for metric, excess in notes.held.items():
            yield row, (metric,), excess


def _corrections(shelf: Shelf, _: Family) -> _Rows:
    for row, notes in shelf.notes.items():
        for metric, count in notes.corrections.items():
            yield row, (metric,), float(count)


_ROWS: Mapping[Family, Callable[[Shelf, Family], _Rows]] = {
    health.FAILING: _failing,
    health.HELD: _held,
    health.CORRECTIONS: _corrections,
}
