"""The page of metrics: every family with what a query needs to know of it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docs.generator.markdown import code, codes, table
from docs.generator.sources import collectors_of, sections, whole_collectors
from exporter.config import DiscoveryConfig, format_duration
from exporter.instruments import PREFIX, Instruments
from exporter.providers.base import Provider
from exporter.samples import Family, Kind
from exporter.store import health

_INTRODUCTION = """\
# Metrics

Every family that can stand on `/metrics`. Vendors' numbers are polled: they are as old as
`email_stats_exporter_last_success_timestamp_seconds` says, and a number that the vendor did not send is absent, never
0. Every series of a vendor carries `source`, and `customer` where it is about one. Scrape with `honor_labels: true`,
so that no label of the target takes the place of `customer`. Gauges named `_timestamp_seconds` hold Unix time;
`_info` metrics have the value 1.

How often a collector polls is its `interval`; what can be set besides is in [configuration.md](configuration.md), and
which calls are made in [calls.md](calls.md).
"""
_OWN_INTRODUCTION = """\
## The exporter's own

Health of each fetch, kept beside the numbers and shown for as long as the customer is:
"""
_COUNTED_INTRODUCTION = "Fetches, requests and limits, by source, and the program itself:\n"
_PROCESS = """\
With them come the `process_*` and `python_*` metrics of Python's Prometheus client: memory, processor time, open
files, garbage collection.
"""
_COLUMNS = ("metric", "type", "labels", "unit", "vendor's call and field", "only with", "since", "help")
# Own metrics that came after the first version, which all others are from.
_OWN_SINCE: Mapping[str, str] = {}
_FIRST_VERSION = "0.1.0"
# The first that is found in a name, or else in a HELP, says the unit; what is found by none is a plain number.
_UNITS_BY_NAME = {
    r"_timestamp_seconds$": "s, Unix time",
    r"_seconds(_total)?$": "s",
    r"_ratio$": "ratio",
    r"_info$": "1",
    r"_(price|amount|revenue)$": "money",
    r"_report_value$": "the report's",
    r"_counter_held$": "the counter's",
}
_UNITS_BY_HELP = {r"^(Whether|1 if|1 while)\b": "0 or 1"}


@dataclass(slots=True)
class _Chapter:
    """What one collector shows, by whichever types of sources.

    Attributes:
        schedules: when each type of source polls it, by type.
        families: each family with the types that have it.
    """

    schedules: dict[str, str] = field(default_factory=dict)
    families: dict[Family, list[str]] = field(default_factory=dict)

    def add(self, type_: str, schedule: str, families: Iterable[Family]) -> None:
        """Add what one type of source has."""
        self.schedules[type_] = schedule
        for family in families:
            self.families.setdefault(family, []).append(type_)


def page(providers: Mapping[str, Provider]) -> str:
    """Return the page."""
    chapters = _chapters(providers)
    vendors = sorted({vendor for vendor, _ in chapters})
    parts = [_INTRODUCTION]
    for vendor in vendors:
        parts += [f"## `{vendor}_*`\n", *_vendor({name: each for (of, name), each in chapters.items() if of == vendor})]
    return "\n".join([*parts, *_own()])


def _chapters(providers: Mapping[str, Provider]) -> Mapping[tuple[str, str], _Chapter]:
    """Return the chapters by the first word of their metrics' names and by collector."""
    chapters: dict[tuple[str, str], _Chapter] = {}

    def add(provider: Provider, name: str, schedule: str, families: Sequence[Family]) -> None:
        for vendor in dict.fromkeys(_vendor_of(family) for family in families):
            chapter = chapters.setdefault((vendor, name), _Chapter())
            chapter.add(provider.type, schedule, [each for each in families if _vendor_of(each) == vendor])

    # The type with the most collectors gives their order.
    for provider in sorted(providers.values(), key=lambda each: -len(type(collectors_of(each.config)).model_fields)):
        collectors = whole_collectors(provider)
        for name, settings in sections(collectors_of(provider.config)):
            schedule = f"every {format_duration(settings.interval)}" if settings.enabled else _off(settings.interval)
            add(provider, name, schedule, collectors[name].families)
    for provider in providers.values():
        if provider.active:
            add(provider, "discovery", _off(DiscoveryConfig().interval), [provider.active])
        add(provider, "", "", [provider.info])
    return chapters


def _off(interval: float) -> str:
    return f"every {format_duration(interval)}, only if switched on"


def _vendor_of(family: Family) -> str:
    return family.name.partition("_")[0]


def _vendor(chapters: Mapping[str, _Chapter]) -> Iterator[str]:
    for name, chapter in chapters.items():
        if name:
            yield f"### {name}\n"
            yield _schedules(chapter.schedules)
        else:
            yield "### Without a collector\n"
            yield "From the configuration alone, as soon as the program runs.\n"
        yield table(_COLUMNS, (_row(family, types, chapter) for family, types in chapter.families.items()))


def _schedules(schedules: Mapping[str, str]) -> str:
    types_of: dict[str, list[str]] = {}
    for type_, schedule in schedules.items():
        types_of.setdefault(schedule, []).append(type_)
    return f"Polled {'; '.join(f'{schedule}: {codes(sorted(types))}' for schedule, types in types_of.items())}.\n"


def _row(family: Family, types: Sequence[str], chapter: _Chapter) -> Sequence[str]:
    return (
        code(family.name),
        family.kind.value,
        _labels(family, is_open=not all(chapter.schedules.values())),
        _unit(family.name, family.help),
        family.origin,
        "" if len(types) == len(chapter.schedules) else codes(sorted(types)),
        family.since,
        family.help,
    )


def _labels(family: Family, *, is_open: bool = False) -> str:
    whose = ("source", "customer") if family.per_customer else ("source",)
    return codes((*whose, *family.labels)) + (", and those of all customers" if is_open else "")


def _unit(name: str, text: str) -> str:
    by_name = (unit for pattern, unit in _UNITS_BY_NAME.items() if re.search(pattern, name))
    by_help = (unit for pattern, unit in _UNITS_BY_HELP.items() if re.search(pattern, text))
    return next((unit for units in (by_name, by_help) for unit in units), "number")


def _own() -> Iterator[str]:
    yield _OWN_INTRODUCTION
    yield table(_COLUMNS, (_own_row(each, _labels(each), each.since) for each in health.FAMILIES))
    yield _COUNTED_INTRODUCTION
    instruments = Instruments()
    rows = []
    for metric in instruments.registry.collect():
        if metric.name.startswith(PREFIX):
            name = f"{metric.name}_total" if metric.type == Kind.COUNTER else metric.name
            labels = codes(instruments.labels[metric.name])
            since = _OWN_SINCE.get(name, _FIRST_VERSION)
            rows.append(
                (name, metric.type, labels, _unit(name, metric.documentation), "", "", since, metric.documentation)
            )
    yield table(_COLUMNS, ((code(name), *rest) for name, *rest in rows))
    yield _PROCESS


def _own_row(family: Family, labels: str, since: str) -> Sequence[str]:
    return code(family.name), family.kind.value, labels, _unit(family.name, family.help), "", "", since, family.help
