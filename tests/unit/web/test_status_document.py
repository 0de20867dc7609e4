"""The status as JSON: what a program reads."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from exporter.errors import Problem, Reason, VendorRefused
from exporter.store import Failure
from exporter.web.status import Budget, Discovery, Durations, Order, Query, State
from exporter.web.status.document import document
from exporter.web.status.summary import Level
from tests.unit.web.reporting import NOTHING, NOW, ROW, report, source

# What the source of the test below is told to be.
ACME = {
    "name": "acme",
    "type": "sendgrid_reseller",
    "level": "warning",
    "up": True,
    "circuit": "closed",
    "circuitReason": None,
    "pauseSeconds": 1.5,
    "lagSeconds": 2.25,
    "scheduleLoad": 0.5,
    "budget": {
        "calls": 600,
        "periodSeconds": 60.0,
        "used": 246,
        "shared": "pool",
        "usedByMinute": [*[None] * 58, 0.25, 0.3333],
    },
    "fetchDuration": {
        "medianSeconds": 0.12,
        "slowSeconds": 0.8,
        "slowSecondsByMinute": [*[None] * 58, 0.25, 0.3333],
    },
    "collectors": [
        {"name": "totals", "intervalSeconds": 900.0},
        {"name": "credits", "intervalSeconds": 3_600.0},
    ],
    "customers": 12,
    "series": 1_204,
    "seriesDropped": {"label_value": 2},
    "states": {"stale": 0, "failing": 4, "paused": 0, "waiting": 0, "ok": 20},
    "discovery": {"intervalSeconds": 3_600.0, "lastSuccess": "2026-03-13T11:00:00.000Z", "lastError": ""},
    "lastFailure": {
        "time": "2026-03-13T11:59:00.000Z",
        "ageSeconds": 60.0,
        "customer": "a",
        "collector": "totals",
        "reason": "timeout",
        "error": "no whole answer within 10 s",
    },
}


def data(*rows, **of):
    answer = json.loads(document(report(*rows, **of)))
    assert answer["status"] == "success"
    return answer["data"]


def test_it_says_how_the_program_is():
    told = data(problems=(Problem("config.yaml", 14, "sources[0].name", "is missing"),), revision="abc")

    assert told["time"] == "2026-03-13T12:00:00.000Z"
    assert told["summary"] == {
        "level": "warning",
        "headline": "The configuration in the files is not in use: config.yaml:14: sources[0].name: is missing",
        "troubles": [
            {
                "level": "warning",
                "text": "The configuration in the files is not in use: config.yaml:14: sources[0].name: is missing",
                "source": None,
            }
        ],
    }
    assert told["program"] == {
        "version": "1.2.3",
        "revision": "abc",
        "startTime": "2026-03-13T09:55:00.000Z",
        "healthy": True,
        "ready": True,
        "lastConfigTime": "2026-03-13T11:59:00.000Z",
        "configProblems": ["config.yaml:14: sources[0].name: is missing"],
    }


def test_it_says_how_each_source_is():
    failure = Failure(NOW - 60, "a", "totals", Reason.TIMEOUT, "no whole answer within 10 s")
    minutes = (*NOTHING[:58], 0.25, 1 / 3)
    [told] = data(
        sources=(
            source(
                states={State.OK: 20, State.FAILING: 4},
                pause_left=1.5,
                lag=2.25,
                last_failure=failure,
                left_out={"max_series": 0, "label_value": 2},
                discovery=Discovery(NOW - 3_600, "", 3_600.0),
                budget=Budget(600, 60.0, 246, 0.5, minutes, "pool"),
                durations=Durations(0.12, 0.8, minutes),
            ),
        ),
    )["sources"]

    assert told == ACME


def test_an_open_circuit_has_its_reason():
    [told] = data(sources=(source(is_circuit_open=True, circuit_reason=Reason.AUTH),))["sources"]

    assert (told["circuit"], told["circuitReason"], told["level"]) == ("open", "auth", "critical")


def test_it_says_how_each_fetch_goes_and_on_which_page():
    new = replace(ROW, customer="b", state=State.WAITING, last_success=None, last_attempt=None, next=None)
    told = data(ROW, new, query=Query(page=2, limit=2), total=5)["fetches"]

    assert told == {
        "total": 5,
        "page": 2,
        "pages": 3,
        "limit": 2,
        "states": {"stale": 0, "failing": 0, "paused": 0, "waiting": 0, "ok": 2},
        "rows": [
            {
                "source": "acme",
                "customer": "a",
                "collector": "totals",
                "state": "ok",
                "stale": False,
                "reason": None,
                "lastError": "",
                "lastSuccess": "2026-03-13T11:56:55.000Z",
                "lastAttempt": "2026-03-13T11:56:54.000Z",
                "ageSeconds": 185.0,
                "nextFetch": "2026-03-13T12:11:55.000Z",
                "intervalSeconds": 900.0,
                "series": 7,
            },
            {
                "source": "acme",
                "customer": "b",
                "collector": "totals",
                "state": "waiting",
                "stale": False,
                "reason": None,
                "lastError": "",
                "lastSuccess": None,
                "lastAttempt": None,
                "ageSeconds": None,
                "nextFetch": None,
                "intervalSeconds": 900.0,
                "series": 7,
            },
        ],
    }


def test_a_source_without_fetches_has_no_interval_that_json_lacks():
    text = document(report(sources=(source(collectors={}, shortest_interval=float("inf"), states={}),)))

    assert "Infinity" not in text
    assert "NaN" not in text


def test_every_key_and_every_parameter_is_documented():
    page = (Path(__file__).parents[3] / "docs/status.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"[\w]+", " ".join(re.findall(r"`([^`\n]+)`", page))))
    failure = Failure(NOW, "a", "totals", Reason.TIMEOUT, "timeout")
    everything = source(last_failure=failure, discovery=Discovery(NOW, "", 60.0), lag=9_000.0)

    assert names(data(ROW, sources=(everything,))) - documented == set()
    assert {field.name for field in fields(Query)} - documented == set()
    assert {*State, *Order, *Level} - documented == set()


def names(value) -> set[str]:
    """Return all keys of a document, at whatever depth."""
    if isinstance(value, dict):
        return {*value, *(name for each in value.values() for name in names(each))}
    return {name for each in value for name in names(each)} if isinstance(value, list) else set()


# Over HTTP


def test_names_arrive_as_they_are_and_in_ascii(site):
    name = "株\u202e</script>\ud800"
    site.store.commit([(site.place(name), VendorRefused(name))], 0, 0)
    answer = site.ask("/api/v1/status")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body.isascii()
    [row] = json.loads(answer.body)["data"]["fetches"]["rows"]
    assert (row["customer"], row["lastError"]) == (name, name)


def test_the_parameters_are_those_of_the_page(site, credit):
    for customer in "abc":
        credit(site.place(customer), 1)
    answer = site.ask("/api/v1/status?sort=customer&order=desc&limit=2")

    assert [row["customer"] for row in json.loads(answer.body)["data"]["fetches"]["rows"]] == ["c", "b"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("limit=0", "limit must be a whole number from 1 to 1,000, not '0'"),
        (
            "colour=red",
            "there is no parameter 'colour'; there are: search, source, collector, state, sort, order, page, limit",
        ),
    ],
)
def test_wrong_parameters_are_refused_in_the_envelope(site, query, error):
    answer = site.ask(f"/api/v1/status?{query}")

    assert answer.status == 400
    assert json.loads(answer.body) == {"status": "error", "errorType": "bad_data", "error": error}
