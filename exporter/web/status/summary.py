"""Whether all is well, and what is wrong otherwise: in words, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exporter.errors import Reason
from exporter.web.status.query import Query, State
from exporter.web.status.report import Report, SourceStatus
from exporter.web.status.words import count, percent, span, visible

# What of a limit a plan may take before a retry or two bring fetches behind.
_HIGH_LOAD = 1.0
# More sources than this are not named in the headline.
_MOST_NAMES = 3


class Level(StrEnum):
    """How bad it is; the worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    STARTING = "starting"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be.

    Attributes:
        text: a sentence without its full stop.
        source: whose it is; empty for the program's own.
        query: which rows show more of it, if any do.
    """

    level: Level
    text: str
    source: str = ""
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on top of the page.

    Attributes:
        headline: how it is, in one line.
        details: what there is to add.
        troubles: all that is wrong, the worst first.
    """

    level: Level
    headline: str
    details: str
    troubles: Sequence[Trouble]


def summarise(report: Report) -> Summary:
    """Return whether all is well, or what is wrong."""
    order = list(Level)
    troubles = [*_of_program(report), *(each for source in report.sources for each in troubles_of(source))]
    troubles.sort(key=lambda trouble: order.index(trouble.level))
    fetches = sum(source.fetches for source in report.sources)
    waiting = sum(source.states[State.WAITING] for source in report.sources)
    size = _size(report, fetches)
    if troubles:
        return Summary(troubles[0].level, _headline(troubles, report.sources), size, troubles)
    if waiting:
        left = f"{waiting:,} of {count(fetches, 'fetch', 'fetches')} not tried yet"
        return Summary(Level.STARTING, f"Starting: {left}", size, ())
    return Summary(Level.GOOD, "All is well", size, ())


def _headline(troubles: Sequence[Trouble], sources: Sequence[SourceStatus]) -> str:
    """Return what is wrong in one line: one thing in full, or several of the worst that are alike."""
    worst = [trouble for trouble in troubles if trouble.level is troubles[0].level]
    if len(worst) == 1:
        return worst[0].text
    if worst[0].level is Level.CRITICAL and all(trouble.source for trouble in worst):
        names = ", ".join(visible(trouble.source) for trouble in worst[:_MOST_NAMES])
        more = f" and {len(worst) - _MOST_NAMES} more" if len(worst) > _MOST_NAMES else ""
        return f"{count(len(worst), 'source', 'sources')} of {len(sources)} are down: {names}{more}"
    if worst[0].level is Level.WARNING and all(trouble.query for trouble in worst):
        failing = sum(_not_good(source) for source in sources)
        fetches = sum(source.fetches for source in sources)
        where = f"at {len(worst)} of {len(sources)} sources"
        return f"{failing:,} of {count(fetches, 'fetch', 'fetches')} are failing, {where}"
    return f"{len(worst)} things are wrong"


def _not_good(source: SourceStatus) -> int:
    return source.states[State.FAILING] + source.states[State.STALE]


def level_of(source: SourceStatus) -> Level:
    """Return how bad it is with one source."""
    levels = [trouble.level for trouble in troubles_of(source)]
    if levels:
        return min(levels, key=list(Level).index)
    return Level.STARTING if source.states[State.WAITING] else Level.GOOD


def troubles_of(source: SourceStatus) -> Iterator[Trouble]:
    """Yield what is wrong with one source."""
    name = visible(source.name)
    down = [Trouble(Level.CRITICAL, f"{name} {text}", source.name) for text in _down(source)]
    yield from down
    if (failing := _not_good(source)) and not down:
        query = Query(source=(source.name,), state=(State.FAILING, State.STALE))
        yield Trouble(Level.WARNING, f"{name}: {_failing(source, failing)}", source.name, query)
    yield from (Trouble(Level.WARNING, f"{name} {text}", source.name) for text in _hampered(source))


def _of_program(report: Report) -> Iterator[Trouble]:
    for ailment in report.program.ailments:
        yield Trouble(Level.CRITICAL, f"The exporter itself is unwell: {visible(ailment)}")
    for problem in report.program.problems:
        yield Trouble(Level.WARNING, f"The configuration in the files is not in use: {visible(str(problem))}")


def _down(source: SourceStatus) -> Iterator[str]:
    if source.is_circuit_open:
        refused = source.circuit_reason is Reason.AUTH
        yield (
            "refuses the credentials; only a probe is sent now and then"
            if refused
            else f"is down; only a probe is sent now and then{_because(source)}"
        )
    elif source.is_up is False:
        yield f"is down: no fetch has succeeded lately{_because(source)}"


def _because(source: SourceStatus) -> str:
    return f". Last error: {visible(source.last_failure.error)}" if source.last_failure else ""


def _failing(source: SourceStatus, failing: int) -> str:
    stale = source.states[State.STALE]
    verb = "is" if failing == 1 else "are"
    if stale == failing:
        return f"{stale:,} of {count(source.fetches, 'fetch', 'fetches')} {verb} stale"
    more = f", {stale:,} of them stale" if stale else ""
    return f"{failing:,} of {count(source.fetches, 'fetch', 'fetches')} {verb} failing{more}"


def _hampered(source: SourceStatus) -> Iterator[str]:
    if source.pause_left > 0:
        yield f"was asked by its vendor to pause, for {span(source.pause_left + 0.999)} more"
    if source.lag > source.shortest_interval:
        yield f"is {span(source.lag)} behind its schedule"
    if source.budget.load > _HIGH_LOAD:
        yield f"has more planned than its rate limit allows: {percent(source.budget.load)} of it"
    if source.discovery and source.discovery.error:
        yield f"could not read the list of customers: {visible(source.discovery.error)}"
    if left_out := source.left_out.get("max_series", 0):
        yield f"has {left_out:,} series left out: limits.max_series is reached"


def _size(report: Report, fetches: int) -> str:
    customers = sum(source.customers for source in report.sources)
    series = sum(source.series for source in report.sources)
    return (
        f"{count(customers, 'customer', 'customers')} of {count(len(report.sources), 'source', 'sources')}, "
        f"{count(fetches, 'fetch', 'fetches')}, {series:,} series"
    )
