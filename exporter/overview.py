"""The running program as its status page shows it: looked at from above, at one moment, without asking any vendor."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from math import inf

from exporter import __revision__, __version__
from exporter.app import App
from exporter.errors import BadQuery
from exporter.fetch import Task
from exporter.source import Source
from exporter.store import GROUP_SIZE, Group, Place, Record
from exporter.web.status import (
    Budget,
    Discovery,
    Durations,
    Program,
    Query,
    Report,
    Row,
    SourceStatus,
    State,
    Table,
    choose,
)

_HALF, _MOST = 0.5, 0.95


class Overview:
    """Reports on a program since it was built."""

    def __init__(self, app: App) -> None:
        """Begin now."""
        self._app = app
        self._began = app.clock.time()

    def report(self, query: Query) -> Report:
        """Return how everything is at this moment.

        Raises:
            BadQuery: a source or a collector is asked for that there is none of.
        """
        sources = self._app.sources
        _check(query, sources)
        paused = frozenset(source.name for source in sources if _is_paused(source))
        agenda = _Agenda(sources)
        choice = choose(self._app.store, query, paused, agenda.columns)
        now, monotonic = self._app.clock.time(), self._app.clock.monotonic()
        dues = agenda.of([place for place, _ in choice.places])
        rows = [_row(place, state, dues.get(_key(place)), now - monotonic) for place, state in choice.places]
        return Report(
            now=now,
            query=query,
            program=self._program(),
            sources=[*self._sources(sources, choice.by_source, now)],
            table=Table(rows, choice.total, choice.states),
        )

    def _program(self) -> Program:
        app = self._app
        return Program(
            version=__version__,
            revision=__revision__,
            started=self._began,
            ailments=app.ailments,
            is_ready=app.is_ready(),
            configured=app.instruments.last_configured,
            problems=app.problems,
        )

    def _sources(
        self, sources: Sequence[Source], states: Mapping[str, Mapping[State, int]], now: float
    ) -> Iterator[SourceStatus]:
        for source in sources:
            # One that a reload has just taken away is in some places still, and in others no more.
            with suppress(KeyError):
                yield self._source(source, states[source.name], now)

    def _source(self, source: Source, states: Mapping[State, int], now: float) -> SourceStatus:
        app, name = self._app, source.name
        record, circuit, listing = app.store.sources[name], source.upstream.circuit, source.listing
        monotonic, durations = app.clock.monotonic(), app.instruments.durations[name]
        counts = {state: states[state] for state in State}
        is_tried = sum(counts.values()) > counts[State.WAITING] + counts[State.PAUSED]
        return SourceStatus(
            name=name,
            type=source.config.type,
            is_up=app.store.is_source_up(name) if is_tried or record.last_success is not None else None,
            is_circuit_open=circuit.is_open,
            circuit_reason=circuit.reason,
            pause_left=max(0.0, source.upstream.pause_left()),
            budget=self._budget(source),
            lag=max(0.0, now - app.poller.oldest_due(name)),
            shortest_interval=min(_intervals(source).values(), default=inf),
            collectors=_intervals(source),
            last_failure=record.last_failure,
            discovery=None if listing is None else Discovery(listing.last_success, listing.error, listing.interval),
            durations=Durations(
                durations.of_hour(monotonic, _HALF),
                durations.of_hour(monotonic, _MOST),
                durations.by_minute(monotonic, _MOST),
            ),
            customers=source.size,
            series=record.series,
            left_out=dict(record.left_out),
            states=counts,
        )

    def _budget(self, source: Source) -> Budget:
        limiter = source.limiter
        return Budget(
            calls=limiter.calls,
            per=limiter.per,
            used=limiter.used,
            load=self._app.load(limiter),
            by_minute=limiter.use_by_minute(),
            shared=source.config.rate_limit.shared,
        )


class _Agenda:
    """When fetches are due; looked up only for what is shown, or ordered by it."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def of(self, places: Sequence[Place]) -> Mapping[tuple[Record, str], float]:
        """Return the monotonic time at which the fetch of each place is due."""
        wanted = {place.record for place in places}
        names = {place.record.group.source for place in places}
        fetches = chain.from_iterable(source.fetches for source in self._sources if source.name in names)
        return {
            (member.record, fetch.collector.name): fetch.due
            for fetch in fetches
            for member in fetch.members
            if member.record in wanted
        }

    def columns(self) -> Mapping[tuple[Group, str], Sequence[float]]:
        """Return the same for everything, by group and collector, each by row."""
        columns: dict[tuple[Group, str], array[float]] = {}
        blank = array("d", [inf]) * (GROUP_SIZE + 1)
        known: tuple[Group | None, Task | None] = (None, None)
        for fetch in chain.from_iterable(source.fetches for source in self._sources):
            for member in fetch.members:
                record = member.record
                # Fetches of a collector stand in the order of the groups: most are of the one before.
                if record.group is not known[0] or fetch.task is not known[1]:
                    known = (record.group, fetch.task)
                    column = columns.setdefault((record.group, fetch.collector.name), blank[:])
                column[record.row] = fetch.due
        return columns


def _check(query: Query, sources: Sequence[Source]) -> None:
    names = {source.name for source in sources}
    collectors = {name for source in sources for name in _intervals(source)}
    for kind, asked, known in (("source", query.source, names), ("collector", query.collector, collectors)):
        for name in asked:
            if name not in known:
                raise BadQuery(f"there is no {kind} named {name!a}")


def _intervals(source: Source) -> Mapping[str, float]:
    return {collector.name: collector.settings.interval for collector in source.collectors}


def _is_paused(source: Source) -> bool:
    return source.upstream.circuit.is_open or source.upstream.pause_left() > 0


def _key(place: Place) -> tuple[Record, str]:
    return place.record, place.collector


def _row(place: Place, state: State, due: float | None, ahead: float) -> Row:
    """Return a row; ``ahead`` is how far the wall clock is ahead of the monotonic one."""
    layout = place.shelf.layouts[place.record.row]
    return Row(
        source=place.record.group.source,
        customer=place.record.name,
        collector=place.collector,
        state=state,
        is_stale=place.is_stale,
        reason=place.reason,
        error=place.last_error,
        last_success=place.last_success,
        last_attempt=place.last_attempt,
        next=None if due is None else due + ahead,
        interval=place.shelf.interval,
        series=len(layout.keys) if layout else 0,
    )
