"""The program put together: the one place where objects are built from a configuration and joined."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from exporter.clock import Clock
from exporter.config import Changes, Config, RateLimitConfig, SourceConfig, Watch
from exporter.errors import FetchError, Problem, Reason
from exporter.exposition import Exposition
from exporter.fetch import Desk
from exporter.instruments import Instruments
from exporter.poller import Poller
from exporter.providers.base import Provider
from exporter.samples import Family
from exporter.source import EVERYTHING, Selection, Source
from exporter.state import Budget, ForgetfulState, Pause, State, account, fact_name
from exporter.store import Store
from exporter.upstream import Circuit, Limiter, Upstream

log = structlog.get_logger(__name__)

# So long /-/ready waits for first fetches at most: a slow rate limit must not keep the exporter from being scraped.
_READY_AFTER = 600.0
# A group of customers that has not changed for so many seconds is rendered before the next scrape comes.
_LOOK_EVERY = 1.0
# Every reason for which series are left out; all are at 0 from the start.
_LEFT_OUT = ("max_series", "categories", "breakdown_rows", "report_fields", "label_value")


@dataclass(slots=True)
class Limiters:
    """The rate limiters, one for each source or for each budget that sources share."""

    clock: Clock
    state: State = field(default_factory=ForgetfulState)
    shared: dict[str, Limiter] = field(default_factory=dict)

    def get(self, source: SourceConfig) -> Limiter:
        """Return the limiter for a source with these settings."""
        config = source.rate_limit
        if config.shared is None:
            return self._limiter(config, account(source))
        known = self.shared.get(config.shared)
        if known is None:
            known = self.shared[config.shared] = self._limiter(config, config.shared)
        return known

    def _limiter(self, config: RateLimitConfig, whose: str) -> Limiter:
        book = Budget(self.state, self.clock, fact_name("budget", whose)) if self.state.is_lasting else None
        return Limiter(config.calls, config.per, self.clock, book)


class App:
    """A running exporter, but for its web server: sources, poller, store and exposition."""

    def __init__(
        self,
        config: Config,
        providers: Mapping[str, Provider],
        clock: Clock,
        selection: Selection = EVERYTHING,
        *,
        is_repeating: bool = True,
        state: State | None = None,
    ) -> None:
        """Build everything and start nothing; with ``is_repeating`` off, each fetch will run once.

        Raises:
            CorruptState: what ``state`` keeps can't be trusted.
        """
        self.config = config
        self.state: State = state or ForgetfulState()
        self.clock = clock
        self.stopping = threading.Event()
        self.instruments = Instruments(clock)
        polling = config.polling
        self.store = Store(
            clock,
            stale_after=polling.stale_after,
            drop_after=polling.drop_after,
            max_series=config.limits.max_series,
            state=self.state,
        )
        if self.state.is_lasting:
            self.instruments.watch_state(lambda: self.state.is_up, lambda: self.state.failures)
        self.poller = Poller(clock, self.stopping.set, is_repeating=is_repeating)
        limiters = Limiters(clock, self.state)
        self.sources = [
            self._source(source, providers[source.type], limiters, selection)
            for source in config.sources
            if selection.has(selection.sources, source.name)
        ]
        for limiter in self._limiters:
            limiter.recall()
        self.exposition = Exposition(self.store, _families(self.sources), self.instruments.registry)
        self._label_names: Sequence[str] | None = None
        self._describe()
        for source in self.sources:
            self._add(source)
        self._problems: Mapping[str, Sequence[Problem]] = {"files": ()}
        self._telling = threading.Lock()
        self.instruments.configured(clock.time())
        self._began = clock.monotonic()

    def start(self) -> None:
        """Start polling."""
        self._began = self.clock.monotonic()
        self.state.begin()
        self.poller.start()
        threading.Thread(target=self._render_ahead, name="renderer", daemon=True).start()

    def follow(self, watch: Watch) -> None:
        """Take what changes in secret and customer files, as long as the program runs."""
        threading.Thread(target=self._follow, args=(watch,), name="files", daemon=True).start()

    def take(self, changes: Changes) -> None:
        """Take what a look at the files has found; a file that is broken leaves the last good content in use."""
        for source in self.sources:
            if source.name in changes.renewed:
                source.upstream.circuit.renew()
            if source.name in changes.customers:
                section = source.config.model_copy(update={"customers": tuple(changes.customers[source.name])})
                source.configure(source.provider.customers(section, self.clock))
        if changes.customers:
            self._describe()
        if changes.customers or changes.renewed or tuple(changes.problems) != self._problems["files"]:
            self.tell("files", changes.problems)

    def stop(self) -> None:
        """Stop polling and keep what is known; a request under way is left behind."""
        self.stopping.set()
        self.poller.stop()
        for limiter in self._limiters:
            limiter.settle()
        self.state.close()

    def is_tried(self) -> bool:
        """Return whether every fetch has been tried once, for listed customers too."""
        return all(source.is_listed for source in self.sources) and self.store.untried == 0

    def is_good(self) -> bool:
        """Return whether no fetch and no reading of a list failed the last time."""
        return self.store.failing == 0 and not any(source.is_list_missing for source in self.sources)

    def is_ready(self) -> bool:
        """Return whether every fetch has been tried once, or enough time has passed."""
        return self.is_tried() or self.clock.monotonic() - self._began >= _READY_AFTER

    def probe(self) -> Iterator[tuple[Source, FetchError | None]]:
        """Make one cheap call for each source; yield the source, and what is wrong with it."""
        for source in self.sources:
            try:
                source.probe()
            except FetchError as error:
                yield source, error
            else:
                yield source, None

    @property
    def _limiters(self) -> set[Limiter]:
        return {source.limiter for source in self.sources}

    def _follow(self, watch: Watch) -> None:
        while not self.stopping.wait(watch.every):
            try:
                self.take(watch.poll())
            except Exception as error:
                # Whatever it is, the poll goes on with what is known, and the next look may be better.
                log.exception("internal error in following files", error=type(error).__name__)
                self.instruments.configured(None)

    def _render_ahead(self) -> None:
        while not self.stopping.wait(_LOOK_EVERY):
            try:
                self.exposition.render_ahead()
            except Exception as error:
                # The scrape renders what is left, and answers for what goes wrong in it.
                log.exception("internal error in rendering ahead", error=type(error).__name__)

    def tell(self, part: str, problems: Sequence[Problem]) -> None:
        """Show what is wrong with a part of the configuration, such as its files; nothing, once that is mended."""
        with self._telling:
            before = self._problems
            self._problems = {**before, part: tuple(problems)}
        told = {problem for each in before.values() for problem in each}
        for problem in problems:
            if problem not in told:
                log.error("configuration not in use", problem=str(problem))
        if told and not self.problems:
            log.info("configuration in use again")
        self.instruments.configured(None if self.problems else self.clock.time())

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the configuration that stands in the files, so that what was read before is in use."""
        return [problem for part in self._problems.values() for problem in part]

    def _describe(self) -> None:
        """Show what is configured of each customer, under the label names of all of them."""
        names = sorted({name for source in self.sources for each in source.customers for name in each.labels})
        if names == self._label_names:
            return
        self._label_names = names
        infos = {source.provider.info for source in self.sources}
        described = {info: replace(info, labels=tuple(names)) for info in infos}
        for source in self.sources:
            source.describe(described[source.provider.info])

    def _source(self, config: SourceConfig, provider: Provider, limiters: Limiters, selection: Selection) -> Source:
        polling = self.config.polling
        limiter = limiters.get(config)
        upstream = Upstream(
            source=config.name,
            base_url=config.base_url,
            allow_list=provider.allow_list(config),
            authorize=provider.authorize(config),
            limiter=limiter,
            circuit=Circuit(polling.probe_interval),
            retry=polling.retry,
            timeout=polling.timeout,
            max_response_bytes=self.config.limits.max_response_bytes,
            concurrency=polling.concurrency,
            proxy_url=config.http.proxy_url,
            ca_file=config.http.ca_file,
            instruments=self.instruments,
            clock=self.clock,
        )
        pause = Pause(self.state, self.clock, fact_name("pause", account(config)))
        upstream.pause(pause.left())
        upstream.keep_pauses(pause.begin)
        source = Source(
            config=config,
            provider=provider,
            upstream=upstream,
            limiter=limiter,
            collectors=provider.collectors(config, upstream.client, self.config.limits),
            desk=Desk(self.clock, self.store, self.instruments, self.state),
            poller=self.poller,
            selection=selection,
        )
        source.configure(provider.customers(config, self.clock))
        return source

    def _add(self, source: Source) -> None:
        self.instruments.add_source(source.name, {each.name: each.settings.interval for each in source.collectors})
        source.start(self.config.polling.concurrency)
        self._compute(source)

    def _compute(self, source: Source) -> None:
        name, limiter, compute = source.name, source.limiter, self.instruments.compute
        record = self.store.add_source(name)
        compute("source_up", name, lambda: self.store.is_source_up(name))
        circuit = source.upstream.circuit
        compute("circuit_open", name, lambda: circuit.is_open)
        compute("credentials_rejected", name, lambda: circuit.reason is Reason.AUTH)
        compute("oldest_due_timestamp_seconds", name, lambda: self.poller.oldest_due(name))
        compute("rate_limit_calls", name, lambda: limiter.calls)
        compute("rate_limit_period_seconds", name, lambda: limiter.per)
        compute("schedule_load_ratio", name, lambda: self.load(limiter))
        compute("customers", name, lambda: source.size)
        compute("series", name, lambda: record.series)
        for reason in _LEFT_OUT:
            self.instruments.compute_dropped(name, reason, partial(record.left_out.__getitem__, reason))

    def load(self, limiter: Limiter) -> float:
        """Return the planned requests per period as a fraction of what a rate limit allows, for all who share it."""
        planned = sum(source.planned for source in self.sources if source.limiter is limiter)
        return planned * limiter.per / limiter.calls


def _families(sources: Sequence[Source]) -> Sequence[Family]:
    """Return every family that comes from the vendors, each once."""
    providers = [source.provider for source in sources]
    actives = [provider.active for provider in providers if provider.active is not None]
    return list(dict.fromkeys((*(family for provider in providers for family in provider.families), *actives)))
