"""Which fields of the v3 API's payloads become which metrics."""

from collections.abc import Mapping, Sequence

from exporter.providers import sendgrid_metrics as metrics
from exporter.samples import Family

# The v3 API's name of each of its sixteen statistics, by ours.
STATISTICS_FIELDS: Mapping[str, Sequence[str]] = {each.name: (each.v3,) for each in metrics.STATISTICS if each.v3}
DAILY_FIELDS = tuple(STATISTICS_FIELDS)
SUMMED_FIELDS = tuple(name for name in DAILY_FIELDS if name in metrics.TOTALS)

CREDITS: Mapping[str, Family] = {
    "total": metrics.CREDITS_ALLOWED,
    "used": metrics.CREDITS_USED,
    "remain": metrics.CREDITS_REMAINING,
    "overage": metrics.CREDITS_OVERAGE,
}
RESETS: Mapping[str, Family] = {
    "last_reset": metrics.CREDITS_LAST_RESET,
    "next_reset": metrics.CREDITS_NEXT_RESET,
}

DAILY_FAMILIES: Sequence[Family] = (
    *(metrics.LATEST_DAY[name] for name in DAILY_FIELDS),
    metrics.LATEST_DAY_TIMESTAMP,
    *(metrics.LAST_COMPLETE_DAY[name] for name in DAILY_FIELDS),
    metrics.LAST_COMPLETE_DAY_TIMESTAMP,
)
CREDITS_FAMILIES: Sequence[Family] = (*CREDITS.values(), metrics.CREDITS_UNLIMITED, *RESETS.values())
REPUTATION_FAMILIES: Sequence[Family] = (metrics.REPUTATION,)
TOTALS_FAMILIES: Sequence[Family] = tuple(metrics.TOTALS[name] for name in SUMMED_FIELDS)
MONTH_FAMILIES: Sequence[Family] = (
    *(metrics.MONTH_TO_DATE[name] for name in SUMMED_FIELDS),
    metrics.MONTH_TO_DATE_START,
)
CATEGORIES_FAMILIES: Sequence[Family] = tuple(metrics.CATEGORY_LATEST_DAY[name] for name in DAILY_FIELDS)
