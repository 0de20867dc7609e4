"""What there is to be known of a running program at one moment, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.errors import Problem, Reason
from exporter.store import Failure
from exporter.web.status.query import Query, State


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a rate limit is used.

    Attributes:
        calls, per: requests that a period allows at present, and its seconds.
        used: how many of them are taken.
        load: planned requests per period, as a fraction of those allowed.
        by_minute: the use of each minute of the last hour, as a fraction; None for those before the start.
        shared: the name of the budget, where other sources draw from it too.
    """

    calls: int
    per: float
    used: int
    load: float
    by_minute: Sequence[float | None]
    shared: str | None


@dataclass(frozen=True, slots=True)
class Durations:
    """How long fetches took over the last hour, in seconds; None where none ended.

    Attributes:
        median, slow: of the hour, half and 95% of them took at most so long.
        by_minute: the same as ``slow`` for each of its minutes.
    """

    median: float | None
    slow: float | None
    by_minute: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Discovery:
    """How the reading of a vendor's list of customers goes.

    Attributes:
        last_success: Unix time of the last good one; None until there is one.
        error: why the last one failed, in words; empty if it did not.
        interval: seconds between two.
    """

    last_success: float | None
    error: str
    interval: float


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: whether it is up, and what may be in its way.

    Attributes:
        type: which vendor API it is.
        is_up: whether any fetch succeeded lately; None before the first one has ended.
        is_circuit_open: whether only probes are sent, since fetches failed in a row.
        circuit_reason: why it opened; None while it is closed.
        pause_left: seconds for which the vendor wants no request; 0 for none.
        lag: seconds since the most overdue fetch was due; 0 if none is.
        shortest_interval: seconds between two fetches of its most frequent collector.
        collectors: seconds between two fetches, by collector.
        last_failure: the last fetch that failed, if any has.
        discovery: None where the vendor's list is not read.
        left_out: series that were left out, by reason.
        states: how many fetches are in each state.
    """

    name: str
    type: str
    is_up: bool | None
    is_circuit_open: bool
    circuit_reason: Reason | None
    pause_left: float
    budget: Budget
    lag: float
    shortest_interval: float
    collectors: Mapping[str, float]
    last_failure: Failure | None
    discovery: Discovery | None
    durations: Durations
    customers: int
    series: int
    left_out: Mapping[str, int]
    states: Mapping[State, int]

    @property
    def fetches(self) -> int:
        """How many fetches there are, whatever their state."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Row:
    """One collector's fetches of one customer.

    Attributes:
        customer: empty for a fetch that is for the source itself.
        reason, error: why the last one failed; None and empty if it did not.
        last_success, last_attempt: Unix times; None until there is one.
        next: Unix time at which it is due; None if it will not be.
        interval: seconds between two.
    """

    source: str
    customer: str
    collector: str
    state: State
    is_stale: bool
    reason: Reason | None
    error: str
    last_success: float | None
    last_attempt: float | None
    next: float | None
    interval: float
    series: int


@dataclass(frozen=True, slots=True)
class Table:
    """A page of rows.

    Attributes:
        total: rows that match the query, on all pages.
        states: how many would match in each state, if the query left the state open.
    """

    rows: Sequence[Row]
    total: int
    states: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Program:
    """The program itself.

    Attributes:
        started: Unix time.
        ailments: what is wrong with it in words; nothing, if it is healthy.
        is_ready: whether every fetch has been tried once, or enough time has passed.
        configured: Unix time at which the configuration was last read without a mistake; None if it never was.
        problems: what is wrong with the configuration that stands in the files, so that an earlier one is in use.
    """

    version: str
    revision: str
    started: float
    ailments: Sequence[str]
    is_ready: bool
    configured: float | None
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Report:
    """What the status page and its JSON show.

    Attributes:
        now: Unix time of the look.
        query: what was asked for.
        sources: all of them, in the order of the configuration.
    """

    now: float
    query: Query
    program: Program
    sources: Sequence[SourceStatus]
    table: Table
