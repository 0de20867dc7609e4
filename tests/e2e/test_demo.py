"""The demo: a dozen customers within seconds, without credentials, whatever goes wrong later."""

import re
import signal
from functools import partial

import pytest

from tests.e2e.programs import Exporter, Values, labels_of
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

SCENARIOS = ("outage", "throttling", "corrections", "credit-exhaustion")


@pytest.fixture(scope="module")
def demo(shell) -> Exporter:
    return shell.serve("demo")


def is_all_up(exporter: Exporter) -> bool:
    # Eight collectors of a dozen customers, and four of the reseller itself; the other vendors' come and go by a list.
    assert list(of_reseller(exporter, "email_stats_exporter_up").values()) == [1.0] * 100
    return True


def of_reseller(exporter: Exporter, name: str) -> Values:
    return {
        key: value for key, value in exporter.values().items() if key[0] == name and labels_of(key)["source"] == "demo"
    }


def test_a_dozen_customers_are_there_within_seconds(demo):
    eventually(lambda: is_all_up(demo))

    values = of_reseller(demo, "sendgrid_requests_total")
    totals = {labels_of(key)["customer"]: value for key, value in values.items()}
    assert len(totals) == 12
    # From tiny to huge.
    assert min(totals.values()) < 10_000
    assert max(totals.values()) > 100_000_000


def test_it_says_what_to_open(demo):
    assert re.match(r"Stand-in vendors on http://127\.0\.0\.1:\d+, asked by 6 sources\.\n", demo.stdout)
    assert f"Open http://localhost:{demo.port}/ for the status page" in demo.stdout
    assert f"http://localhost:{demo.port}/metrics for the metrics" in demo.stdout
    assert "warning" not in demo.stderr


def test_every_scenario_starts_well(shell):
    demos = {scenario: shell.serve("demo", f"--scenario={scenario}") for scenario in SCENARIOS}

    for scenario, demo in demos.items():
        eventually(partial(is_all_up, demo))
        assert f"\nScenario {scenario}: " in demo.stdout


def test_control_c_ends_it(shell):
    demo = shell.serve("demo")

    demo.process.send_signal(signal.SIGINT)

    assert demo.wait(5) == 0
    assert "Traceback" not in demo.stderr


def test_numbers_grow_while_one_watches(demo):
    def sent() -> float:
        return demo.value("sendgrid_requests_total", source="demo", customer="aurora-retail") or 0.0

    before = eventually(sent)
    eventually(lambda: sent() > before)
