"""What becomes of a series when the vendor corrects it, and when the vendor falls silent."""

from dataclasses import dataclass
from typing import Any

import pytest

from exporter.demo import Scenario, StandIn, World
from tests.e2e.programs import Exporter, series
from tests.e2e.sources import only, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

USER = "hello@green-grocer.example"
OWN = {"source": "acme", "customer": "green-grocer"}
HELD = {**OWN, "metric": "sendgrid_requests_total"}


@dataclass
class Ledger:
    """A total that the test sets, in the place of the true one."""

    requests: int = 1_000

    def totals(self, world: World, user: str, _began: float, at: float) -> dict[str, int]:
        """Return the totals of a customer as the scenario has them."""
        return {**world.totals(user, at), "requests": self.requests}


@dataclass
class Watched:
    """An exporter, and the ledger of the vendor that it polls."""

    exporter: Exporter
    vendor: StandIn
    ledger: Ledger

    def becomes(self, requests: int | None, **own: float | None) -> None:
        """Wait until the counter has a value, and own metrics with the same labels have theirs."""

        def look() -> bool:
            values = self.exporter.values()
            assert values.get(series("sendgrid_requests_total", **OWN)) == requests
            for name, value in own.items():
                labels = HELD if name.startswith("counter") else {**OWN, "collector": "totals"}
                assert (name, values.get(series(f"email_stats_exporter_{name}", **labels))) == (name, value)
            return True

        eventually(look)


@pytest.fixture(scope="module")
def watch(shell, new_vendor, world):
    def watch(**polling: Any) -> Watched:
        ledger = Ledger()
        vendor = new_vendor(scenario=Scenario("ledger", "Totals are what the test says.", totals=ledger.totals))
        account = world.find(USER)
        exporter = shell.run([source(vendor, [account], collectors=only("totals"))], **polling)
        return Watched(exporter, vendor, ledger)

    return watch


def test_a_counter_that_the_vendor_corrects_is_held_until_the_vendor_passes_it(watch):
    watched = watch()
    watched.becomes(1_000, counter_held=None, counter_corrections_total=None)

    watched.ledger.requests = 990
    watched.becomes(1_000, counter_held=10, counter_corrections_total=1)
    # A fall within a fall is the same correction.
    watched.ledger.requests = 900
    watched.becomes(1_000, counter_held=100, counter_corrections_total=1)
    watched.ledger.requests = 999
    watched.becomes(1_000, counter_held=1, counter_corrections_total=1)

    watched.ledger.requests = 1_005
    watched.becomes(1_005, counter_held=None, counter_corrections_total=1)
    watched.ledger.requests = 1_004
    watched.becomes(1_005, counter_held=1, counter_corrections_total=2)


def test_a_counter_that_loses_more_than_half_and_a_hundred_begins_anew(watch):
    watched = watch()
    watched.becomes(1_000)

    watched.ledger.requests = 499
    watched.becomes(499, counter_held=None, counter_corrections_total=None)

    watched.ledger.requests = 150
    watched.becomes(150, counter_held=None, counter_corrections_total=None)
    # More than half, but not a hundred.
    watched.ledger.requests = 60
    watched.becomes(150, counter_held=90, counter_corrections_total=1)


def test_series_go_stale_leave_and_come_back(watch):
    watched = watch(stale_after=3, drop_after="6s", retry={"attempts": 1})
    watched.becomes(1_000, up=1, stale=0)
    info = series("sendgrid_customer_info", **OWN, tier="silver")

    watched.vendor.fault(status=503)
    watched.becomes(1_000, up=0, stale=0)
    watched.becomes(1_000, up=0, stale=1)
    watched.becomes(None, up=0, stale=1)
    values = watched.exporter.values()
    assert [key for key in values if key[0].startswith("sendgrid_")] == [info]
    assert values[series("email_stats_exporter_series", source="acme")] == 1
    assert values[series("email_stats_exporter_source_up", source="acme")] == 0

    # Meanwhile the vendor's total fell, so it comes back with the value that was last shown.
    watched.ledger.requests = 950
    watched.vendor.clear()
    watched.becomes(1_000, up=1, stale=0, counter_held=50, counter_corrections_total=1)
    assert watched.exporter.value("email_stats_exporter_source_up", source="acme") == 1
