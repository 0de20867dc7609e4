"""The section of a source that is asked through SendGrid's Web API."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Credentials,
    CustomerConfig,
    Duration,
    Name,
    Secret,
    SourceConfig,
    mistake,
)
from exporter.providers.field_names import FieldNames
from exporter.providers.sendgrid_web.metrics import DAILY_FIELDS, DEFAULT_FIELDS, TOTALS_FIELDS

# The vendor answers for less than 1,096 days of an account's own statistics; of customers' it says nothing.
_MOST_DAYS = 1095


class WebCredentials(Credentials):
    """A user name and its password, or an API key."""

    username: Name | None = None
    """The account's user name, sent with its password as form fields."""
    password: Secret | None = None
    """The account's password."""
    api_key: Secret | None = None
    """API key, sent as a bearer token instead of a user name and password."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.api_key is not None:
            if self.username is not None or self.password is not None:
                raise mistake("can't stand beside username and password; give one or the other", "api_key")
            if not self.api_key.value().isascii():
                raise mistake("holds characters that no API key has and no HTTP header can carry", "api_key")
        elif self.username is None:
            raise mistake("is missing; give username and password, or api_key", "username")
        elif self.password is None:
            raise mistake("is missing; give password, password_file or password_env", "password")
        return self


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

    interval: Duration = 3600.0
    """Time between two fetches of one customer."""


class WebCollectors(CollectorsConfig):
    """What is fetched, and how often."""

    totals: TotalsConfig = TotalsConfig()
    """Counters since the account began."""
    daily: DailyConfig = DailyConfig()
    """Daily statistics."""
    credits: CreditsConfig = CreditsConfig()
    """Account overview."""


class WebCustomer(CustomerConfig):
    """A customer, by the name of its account."""

    user: Name
    """The customer's user name at the vendor."""

    @property
    def id(self) -> str:
        """What the vendor calls the customer."""
        return self.user


class ResellerSource(SourceConfig):
    """A reseller's account at SendGrid, whose customers are asked for through Web API v2."""

    type: Literal["sendgrid_reseller"]
    """Which vendor API it is."""
    base_url: str = "https://api.sendgrid.com"
    """Scheme and host of the API."""
    credentials: WebCredentials
    """What the vendor knows the reseller by."""
    collectors: WebCollectors = WebCollectors()
    """What is fetched, and how often."""
    customers: tuple[WebCustomer, ...]
    """Whose numbers are fetched."""
