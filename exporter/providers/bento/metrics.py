"""The metrics of Bento's sites, with the fields of Bento's answers that they are."""

from collections.abc import Mapping, Sequence

from exporter.samples import Family, Kind

_SITE = "`GET /api/v1/stats/site`"
_SEGMENT = "`GET /api/v1/stats/segment`"
_REPORT = "`GET /api/v1/stats/report`"
_ADS = "`GET /api/v1/stats/ads`"


def _gauge(name: str, text: str, call: str, field: str, labels: tuple[str, ...] = ()) -> Family:
    return Family(f"bento_{name}", Kind.GAUGE, f"{text}; Bento's field {field}, polled.", f"{call}: `{field}`", labels)


def _counts(prefix: str, of: str, call: str, labels: tuple[str, ...] = ()) -> Mapping[str, Family]:
    return {
        field: _gauge(f"{prefix}{name}", f"{text} of the {of}", call, field, labels)
        for field, name, text in (
            ("user_count", "users", "All users"),
            ("subscriber_count", "subscribers", "Users with a subscription"),
            ("unsubscriber_count", "unsubscribers", "Users who have unsubscribed"),
        )
    }


# By the vendor's field.
SITE: Mapping[str, Family] = _counts("", "site", _SITE)
SEGMENT: Mapping[str, Family] = _counts("segment_", "segment", _SEGMENT, ("segment",))

REPORT_VALUE = _gauge(
    "report_value",
    "Number of a report, in the report's own unit, with the path of it where the data is an object",
    _REPORT,
    "data",
    ("report", "field"),
)

# By the vendor's field.
ADS_COUNTS: Mapping[str, Family] = {
    field: _gauge(f"ads_{name}", f"{text} in the time that the query asks for", _ADS, f"totals.{field}", ("query",))
    for field, name, text in (
        ("signups", "signups", "Signups that are owed to ads"),
        ("customers", "customers", "Customers that are owed to ads"),
        ("revenueVisitorCount", "revenue_visitors", "Visitors with revenue that is owed to ads"),
    )
}
ADS_REVENUE = _gauge(
    "ads_revenue",
    "Revenue that is owed to ads in the time that the query asks for, in units of the currency",
    _ADS,
    "totals.revenueByCurrency",
    ("query", "currency"),
)
ADS_REVENUE_TRUNCATED = _gauge(
    "ads_revenue_truncated",
    "1 if Bento says that the revenue is incomplete, else 0",
    _ADS,
    "revenueTruncated",
    ("query",),
)
ADS_QUERY_INFO = Family(
    "bento_ads_query_info",
    Kind.GAUGE,
    "What the query asks for, as far as it is configured, the value is 1; shown once the query has been polled.",
    "configuration: `customers[].ads`",
    ("query", "dimension", "revenue_mode", "start_date"),
)
# By the vendor's field.
BREAKDOWN_COUNTS: Mapping[str, Family] = {
    field: _gauge(
        f"ads_breakdown_{field}",
        f"{text} by value of the query's dimension, in the time that it asks for",
        _ADS,
        f"breakdown[].{field}",
        ("query", "value"),
    )
    for field, text in (("signups", "Signups"), ("customers", "Customers"))
}
BREAKDOWN_REVENUE = _gauge(
    "ads_breakdown_revenue",
    "Revenue by value of the query's dimension, in the time that it asks for, in units of the currency",
    _ADS,
    "breakdown[].revenueByCurrency",
    ("query", "value", "currency"),
)

SITE_FAMILIES: Sequence[Family] = tuple(SITE.values())
SEGMENTS_FAMILIES: Sequence[Family] = tuple(SEGMENT.values())
REPORTS_FAMILIES: Sequence[Family] = (REPORT_VALUE,)
ADS_FAMILIES: Sequence[Family] = (
    *ADS_COUNTS.values(),
    ADS_REVENUE,
    ADS_REVENUE_TRUNCATED,
    ADS_QUERY_INFO,
    *BREAKDOWN_COUNTS.values(),
    BREAKDOWN_REVENUE,
)

SITE_INFO = Family(
    "bento_site_info",
    Kind.GAUGE,
    "Site with the labels that the configuration gives it, the value is 1; nothing of it is polled.",
    "configuration: `customers[].labels`",
)
