"""Reports for tests: of a store that a test fills, or of values that it makes up."""

from dataclasses import replace
from typing import Any

from exporter.store import Store
from exporter.web.status import (
    Budget,
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
from tests.fake_clock import FakeClock

NOW = 1_773_403_200.0
EVERYTHING = Query()
NOTHING = tuple([None] * 60)

PROGRAM = Program(
    version="1.2.3",
    revision="",
    started=NOW - 7_500,
    ailments=(),
    is_ready=True,
    configured=NOW - 60,
    problems=(),
)

SOURCE = SourceStatus(
    name="acme",
    type="sendgrid_reseller",
    is_up=True,
    is_circuit_open=False,
    circuit_reason=None,
    pause_left=0.0,
    budget=Budget(calls=600, per=60.0, used=246, load=0.5, by_minute=NOTHING, shared=None),
    lag=0.0,
    shortest_interval=900.0,
    collectors={"totals": 900.0, "credits": 3_600.0},
    last_failure=None,
    discovery=None,
    durations=Durations(0.12, 0.8, NOTHING),
    customers=12,
    series=1_204,
    left_out={},
    states={**dict.fromkeys(State, 0), State.OK: 24},
)

ROW = Row(
    source="acme",
    customer="a",
    collector="totals",
    state=State.OK,
    is_stale=False,
    reason=None,
    error="",
    last_success=NOW - 185,
    last_attempt=NOW - 186,
    next=NOW + 715,
    interval=900.0,
    series=7,
)


def source(**changes: Any) -> SourceStatus:
    """Return a source at which all is well, but for the changes."""
    states = {**dict.fromkeys(State, 0), **changes.pop("states", {State.OK: 24})}
    return replace(SOURCE, states=states, **changes)


def report(
    *rows: Row,
    sources: tuple[SourceStatus, ...] = (SOURCE,),
    query: Query = EVERYTHING,
    total: int | None = None,
    **of: Any,
) -> Report:
    """Return a report of a program at which all is well, but for what is given."""
    states = {**dict.fromkeys(State, 0), State.OK: len(rows)}
    table = Table(rows, len(rows) if total is None else total, states)
    return Report(NOW, query, replace(PROGRAM, **of), sources, table)


def report_on(store: Store, clock: FakeClock, query: Query) -> Report:
    """Return a report on what stands in a store; the sources there are up."""
    choice = choose(store, query, frozenset(), dict)
    sources = tuple(source(name=name, states=states) for name, states in choice.by_source.items())
    rows = tuple(
        replace(
            ROW,
            source=place.record.group.source,
            customer=place.record.name,
            collector=place.collector,
            state=state,
            reason=place.reason,
            error=place.last_error,
            last_success=place.last_success,
            last_attempt=place.last_attempt,
        )
        for place, state in choice.places
    )
    return Report(clock.time(), query, PROGRAM, sources, Table(rows, choice.total, choice.states))
