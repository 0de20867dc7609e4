"""SendGrid's Web API: the statistics and account overview of a reseller's customers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exporter.clock import Clock
from exporter.errors import AuthRejected
from exporter.providers.base import AnyCollector, Customer, Found, Provider, SourceModel
from exporter.providers.sendgrid_metrics import CUSTOMER_INFO
from exporter.providers.sendgrid_web.api import RESELLER, Dialect, WebApi
from exporter.providers.sendgrid_web.collectors import CreditsCollector, DailyCollector, TotalsCollector
from exporter.providers.sendgrid_web.config import ResellerSource, WebCredentials
from exporter.providers.sendgrid_web.metrics import CREDITS_FAMILIES, DAILY_FAMILIES, TOTALS_FAMILIES
from exporter.samples import Family
from exporter.upstream import AllowList, Authorize, Client, Request


@dataclass(frozen=True, slots=True)
class WebProvider:
    """One type of source that is asked through the Web API; implements ``Provider``."""

    type: str
    config: SourceModel
    dialect: Dialect
    families: Sequence[Family]
    info: Family

    def allow_list(self, source: ResellerSource) -> AllowList:  # noqa: ARG002 - other providers' depend on it
        """Return the read calls of the dialect, the same for every source."""
        return self.dialect.allow_list()

    def authorize(self, source: ResellerSource) -> Authorize:
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

    def customers(self, source: ResellerSource, clock: Clock) -> Sequence[Customer]:
        """Return the configured customers, in the order of the configuration."""
        return [
            Customer(each.id, each.label, each.timezone or source.timezone, clock, each.labels)
            for each in source.customers
        ]

    def collectors(self, source: ResellerSource, client: Callable[[str], Client]) -> Sequence[AnyCollector]:
        """Return the enabled collectors, in the order of the contract."""
        return [_COLLECTORS[name](self._api(source, client(name)), settings) for name, settings in source.collectors]

    def discover(self, source: ResellerSource, client: Client) -> Sequence[Found]:  # noqa: ARG002 - as in the protocol
        """Return no customer: all of them are configured."""
        return ()

    def probe(self, source: ResellerSource, client: Client, customers: Sequence[Customer]) -> None:
        """Ask for the account overview of the first customer.

        Raises:
            FetchError: the vendor does not answer with one; refused credentials are named, with the usual causes.
        """
        try:
            self._api(source, client).overview(customers[0])
        except AuthRejected as error:
            # What stands behind the status and the host is true of any vendor; here more is known.
            status = str(error).partition(": ")[0]
            raise AuthRejected(f"{status} {_usual_causes(source.credentials)}") from error

    def _api(self, source: ResellerSource, client: Client) -> WebApi:
        secrets = (source.credentials.password, source.credentials.api_key)
        return WebApi(client, self.dialect, [secret for secret in secrets if secret is not None])


def _usual_causes(credentials: WebCredentials) -> str:
    if credentials.api_key is not None:
        return "for the API key: it was deleted, lacks a permission, or is not taken by this API"
    return f"for user {credentials.username}: wrong password, or two-factor login is on"


_COLLECTORS: Mapping[str, Callable[[WebApi, Any], AnyCollector]] = {
    TotalsCollector.name: TotalsCollector,
    DailyCollector.name: DailyCollector,
    CreditsCollector.name: CreditsCollector,
}

PROVIDERS: Sequence[Provider] = (
    WebProvider(
        type="sendgrid_reseller",
        config=ResellerSource,
        dialect=RESELLER,
        families=(*TOTALS_FAMILIES, *DAILY_FAMILIES, *CREDITS_FAMILIES),
        info=CUSTOMER_INFO,
    ),
)
