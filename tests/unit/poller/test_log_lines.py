"""What is said of fetches: one line when a failure begins, changes or ends, and one a round."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from exporter.errors import AuthRejected, NotFound, ServerFailed
from tests.unit.poller.stage import CREDITS, Batch, Single, Stage


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def fetch_lines(logged: list[Any]) -> list[Any]:
    return [line for line in logged if line["event"] != "round ended"]


def test_a_failure_is_said_when_it_begins_changes_and_ends_and_not_while_it_goes_on(stage: Stage, logged: list[Any]):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "a")
    stage.start()
    story = [ServerFailed("503"), ServerFailed("502"), AuthRejected("401"), [CREDITS.sample(1)], [CREDITS.sample(2)]]
    for answer in story:
        toy.answers["a"] = answer
        stage.step(10)

    common = {"source": "acme", "customer": "a", "collector": "totals"}
    assert fetch_lines(logged) == [
        {**common, "event": "fetch failed", "log_level": "warning", "reason": "server_error", "error": "503"},
        {**common, "event": "fetch failed", "log_level": "warning", "reason": "auth", "error": "401"},
        {**common, "event": "fetch recovered", "log_level": "info"},
    ]


def test_each_customer_of_a_batch_that_fails_alone_is_named(stage: Stage, logged: list[Any]):
    toy = Batch(stage.clock)
    toy.alone = {"b": NotFound("no such subuser")}
    stage.source(toy, ["abc"])
    stage.start()

    assert [(line["customer"], line["reason"]) for line in fetch_lines(logged)] == [("b", "not_found")]


def test_an_internal_error_is_logged_with_its_traceback_once(stage: Stage, logged: list[Any]):
    toy = Single(stage.clock, interval=10.0)
    toy.answers["a"] = KeyError("a bug")
    stage.source(toy, "a")
    stage.start()
    stage.run(30)

    assert fetch_lines(logged) == [
        {
            "event": "internal error in a fetch",
            "log_level": "error",
            "collector": "totals",
            "error": "KeyError",
            "exc_info": True,
        },
        {
            "event": "fetch failed",
            "log_level": "warning",
            "source": "acme",
            "customer": "a",
            "collector": "totals",
            "reason": "internal",
            "error": "internal",
        },
    ]


def test_each_source_has_one_line_a_round_with_what_happened_in_it(stage: Stage, logged: list[Any]):
    acme, shop = Single(stage.clock, interval=20.0), Single(stage.clock, interval=30.0)
    acme.answers["b"] = ServerFailed("503")
    stage.source(acme, "ab", name="acme", phases=[0, 0])
    stage.source(shop, "x", name="shop")
    shop.hang("x")
    stage.start(busy=1)
    stage.run(45, step=5, busy=1)

    assert [line for line in logged if line["event"] == "round ended"] == [
        {
            "event": "round ended",
            "log_level": "info",
            "source": "acme",
            "fetches": 2,
            "failed": 1,
            "lag_seconds": 0.0,
        },
        {
            "event": "round ended",
            "log_level": "info",
            "source": "shop",
            "fetches": 0,
            "failed": 0,
            "lag_seconds": 30.0,
        },
        {
            "event": "round ended",
            "log_level": "info",
            "source": "acme",
            "fetches": 2,
            "failed": 1,
            "lag_seconds": 0.0,
        },
    ]
