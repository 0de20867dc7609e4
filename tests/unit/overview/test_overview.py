"""What the status page is told of a running program."""

import pytest

from exporter.app import App
from exporter.errors import BadQuery, Problem, Reason
from exporter.overview import Overview
from exporter.web.status import Direction, Order, Query, State
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToyBatchCollector, ToyProvider, app_of, intervals, limit, source
from tests.unit.poller.stage import until

NOW = 1_773_403_200.0


def tried(app: App) -> Overview:
    overview = Overview(app)
    app.start()
    # A fetch has its next turn a moment after the store has what it brought.
    fetches = [fetch for each in app.sources for fetch in each.fetches]
    until(lambda: all(fetch.due > app.clock.monotonic() for fetch in fetches))
    app.stop()
    return overview


def test_before_the_first_fetch_nothing_is_up_or_down():
    report = Overview(app_of(source("acme", "ab"))).report(Query())
    [told] = report.sources

    assert (report.now, report.program.started, report.program.configured) == (NOW, NOW, NOW)
    assert (told.name, told.type, told.is_up, told.customers) == ("acme", "toy", None, 2)
    assert told.states == {"stale": 0, "failing": 0, "paused": 0, "waiting": 2, "ok": 0}
    assert (told.is_circuit_open, told.circuit_reason, told.pause_left) == (False, None, 0)
    assert [(row.customer, row.state, row.last_success, row.next) for row in report.table.rows] == [
        ("a", "waiting", None, NOW),
        ("b", "waiting", None, NOW),
    ]


def test_after_it_the_report_says_what_came_and_when_the_next_one_is():
    app = app_of(source("acme", "ab", collectors=intervals(60, 3_600), rate_limit=limit(600, 60, "pool")))
    report = tried(app).report(Query(sort=Order.CUSTOMER))
    [told] = report.sources

    assert told.is_up is True
    assert told.states[State.OK] == 4
    assert told.collectors == {"totals": 60, "daily": 3_600}
    assert told.shortest_interval == 60
    assert (told.budget.calls, told.budget.per, told.budget.shared) == (600, 60, "pool")
    assert told.budget.load == pytest.approx((2 / 60 + 2 / 3_600) / 10)
    assert len(told.budget.by_minute) == len(told.durations.by_minute) == 60
    assert told.durations.median is not None
    assert told.lag == 0
    assert [(row.customer, row.collector, row.last_success, row.interval) for row in report.table.rows] == [
        ("a", "totals", NOW, 60),
        ("a", "daily", NOW, 3_600),
        ("b", "totals", NOW, 60),
        ("b", "daily", NOW, 3_600),
    ]
    # Half an interval after the first round at the earliest, each at its own moment.
    assert all(NOW < row.next <= NOW + 1.5 * row.interval for row in report.table.rows if row.next is not None)
    assert None not in [row.next for row in report.table.rows]


def test_rows_can_be_ordered_by_when_they_are_next_fetched():
    overview = tried(app_of(source("acme", "abcdef", collectors=intervals(60)), source("shop", "ghi")))
    soon = [row.next for row in overview.report(Query(sort=Order.NEXT)).table.rows]
    late = [row.next for row in overview.report(Query(sort=Order.NEXT, order=Direction.DESCENDING)).table.rows]

    assert len(soon) == 9
    assert soon == sorted(each for each in soon if each is not None) == late[::-1]


def test_a_fetch_for_several_customers_is_the_next_one_of_each():
    app = app_of(source("acme", "abc", collectors=intervals(30)), provider=ToyProvider(collector=ToyBatchCollector))
    report = Overview(app).report(Query())

    assert [(row.customer, row.next) for row in report.table.rows] == [("a", NOW), ("b", NOW), ("c", NOW)]


def test_a_failure_is_told_by_its_source_and_its_row():
    app = app_of(source("acme", "ab"))
    place = app.store.sources["acme"].records["b"].places[-1]
    app.store.commit([(place, Reason.INTERNAL)], NOW - 2, NOW - 1)
    report = Overview(app).report(Query(state=(State.FAILING,)))
    [told] = report.sources

    assert told.last_failure is not None
    assert (told.last_failure.at, told.last_failure.customer, told.last_failure.reason) == (NOW - 1, "b", "internal")
    assert told.is_up is False
    assert [(row.customer, row.reason, row.error) for row in report.table.rows] == [("b", "internal", "internal")]


def test_an_open_circuit_pauses_what_does_not_fail():
    app = app_of(source("acme", "ab"), source("shop", "c"))
    for _ in range(3):
        app.sources[0].upstream.circuit.fetched([Reason.AUTH], ["a"], 1)
    report = Overview(app).report(Query())

    assert [(told.is_circuit_open, told.circuit_reason) for told in report.sources] == [(True, "auth"), (False, None)]
    assert [(row.customer, row.state) for row in report.table.rows] == [
        ("a", "paused"),
        ("b", "paused"),
        ("c", "waiting"),
    ]


def test_problems_of_the_configuration_are_told():
    app = app_of(source("acme", "a"))
    problem = Problem("config.yaml", 14, "sources[0].name", "is missing")
    app.tell("files", [problem])

    assert list(Overview(app).report(Query()).program.problems) == [problem]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(source=("nobody",)), "there is no source named 'nobody'"),
        (Query(collector=("\u202e",)), r"there is no collector named '\u202e'"),
    ],
)
def test_what_there_is_not_can_not_be_asked_for(query, message):
    with pytest.raises(BadQuery) as error:
        Overview(app_of(source("acme", "a"))).report(query)

    assert str(error.value) == message


def test_time_goes_on_for_what_was_told():
    app = app_of(source("acme", "a"))
    overview = tried(app)
    assert isinstance(app.clock, FakeClock)
    app.clock.advance(2_700)
    report = overview.report(Query())

    assert (report.now, report.program.started) == (NOW + 2_700, NOW)
    assert [row.state for row in report.table.rows] == ["stale"]
