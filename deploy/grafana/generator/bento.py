"""The dashboard of Bento's sites: how lists grow, their segments and reports, and what ads brought."""

from deploy.grafana.generator.colours import BAD, GOOD, WARNING, Json, State, Thresholds, bad_above, worse_above
from deploy.grafana.generator.measures import BY_COLLECTOR, age, stale
from deploy.grafana.generator.page import DATASOURCE, Band, Row, choice, jump, options, page
from deploy.grafana.generator.panels import Curve, bar_gauge, stat, state_timeline, time_series
from deploy.grafana.generator.queries import BY_CUSTOMER, beside, count, latest
from deploy.grafana.generator.tables import Column, table

_SITES = 'source=~"$source", customer=~"$customer"'
_SITE_LABELS = {"source": "Source", "customer": "Site"}
_BY_SEGMENT = (*BY_CUSTOMER, "segment")
_BY_REPORT = (*BY_CUSTOMER, "report", "field")
_BY_QUERY = (*BY_CUSTOMER, "query")
_BY_CURRENCY = (*_BY_QUERY, "currency")
_BY_VALUE = (*_BY_QUERY, "value")
_BY_VALUE_AND_CURRENCY = (*_BY_VALUE, "currency")
# Of the list in a week: what is lost is orange, and from a twentieth on, where the alert fires, vermillion.
_CHANGE = Thresholds(BAD, {-0.05: WARNING, 0: GOOD})


def dashboard() -> Json:
    """Return the dashboard."""
    return page(
        uid="email-stats-bento",
        title="E-mail statistics / Bento",
        description="What Bento counts for each site: subscribers, segments, reports, and what ads brought.",
        since="now-7d",
        variables=_variables(),
        links=[
            jump("email-stats-overview", "All customers", "datasource"),
            jump("email-stats-exporter", "Exporter", "datasource", "source"),
        ],
        rows=[
            Row("Now", [Band(4, _now())]),
            Row(
                "Lists",
                [
                    Band(9, [_subscribers(), _compared()]),
                    Band(8, [_sites(), _growth(), _unsubscribed()], widths=[12, 6, 6]),
                ],
            ),
            Row("Segments", [Band(8, [_segments_over_time(), _segments()])]),
            Row("Reports", [Band(7, [_reports()])]),
            Row("Ads", [Band(7, [_queries()]), Band(8, [_signups(), _revenue()])]),
            Row("Ads by value", [Band(8, [_signups_by_value(), _revenue_by_value()], widths=[9, 15])]),
            Row("Freshness", [Band(7, [_health(), _ages()])]),
        ],
    )


def _variables() -> list[Json]:
    return [
        DATASOURCE,
        choice("source", "Source", "label_values(bento_site_info, source)", several=True),
        choice("customer", "Site", 'label_values(bento_site_info{source=~"$source"}, customer)', several=True),
        options("top", "Rows", ["10", "25", "50"], "How many sites, segments or values each panel shows."),
    ]


def _latest(metric: str, by: tuple[str, ...] = ("source", "customer"), ago: str = "") -> str:
    return latest(metric, by, _SITES, ago)


def _grown(metric: str, window: str, by: tuple[str, ...] = ("source", "customer")) -> str:
    """Return by how much a number changed in a window, where there was one before."""
    return f"({_latest(metric, by)} - {_latest(metric, by, window)})"


def _grown_part(metric: str, window: str, by: tuple[str, ...] = ("source", "customer")) -> str:
    """Return the same as a part of what there was before."""
    return f"({_latest(metric, by)} / ({_latest(metric, by, window)} > 0) - 1)"


def _largest() -> str:
    """Return the largest of the chosen sites."""
    return f"topk($top, {_latest('bento_subscribers')})"


def _of_sites(health: str) -> str:
    """Return the health of fetches for sites alone: another vendor's source is chosen too where all are."""
    return f"({health} and on (source, customer) {_latest('bento_site_info')})"


