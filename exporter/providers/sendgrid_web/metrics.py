"""Which fields of the Web API's payloads become which metrics."""

from collections.abc import Mapping, Sequence

from exporter.providers import sendgrid_metrics as metrics
from exporter.samples import Family

# The Web API's name of each statistic, by ours.
STATISTICS_FIELDS: Mapping[str, str] = {each.name: each.web for each in metrics.STATISTICS if each.web}
# The counters of the oldest documented payloads: an answer without one of them is something else.
REQUIRED_STATISTICS = ("requests", "bounces", "clicks", "opens", "spam_reports")

DAILY_FIELDS = tuple(STATISTICS_FIELDS)
TOTALS_FIELDS = tuple(name for name in DAILY_FIELDS if name in metrics.TOTALS)
DEFAULT_FIELDS = ("requests", "delivered", "bounces", "clicks", "opens", "spam_reports")

OVERVIEW_CREDITS: Mapping[str, Family] = {
    "credits_allowed": metrics.CREDITS_ALLOWED,
    "credits_used": metrics.CREDITS_USED,
    "credits_remain": metrics.CREDITS_REMAINING,
    "credits_overage": metrics.CREDITS_OVERAGE,
}
OVERVIEW_DATES: Mapping[str, Family] = {
    "billing_start_date": metrics.BILLING_START,
    "billing_end_date": metrics.BILLING_END,
    "billing_process_date": metrics.BILLING_PROCESS,
}

TOTALS_FAMILIES: Sequence[Family] = tuple(metrics.TOTALS[name] for name in TOTALS_FIELDS)
DAILY_FAMILIES: Sequence[Family] = (
    *(metrics.LATEST_DAY[name] for name in DAILY_FIELDS),
    metrics.LATEST_DAY_TIMESTAMP,
    *(metrics.LAST_COMPLETE_DAY[name] for name in DAILY_FIELDS),
    metrics.LAST_COMPLETE_DAY_TIMESTAMP,
)
CREDITS_FAMILIES: Sequence[Family] = (
    *OVERVIEW_CREDITS.values(),
    metrics.CREDITS_UNLIMITED,
    metrics.REPUTATION,
    metrics.OVERVIEW_REQUESTS,
    *OVERVIEW_DATES.values(),
    metrics.PACKAGE_INFO,
)
