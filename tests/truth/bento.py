"""What a source of Bento's stats API must show."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from exporter.demo.bento import window_days
from exporter.demo.sites import Counts, Site
from exporter.demo.world import Story
from tests.truth.series import Series, collectors

Shown: TypeAlias = Iterator[tuple[Series, float]]

COLLECTORS = dict.fromkeys(("site", "segments", "reports", "ads"), True)


def shown(source: Mapping[str, Any], story: Story) -> Shown:
    """Yield every series of a source, without its own name."""
    tellers = {"site": counts, "segments": segments, "reports": reports, "ads": ads}
    sites = {site.uuid: site for site in story.world.sites}
    for entry in source["customers"]:
        for name, _ in collectors(source, COLLECTORS):
            for series, value in tellers[name](sites[entry["site_uuid"]], entry, story.world.clock.time()):
                yield series.of(customer=entry.get("name", entry["site_uuid"])), value


def counts(site: Site, _: Mapping[str, Any], at: float) -> Shown:
    """Yield the users of a site."""
    yield from _counts("bento_", site.counts(at))


def segments(site: Site, entry: Mapping[str, Any], at: float) -> Shown:
    """Yield the users of each configured segment, or of all."""
    wanted = entry.get("segments", [])
    names = {each.id: each.name for each in site.segments}
    if wanted != "all":
        names = {each["id"]: each.get("name", each["id"]) for each in wanted}
    for segment in site.segments:
        if segment.id in names:
            yield from _counts("bento_segment_", site.segment_counts(segment, at), segment=names[segment.id])


def reports(site: Site, entry: Mapping[str, Any], at: float) -> Shown:
    """Yield the number of each report, or those at the configured paths."""
    known = {report.id: report for report in site.reports}
    for each in entry.get("reports", []):
        data = site.report_data(known[each["id"]], at)
        numbers = {"value": data} if isinstance(data, int) else {path: _at(data, path) for path in each["fields"]}
        for field, value in numbers.items():
            yield Series.named("bento_report_value", report=each.get("name", each["id"]), field=field), value


def ads(site: Site, entry: Mapping[str, Any], _: float) -> Shown:
    """Yield what each question brings: sums, and the channels one by one where that is asked for."""
    for query in entry.get("ads", []):
        name = query["name"]
        days = window_days(query.get("start_date", "30 days ago"), query.get("end_date", "now")) or 0
        takings = site.takings(query.get("dimension", "source"), days, query.get("revenue_mode", "all_revenue"))
        told = [each for each in takings if each.key == query.get("value", each.key)]
        signups, customers = (sum(getattr(each, field) for each in told) for field in ("signups", "customers"))
        yield Series.named("bento_ads_signups", query=name), signups
        yield Series.named("bento_ads_customers", query=name), customers
        yield Series.named("bento_ads_revenue_visitors", query=name), customers + signups // 50
        yield Series.named("bento_ads_revenue_truncated", query=name), site.is_truncated
        for currency in {currency for each in told for currency, cents in each.cents.items() if cents}:
            revenue = sum(each.cents.get(currency, 0) for each in told) / 100
            yield Series.named("bento_ads_revenue", query=name, currency=currency), revenue
        said = {key: query.get(key, "") for key in ("dimension", "revenue_mode", "start_date")}
        yield Series.named("bento_ads_query_info", query=name, **said), 1
        for each in told if query.get("breakdown") else ():
            # An address is nobody's business, and a channel that brought nobody is on no list.
            if "@" not in each.key and each.signups:
                yield Series.named("bento_ads_breakdown_signups", query=name, value=each.key), each.signups
                yield Series.named("bento_ads_breakdown_customers", query=name, value=each.key), each.customers
                for currency, cents in each.cents.items():
                    if cents:
                        series = Series.named(
                            "bento_ads_breakdown_revenue", query=name, value=each.key, currency=currency
                        )
                        yield series, cents / 100


def _counts(prefix: str, told: Counts, **labels: str) -> Shown:
    yield Series.named(f"{prefix}users", **labels), told.users
    yield Series.named(f"{prefix}subscribers", **labels), told.users - told.unsubscribers
    yield Series.named(f"{prefix}unsubscribers", **labels), told.unsubscribers


def _at(data: Mapping[str, Any], path: str) -> float:
    value: Any = data
    for key in path.split("."):
        value = value[key]
    return float(value)