def _now() -> list[Json]:
    subscribers, lost = _latest("bento_subscribers"), _latest("bento_unsubscribers")
    shrinking = f"{_grown_part('bento_subscribers', '1w')} < -0.05 and {subscribers} > 100"
    return [
        stat(
            "Subscribers",
            "Users with a subscription, of all chosen sites together. Polled hourly.",
            f"sum({subscribers})",
            decimals=2,
        ),
        stat(
            "New in a day",
            "By how many subscribers the chosen sites grew within 24 hours: who came, less who left. Polled hourly.",
            f"sum({_grown('bento_subscribers', '1d')})",
            thresholds=Thresholds(WARNING, {0: GOOD}),
            decimals=0,
            empty="known tomorrow",
        ),
        stat(
            "New in a week",
            "The same within seven days.",
            f"sum({_grown('bento_subscribers', '1w')})",
            thresholds=Thresholds(WARNING, {0: GOOD}),
            decimals=0,
            empty="known in a week",
        ),
        stat(
            "Unsubscribed",
            "Users who have unsubscribed, as a part of all users of the chosen sites. Polled hourly.",
            f"sum({lost}) / (sum({_latest('bento_users')}) > 0)",
            "percentunit",
            decimals=1,
        ),
        stat(
            "Shrinking lists",
            "Sites with more than 100 subscribers that lost over 5 % of them within a week.",
            count(shrinking),
            thresholds=worse_above(1),
        ),
        stat(
            "Oldest number",
            "For how long the collector that waits longest has had no success. Collectors poll hourly or every 4h.",
            f"max({_of_sites(age(_SITES))})",
            "s",
            thresholds=worse_above(4 * 3600 + 600, 12 * 3600),
            decimals=1,
        ),
    ]


def _subscribers() -> Json:
    return time_series(
        "Subscribers over time",
        "Users with a subscription; the largest sites of those chosen. Polled hourly.",
        [Curve("{{customer}}", _largest())],
        step="1h",
        lowest=None,
    )


def _compared() -> Json:
    now = _latest("bento_subscribers")
    before = now.replace("})", "} @ start())")
    return time_series(
        "Growth in the time shown",
        "Subscribers more or less than at the beginning of the time range, as a part of those, so that small sites can "
        "be compared with large ones. Polled hourly.",
        [Curve("{{customer}}", beside(f"{now} / ({before} > 0) - 1", _largest()))],
        "percentunit",
        step="1h",
        lowest=None,
        decimals=2,
    )


def _growth() -> Json:
    return time_series(
        "Growth within a day",
        "By how many subscribers each site grew in the 24 hours before each point, below 0 where it shrank; those of "
        "the chosen sites with the largest lists. Polled hourly.",
        [Curve("{{customer}}", beside(_grown("bento_subscribers", "1d"), _largest()))],
        step="1h",
        lowest=None,
        decimals=0,
    )


def _unsubscribed() -> Json:
    return time_series(
        "Unsubscribed within a day",
        "How many users more than 24 hours before each point have unsubscribed. Polled hourly.",
        [
            Curve(
                "{{customer}}",
                beside(_grown("bento_unsubscribers", "1d"), _largest()),
            )
        ],
        step="1h",
        decimals=0,
    )


def _sites() -> Json:
    ranking = _largest()
    part = f"{_latest('bento_unsubscribers')} / ({_latest('bento_users')} > 0)"
    return table(
        "Sites",
        "The largest lists of the chosen sites: subscribers, how many more than a day and a week ago, and which part "
        "of all users has unsubscribed. Polled hourly. Changes in a week turn orange below 0 and vermillion at -5 %.",
        _SITE_LABELS,
        [
            Column("Subscribers", ranking, "locale"),
            Column("In a day", beside(_grown("bento_subscribers", "1d"), ranking), "locale"),
            Column("In a week", beside(_grown("bento_subscribers", "1w"), ranking), "locale"),
            Column(
                "Part in a week",
                beside(_grown_part("bento_subscribers", "1w"), ranking),
                "percentunit",
                _CHANGE,
                decimals=2,
            ),
            Column("Unsubscribed", beside(part, ranking), "percentunit", decimals=1),
        ],
        sort="Subscribers",
        empty="No site is polled.",
    )


