"""The families of a fetch's health, which every place has; the exposition renders them like any other."""

from collections.abc import Sequence

from exporter.samples import Family, Kind

_LABELS = ("collector",)
UP = Family("email_stats_exporter_up", Kind.GAUGE, "1 if the last fetch succeeded, else 0.", "", _LABELS)
STALE = Family(
    "email_stats_exporter_stale",
    Kind.GAUGE,
    "1 if no fetch succeeded for polling.stale_after times the collector's interval, else 0.",
    "",
    _LABELS,
)
LAST_SUCCESS = Family(
    "email_stats_exporter_last_success_timestamp_seconds",
    Kind.GAUGE,
    "Unix time at which the last successful fetch ended.",
    "",
    _LABELS,
)
LAST_ATTEMPT = Family(
    "email_stats_exporter_last_attempt_timestamp_seconds",
    Kind.GAUGE,
    "Unix time at which the last fetch began.",
    "",
    _LABELS,
)
FAILING = Family(
    "email_stats_exporter_fetch_failing",
    Kind.GAUGE,
    "1 while the last fetch failed, by reason.",
    "",
    (*_LABELS, "reason"),
)
HELD = Family(
    "email_stats_exporter_counter_held",
    Kind.GAUGE,
    "Exposed value minus the vendor's, while a counter is held because the vendor's total fell.",
    "",
    ("metric",),
)
CORRECTIONS = Family(
    "email_stats_exporter_counter_corrections_total",
    Kind.COUNTER,
    "Times that the vendor's total fell and the counter was held.",
    "",
    ("metric",),
)
FAMILIES: Sequence[Family] = (UP, STALE, LAST_SUCCESS, LAST_ATTEMPT, FAILING, HELD, CORRECTIONS)
