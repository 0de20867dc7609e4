"""Lines of the text formats: headers of families, and the samples of a group of customers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from exporter.exposition.columns import Around, Recent, column_of, is_column
from exporter.exposition.values import escape
from exporter.samples import Family, Kind
from exporter.store import Group, Shelf, health

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


def lines(family: Family, group: Group, recent: Recent | None = None) -> bytes:
    """Return the lines of all samples of a family that the customers of a group have; the same in both formats.

    ``recent`` saves most of the work where few of them have changed since the last time.
    """
    names = _escaped(group.names)
    rendered: list[str] = []
    for shelf in group.shelves.values():
        if is_column(family):
            # Nearly all series of a page are of this kind, one for each customer, and a page has millions.
            column = column_of(shelf, family, names)
            if not column.entries:
                continue
            around = _around(family, group.source, shelf.collector)
            rendered += recent.texts(shelf, family, column, around) if recent else column.texts(around)
        else:
            line, order = _template(family, source=group.source)
            for row, labels, value in _ROWS.get(family, _samples)(shelf, family):
                values = (names[row], *map(escape, labels))
                rendered.append(line % (*[values[index] for index in order], repr(value)))
    text = "".join(rendered)
    return (text if family.per_customer else text.replace('customer="",', "")).encode()


def _escaped(names: Sequence[str]) -> Sequence[str]:
    # Hardly any name has anything to be escaped, and all of a group are looked through at once.
    together = "".join(names)
    return names if escape(together) is together else [escape(name) for name in names]


@lru_cache(_TEMPLATES)
def _around(family: Family, source: str, collector: str) -> Around:
    line, _ = _template(family, source=source, collector=collector)
    before, after, _ = (line % ("\n", "\n")).split("\n", 2)
    return Around(before, after)


@lru_cache(_TEMPLATES)
def _template(family: Family, **known: str) -> tuple[str, tuple[int, ...]]:
    """Return the line of a family with places for the label values not known, and the order in which these come."""
    names = ("customer", *family.labels)
    sorted_names = sorted((*names, "source"))
    texts = {name: escape(value).replace("%", "%%") for name, value in known.items()}
    pairs = ",".join(f'{name}="{texts.get(name, "%s")}"' for name in sorted_names)
    order = tuple(names.index(name) for name in sorted_names if name not in known)
    return f"{family.name}{{{pairs}}} %s\n", order


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
        layout = shelf.layouts[row]
        # One whose series is gone is still held, should it come back, but there is nothing to be ahead of the vendor.
        shown = {family.name for family in layout.parts} if layout else ()
        for metric, excess in notes.held.items():
            if metric in shown:
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
