"""A vendor that never answers: it holds up its own fetches, and nothing else."""

import signal
import socket

import pytest

from exporter.demo import StandIn
from tests.e2e.programs import Exporter, labels_of, series
from tests.e2e.sources import source
from tests.e2e.truth import truth
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

OLDEST_DUE = "email_stats_exporter_oldest_due_timestamp_seconds"


@pytest.fixture(scope="module")
def silent_vendor(new_vendor) -> StandIn:
    vendor = new_vendor()
    vendor.fault(hang=True)
    return vendor


@pytest.fixture(scope="module")
def exporter(shell, vendor, silent_vendor, world) -> Exporter:
    """Poll two vendors; what hangs does so for a minute, far longer than any test here."""
    sources = [source(silent_vendor, world.customers, "silent"), source(vendor, world.customers, "well")]
    return shell.run(sources, timeout="1m", concurrency=4)


@pytest.fixture(scope="module")
def hanging(exporter, silent_vendor) -> Exporter:
    """Wait until all the requests hang that may."""
    eventually(lambda: len(silent_vendor.requests) == 4)
    return exporter


def test_another_source_is_polled_all_the_same(hanging, vendor, world):
    def is_exact() -> bool:
        values = {key: value for key, value in hanging.values().items() if key[0].startswith("sendgrid_")}
        assert {labels_of(key)["source"] for key in values if key[0] != "sendgrid_customer_info"} == {"well"}
        well = {key: value for key, value in values.items() if labels_of(key)["source"] == "well"}
        assert well == truth(world, "well")
        return True

    eventually(is_exact)
    polled = len(vendor.requests)
    eventually(lambda: len(vendor.requests) >= polled + 2 * 36)


def test_no_more_requests_hang_than_the_configuration_allows(hanging, vendor, silent_vendor):
    polled = len(vendor.requests)
    eventually(lambda: len(vendor.requests) >= polled + 36)

    assert len(silent_vendor.requests) == 4


def test_a_scrape_does_not_wait_for_a_vendor(hanging):
    assert hanging.ask("/metrics").status_code == 200
    assert hanging.ask("/").status_code == 200


def test_the_exporter_is_healthy_but_not_ready(hanging):
    assert hanging.ask("/-/healthy").status_code == 200
    ready = hanging.ask("/-/ready")
    assert (ready.status_code, ready.text) == (503, "some fetches have not been tried once yet\n")


def test_the_oldest_due_time_tells_how_far_a_source_is_behind(hanging):
    def behind(name: str) -> float:
        values = {labels_of(key)["source"]: value for key, value in hanging.values().items() if key[0] == OLDEST_DUE}
        return values["well"] - values[name]

    eventually(lambda: behind("silent") > 2)


def test_a_fetch_that_has_not_ended_is_neither_up_nor_down(hanging):
    values = hanging.values()

    up = [labels_of(key)["source"] for key in values if key[0] == "email_stats_exporter_up"]
    assert up.count("silent") == 0
    assert "well" in up
    assert values[series("email_stats_exporter_source_up", source="silent")] == 0
    assert values[series("email_stats_exporter_source_up", source="well")] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_five_seconds_though_requests_hang(number, shell, new_vendor, world):
    vendor = new_vendor()
    vendor.fault(hang=True)
    exporter = shell.run([source(vendor, world.customers)], timeout="1m", concurrency=4)
    eventually(lambda: len(vendor.requests) == 4)

    # Someone is connected and says nothing, and someone else has not read his answer.
    with socket.create_connection(("127.0.0.1", exporter.port)), slow_reader(exporter.port):
        exporter.process.send_signal(number)

        assert exporter.wait(5) == 0
    assert exporter.stderr.splitlines()[-1].endswith("level=info msg=stopped")


def slow_reader(port: int) -> socket.socket:
    """Return a connection that has asked for the metrics and takes nothing of them."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection
