"""A vendor that is down, or refuses the credentials, is left in peace, and asked again as soon as it answers."""

import pytest

from exporter.demo import StandIn
from tests.e2e.programs import Exporter, labels_of
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

CUSTOMERS = [f"customer-{number}@example.com" for number in range(40)]
ONCE = {"attempts": 1}


def gauge(exporter: Exporter, name: str) -> float | None:
    return exporter.value(f"email_stats_exporter_{name}", source="acme")


def reasons(exporter: Exporter) -> dict[str, int]:
    """Return how many fetches fail at present, by reason."""
    found: dict[str, int] = {}
    for key in exporter.values():
        if key[0] == "email_stats_exporter_fetch_failing":
            reason = labels_of(key)["reason"]
            found[reason] = found.get(reason, 0) + 1
    return found


def probes(exporter: Exporter) -> float:
    values = exporter.values().items()
    requests = [(labels_of(key), value) for key, value in values if key[0] == "email_stats_exporter_api_requests_total"]
    return sum(value for labels, value in requests if labels["collector"] == "probe")


@pytest.fixture
def new_source(new_vendor, world):
    """Return a vendor whose calls are all failed as a test says, and the section that polls it for 40 customers."""

    def make(**fault) -> tuple[StandIn, dict]:
        vendor = new_vendor()
        vendor.fault(**fault)
        return vendor, dict(source(vendor, CUSTOMERS, interval="1m"))

    return make


def test_a_vendor_that_is_down_is_asked_ten_times_and_then_by_one_probe_at_a_time(shell, new_source):
    vendor, section = new_source(status=503)
    exporter = shell.run([section], retry=ONCE, concurrency=2, probe_interval="1s")

    eventually(lambda: gauge(exporter, "circuit_open") == 1)
    # Everybody is shown as down, though hardly anybody was asked for.
    eventually(lambda: reasons(exporter) == {"server_error": 120})
    eventually(lambda: probes(exporter) >= 3)
    asked = [arrival for arrival in vendor.requests if arrival.api]
    assert len(asked) - probes(exporter) <= 10 + 1
    assert gauge(exporter, "credentials_rejected") == 0
    assert exporter.ask("/-/ready").status_code == 200


def test_refused_credentials_are_tried_three_times_and_hardly_ever_again(shell, new_source):
    vendor, section = new_source(status=401, body=b"")
    exporter = shell.run([section], retry=ONCE, concurrency=1, probe_interval="1s")

    eventually(lambda: (gauge(exporter, "circuit_open"), gauge(exporter, "credentials_rejected")) == (1, 1))
    eventually(lambda: reasons(exporter) == {"auth": 120})
    # Three fetches of one customer, and one of another, for one customer alone never stands for all.
    asked = len(vendor.requests)
    assert asked <= 4 + 1
    eventually(lambda: probes(exporter) >= 1)
    assert len(vendor.requests) - probes(exporter) <= 4


def test_when_the_vendor_is_back_everyone_is_asked_at_once(shell, new_vendor, world):
    vendor = new_vendor()
    vendor.fault(status=503)
    section = source(vendor, world.customers, interval="1m")
    exporter = shell.run([section], retry=ONCE, concurrency=2, probe_interval="1s")
    eventually(lambda: gauge(exporter, "circuit_open") == 1)
    fetches = 3 * len(world.customers)
    eventually(lambda: reasons(exporter) == {"server_error": fetches})

    vendor.clear()

    eventually(lambda: gauge(exporter, "circuit_open") == 0)
    # The ten that had failed before wait for their own turn, which is within a minute.
    eventually(lambda: sum(reasons(exporter).values()) <= 11)
    assert gauge(exporter, "source_up") == 1


def test_one_customer_in_trouble_never_keeps_the_others_from_being_asked(shell, new_vendor, world):
    vendor = new_vendor()
    first = world.customers[0]
    vendor.fault(status=401, body=b"", user=first.user)
    exporter = shell.run([source(vendor, world.customers)], retry=ONCE, concurrency=1, probe_interval="1s")

    eventually(lambda: reasons(exporter) == {"auth": 3})
    polled = len(vendor.requests)
    eventually(lambda: len(vendor.requests) >= polled + 6 * len(world.customers))

    assert gauge(exporter, "circuit_open") == 0
    assert reasons(exporter) == {"auth": 3}
    assert probes(exporter) == 0
