"""Lines of the text formats: headers of families, and the samples of a group of customers."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import TypeAlias

from prometheus_client.utils import floatToGoString

from exporter.samples import Family, Kind
from exporter.store import Group, Place, health

# From here on the format's own rule writes an exponent where Python's repr does not.
_PLAIN_BELOW = 1_000_000


class Format(Enum):
    """A text format that Prometheus reads, by its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(family: Family, format_: Format) -> bytes:
    """Return the HELP and TYPE lines of a family; OpenMetrics names a counter without its ``_total``."""
    help_ = family.help.replace("\\", r"\\").replace("\n", r"\n")
    name = family.name
    if format_ is Format.OPENMETRICS:
        help_ = help_.replace('"', r"\"")
        if family.kind is Kind.COUNTER:
            name = name.removesuffix("_total")
    return f"# HELP {name} {help_}\n# TYPE {name} {family.kind}\n".encode()


def lines(family: Family, group: Group) -> bytes:
    """Return the lines of all samples of a family that the customers of a group have; the same in both formats."""
    template, order = _template(family, group.source)
    read = _HEALTH.get(family)
    if read is None and not family.labels:
        return _plain_lines(family, group, template)
    read = read or _samples
    rendered = []
    for record in group.records:
        customer = escape(record.name)
        for place in record.places:
            for labels, value in read(place, family):
                values = (customer, *map(escape, labels))
                rendered.append(template % (*[values[index] for index in order], number(value)))
    return _joined(family, rendered)


def _plain_lines(family: Family, group: Group, template: str) -> bytes:
    # Nearly all series of a page are of this kind, one for each customer, and a page has millions.
    rendered = [
        template % (escape(record.name), number(place.values[part[0]]))
        for record in group.records
        for place in record.places
        if place.layout is not None and (part := place.layout.parts.get(family)) is not None
    ]
    return _joined(family, rendered)


def _joined(family: Family, rendered: list[str]) -> bytes:
    text = "".join(rendered)
    return (text if family.per_customer else text.replace('customer="",', "")).encode()


def escape(value: str) -> str:
    """Return a label value as it stands between the quotes."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value


def number(value: float) -> str:
    """Return a finite number exactly, as Go and prometheus_client write it."""
    return repr(value) if 0 <= value < _PLAIN_BELOW else str(floatToGoString(value))


def _template(family: Family, source: str) -> tuple[str, tuple[int, ...]]:
    """Return the line of a family with places for the label values, and the order in which these come."""
    names = ("customer", *family.labels)
    sorted_names = sorted((*names, "source"))
    known = f'source="{escape(source)}"'.replace("%", "%%")
    pairs = ",".join(known if name == "source" else f'{name}="%s"' for name in sorted_names)
    order = tuple(names.index(name) for name in sorted_names if name != "source")
    return f"{family.name}{{{pairs}}} %s\n", order


_Read: TypeAlias = Iterator[tuple[tuple[str, ...], float]]


def _samples(place: Place, family: Family) -> _Read:
    if place.layout is not None and (part := place.layout.parts.get(family)) is not None:
        start, labels = part
        yield from zip(labels, place.values[start : start + len(labels)], strict=True)


def _up(place: Place, _: Family) -> _Read:
    if place.up is not None:
        yield (place.collector,), float(place.up)


def _stale(place: Place, _: Family) -> _Read:
    if place.collector:
        yield (place.collector,), float(place.is_stale)


def _last_success(place: Place, _: Family) -> _Read:
    if place.last_success is not None:
        yield (place.collector,), place.last_success


def _last_attempt(place: Place, _: Family) -> _Read:
    if place.last_attempt is not None:
        yield (place.collector,), place.last_attempt


def _failing(place: Place, _: Family) -> _Read:
    if place.reason is not None:
        yield (place.collector, place.reason), 1.0


def _held(place: Place, _: Family) -> _Read:
    for metric, excess in (place.held or {}).items():
        yield (metric,), excess


def _corrections(place: Place, _: Family) -> _Read:
    for metric, count in (place.corrections or {}).items():
        yield (metric,), float(count)


_HEALTH: Mapping[Family, Callable[[Place, Family], _Read]] = {
    health.UP: _up,
    health.STALE: _stale,
    health.LAST_SUCCESS: _last_success,
    health.LAST_ATTEMPT: _last_attempt,
    health.FAILING: _failing,
    health.HELD: _held,
    health.CORRECTIONS: _corrections,
}
