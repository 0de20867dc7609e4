"""SendGrid's Web API in its three dialects: resellers' customers by v2 and v1, and subusers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exporter.clock import Clock
from exporter.config import LimitsConfig, values_of
from exporter.errors import AuthRejected
from exporter.providers.base import AnyCollector, Customer, Found, History, Provider, SourceModel
from exporter.providers.sendgrid_metrics import CUSTOMER_ACTIVE, CUSTOMER_INFO
from exporter.providers.sendgrid_web import accounts, counters
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.collector_config import CustomerCollectors, ResellerCollectors
from exporter.providers.sendgrid_web.collectors import (
    CategoriesCollector,
    CreditsCollector,
    DailyCollector,
    LimitsCollector,
    MonthCollector,
    SuppressionsCollector,
    TotalsCollector,
    UsageCollector,
)
from exporter.providers.sendgrid_web.config import (
    CustomerSource,
    DistributorSource,
    ResellerSource,
    WebCredentials,
    WebSource,
)
from exporter.providers.sendgrid_web.dialects import CUSTOMER, DISTRIBUTOR, RESELLER, Dialect, Format
from exporter.providers.sendgrid_web.history import histories
from exporter.providers.sendgrid_web.source_collectors import (
    InvoicesCollector,
    IpsCollector,
    PackagesCollector,
    PendingCollector,
)
from exporter.providers.sendgrid_web.zones import Zones
from exporter.samples import Family
from exporter.upstream import AllowList, Authorize, Client, Request


@dataclass(frozen=True, slots=True)
class WebProvider:
    """One type of source that is asked through the Web API; implements ``Provider`` and ``Historian``."""

    type: str
    config: SourceModel
    dialect: Dialect
    collector_names: Sequence[str]
    info: Family = CUSTOMER_INFO
    active: Family = CUSTOMER_ACTIVE

    @property
    def families(self) -> Sequence[Family]:
        """Every family that the collectors of this type may give samples of."""
        return [family for name in self.collector_names for family in _COLLECTORS[name].families]

    def allow_list(self, source: WebSource) -> AllowList:
        """Return the read calls of the dialect, for answers in the source's format."""
        return self.dialect.allow_list(Format(source.format))

    def authorize(self, source: WebSource) -> Authorize:
        """Return what puts the source's credentials into a request: a bearer token, or two form fields."""
        credentials = source.credentials

        def authorized(request: Request) -> Request:
            if credentials.api_key is not None:
                bearer = ("Authorization", f"Bearer {credentials.api_key.value()}")
                return replace(request, headers=(*request.headers, bearer))
            # The vendor calls the password of the account its API key.
            password = "" if credentials.password is None else credentials.password.value()
            fields = (("api_user", credentials.username or ""), ("api_key", password))
            return replace(request, form=(*request.form, *fields))

        return authorized

    def customers(self, source: WebSource, clock: Clock) -> Sequence[Customer]:
        """Return the configured customers, in the order of the configuration."""
        return [
            Customer(id_, label, zone or source.timezone, clock, labels)
            for id_, label, zone, labels in values_of(source.customers, "id", "label", "timezone", "labels")
        ]

    def collectors(
        self, source: WebSource, client: Callable[[str], Client], limits: LimitsConfig
    ) -> Sequence[AnyCollector]:
        """Return the enabled collectors, in the order of the contract."""
        zones = Zones()
        return [
            _COLLECTORS[name](replace(self._api(source, client(name)), zones=zones), settings, **_beside(name, limits))
            for name, settings in source.collectors
        ]

    def histories(self, collectors: Sequence[AnyCollector]) -> Sequence[History]:
        """Return the days that are over of statistics and of categories, as far as these collectors are about them."""
        return histories(collectors)

    def discover(self, source: WebSource, client: Client) -> Sequence[Found]:
        """Return every customer on the vendor's list, all its pages.

        Raises:
            FetchError: the list could not be read whole; a part of it is of no use.
        """
        return accounts.listed_customers(self._api(source, client))

    def probe(self, source: WebSource, client: Client, customers: Sequence[Customer]) -> None:
        """Ask for the account overview of the first customer, or what else is cheap.

        Raises:
            FetchError: the vendor does not answer with it; refused credentials are named, with the usual causes.
        """
        api = self._api(source, client)
        try:
            if not customers:
                accounts.first_page(api)
            elif "overview" in self.dialect.calls:
                accounts.overview(api, customers[0])
            else:
                counters.totals(api, customers[0], ())
        except AuthRejected as error:
            # What stands behind the status and the host is true of any vendor; here more is known.
            status = str(error).partition(": ")[0]
            raise AuthRejected(f"{status} {_usual_causes(source.credentials)}") from error

    def _api(self, source: WebSource, client: Client) -> WebApi:
        return WebApi(client, self.dialect, Format(source.format))


def _beside(collector: str, limits: LimitsConfig) -> Mapping[str, Any]:
    return {"most": limits.categories_per_customer} if collector == CategoriesCollector.name else {}


def _usual_causes(credentials: WebCredentials) -> str:
    if credentials.api_key is not None:
        return "for the API key: it was deleted, lacks a permission, or is not taken by this API"
    return f"for user {credentials.username}: wrong password, or two-factor login is on"


_COLLECTORS: Mapping[str, Any] = {
    each.name: each
    for each in (
        TotalsCollector,
        DailyCollector,
        CreditsCollector,
        CategoriesCollector,
        MonthCollector,
        LimitsCollector,
        SuppressionsCollector,
        IpsCollector,
        PendingCollector,
        PackagesCollector,
        InvoicesCollector,
        UsageCollector,
    )
}

PROVIDERS: Sequence[Provider] = (
    WebProvider("sendgrid_reseller", ResellerSource, RESELLER, tuple(ResellerCollectors.model_fields)),
    WebProvider("sendgrid_distributor", DistributorSource, DISTRIBUTOR, tuple(ResellerCollectors.model_fields)),
    WebProvider("sendgrid_customer", CustomerSource, CUSTOMER, tuple(CustomerCollectors.model_fields)),
)
