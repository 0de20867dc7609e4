"""The section of a source that is asked through SendGrid's v3 API."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Credentials,
    CustomerConfig,
    DiscoveryConfig,
    Duration,
    Name,
    Secret,
    SourceConfig,
    mistake,
)
from exporter.providers.base import Customer
from exporter.providers.categories import IncludedNames
from exporter.providers.field_names import FieldNames
from exporter.providers.records import real_day
from exporter.providers.sendgrid_statistics import DEFAULT_FIELDS
from exporter.providers.sendgrid_v3.accounts import AccountKind
from exporter.providers.sendgrid_v3.api import BATCH_SIZE, MOST_DAYS
from exporter.providers.sendgrid_v3.metrics import DAILY_FIELDS, SUMMED_FIELDS

_OLDEST = date(2009, 1, 1)
_ACCOUNT_ID = re.compile(r"[\x21-\x7e]+", re.ASCII)
_OWN = "own"

_HOUR = 3600.0


def _day(value: object) -> date | None:
    if value is None:
        return None
    # Code may give a date; a file has text, since nothing is read into what YAML calls a timestamp.
    day = value if type(value) is date else real_day(value)
    if day is None:
        raise mistake("must be a real date; write it like 2026-01-01")
    if day < _OLDEST:
        raise mistake(f"is too early; SendGrid has nothing from before {_OLDEST}")
    # Somewhere it is already tomorrow.
    if day > (datetime.now(UTC) + timedelta(hours=14)).date():
        raise mistake("is in the future; totals are summed up from this day to today")
    return day


def _calls_in_batches(customers: Sequence[Any]) -> int:
    """Return the calls for customers in batches: one for a batch's subusers, one for each other customer of it."""
    calls = 0
    for start in range(0, len(customers), BATCH_SIZE):
        kinds = [_kind_of(customer) for customer in customers[start : start + BATCH_SIZE]]
        calls += sum(kind is not AccountKind.SUBUSER for kind in kinds) + (AccountKind.SUBUSER in kinds)
    return calls


def _kind_of(customer: "V3Customer | Customer") -> AccountKind:
    # Who comes from the vendor's list has no section of the configuration.
    kind: AccountKind = customer.kind if isinstance(customer, V3Customer) else customer.settings
    return kind


class V3Credentials(Credentials):
    """An API key, which is sent as a bearer token."""

    api_key: Secret
    """API key with read access to statistics, subusers and, for credits and reputation, the user account."""

    @model_validator(mode="after")
    def _sendable(self) -> Self:
        if not self.api_key.value().isascii():
            raise mistake("holds characters that no API key has and no HTTP header can carry", "api_key")
        return self


class BatchConfig(CollectorConfig):
    """A collector that asks for ten subusers in one call, and for other customers one by one."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return how many requests one round over these customers makes."""
        return _calls_in_batches(customers)


