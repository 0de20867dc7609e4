"""SendGrid's v3 API: the statistics of subusers, of partner accounts and of the key's own account."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from exporter.clock import Clock
from exporter.config import LimitsConfig
from exporter.errors import AuthRejected
from exporter.providers.base import AnyCollector, Customer, Found, History, Provider, SourceModel
from exporter.providers.sendgrid_metrics import CUSTOMER_ACTIVE, CUSTOMER_INFO
from exporter.providers.sendgrid_v3 import lists
from exporter.providers.sendgrid_v3.api import ALLOW_LIST, V3Api
from exporter.providers.sendgrid_v3.categories import CategoriesCollector
from exporter.providers.sendgrid_v3.collectors import (
    CreditsCollector,
    DailyCollector,
    MonthCollector,
    ReputationCollector,
)
from exporter.providers.sendgrid_v3.config import V3Source
from exporter.providers.sendgrid_v3.history import histories
from exporter.providers.sendgrid_v3.statistics import Window
from exporter.providers.sendgrid_v3.totals import TotalsCollector
from exporter.samples import Family
from exporter.upstream import AllowList, Authorize, Client, Request

_COLLECTORS = (
    DailyCollector,
    CreditsCollector,
    ReputationCollector,
    TotalsCollector,
    MonthCollector,
    CategoriesCollector,
)
_CAUSES = "for the API key: it was deleted, lacks the permission to read this, or belongs to the other region's host"


@dataclass(frozen=True, slots=True)
class V3Provider:
    """The type of source that is asked through the v3 API; implements ``Provider`` and ``Historian``."""

    type: ClassVar[str] = "sendgrid_v3"
    config: ClassVar[SourceModel] = V3Source
    families: ClassVar[Sequence[Family]] = tuple(family for each in _COLLECTORS for family in each.families)
    info: ClassVar[Family] = CUSTOMER_INFO
    active: ClassVar[Family | None] = CUSTOMER_ACTIVE

    def allow_list(self, source: V3Source) -> AllowList:  # noqa: ARG002 - other providers' depend on it
        """Return the read calls, the same for every source."""
        return ALLOW_LIST

    def authorize(self, source: V3Source) -> Authorize:
        """Return what puts the source's API key into a request."""
        # Not the source, which may come to have other customers, and would stay in memory with all the earlier ones.
        api_key = source.credentials.api_key

        def authorized(request: Request) -> Request:
            bearer = ("Authorization", f"Bearer {api_key.value()}")
            return replace(request, headers=(*request.headers, bearer))

        return authorized

    def customers(self, source: V3Source, clock: Clock) -> Sequence[Customer]:
        """Return the configured customers, in the order of the configuration; their settings are their kinds."""
        return [
            Customer(each.id, each.label, each.timezone or source.timezone, clock, each.labels, each.kind)
            for each in source.customers
        ]

    def collectors(
        self, source: V3Source, client: Callable[[str], Client], limits: LimitsConfig
    ) -> Sequence[AnyCollector]:
        """Return the enabled collectors, in the order of the contract."""
        makers: Mapping[str, Any] = {
            **{each.name: each for each in _COLLECTORS},
            CategoriesCollector.name: partial(CategoriesCollector, most=limits.categories_per_customer),
        }
        return [makers[name](V3Api(client(name)), settings) for name, settings in source.collectors]

    def histories(self, collectors: Sequence[AnyCollector]) -> Sequence[History]:
        """Return the days that are over of statistics and of categories, as far as these collectors are about them."""
        return histories(collectors)

    def discover(self, source: V3Source, client: Client) -> Sequence[Found]:
        """Return every subuser, or every partner account where the configuration says so.

        Raises:
            FetchError: the list could not be read whole; a part of it is of no use.
        """
        api = V3Api(client)
        return lists.accounts(api) if _lists_accounts(source) else lists.subusers(api)

    def probe(self, source: V3Source, client: Client, customers: Sequence[Customer]) -> None:
        """Ask for the first customer's statistics of today, or for the start of the list where nobody is known yet.

        Raises:
            FetchError: the vendor does not answer with them; a refused key is named, with the usual causes.
        """
        api = V3Api(client)
        try:
            if customers:
                api.statistics(customers[:1], [Window(customers[0].today())], ())
            else:
                api.ask("/v3/partners/accounts" if _lists_accounts(source) else "/v3/subusers", (("limit", "1"),))
        except AuthRejected as error:
            # What stands behind the status and the host is true of any vendor; here more is known.
            status = str(error).partition(": ")[0]
            raise AuthRejected(f"{status} {_CAUSES}") from error


def _lists_accounts(source: V3Source) -> bool:
    return source.discovery is not None and source.discovery.of == "accounts"


PROVIDERS: Sequence[Provider] = (V3Provider(),)