def _segments_over_time() -> Json:
    return time_series(
        "Subscribers of segments",
        "Users with a subscription in each segment; the largest segments of the chosen sites. Polled every 4h.",
        [Curve("{{customer}} {{segment}}", f"topk($top, {_latest('bento_segment_subscribers', _BY_SEGMENT)})")],
        step="1h",
    )


def _segments() -> Json:
    ranking = f"topk($top, {_latest('bento_segment_subscribers', _BY_SEGMENT)})"
    whole = f"on (source, customer) group_left () ({_latest('bento_subscribers')} > 0)"
    part = f"{_latest('bento_segment_subscribers', _BY_SEGMENT)} / {whole}"
    return table(
        "Segments",
        "The largest segments of the chosen sites: subscribers, how much that changed within a week, and which part "
        "of the site's subscribers it is. Polled every 4h.",
        {**_SITE_LABELS, "segment": "Segment"},
        [
            Column("Subscribers", ranking, "locale"),
            Column(
                "In a week",
                beside(_grown("bento_segment_subscribers", "1w", _BY_SEGMENT), ranking, _BY_SEGMENT),
                "locale",
            ),
            Column(
                "Part in a week",
                beside(_grown_part("bento_segment_subscribers", "1w", _BY_SEGMENT), ranking, _BY_SEGMENT),
                "percentunit",
                _CHANGE,
                decimals=2,
            ),
            Column("Of the site", beside(part, ranking, _BY_SEGMENT), "percentunit", decimals=1),
        ],
        sort="Subscribers",
        empty="No segment is polled.",
    )


def _reports() -> Json:
    value = "bento_report_value"
    ranking = f"topk($top, {_latest(value, _BY_REPORT)})"
    return table(
        "Reports",
        "Numbers of the configured reports, each in its own unit, and how much they changed. Polled every 4h.",
        {**_SITE_LABELS, "report": "Report", "field": "Field"},
        [
            Column("Number", ranking, "locale"),
            Column("In a day", beside(_grown(value, "1d", _BY_REPORT), ranking, _BY_REPORT), "locale"),
            Column("In a week", beside(_grown(value, "1w", _BY_REPORT), ranking, _BY_REPORT), "locale"),
        ],
        sort="Number",
        empty="No report is polled.",
    )


def _queries() -> Json:
    signups, customers = (_latest(f"bento_ads_{name}", _BY_QUERY) for name in ("signups", "customers"))
    ranking = f"topk($top, {signups})"
    described = ("source", "customer", "query", "dimension", "revenue_mode", "start_date")

    def column(title: str, expr: str, unit: str = "locale", decimals: int = 0) -> Column:
        return Column(title, beside(expr, ranking, _BY_QUERY), unit, decimals=decimals)

    return table(
        "Queries of ads",
        "What each configured query counts in the time that it asks for: signups, customers, visitors with revenue. "
        "Queries of one site may count the same visitors, so they don't add up. Polled every 4h.",
        {
            **_SITE_LABELS,
            "query": "Query",
            "dimension": "Dimension",
            "start_date": "Since",
            "revenue_mode": "Revenue",
        },
        [
            column("Info", _latest("bento_ads_query_info", described)),
            column("Signups", signups),
            column("Customers", customers),
            column("Customers of signups", f"{customers} / ({signups} > 0)", "percentunit", 1),
            column("Visitors with revenue", _latest("bento_ads_revenue_visitors", _BY_QUERY)),
            Column(
                "All of it",
                beside(_latest("bento_ads_revenue_truncated", _BY_QUERY), ranking, _BY_QUERY),
                "none",
                states=[State(0, "yes", GOOD), State(1, "no, too much for Bento", WARNING)],
            ),
        ],
        sort="Signups",
        hidden=["Info"],
        empty="No query of ads is polled.",
    )


