"""Payloads of SendGrid's Web API → samples."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.config import CreditsConfig, DailyConfig, TotalsConfig
from exporter.providers.sendgrid_web.metrics import (
    CREDITS_FAMILIES,
    DAILY_FAMILIES,
    OVERVIEW_CREDITS,
    OVERVIEW_DATES,
    TOTALS_FAMILIES,
)
from exporter.samples import Family, Sample


@dataclass(frozen=True, slots=True)
class TotalsCollector:
    """Collects each customer's counters since its account began."""

    api: WebApi
    settings: TotalsConfig
    name: ClassVar[str] = "totals"
    families: ClassVar[Sequence[Family]] = TOTALS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield a sample for each configured counter that the vendor sent.

        Raises:
            FetchError: the vendor's answer is no whole set of totals.
        """
        fields = self.settings.fields
        yield from _samples(metrics.TOTALS, self.api.totals(customer, fields), fields)


@dataclass(frozen=True, slots=True)
class DailyCollector:
    """Collects the newest and the last complete day of each customer's statistics."""

    api: WebApi
    settings: DailyConfig
    name: ClassVar[str] = "daily"
    families: ClassVar[Sequence[Family]] = DAILY_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield a sample for each configured counter of the two days, as far as the vendor sent them.

        Raises:
            FetchError: the vendor's answer is no list of days.
        """
        fields = self.settings.fields
        # Asked before the call, as the call is what the word "yesterday" is about.
        yesterday = customer.today() - timedelta(days=1)
        rows = self.api.daily(customer, self.settings.days, fields)
        # An idle customer may have no row at all. No row is no sample: a zero
        # would claim a measurement that nobody made.
        if newest := max(rows, default=None):
            yield from _samples(metrics.LATEST_DAY, rows[newest], fields)
            yield metrics.LATEST_DAY_TIMESTAMP.sample(customer.midnight(newest))
        if complete := rows.get(yesterday):
            yield from _samples(metrics.LAST_COMPLETE_DAY, complete, fields)
            yield metrics.LAST_COMPLETE_DAY_TIMESTAMP.sample(customer.midnight(yesterday))


@dataclass(frozen=True, slots=True)
class CreditsCollector:
    """Collects each customer's account overview: credits, reputation, billing period and package."""

    api: WebApi
    settings: CreditsConfig
    name: ClassVar[str] = "credits"
    families: ClassVar[Sequence[Family]] = CREDITS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield a sample for each field of the overview that the vendor sent.

        Raises:
            FetchError: the vendor's answer is no overview.
        """
        overview = self.api.overview(customer)
        for field, credit in overview.credits.items():
            yield OVERVIEW_CREDITS[field].sample(credit)
        # There is an overview only where the vendor sent numbers.
        yield metrics.CREDITS_UNLIMITED.sample(0)
        if overview.reputation is not None:
            # Divided as a decimal: 95.2 / 100 as floats is not the float of 0.952.
            yield metrics.REPUTATION.sample(float(overview.reputation / 100))
        if overview.requests is not None:
            yield metrics.OVERVIEW_REQUESTS.sample(overview.requests)
        for field, day in overview.dates.items():
            yield OVERVIEW_DATES[field].sample(customer.midnight(day))
        if overview.package is not None:
            yield metrics.PACKAGE_INFO.sample(1, overview.package)


def _samples(families: Mapping[str, Family], counters: Mapping[str, int], fields: Collection[str]) -> Iterable[Sample]:
    return (families[name].sample(counters[name]) for name in fields if name in counters)
