"""What the vendor sees: never a call too many, and none that it would mind."""

import time
from collections.abc import Sequence

import pytest

from exporter.clock import SystemClock
from exporter.demo import StandIn, World
from tests.e2e.programs import Exporter
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

CALLS, PER = 30, 1.0
LIMIT = {"calls": CALLS, "per": "1s"}


@pytest.fixture(scope="module")
def counting_vendor(new_vendor) -> StandIn:
    """Refuse every call that is one too many, and tell in headers how many are left."""
    return new_vendor(world=World(SystemClock()), limit=(CALLS, PER))


@pytest.fixture(scope="module")
def patient_vendor(new_vendor) -> StandIn:
    """Take every call and say nothing of a limit."""
    return new_vendor(world=World(SystemClock()))


@pytest.fixture(scope="module")
def exporter(shell, counting_vendor, patient_vendor) -> Exporter:
    """Poll two vendors with 36 fetches each, all of them due at the start."""
    customers = World(SystemClock()).customers
    sources = [
        source(counting_vendor, customers, "counting", interval="2s", rate_limit=LIMIT),
        source(patient_vendor, customers, "patient", interval="2s", rate_limit=LIMIT),
    ]
    return shell.run(sources, retry={"attempts": 8})


def test_a_limit_is_kept_at_the_end_of_the_vendor_that_counts(exporter, counting_vendor):
    eventually(lambda: len(counting_vendor.requests) >= 3 * CALLS)

    assert counting_vendor.overruns == 0
    assert {arrival.status for arrival in counting_vendor.requests} == {200}


def test_a_limit_is_kept_without_a_word_of_the_vendor(exporter, patient_vendor):
    eventually(lambda: len(patient_vendor.requests) >= 3 * CALLS)

    arrivals = sorted(arrival.at for arrival in patient_vendor.requests)
    assert most_within(arrivals, PER) <= CALLS


def test_no_call_changes_anything_or_shows_the_password(exporter, counting_vendor, patient_vendor):
    eventually(lambda: len(patient_vendor.requests) >= 36)

    assert (counting_vendor.violations, patient_vendor.violations) == ([], [])
    assert {(arrival.verb, arrival.path) for arrival in patient_vendor.requests} == {
        ("POST", "/apiv2/reseller.manage.json"),
        ("POST", "/apiv2/reseller.account.json"),
    }


def test_every_customer_has_its_turn(exporter, patient_vendor):
    def polled() -> set[str]:
        return {arrival.form["user"] for arrival in patient_vendor.requests}

    eventually(lambda: len(polled()) == 12)


def test_a_restarted_vendor_with_broken_connections_does_no_harm(exporter, patient_vendor):
    """Connections that were kept open are gone; a request that ran into one is sent again."""
    eventually(lambda: len(patient_vendor.requests) >= 36)
    patient_vendor.stop()
    patient_vendor.start()

    restarted = time.monotonic()
    eventually(lambda: sum(arrival.at > restarted for arrival in patient_vendor.requests) >= 36)
    failures = {
        key: value
        for key, value in exporter.values().items()
        if key[0] == "email_stats_exporter_fetch_failures_total" and ("source", "patient") in key[1]
    }
    assert len(failures) == 3 * 11
    assert set(failures.values()) == {0}


def most_within(moments: Sequence[float], seconds: float) -> int:
    """Return how many of these sorted moments lie within one window at most."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