class DailyConfig(BatchConfig):
    """The newest and the last complete day of each customer's statistics."""

    days: int = Field(3, ge=1, le=MOST_DAYS)
    """Days that the vendor is asked for, today included."""
    fields: Annotated[tuple[str, ...], FieldNames(DAILY_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""


class CreditsConfig(CollectorConfig):
    """Each customer's credits."""

    interval: Duration = _HOUR
    """Time between two fetches of one customer."""


class ReputationConfig(BatchConfig):
    """Each customer's reputation as a sender."""

    interval: Duration = _HOUR
    """Time between two fetches of one customer."""


class TotalsConfig(BatchConfig):
    """Each customer's counters since a date; SendGrid has no totals here, so the months since then are summed up."""

    enabled: bool = False
    """Whether it is fetched at all."""
    since: Annotated[
        date | None,
        BeforeValidator(_day),
        WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}),
    ] = None
    """First day that counts; required where it is enabled. A later change begins every total anew."""
    fields: Annotated[tuple[str, ...], FieldNames(SUMMED_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""

    @property
    def first_day(self) -> date:
        """The first day that counts; without one, none has come yet."""
        return self.since or date.max

    @property
    def meaning(self) -> str:
        """The first day that counts: totals since another one are other totals."""
        return self.first_day.isoformat()

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.enabled and self.since is None:
            raise mistake(
                "is missing; totals are summed up from a day that you choose, such as 2026-01-01, to today", "since"
            )
        return self


class MonthConfig(BatchConfig):
    """The sums of each customer's days since the month began."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches of one customer."""
    fields: Annotated[tuple[str, ...], FieldNames(SUMMED_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""


class CategoriesConfig(CollectorConfig):
    """The newest day of each customer's categories."""

    enabled: bool = False
    """Whether it is fetched at all."""
    interval: Duration = _HOUR
    """Time between two fetches of one customer."""
    include: Annotated[tuple[str, ...], IncludedNames()] = ()
    """Which categories are shown: names, and regular expressions between slashes; all where it is left out."""
    days: int = Field(3, ge=1, le=MOST_DAYS)
    """Days that the vendor is asked for, today included."""
    fields: Annotated[tuple[str, ...], FieldNames(DAILY_FIELDS)] = DEFAULT_FIELDS
    """Which counters are shown: a list of them, or all."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return how many requests one round makes: the list of categories, and the statistics of up to ten."""
        return 2 * len(customers)


class V3Collectors(CollectorsConfig):
    """What is fetched, and how often."""

    daily: DailyConfig = DailyConfig()
    """Daily statistics."""
    credits: CreditsConfig = CreditsConfig()
    """Credits."""
    reputation: ReputationConfig = ReputationConfig()
    """Reputation."""
    totals: TotalsConfig = TotalsConfig()
    """Counters since a date."""
    month: MonthConfig = MonthConfig()
    """Counters since the month began."""
    categories: CategoriesConfig = CategoriesConfig()
    """Statistics by category."""


class V3Customer(CustomerConfig):
    """A customer: a subuser, a partner account, or the account that the API key belongs to."""

    subuser: Name | None = None
    """The subuser's name."""
    account: Name | None = None
    """The partner account's id."""
    own: bool = False
    """Whether it is the API key's own account; without a name it is called own."""

    @property
    def id(self) -> str:
        """What the vendor calls the customer; nothing for the key's own account, which calls need not name."""
        return self.subuser or self.account or ""

    @property
    def kind(self) -> AccountKind:
        """Which kind of account it is."""
        if self.subuser is not None:
            return AccountKind.SUBUSER
        return AccountKind.OWN if self.account is None else AccountKind.ACCOUNT

    @property
    def label(self) -> str:
        """The value of the label ``customer``: the name, or else the id."""
        return self.name or self.id or _OWN

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        given = [key for key in ("subuser", "account", "own") if getattr(self, key)]
        if not given:
            raise mistake("is missing; give subuser, account or own: true", "subuser")
        if len(given) > 1:
            raise mistake(f"can't stand beside {given[0]}; a customer is one of the two", given[1])
        if self.account is not None and not _ACCOUNT_ID.fullmatch(self.account):
            raise mistake(
                "holds spaces or characters that no HTTP header can carry; copy the id from the list", "account"
            )
        return self


class V3Discovery(DiscoveryConfig):
    """Customers from the vendor's own list."""

    of: Literal["subusers", "accounts"] = "subusers"
    """Which list: the account's subusers, or the partner accounts of a reseller."""


class V3Source(SourceConfig):
    """An account at SendGrid, with its subusers or partner accounts, asked through the v3 API."""

    type: Literal["sendgrid_v3"]
    """Which vendor API it is."""
    base_url: str = "https://api.sendgrid.com"
    """Scheme and host of the API; https://api.eu.sendgrid.com for what is pinned to the EU."""
    credentials: V3Credentials
    """What the vendor knows the account by."""
    collectors: V3Collectors = V3Collectors()
    """What is fetched, and how often."""
    customers: tuple[V3Customer, ...] = ()
    """Whose numbers are fetched."""
    discovery: V3Discovery | None = None
    """Customers from the vendor's own list, besides the configured ones."""

    def listed_settings(self, option: str) -> AccountKind:
        """Return what kind of account a listed customer is."""
        return AccountKind(option)
