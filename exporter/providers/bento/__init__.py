"""Bento's stats API: the users, segments, reports and ads of an account's sites."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from exporter.clock import Clock
from exporter.config import LimitsConfig
from exporter.errors import AuthRejected
from exporter.providers.base import AnyCollector, Customer, Found, Provider, SourceModel
from exporter.providers.bento import metrics
from exporter.providers.bento.api import ALLOW_LIST, BentoApi, basic
from exporter.providers.bento.collectors import (
    AdsCollector,
    ReportsCollector,
    SegmentLists,
    SegmentsCollector,
    SiteCollector,
)
from exporter.providers.bento.config import BentoCredentials, BentoSite, BentoSource
from exporter.samples import Family
from exporter.upstream import AllowList, Authorize, Client, Request


@dataclass(frozen=True, slots=True)
class BentoProvider:
    """Sources that are asked through Bento's stats API; implements ``Provider``."""

    type: ClassVar[str] = "bento"
    config: ClassVar[SourceModel] = BentoSource
    families: ClassVar[Sequence[Family]] = (
        *metrics.SITE_FAMILIES,
        *metrics.SEGMENTS_FAMILIES,
        *metrics.REPORTS_FAMILIES,
        *metrics.ADS_FAMILIES,
    )
    info: ClassVar[Family] = metrics.SITE_INFO
    active: ClassVar[Family | None] = None

    def allow_list(self, source: BentoSource) -> AllowList:  # noqa: ARG002 - other providers' depend on it
        """Return the read calls of the API, the same for every source."""
        return ALLOW_LIST

    def authorize(self, source: BentoSource) -> Authorize:
        """Return what puts the keys into a request: those of the site that it names as its account, or the source's."""
        # Not the source, which may come to have other customers, and would stay in memory with all the earlier ones.
        credentials = source.credentials

        def authorized(request: Request) -> Request:
            account = request.account
            keys = account if isinstance(account, BentoCredentials) else credentials
            return replace(request, headers=(*request.headers, ("Authorization", f"Basic {basic(keys)}")))

        return authorized

    def customers(self, source: BentoSource, clock: Clock) -> Sequence[Customer]:
        """Return the configured sites, in the order of the configuration; their settings are their sections."""
        return [
            # Its labels are no part of what is asked for it.
            Customer(each.id, each.label, each.timezone or source.timezone, clock, each.labels, _unlabelled(each))
            for each in source.customers
        ]

    def collectors(
        self, source: BentoSource, client: Callable[[str], Client], limits: LimitsConfig
    ) -> Sequence[AnyCollector]:
        """Return the enabled collectors, in the order of the contract."""
        return [self._collector(name, source, client(name), limits) for name, _ in source.collectors]

    def discover(self, source: BentoSource, client: Client) -> Sequence[Found]:  # noqa: ARG002 - as in the protocol
        """Return no site, as no call of the API lists them."""
        return ()

    def probe(
        self,
        source: BentoSource,  # noqa: ARG002 - as in the protocol
        client: Client,
        customers: Sequence[Customer],
    ) -> None:
        """Ask for the users of the first site.

        Raises:
            FetchError: the vendor does not answer with them; refused keys are named, with the usual causes.
        """
        site = customers[0]
        try:
            BentoApi(client).site(site)
        except AuthRejected as error:
            # What stands behind the status and the host is true of any vendor; here more is known.
            status = str(error).partition(": ")[0]
            causes = "the keys are wrong or another site's, or Bento lets nothing through from this address"
            raise AuthRejected(f"{status} for site {site.name}: {causes}") from error

    def _collector(self, name: str, source: BentoSource, client: Client, limits: LimitsConfig) -> AnyCollector:
        api, collectors = BentoApi(client), source.collectors
        match name:
            case SiteCollector.name:
                return SiteCollector(api, collectors.site)
            case SegmentsCollector.name:
                return SegmentsCollector(api, collectors.segments, SegmentLists(api))
            case ReportsCollector.name:
                return ReportsCollector(api, collectors.reports)
            case _:
                return AdsCollector(api, collectors.ads, limits.breakdown_rows)


def _unlabelled(site: BentoSite) -> BentoSite:
    return site.model_copy(update={"labels": {}}) if site.labels else site


PROVIDERS: Sequence[Provider] = (BentoProvider(),)