def _signups() -> Json:
    return time_series(
        "Signups by query",
        "Signups that are owed to ads, in the time that the query asks for: a window that moves along, so the number "
        "may fall. Polled every 4h.",
        [Curve("{{customer}} {{query}}", f"topk($top, {_latest('bento_ads_signups', _BY_QUERY)})")],
        step="1h",
        decimals=0,
    )


def _revenue() -> Json:
    return time_series(
        "Revenue by query and currency",
        "Revenue that is owed to ads, in the time that the query asks for, in units of each currency; nothing is "
        "converted. Polled every 4h.",
        [Curve("{{customer}} {{query}} {{currency}}", f"topk($top, {_latest('bento_ads_revenue', _BY_CURRENCY)})")],
        step="1h",
        decimals=0,
    )


def _signups_by_value() -> Json:
    return bar_gauge(
        "Signups by value",
        "Signups by value of the query's dimension, such as the source of a visitor; the largest. Polled every 4h.",
        Curve("{{customer}} {{query}}: {{value}}", f"topk($top, {_latest('bento_ads_breakdown_signups', _BY_VALUE)})"),
        decimals=0,
    )


def _revenue_by_value() -> Json:
    ranking = f"topk($top, {_latest('bento_ads_breakdown_revenue', _BY_VALUE_AND_CURRENCY)})"
    customers = _latest("bento_ads_breakdown_customers", _BY_VALUE)
    each = f"{_latest('bento_ads_breakdown_revenue', _BY_VALUE_AND_CURRENCY)}"
    of_customer = f"on ({', '.join(_BY_VALUE)}) group_left () ({customers} > 0)"
    return table(
        "Revenue by value",
        "Revenue by value of the query's dimension and by currency, in units of the currency, and what that is for "
        "each customer won. Polled every 4h.",
        {**_SITE_LABELS, "query": "Query", "value": "Value", "currency": "Currency"},
        [
            Column("Revenue", ranking, "locale", decimals=2),
            Column(
                "For each customer",
                beside(f"{each} / {of_customer}", ranking, _BY_VALUE_AND_CURRENCY),
                "locale",
                decimals=2,
            ),
        ],
        sort="Revenue",
        empty="No query of ads has a breakdown.",
    )


def _health() -> Json:
    up = latest("email_stats_exporter_up", BY_COLLECTOR, _SITES)
    success = "email_stats_exporter_last_success_timestamp_seconds"
    # Ranked among sites alone, as they are at the end, so that all of the time shows the same ones.
    longest = (
        f"bottomk($top, max by (source, customer, collector) ({success}{{{_SITES}}} @ end()) "
        f"and on (source, customer) max by (source, customer) (bento_site_info{{{_SITES}}} @ end()))"
    )
    state = beside(f"2 * ({stale(_SITES)} == 1) or 1 - {up}", longest, BY_COLLECTOR)
    return state_timeline(
        "Collectors",
        "What the last fetch of each collector of each site came to: fresh, failed but not yet stale, or stale "
        "because nothing succeeded for three times its interval. Those that have waited longest for a success.",
        [Curve("{{customer}} {{collector}}", state)],
        [State(0, "fresh", GOOD), State(1, "last fetch failed", WARNING), State(2, "stale", BAD)],
    )


def _ages() -> Json:
    by = (*BY_COLLECTOR, "reason")
    ranking = f"topk($top, {_of_sites(age(_SITES))})"
    failing = latest("email_stats_exporter_fetch_failing", by, _SITES)
    return table(
        "How old the numbers are",
        "The collectors that have had no success for the longest, with the reason if the last fetch failed.",
        {**_SITE_LABELS, "collector": "Collector", "reason": "Failing with"},
        [
            Column("Last success", ranking, "s", bad_above(12 * 3600), decimals=1),
            Column("Failing", beside(failing, ranking, BY_COLLECTOR)),
        ],
        sort="Last success",
        hidden=["Failing"],
        empty="Nothing has succeeded yet.",
    )
