"""The program put together: the one place where objects are built from a configuration and joined."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from exporter.clock import Clock
from exporter.config import Config, RateLimitConfig, SourceConfig
from exporter.errors import FetchError
from exporter.exposition import Exposition
from exporter.instruments import Instruments
from exporter.poller import Fetch, Poller
from exporter.providers.base import AnyCollector, BatchCollector, Customer, Provider
from exporter.samples import Family
from exporter.store import Store
from exporter.upstream import Limiter, Upstream

# So long /-/ready waits for first fetches at most: a slow rate limit must not keep the exporter from being scraped.
_READY_AFTER = 600.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sources, customers and collectors take part; an empty set stands for all of them."""

    sources: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    collectors: frozenset[str] = frozenset()

    def has(self, kind: frozenset[str], name: str) -> bool:
        """Return whether a name is among those of one kind."""
        return not kind or name in kind


@dataclass(frozen=True, slots=True)
class Source:
    """One source, built: what asks the vendor, and for whom."""

    config: SourceConfig
    provider: Provider
    upstream: Upstream
    limiter: Limiter
    collectors: Sequence[AnyCollector]
    customers: Sequence[Customer]

    @property
    def name(self) -> str:
        """The value of the label ``source``."""
        return self.config.name

    def probe(self) -> None:
        """Make one cheap call that tells whether the vendor answers and the credentials work.

        Raises:
            FetchError: it does not, or they do not.
        """
        self.provider.probe(self.config, self.upstream.client("probe"), self.customers)


@dataclass(slots=True)
class Limiters:
    """The rate limiters, one for each source or for each budget that sources share."""

    clock: Clock
    shared: dict[str, Limiter] = field(default_factory=dict)

    def get(self, config: RateLimitConfig) -> Limiter:
        """Return the limiter for a source with these settings."""
        if config.shared is None:
            return Limiter(config.calls, config.per, self.clock)
        return self.shared.setdefault(config.shared, Limiter(config.calls, config.per, self.clock))


