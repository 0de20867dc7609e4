"""What is fetched through SendGrid's Web API, and how often."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from exporter.config import CollectorConfig, CollectorsConfig, Duration
from exporter.providers.categories import IncludedNames
from exporter.providers.field_names import FieldNames
from exporter.providers.sendgrid_statistics import DEFAULT_FIELDS
from exporter.providers.sendgrid_web.metrics import (
    CATEGORY_FIELDS,
    DAILY_FIELDS,
    IPS,
    SUPPRESSION_LISTS,
    TOTALS_FIELDS,
)

# The vendor answers for less than 1,096 days of an account's own statistics; of customers' it says nothing.
_MOST_DAYS = 1095
_HOUR = 3600.0


class TotalsConfig(CollectorConfig):
    """Each customer's counters since its account began."""

    fields: Annotated[tuple[str, ...], FieldNames(TOTALS_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""


class DailyConfig(CollectorConfig):
    """The newest and the last complete day of each customer's statistics."""

    days: int = Field(3, ge=1, le=_MOST_DAYS)
    """Days that the vendor is asked for, today included."""
    fields: Annotated[tuple[str, ...], FieldNames(DAILY_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""


class CreditsConfig(CollectorConfig):
    """Each customer's credits, reputation, billing period and package."""

    interval: Duration = _HOUR
    """Time between two fetches of one customer."""


class CategoriesConfig(CollectorConfig):
    """The newest day of each customer's statistics by category."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches of one customer."""
    include: Annotated[tuple[str, ...], IncludedNames()] = ()
    """Which categories are shown: names, and regular expressions between slashes; all where it is left out."""
    days: int = Field(3, ge=1, le=_MOST_DAYS)
    """Days that the vendor is asked for, today included."""
    fields: Annotated[tuple[str, ...], FieldNames(CATEGORY_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return two calls a customer: the list, and the statistics of up to a hundred categories."""
        return 2 * len(customers)


class MonthConfig(CollectorConfig):
    """The sums of each customer's statistics since the first of the month."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches of one customer."""
    fields: Annotated[tuple[str, ...], FieldNames(TOTALS_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""


class AccountLimitsConfig(CollectorConfig):
    """How much each customer may send until its limit is reset."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches of one customer."""


class SuppressionsConfig(CollectorConfig):
    """How long each customer's suppression lists are; they are read whole for it."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = 6 * _HOUR
    """Time between two fetches of one customer."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return a call for each list of each customer."""
        return len(SUPPRESSION_LISTS) * len(customers)


class IpsConfig(CollectorConfig):
    """How many IP addresses the account has."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = 6 * _HOUR
    """Time between two fetches."""

    def calls(self, customers: Sequence[Any]) -> float:  # noqa: ARG002 - the same however many there are
        """Return a call for each state that an address can be in."""
        return len(IPS)


class PendingConfig(CollectorConfig):
    """How many changes of customers' accounts wait to be made."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches."""

    def calls(self, customers: Sequence[Any]) -> float:  # noqa: ARG002 - the same however many there are
        """Return one call."""
        return 1


class PackagesConfig(CollectorConfig):
    """What the packages hold and cost that customers can book."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = 24 * _HOUR
    """Time between two fetches."""

    def calls(self, customers: Sequence[Any]) -> float:  # noqa: ARG002 - the same however many there are
        """Return one call."""
        return 1


class InvoicesConfig(CollectorConfig):
    """How many invoices the account has, and what they come to."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = 6 * _HOUR
    """Time between two fetches."""

    def calls(self, customers: Sequence[Any]) -> float:  # noqa: ARG002 - the same however many there are
        """Return one call."""
        return 1


class UsageConfig(CollectorConfig):
    """What each customer has used since the last bill."""

    customers_in_a_call: ClassVar[int] = 1000
    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return a call for each thousand customers."""
        return math.ceil(len(customers) / self.customers_in_a_call)


class CustomerCollectors(CollectorsConfig):
    """What is fetched of subusers, and how often."""

    totals: TotalsConfig = TotalsConfig()
    """Counters since the account began."""
    daily: DailyConfig = DailyConfig()
    """Daily statistics."""
    categories: CategoriesConfig = CategoriesConfig()
    """Daily statistics by category."""
    month: MonthConfig = MonthConfig()
    """Statistics of the month up to today."""
    limits: AccountLimitsConfig = AccountLimitsConfig()
    """Limits of customers' credits."""


class ResellerCollectors(CollectorsConfig):
    """What is fetched of a reseller's customers and of its own account, and how often."""

    totals: TotalsConfig = TotalsConfig()
    """Counters since the account began."""
    daily: DailyConfig = DailyConfig()
    """Daily statistics."""
    credits: CreditsConfig = CreditsConfig()
    """Account overview."""
    categories: CategoriesConfig = CategoriesConfig()
    """Daily statistics by category."""
    month: MonthConfig = MonthConfig()
    """Statistics of the month up to today."""
    limits: AccountLimitsConfig = AccountLimitsConfig()
    """Limits of customers' credits."""
    suppressions: SuppressionsConfig = SuppressionsConfig()
    """Lengths of suppression lists."""
    ips: IpsConfig = IpsConfig()
    """IP addresses of the account."""
    pending: PendingConfig = PendingConfig()
    """Changes of customers' accounts that wait."""
    packages: PackagesConfig = PackagesConfig()
    """Packages and their prices."""
    invoices: InvoicesConfig = InvoicesConfig()
    """Invoices of the account."""
    usage: UsageConfig = UsageConfig()
    """As-you-go amounts of customers."""
