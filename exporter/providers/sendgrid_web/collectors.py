"""What the Web API says of each customer → samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import ClassVar

from exporter.errors import ClientRefused, FetchError, NotFound
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.categories import choose
from exporter.providers.sendgrid_statistics import Counters, samples
from exporter.providers.sendgrid_web import accounts, counters, reseller
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.categories import (
    MOST_IN_A_CALL,
    CategoryDay,
    Spellings,
    category_days,
    category_names,
)
from exporter.providers.sendgrid_web.collector_config import (
    AccountLimitsConfig,
    CategoriesConfig,
    CreditsConfig,
    DailyConfig,
    MonthConfig,
    SuppressionsConfig,
    TotalsConfig,
    UsageConfig,
)
from exporter.providers.sendgrid_web.metrics import (
    CATEGORIES_FAMILIES,
    CREDITS_FAMILIES,
    DAILY_FAMILIES,
    LIMIT_CREDITS,
    LIMIT_CREDITS_REMAINING,
    LIMIT_ENABLED,
    LIMIT_LAST_RESET,
    LIMITS_FAMILIES,
    MONTH_FAMILIES,
    OVERVIEW_CREDITS,
    OVERVIEW_DATES,
    SUPPRESSION_LISTS,
    SUPPRESSIONS,
    TOTALS_FAMILIES,
    USAGE,
)
from exporter.samples import Family, Item, LeftOut, Sample


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
        yield from samples(metrics.TOTALS, counters.totals(self.api, customer, fields), fields)


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
        customer, fields = self.api.at_home(customer), self.settings.fields
        # Asked before the call, as the call is what the word "yesterday" is about.
        yesterday = customer.today() - timedelta(days=1)
        rows = counters.daily(self.api, customer, self.settings.days, fields)
        # An idle customer may have no row at all. No row is no sample: a zero
        # would claim a measurement that nobody made.
        if newest := max(rows, default=None):
            yield from samples(metrics.LATEST_DAY, rows[newest], fields)
            yield metrics.LATEST_DAY_TIMESTAMP.sample(customer.midnight(newest))
        if complete := rows.get(yesterday):
            yield from samples(metrics.LAST_COMPLETE_DAY, complete, fields)
            yield metrics.LAST_COMPLETE_DAY_TIMESTAMP.sample(customer.midnight(yesterday))


@dataclass(frozen=True, slots=True)
class MonthCollector:
    """Collects the sums of each customer's statistics since the first of the month."""

    api: WebApi
    settings: MonthConfig
    name: ClassVar[str] = "month"
    families: ClassVar[Sequence[Family]] = MONTH_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield a sample for each configured counter that every day of the month has.

        Raises:
            FetchError: the vendor's answer is no list of days of this month.
        """
        customer, fields = self.api.at_home(customer), self.settings.fields
        if month := counters.month_to_date(self.api, customer, fields):
            yield from samples(metrics.MONTH_TO_DATE, month.counters, fields)
            yield metrics.MONTH_TO_DATE_START.sample(customer.midnight(month.first))


@dataclass(frozen=True, slots=True)
class CategoriesCollector:
    """Collects the newest day of each customer's statistics by category."""

    api: WebApi
    settings: CategoriesConfig
    most: int
    name: ClassVar[str] = "categories"
    families: ClassVar[Sequence[Family]] = CATEGORIES_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Yield a sample for each configured counter of each allowed category that has a row of that day.

        Raises:
            FetchError: an answer of the vendor is no list of categories, or no list of their days.
        """
        customer = self.api.at_home(customer)
        listed = category_names(self.api, customer)
        choice = choose(listed, self.settings.include, self.most)
        days = (("days", str(self.settings.days)),)
        rows = self.rows(customer, choice.names, Spellings.of(listed), days)
        newest = max((each.day for each in rows), default=None)
        if newest is not None:
            shown = [(name, row) for name in choice.names if (row := rows.get(CategoryDay(name, newest)))]
            for field in self.settings.fields:
                family = metrics.CATEGORY_LATEST_DAY[field]
                yield from (family.sample(row[field], name) for name, row in shown if field in row)
        if choice.left_out:
            yield LeftOut("categories", choice.left_out)

    def rows(
        self, customer: Customer, names: Sequence[str], spellings: Spellings, days: Sequence[tuple[str, str]]
    ) -> Mapping[CategoryDay, Counters]:
        """Return the rows of these categories, as many as it takes calls; ``days`` are the fields that say of when.

        Raises:
            FetchError: an answer of the vendor is no list of their days.
        """
        rows: dict[CategoryDay, Counters] = {}
        left = iter(names)
        while batch := list(islice(left, MOST_IN_A_CALL)):
            rows |= category_days(self.api, customer, batch, spellings, days=days, fields=self.settings.fields)
        return rows


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
        customer = self.api.at_home(customer)
        overview = accounts.overview(self.api, customer)
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


@dataclass(frozen=True, slots=True)
class LimitsCollector:
    """Collects how much each customer may still send until its limit is reset."""

    api: WebApi
    settings: AccountLimitsConfig
    name: ClassVar[str] = "limits"
    families: ClassVar[Sequence[Family]] = LIMITS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield the limit as far as the vendor sent it, and whether there is one.

        Raises:
            FetchError: the vendor's answer is neither a limit nor empty.
        """
        customer = self.api.at_home(customer)
        limit = accounts.limit(self.api, customer)
        if limit is not None:
            if limit.credits is not None:
                yield LIMIT_CREDITS.sample(limit.credits)
            if limit.remaining is not None:
                yield LIMIT_CREDITS_REMAINING.sample(limit.remaining)
            if limit.last_reset is not None:
                yield LIMIT_LAST_RESET.sample(customer.midnight(limit.last_reset))
        yield LIMIT_ENABLED.sample(limit is not None)


@dataclass(frozen=True, slots=True)
class SuppressionsCollector:
    """Collects how long each customer's suppression lists are, and nothing else of them."""

    api: WebApi
    settings: SuppressionsConfig
    name: ClassVar[str] = "suppressions"
    families: ClassVar[Sequence[Family]] = (SUPPRESSIONS,)

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield the length of each list.

        Raises:
            FetchError: one of the vendor's answers is no such list.
        """
        for label, list_ in SUPPRESSION_LISTS.items():
            yield SUPPRESSIONS.sample(accounts.count_suppressions(self.api, customer, list_), label)


@dataclass(frozen=True, slots=True)
class UsageCollector:
    """Collects what each customer has used since the last bill."""

    api: WebApi
    settings: UsageConfig
    name: ClassVar[str] = "usage"
    families: ClassVar[Sequence[Family]] = tuple(USAGE.values())

    @property
    def batch_size(self) -> int:
        """How many customers share one call, whose answer is about all of the account's customers anyway."""
        return self.settings.customers_in_a_call

    def fetch_batch(self, customers: Sequence[Customer]) -> Mapping[Customer, Iterable[Sample] | FetchError]:
        """Return the amounts of each customer; a customer that has used nothing may not be in the answer.

        Raises:
            FetchError: the vendor's answer is no list of invoices.
        """
        try:
            used = reseller.usage(self.api, customers)
        except (ClientRefused, NotFound) as error:
            # No customer is named in the call, so asking for each alone would bring the same refusal.
            return dict.fromkeys(customers, error)
        return {customer: _usage_samples(used.get(customer.id, {})) for customer in customers}


def _usage_samples(amounts: Mapping[str, Decimal]) -> Sequence[Sample]:
    return [family.sample(float(amounts[field])) for field, family in USAGE.items() if field in amounts]
