"""A vendor that is no vendor: a provider whose collectors answer at once, and a configuration of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from exporter.app import App
from exporter.clock import Clock
from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Config,
    CustomerConfig,
    LimitsConfig,
    PollingConfig,
    RateLimitConfig,
    SourceConfig,
)
from exporter.errors import AuthRejected
from exporter.providers.base import AnyCollector, Customer, Found, Provider, SourceModel
from exporter.samples import Family, Kind, Sample
from exporter.upstream import AllowList, Authorize, Client
from tests.fake_clock import FakeClock

CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")
INFO = Family("sendgrid_customer_info", Kind.GAUGE, "Labels of the configuration.", "")


class ToyCustomer(CustomerConfig):
    user: str

    @property
    def id(self) -> str:
        return self.user


class ToyCollectors(CollectorsConfig):
    totals: CollectorConfig = CollectorConfig()
    daily: CollectorConfig = CollectorConfig(enabled=False)


class ToySource(SourceConfig):
    type: Literal["toy"] = "toy"
    base_url: str = "http://127.0.0.1:9"
    collectors: ToyCollectors = ToyCollectors()
    customers: tuple[ToyCustomer, ...]


@dataclass(frozen=True)
class ToyCollector:
    name: str
    settings: CollectorConfig
    families: ClassVar[Sequence[Family]] = (CREDITS,)

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        return [CREDITS.sample(len(customer.name))] if self.name == "totals" else []


@dataclass(frozen=True)
class ToyBatchCollector:
    name: str
    settings: CollectorConfig
    families: ClassVar[Sequence[Family]] = (CREDITS,)
    batch_size: ClassVar[int] = 2

    def fetch_batch(self, customers: Sequence[Customer]) -> Mapping[Customer, Iterable[Sample]]:
        return {customer: [CREDITS.sample(len(customers))] for customer in customers}


@dataclass(frozen=True)
class ToyProvider:
    collector: Any = ToyCollector
    refused: frozenset[str] = frozenset()
    type: str = "toy"
    config: SourceModel = ToySource
    families: Sequence[Family] = field(default=(CREDITS,))
    info: Family = INFO
    active: Family | None = None

    def allow_list(self, source: ToySource) -> AllowList:
        return AllowList([], [])

    def authorize(self, source: ToySource) -> Authorize:
        return lambda request: request

    def customers(self, source: ToySource, clock: Clock) -> Sequence[Customer]:
        return [Customer(c.id, c.label, c.timezone or source.timezone, clock, c.labels) for c in source.customers]

    def collectors(
        self, source: ToySource, client: Callable[[str], Client], limits: LimitsConfig
    ) -> Sequence[AnyCollector]:
        return [self.collector(name, settings) for name, settings in source.collectors]

    def discover(self, source: ToySource, client: Client) -> Sequence[Found]:
        return []

    def probe(self, source: ToySource, client: Client, customers: Sequence[Customer]) -> None:
        if source.name in self.refused:
            raise AuthRejected("401 from api.example.com for user acme: wrong password")


def source(name: str, customers: str | tuple[ToyCustomer, ...], **settings: Any) -> ToySource:
    """Return a source of these customers, or of ones whose names are the letters of a text."""
    if isinstance(customers, str):
        customers = tuple(ToyCustomer(user=f"{each}@example.com", name=each) for each in customers)
    return ToySource(name=name, customers=customers, **settings)


def intervals(totals: float, daily: float | None = None) -> ToyCollectors:
    second = CollectorConfig(enabled=False) if daily is None else CollectorConfig(interval=daily)
    return ToyCollectors(totals=CollectorConfig(interval=totals), daily=second)


def limit(calls: int, per: float, shared: str | None = None) -> RateLimitConfig:
    return RateLimitConfig(calls=calls, per=per, shared=shared)


def app_of(*sources: ToySource, clock: Clock | None = None, provider: ToyProvider | None = None, **options: Any) -> App:
    config = Config(polling=PollingConfig(), sources=sources)
    providers = {"toy": cast(Provider, provider or ToyProvider())}
    return App(config, providers, clock or FakeClock(), **options)
