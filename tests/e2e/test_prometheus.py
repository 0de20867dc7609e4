"""From the vendor's end to PromQL: what a user sees is what the vendor said, also while the vendor fails."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.demo import StandIn, World
from tests.e2e.programs import Exporter, Prometheus, labels_of
from tests.e2e.sources import source
from tests.e2e.truth import truth
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

STRANGER = "stranger@example.com"
VENDOR_SERIES = '{__name__=~"sendgrid_.+"}'
# 12 customers of the vendor with three collectors each; the stranger has three more, and they fail.
ALL, GOOD = 39, 36


@pytest.fixture(scope="module")
def exporter(shell, vendor, world) -> Exporter:
    retry = {"attempts": 1, "initial_backoff": 0, "max_backoff": 0}
    sources = [source(vendor, [*world.customers, STRANGER])]
    return shell.run(sources, timeout="500ms", concurrency=16, retry=retry, probe_interval="1s")


@pytest.fixture(scope="module")
def prometheus(exporter, new_prometheus) -> Prometheus:
    return new_prometheus(exporter)


@pytest.fixture
def healthy(prometheus) -> None:
    """Wait until the vendor's own customers are all well."""
    eventually(lambda: prometheus.scalar("count(email_stats_exporter_up == 1)") == GOOD)


def is_exact(prometheus: Prometheus, world: World) -> bool:
    values = prometheus.query(VENDOR_SERIES)
    # The stranger has what the configuration says of it, and nothing else.
    own = {key: value for key, value in values.items() if labels_of(key)["customer"] != STRANGER}
    assert {key[0] for key in values.keys() - own.keys()} == {"sendgrid_customer_info"}
    assert own == truth(world, "acme")
    return True


def test_every_value_in_prometheus_is_what_the_vendor_says(prometheus, world, healthy):
    eventually(lambda: is_exact(prometheus, world))

    # Of each counter and gauge there is one for each customer that has it: the two that were idle lack days.
    assert prometheus.scalar("count(sendgrid_requests_total)") == 12
    assert prometheus.scalar("count(sendgrid_credits_remaining)") == 12
    assert prometheus.scalar("count(sendgrid_latest_day_unique_opens)") >= 10


def test_prometheus_knows_counters_from_gauges_and_what_they_mean(prometheus, healthy):
    metadata = eventually(prometheus.metadata)

    # OpenMetrics, which Prometheus prefers, names a counter without its ending.
    (requests,) = metadata["sendgrid_requests"]
    assert requests["type"] == "counter"
    assert requests["help"].startswith("Messages requested to be sent since the account began")
    assert metadata["sendgrid_credits_remaining"][0]["type"] == "gauge"


def test_a_customer_unknown_to_the_vendor_harms_nobody(prometheus, world, healthy):
    up = f'email_stats_exporter_up{{customer="{STRANGER}"}}'
    failing = f'email_stats_exporter_fetch_failing{{customer="{STRANGER}"}}'
    eventually(lambda: prometheus.scalar(f"count({up} == 0)") == 3)

    assert {labels_of(key)["reason"] for key in prometheus.query(failing)} == {"client_error"}
    assert prometheus.scalar('email_stats_exporter_source_up{source="acme"}') == 1
    eventually(lambda: is_exact(prometheus, world))


def test_fetches_are_counted_and_their_times_are_told(prometheus, healthy):
    before = time.time()
    fresh = f"count(email_stats_exporter_last_success_timestamp_seconds > {before})"

    eventually(lambda: prometheus.scalar(fresh) == GOOD)
    assert prometheus.scalar(f"max(email_stats_exporter_last_success_timestamp_seconds) <= {time.time()}") is not None
    assert prometheus.scalar("count(email_stats_exporter_stale == 0)") == GOOD
    assert eventually(lambda: prometheus.scalar('rate(email_stats_exporter_fetches_total{collector="totals"}[10s])'))
    assert prometheus.scalar("email_stats_exporter_customers") == 13


@pytest.mark.parametrize("reason", ["server_error", "timeout", "connection"])
def test_an_outage_shows_and_keeps_the_values_and_ends(reason, prometheus, vendor, world, healthy):
    with outage(vendor, reason):
        failing = f'count(email_stats_exporter_fetch_failing{{reason="{reason}"}})'
        eventually(lambda: prometheus.scalar(failing) == ALL)
        assert prometheus.scalar("count(email_stats_exporter_up == 0)") == ALL
        assert is_exact(prometheus, world)

    eventually(lambda: prometheus.scalar("count(email_stats_exporter_up == 1)") == GOOD)
    eventually(lambda: prometheus.scalar("count(email_stats_exporter_fetch_failing)") == ALL - GOOD)
    assert is_exact(prometheus, world)


@contextmanager
def outage(vendor: StandIn, reason: str) -> Iterator[None]:
    """Let every call fail for a reason; at the end all is well again."""
    match reason:
        case "server_error":
            vendor.fault(status=503)
        case "timeout":
            vendor.fault(hang=True)
        case "connection":
            vendor.stop()
    try:
        yield
    finally:
        vendor.clear()
        if reason == "connection":
            vendor.start()


def test_promtool_finds_nothing_to_say_about_the_page(servers, exporter, healthy):
    page = exporter.ask("/metrics").content

    result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_each_failure_is_logged_once_when_it_begins_and_once_when_it_ends(exporter, healthy):
    """Fetches by the hundred failed above; a line for each would bury what matters."""
    lines = [line for line in exporter.stderr.splitlines() if f"customer={STRANGER} collector=totals" in line]

    assert [line for line in lines if "reason=client_error" in line]
    assert len(lines) < 12
