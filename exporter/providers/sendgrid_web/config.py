"""The section of a source that is asked through SendGrid's Web API."""

from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from exporter.config import (
    AskedTimeZone,
    Credentials,
    CustomerConfig,
    DiscoveryConfig,
    Name,
    Secret,
    SourceConfig,
    mistake,
)
from exporter.providers.sendgrid_web.collector_config import CustomerCollectors, ResellerCollectors


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


class WebCustomer(CustomerConfig):
    """A customer, by the name of its account."""

    user: Name
    """The customer's user name at the vendor."""

    @property
    def id(self) -> str:
        """What the vendor calls the customer."""
        return self.user


class WebSource(SourceConfig):
    """What all sources have that are asked through the Web API."""

    base_url: str = "https://api.sendgrid.com"
    """Scheme and host of the API."""
    format: Literal["json", "xml"] = "json"
    """What answers are written in."""
    credentials: WebCredentials
    """What the vendor knows the account by."""
    customers: tuple[WebCustomer, ...] = ()
    """Whose numbers are fetched."""
    discovery: DiscoveryConfig | None = None
    """Customers from the vendor's own list, besides the configured ones."""


class ResellerCustomer(WebCustomer):
    """A customer of a reseller, by the name of its account."""

    timezone: AskedTimeZone | None = None
    """Time zone of this customer's days, where it differs from the source's; `vendor` asks the vendor for it."""


class ResellerSource(WebSource):
    """A reseller's account at SendGrid, whose customers are asked for through Web API v2."""

    type: Literal["sendgrid_reseller"]
    """Which vendor API it is."""
    timezone: AskedTimeZone = ZoneInfo("UTC")
    """Time zone of the vendor's days; `vendor` asks the vendor for each customer's, once a day."""
    customers: tuple[ResellerCustomer, ...] = ()
    """Whose numbers are fetched."""
    collectors: ResellerCollectors = ResellerCollectors()
    """What is fetched, and how often."""


class DistributorSource(WebSource):
    """A reseller's account at SendGrid, whose customers are asked for through the deprecated Web API v1."""

    type: Literal["sendgrid_distributor"]
    """Which vendor API it is."""
    timezone: AskedTimeZone = ZoneInfo("UTC")
    """Time zone of the vendor's days; `vendor` asks the vendor for each customer's, once a day."""
    customers: tuple[ResellerCustomer, ...] = ()
    """Whose numbers are fetched."""
    collectors: ResellerCollectors = ResellerCollectors()
    """What is fetched, and how often."""


class CustomerSource(WebSource):
    """An account at SendGrid with subusers, which are asked for through Web API v2."""

    type: Literal["sendgrid_customer"]
    """Which vendor API it is."""
    collectors: CustomerCollectors = CustomerCollectors()
    """What is fetched, and how often."""
