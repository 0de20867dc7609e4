"""One line that says whether all is well, or what is wrong."""

import pytest

from exporter.errors import Problem, Reason
from exporter.store import Failure
from exporter.web.status import Budget, Discovery, Query, State
from exporter.web.status.summary import Level, level_of, summarise
from tests.unit.web.reporting import NOTHING, NOW, report, source

FAILURE = Failure(NOW - 60, "a", "totals", Reason.SERVER_ERROR, "503 from api.sendgrid.com")


def said(*sources, **of):
    summary = summarise(report(sources=sources or (source(),), **of))
    return summary.level, summary.headline


def test_all_is_well():
    summary = summarise(report(sources=(source(), source(name="shop", customers=1, series=7))))

    assert (summary.level, summary.headline, summary.troubles) == (Level.GOOD, "All is well", ())
    assert summary.details == "13 customers of 2 sources, 48 fetches, 1,211 series"


def test_an_error_that_is_over_is_no_trouble():
    assert said(source(last_failure=FAILURE)) == (Level.GOOD, "All is well")


def test_a_program_that_has_not_tried_everything_yet_is_starting():
    states = {State.OK: 1_000, State.WAITING: 2_000}

    assert said(source(states=states)) == (Level.STARTING, "Starting: 2,000 of 3,000 fetches not tried yet")
    assert level_of(source(states=states)) is Level.STARTING


@pytest.mark.parametrize(
    ("changes", "level", "headline"),
    [
        (
            {"is_up": False, "last_failure": FAILURE, "states": {State.FAILING: 24}},
            Level.CRITICAL,
            "acme is down: no fetch has succeeded lately. Last error: 503 from api.sendgrid.com",
        ),
        (
            {"is_circuit_open": True, "circuit_reason": Reason.TIMEOUT, "last_failure": FAILURE},
            Level.CRITICAL,
            "acme is down; only a probe is sent now and then. Last error: 503 from api.sendgrid.com",
        ),
        (
            {"is_circuit_open": True, "circuit_reason": Reason.AUTH, "last_failure": FAILURE},
            Level.CRITICAL,
            "acme refuses the credentials; only a probe is sent now and then",
        ),
        ({"states": {State.OK: 23, State.FAILING: 1}}, Level.WARNING, "acme: 1 of 24 fetches is failing"),
        (
            {"states": {State.OK: 14, State.FAILING: 8, State.STALE: 2}},
            Level.WARNING,
            "acme: 10 of 24 fetches are failing, 2 of them stale",
        ),
        ({"states": {State.OK: 22, State.STALE: 2}}, Level.WARNING, "acme: 2 of 24 fetches are stale"),
        ({"pause_left": 34.2}, Level.WARNING, "acme was asked by its vendor to pause, for 35 s more"),
        ({"lag": 1_380.0}, Level.WARNING, "acme is 23 min behind its schedule"),
        (
            {"budget": Budget(600, 60.0, 600, 1.3, NOTHING, None)},
            Level.WARNING,
            "acme has more planned than its rate limit allows: 130% of it",
        ),
        (
            {"discovery": Discovery(None, "401 from api.sendgrid.com", 3_600.0)},
            Level.WARNING,
            "acme could not read the list of customers: 401 from api.sendgrid.com",
        ),
        (
            {"left_out": {"max_series": 1_200, "label_value": 3}},
            Level.WARNING,
            "acme has 1,200 series left out: limits.max_series is reached",
        ),
        ({"name": "a\u202eb", "lag": 3_600.0}, Level.WARNING, "a[U+202E]b is 1 h behind its schedule"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_in_words(changes, level, headline):
    assert said(source(**changes)) == (level, headline)
    assert level_of(source(**changes)) is level


@pytest.mark.parametrize(
    "changes",
    [
        {"lag": 900.0},
        {"left_out": {"label_value": 3}},
        {"budget": Budget(600, 60.0, 600, 1.0, NOTHING, None)},
        {"discovery": Discovery(NOW, "", 3_600.0)},
        {"is_up": None, "states": {}},
    ],
)
def test_what_belongs_to_an_ordinary_day_is_no_trouble(changes):
    assert said(source(**changes)) == (Level.GOOD, "All is well")


def test_a_poller_that_stands_still_is_the_worst():
    level, headline = said(source(lag=9_000.0), ailments=["the poller has not moved for a minute"])

    assert level is Level.CRITICAL
    assert headline == "The exporter itself is unwell: the poller has not moved for a minute"


def test_a_configuration_that_is_not_in_use_is_named():
    problem = Problem("config.yaml", 14, "sources[0].name", "is missing")

    assert said(problems=(problem,)) == (
        Level.WARNING,
        "The configuration in the files is not in use: config.yaml:14: sources[0].name: is missing",
    )


def test_sources_that_fail_are_added_up():
    one = source(states={State.OK: 20, State.FAILING: 4})
    other = source(name="shop", states={State.OK: 1, State.STALE: 1})
    summary = summarise(report(sources=(one, other, source(name="calm"))))

    assert summary.headline == "5 of 50 fetches are failing, at 2 of 3 sources"
    assert [trouble.text for trouble in summary.troubles] == [
        "acme: 4 of 24 fetches are failing",
        "shop: 1 of 2 fetches is stale",
    ]
    assert summary.troubles[1].query == Query(source=("shop",), state=(State.FAILING, State.STALE))


def test_sources_that_are_down_are_named_but_not_too_many():
    sources = [source(name=name, is_up=False, states={State.STALE: 24}) for name in "abcde"]

    assert said(*sources, source(lag=9_000.0)) == (Level.CRITICAL, "5 sources of 6 are down: a, b, c and 2 more")
    assert said(*sources[:2]) == (Level.CRITICAL, "2 sources of 2 are down: a, b")


def test_things_that_have_nothing_in_common_are_counted_and_the_worst_are_told_first():
    assert said(source(lag=1_000.0, left_out={"max_series": 1})) == (Level.WARNING, "2 things are wrong")
    troubles = summarise(report(sources=(source(lag=1_000.0), source(name="b", is_up=False)))).troubles
    assert [trouble.level for trouble in troubles] == ["critical", "warning"]


def test_what_fails_at_a_source_that_is_down_is_not_said_twice():
    down = source(is_up=False, states={State.FAILING: 24})

    assert len(summarise(report(sources=(down,))).troubles) == 1
