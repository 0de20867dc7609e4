"""A new configuration in the place of the one in use: prepared whole, and then applied at once or not at all."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from exporter.app import App
from exporter.config import Config, SourceConfig, Watch
from exporter.config.comparison import account_of, is_same_source, take_over_secrets
from exporter.errors import ConfigError, Problem, StartError
from exporter.providers.base import AnyCollector, Customer
from exporter.source import Source
from exporter.state import Remembering
from exporter.store import Foreseen


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a new configuration has changed.

    Attributes:
        added, changed, removed: names of sources; one that is changed has begun anew.
        joined, left: how many customers came and went, those of such sources included.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    joined: int = 0
    left: int = 0

    def __str__(self) -> str:
        """Return the same for a person, line by line."""
        kinds = {"added": self.added, "changed": self.changed, "removed": self.removed}
        lines = (f"sources {kind}: {', '.join(names) or 'none'}" for kind, names in kinds.items())
        return "\n".join(["configuration reloaded", *lines, f"customers joined: {self.joined}, left: {self.left}"])


@dataclass(frozen=True, slots=True)
class _Staying:
    """A source that goes on, and what it goes on by."""

    source: Source
    config: SourceConfig
    customers: Sequence[Customer]
    collectors: Sequence[AnyCollector]


class Succession:
    """One configuration after another, for a program that runs; ``App.changing`` is held throughout."""

    def __init__(self, app: App, config: Config, file: Path) -> None:
        """Prepare all that can fail, while everything goes on as it is.

        Raises:
            ConfigError: the configuration can't be used.
        """
        self._app = app
        self._config = config
        self._file = file
        known = {source.name: source for source in app.sources}
        self._staying = {
            section.name: self._stay(known[section.name], section)
            for section in config.sources
            if section.name in known and is_same_source(section, known[section.name].config)
        }
        self._limiters = app.budgets.plan(config.sources, self._staying)
        self._coming: list[Source] = []
        problems = [*self._restarts(), *self._build()]
        if problems:
            for source in self._coming:
                source.upstream.close()
            raise ConfigError(problems)

    def apply(self) -> Outcome:
        """Let the new configuration be the one in use."""
        app, before = self._app, set(self._app.store.customers())
        old = {source.name for source in app.sources}
        with ExitStack() as stack:
            # No page shows a half of it, but for sources that are new and come one after the other.
            for source in app.sources:
                stack.enter_context(source.still())
            foreseen = {name: each.source.foresee(each.customers) for name, each in self._staying.items()}
            stack.enter_context(app.store.lock)
            # Once ready is ready for good, however many are to be fetched now.
            app.is_ready()
            pauses = self._let_go()
            self._tune()
            for name, each in self._staying.items():
                self._go_on(each, foreseen[name])
            app.config = self._config
            app.sources = [each.source for each in self._staying.values()]
            app.describe(self._coming)
        # Not in there, where pages wait: it writes to the state.
        app.budgets.settle()
        app.lineage.add(self._config.sources)
        for source in self._coming:
            source.upstream.pause(pauses[source.name])
            app.add(source, is_anew=source.name in old)
        self._finish()
        return self._outcome(old, before)

    # Preparing

    def _stay(self, source: Source, section: SourceConfig) -> _Staying:
        old, new = self._app.config.limits, self._config.limits
        provider, collectors = source.provider, []
        if old != new:
            made = provider.collectors(section, source.upstream.client, new)
            # What a collector remembers of its customers, no limit has anything to do with.
            collectors = [each for each in made if not isinstance(each, Remembering)]
        return _Staying(source, section, provider.customers(section, self._app.clock), collectors)

    def _restarts(self) -> Sequence[Problem]:
        if self._config.state == self._app.config.state:
            return ()
        message = "can't change while the program runs; restart it to keep the state elsewhere, or no longer"
        return [Problem(str(self._file), None, "state.path", message)]

    def _build(self) -> Sequence[Problem]:
        problems = []
        for number, section in enumerate(self._config.sources):
            if section.name in self._staying:
                continue
            try:
                source = self._app.build(self._config, section, self._limiters[section.name])
            except StartError as error:
                problems.append(Problem(str(self._file), None, f"sources[{number}].http.ca_file", str(error)))
            else:
                self._coming.append(source)
        return problems

    # Applying

    def _let_go(self) -> Mapping[str, float]:
        """Close the sources that are gone or to begin anew; return for how long to send nothing for those that come."""
        app = self._app
        gone = [source for source in app.sources if source.name not in self._staying]
        pauses = {source.name: source.upstream.pause_left() for source in gone}
        trusted = {account_of(source.config) for source in gone if source.upstream.circuit.is_trusted}
        # A source without credentials has no account.
        trusted.discard(None)
        for source in self._coming:
            if account_of(source.config) in trusted:
                source.upstream.circuit.trust()
        for source in gone:
            source.close()
        return app.budgets.take(self._config.sources, self._limiters, self._staying, pauses)

    def _tune(self) -> None:
        polling = self._config.polling
        self._app.store.tune(
            stale_after=polling.stale_after,
            drop_after=polling.drop_after,
            max_series=self._config.limits.max_series,
        )

    def _go_on(self, each: _Staying, foreseen: Foreseen) -> None:
        app, source, polling = self._app, each.source, self._config.polling
        upstream = source.upstream
        if take_over_secrets(each.config, source.config):
            upstream.circuit.renew()
        upstream.circuit.tune(polling.probe_interval)
        upstream.tune(
            authorize=source.provider.authorize(each.config),
            retry=polling.retry,
            timeout=polling.timeout,
            max_response_bytes=self._config.limits.max_response_bytes,
            concurrency=polling.concurrency,
        )
        app.poller.resize(source.name, polling.concurrency)
        source.renew(each.config, each.collectors, each.customers, foreseen)

    def _finish(self) -> None:
        app, order = self._app, {section.name: number for number, section in enumerate(self._config.sources)}
        app.sources = sorted(app.sources, key=lambda source: order[source.name])
        if app.is_following:
            app.follow(Watch(self._config, self._file))

    def _outcome(self, old: set[str], before: set[tuple[str, str]]) -> Outcome:
        after, new = set(self._app.store.customers()), [section.name for section in self._config.sources]
        return Outcome(
            added=tuple(name for name in new if name not in old),
            changed=tuple(name for name in new if name in old and name not in self._staying),
            removed=tuple(sorted(old.difference(new))),
            joined=len(after - before),
            left=len(before - after),
        )