class App:
    """A running exporter, but for its web server: sources, poller, store and exposition."""

    def __init__(
        self,
        config: Config,
        providers: Mapping[str, Provider],
        clock: Clock,
        selection: Selection = Selection(),
        *,
        is_repeating: bool = True,
    ) -> None:
        """Build everything and start nothing; with ``is_repeating`` off, each fetch will run once."""
        self.config = config
        self.clock = clock
        self.stopping = threading.Event()
        self.instruments = Instruments()
        polling = config.polling
        self.store = Store(
            clock,
            stale_after=polling.stale_after,
            drop_after=polling.drop_after,
            max_series=config.limits.max_series,
        )
        self.poller = Poller(clock, self.store, self.instruments, self.stopping.set, is_repeating=is_repeating)
        limiters = Limiters(clock)
        self.sources = [
            self._source(source, providers[source.type], limiters)
            for source in config.sources
            if selection.has(selection.sources, source.name)
        ]
        families = dict.fromkeys(family for source in self.sources for family in source.provider.families)
        infos = _infos(self.sources)
        for source in self.sources:
            self._add(source, infos[source.provider.info], selection)
        self.exposition = Exposition(self.store, (*families, *infos.values()), self.instruments.registry)
        self._began = clock.monotonic()

    def start(self) -> None:
        """Start polling."""
        self._began = self.clock.monotonic()
        self.poller.start()

    def stop(self) -> None:
        """Stop polling; a request under way is left behind."""
        self.stopping.set()
        self.poller.stop()

    def is_ready(self) -> bool:
        """Return whether every fetch has been tried once, or enough time has passed."""
        return self.store.untried == 0 or self.clock.monotonic() - self._began > _READY_AFTER

    def probe(self) -> Iterator[tuple[Source, FetchError | None]]:
        """Make one cheap call for each source; yield the source, and what is wrong with it."""
        for source in self.sources:
            try:
                source.probe()
            except FetchError as error:
                yield source, error
            else:
                yield source, None

    def _source(self, config: SourceConfig, provider: Provider, limiters: Limiters) -> Source:
        polling = self.config.polling
        limiter = limiters.get(config.rate_limit)
        upstream = Upstream(
            source=config.name,
            base_url=config.base_url,
            allow_list=provider.allow_list(config),
            authorize=provider.authorize(config),
            limiter=limiter,
            retry=polling.retry,
            timeout=polling.timeout,
            max_response_bytes=self.config.limits.max_response_bytes,
            concurrency=polling.concurrency,
            proxy_url=config.http.proxy_url,
            ca_file=config.http.ca_file,
            instruments=self.instruments,
            clock=self.clock,
        )
        customers = provider.customers(config, self.clock)
        return Source(config, provider, upstream, limiter, provider.collectors(config, upstream.client), customers)

    def _add(self, source: Source, info: Family, selection: Selection) -> None:
        customers = [c for c in source.customers if selection.has(selection.customers, c.name)]
        collectors = [c for c in source.collectors if selection.has(selection.collectors, c.name)]
        for customer in customers:
            labels = (customer.labels.get(name, "") for name in info.labels)
            self.store.describe(source.name, customer.name, [info.sample(1, *labels)])
        intervals = {collector.name: collector.settings.interval for collector in collectors}
        self.instruments.add_source(source.name, intervals)
        fetches = [self._fetch(source.name, *turn) for turn in _turns(collectors, customers)]
        for index, fetch in enumerate(fetches):
            # Turns stand evenly over the interval, in the order in which the store groups customers:
            # between two scrapes, few groups change.
            fetch.phase = fetch.interval * index / len(fetches)
        if fetches:
            self.poller.add_source(source.name, source.upstream, self.config.polling.concurrency, fetches)
            self._compute(source, len(customers))

    def _fetch(self, source: str, collector: AnyCollector, customers: Sequence[Customer]) -> Fetch:
        interval = collector.settings.interval
        places = tuple(self.store.add(source, customer.name, collector.name, interval) for customer in customers)
        return Fetch(source, collector, tuple(customers), places, phase=0.0)

    def _compute(self, source: Source, customers: int) -> None:
        name, limiter, compute = source.name, source.limiter, self.instruments.compute
        planned = sum(sum(other.config.planned_calls().values()) for other in self.sources if other.limiter is limiter)
        record = self.store.sources[name]
        compute("source_up", name, lambda: self.store.is_source_up(name))
        compute("oldest_due_timestamp_seconds", name, lambda: self.poller.oldest_due(name))
        compute("rate_limit_calls", name, lambda: limiter.calls)
        compute("rate_limit_period_seconds", name, lambda: limiter.per)
        compute("schedule_load_ratio", name, lambda: planned * limiter.per / limiter.calls)
        compute("customers", name, lambda: customers)
        compute("series", name, lambda: record.series)
        for reason in ("max_series", "label_value"):
            self.instruments.compute_dropped(name, reason, partial(record.left_out.__getitem__, reason))


def _infos(sources: Sequence[Source]) -> dict[Family, Family]:
    """Return each provider's info family with the label names of all customers, sorted."""
    names = tuple(sorted({name for source in sources for customer in source.customers for name in customer.labels}))
    infos: dict[Family, Family] = {}
    for info in dict.fromkeys(source.provider.info for source in sources):
        infos[info] = Family(info.name, info.kind, info.help, info.origin, names)
    return infos


def _turns(
    collectors: Sequence[AnyCollector], customers: Sequence[Customer]
) -> list[tuple[AnyCollector, Sequence[Customer]]]:
    """Return each collector with the customers it asks for at once, by the place of the first of them."""
    turns: list[tuple[int, AnyCollector, Sequence[Customer]]] = []
    for collector in collectors:
        size = collector.batch_size if isinstance(collector, BatchCollector) else 1
        starts = range(0, len(customers), size)
        turns.extend((start, collector, customers[start : start + size]) for start in starts)
    turns.sort(key=lambda turn: turn[0])
    return [(collector, batch) for _, collector, batch in turns]
