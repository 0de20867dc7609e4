"""The program put together: the one place where objects are built from a configuration and joined."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import structlog

from exporter.budgets import Budgets
from exporter.clock import Clock
from exporter.config import Changes, Config, Credentials, SourceConfig, Watch
from exporter.config.comparison import take_over_secrets
from exporter.errors import FetchError, Problem, Reason
from exporter.exposition import Exposition
from exporter.fetch import Desk
from exporter.instruments import Instruments
from exporter.poller import Poller
from exporter.providers.base import Provider
from exporter.samples import Family
from exporter.selection import EVERYTHING, Selection
from exporter.source import Source
from exporter.state import Acceptance, ForgetfulState, Lineage, Pause, State, account, fact_name, pause_name
from exporter.store import Store
from exporter.upstream import Circuit, Limiter, Upstream

log = structlog.get_logger(__name__)

# So long /-/ready waits for first fetches at most: a slow rate limit must not keep the exporter from being scraped.
_READY_AFTER = 600.0
# A disk that hangs must not keep the program from stopping in time.
_SETTLED_WITHIN = 0.5
# So often what has changed is rendered before the next scrape comes, but with a twentieth of a core at most.
_LOOK_EVERY, _REST = 1.0, 20
# Every reason for which series are left out; all are at 0 from the start.
_LEFT_OUT = ("max_series", "categories", "breakdown_rows", "report_fields", "label_value")


class App:
    """A running exporter, but for its web server: sources, poller, store and exposition.

    Attributes:
        config: the configuration in use.
        sources: what is polled by it, in its order.
        changing: held by whoever changes either.
        state: what outlives the process.
        clock: what everything goes by.
        stopping: set once the program is to end.
        instruments: its own metrics.
        store: what fetches brought.
        poller: what runs them.
        budgets: the rate limits that they draw from.
        lineage: what sources were called before, for those limits.
        exposition: the page of all that.
    """

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
        self.changing = threading.Lock()
        self.instruments = Instruments(clock)
        self.store = Store(
            clock,
            stale_after=config.polling.stale_after,
            drop_after=config.polling.drop_after,
            max_series=config.limits.max_series,
            state=self.state,
        )
        if self.state.is_lasting:
            self.instruments.watch_state(lambda: self.state.is_up, lambda: self.state.failures)
        self.poller = Poller(clock, self.stopping.set, is_repeating=is_repeating)
        self._providers, self._selection = providers, selection
        self._label_names: Sequence[str] | None = None
        self._infos: dict[tuple[Family, tuple[str, ...]], Family] = {}
        self._problems: Mapping[str, Sequence[Problem]] = {"files": ()}
        self._telling = threading.Lock()
        self._watch: Watch | None = None
        self._is_tried = False
        self._began = clock.monotonic()
        self.lineage = Lineage(self.state)
        self.budgets = Budgets(clock, self.state)
        coming = self._build_all()
        self.exposition = Exposition(self.store, _families(coming), self.instruments.registry)
        self.sources: Sequence[Source] = ()
        self.describe(coming)
        for source in coming:
            self.add(source)
        # From now on nobody could begin afresh any more.
        self.state.begin()
        self.instruments.configured(clock.time())

    def _build_all(self) -> Sequence[Source]:
        names = self._selection.sources
        sections = [section for section in self.config.sources if self._selection.has(names, section.name)]
        self.lineage.hand_down(sections)
        limiters = self.budgets.plan(sections)
        sources = [self.build(self.config, section, limiters[section.name]) for section in sections]
        self.budgets.take(sections, limiters)
        self.budgets.settle()
        return sources

    def start(self) -> None:
        """Start polling."""
        self._began = self.clock.monotonic()
        self.poller.start()
        threading.Thread(target=self._render_ahead, name="renderer", daemon=True).start()

    def follow(self, watch: Watch) -> None:
        """Take what changes in secret and customer files, as long as the program runs."""
        is_new, self._watch = self._watch is None, watch
        if is_new:
            threading.Thread(target=self._follow, name="files", daemon=True).start()

    @property
    def is_following(self) -> bool:
        """Whether what changes in files is taken."""
        return self._watch is not None

    def take(self, changes: Changes) -> None:
        """Take what a look at the files has found; a file that is broken leaves the last good content in use."""
        for source in self.sources:
            if source.name in changes.renewed:
                source.upstream.circuit.renew()
            if source.name in changes.customers:
                # Without the lists that its customers stood in: those would stay in memory beside the new ones.
                section = source.config.of_lists(()).model_copy(update={"customers": changes.customers[source.name]})
                take_over_secrets(section, source.config)
                source.config = section
                source.configure(source.provider.customers(section, self.clock))
        if changes.customers:
            self.describe()
        if changes.customers or changes.renewed or tuple(changes.problems) != self._problems["files"]:
            self.tell("files", changes.problems)

    def stop(self) -> None:
        """Stop polling and keep what is known; a request under way is left behind."""
        self.stopping.set()
        self.poller.stop()
        ends = time.monotonic() + _SETTLED_WITHIN
        for limiter in self.budgets.limiters:
            limiter.settle(max(0.0, ends - time.monotonic()))
        self.lineage.keep([source.config for source in self.sources])
        self.state.close()

    def is_tried(self) -> bool:
        """Return whether every fetch has been tried once, for listed customers too."""
        return all(source.is_listed for source in self.sources) and self.store.untried == 0

    def is_good(self) -> bool:
        """Return whether no fetch and no reading of a list failed the last time."""
        return self.store.failing == 0 and not any(source.is_list_missing for source in self.sources)

    @property
    def ailments(self) -> Sequence[str]:
        """What is wrong in words, with the program itself and not with a vendor, so that it had better start anew."""
        stuck = ["the state has been in the middle of a write for a minute"] if self.state.is_stuck else []
        return [*self.poller.ailments(), *stuck]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong with the program itself."""
        return not self.ailments

    def is_ready(self) -> bool:
        """Return whether every fetch has been tried once, or enough time has passed; then so for good."""
        # Who joins later does not make the others' numbers worth less.
        self._is_tried = self._is_tried or self.is_tried()
        return self._is_tried or self.clock.monotonic() - self._began >= _READY_AFTER

    def probe(self) -> Iterator[tuple[Source, FetchError | None]]:
        """Make one cheap call for each source; yield the source, and what is wrong with it."""
        for source in self.sources:
            try:
                source.probe()
            except FetchError as error:
                yield source, error
            else:
                yield source, None

    def _follow(self) -> None:
        while not self.stopping.wait(Watch.every):
            try:
                with self.changing:
                    self._look(self._watch)
            except Exception as error:
                # Whatever it is, the poll goes on with what is known, and the next look may be better.
                log.exception("internal error in following files", error=type(error).__name__)
                self.instruments.configured(None)

    def _render_ahead(self) -> None:
        pause = _LOOK_EVERY
        while not self.stopping.wait(pause):
            began = time.thread_time()
            try:
                self.exposition.render_ahead()
                self.instruments.look()
            except Exception as error:
                # The scrape renders what is left, and answers for what goes wrong in it.
                log.exception("internal error in rendering ahead", error=type(error).__name__)
            pause = max(_LOOK_EVERY, _REST * (time.thread_time() - began))

    def _look(self, watch: Watch | None) -> None:
        if watch is not None:
            changes = watch.poll()
            self.take(changes)
            if changes.customers:
                self.config = watch.config

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

    def describe(self, coming: Sequence[Source] = ()) -> None:
        """Show what is configured of each customer, under the label names of all of them, of those coming too."""
        sources = [*self.sources, *coming]
        names = sorted({name for source in sources for each in source.customers for name in each.labels})
        if names != self._label_names:
            self._label_names = names
            with ExitStack() as stack:
                # Two families of one name must never be seen on one page.
                for source in self.sources:
                    stack.enter_context(source.still())
                stack.enter_context(self.store.lock)
                for source in self.sources:
                    source.describe(self._info(source))

    def _info(self, source: Source) -> Family:
        """Return the family of a source's labels: the same for all that have one of this name, and whenever they do."""
        # The exposition remembers each family that it has ever shown.
        plain, names = source.provider.info, tuple(self._label_names or ())
        return self._infos.setdefault((plain, names), replace(plain, labels=names))

    def build(self, config: Config, section: SourceConfig, limiter: Limiter) -> Source:
        """Return a source that polls nothing yet, by its section of a configuration.

        Raises:
            StartError: its file of certificate authorities can't be used.
        """
        polling, provider, instruments = config.polling, self._providers[section.type], self.instruments.for_source()
        upstream = Upstream(
            source=section.name,
            base_url=section.base_url,
            allow_list=provider.allow_list(section),
            authorize=provider.authorize(section),
            limiter=limiter,
            circuit=Circuit(polling.probe_interval, self._proof(section)),
            retry=polling.retry,
            timeout=polling.timeout,
            max_response_bytes=config.limits.max_response_bytes,
            concurrency=polling.concurrency,
            proxy_url=section.http.proxy_url,
            ca_file=section.http.ca_file,
            instruments=instruments,
            clock=self.clock,
        )
        pause = Pause(self.state, self.clock, pause_name(section))
        upstream.pause(pause.left())
        upstream.keep_pauses(pause.begin)
        source = Source(
            config=section,
            provider=provider,
            upstream=upstream,
            limiter=limiter,
            collectors=provider.collectors(section, upstream.client, config.limits),
            desk=Desk(self.clock, self.store, instruments, self.state),
            poller=self.poller,
            selection=self._selection,
        )
        source.configure(provider.customers(section, self.clock))
        return source

    def _proof(self, section: SourceConfig) -> Acceptance | None:
        credentials = getattr(section, "credentials", None)
        if not self.state.is_lasting or not isinstance(credentials, Credentials):
            return None
        return Acceptance(self.state, fact_name("accepted", account(section)), credentials)

    def add(self, source: Source, *, is_anew: bool = False) -> None:
        """Poll a source that ``describe`` has heard of; all of one that begins ``is_anew`` is due at once."""
        source.describe(self._info(source))
        self.sources = [*self.sources, source]
        self.instruments.add_source(source.name, {each.name: each.settings.interval for each in source.collectors})
        source.start(self.config.polling.concurrency, is_anew=is_anew)
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
