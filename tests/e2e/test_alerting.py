"""From a vendor's trouble to whoever is told of it, through the real rules, Prometheus, routes and Alertmanager.

Only durations differ from what users run (see ``quickened``), and the addresses of the receivers.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import pytest

from exporter.clock import SystemClock
from exporter.demo import SCENARIOS, Scenario, StandIn, World
from exporter.demo.world import printed_credits
from tests.e2e.alerting import Alerting, Watch
from tests.e2e.programs import Exporter
from tests.e2e.quickened import shortened
from tests.e2e.shell import Shell
from tests.e2e.sources import source, stand_in
from tests.e2e.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("servers", "alertmanagers")]

# Of the demo, whose credits run out after two minutes and go into overage, and are bought anew after four.
BORROWS = "aurora-retail"
# One without overage.
PREPAYS = "daily-herald"
STALE = {"EmailStatsManyStale", "EmailStatsCustomerStale"}


class Ahead(SystemClock):
    """The machine's clock, a while ahead, so that a test need not wait for what a scenario has in two minutes."""

    seconds = 0.0

    def time(self) -> float:
        return super().time() + self.seconds


@dataclass
class Office:
    """A vendor whose numbers the test can change, with the exporter that polls it."""

    stack: ExitStack
    clock: Ahead = field(default_factory=Ahead)
    left: int = 50_000

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        scenario = Scenario("credits", "Of two customers the credits end.", overview=self._overview)
        self.vendor: StandIn = self.stack.enter_context(stand_in(self.world, scenario=scenario))

    def poll(self, shell: Shell, *arguments: str) -> Exporter:
        """Start an exporter that polls six of its customers each second."""
        retry = {"attempts": 1, "initial_backoff": 0, "max_backoff": 0}
        sources = [source(self.vendor, self.world.customers[:6])]
        return shell.run(sources, *arguments, timeout="500ms", concurrency=16, retry=retry, probe_interval="1s")

    def _overview(self, world: World, user: str, began: float, at: float) -> dict[str, str | int]:
        account = world.find(user)
        if account is None or account.name != PREPAYS:
            return SCENARIOS["credit-exhaustion"].overview(world, user, began, at)
        used, _ = world.credits(user, at)
        return {**world.overview(user, at), **printed_credits(used, used + self.left)}


@pytest.fixture(scope="module")
def office(stack) -> Office:
    return Office(stack)


@pytest.fixture(scope="module")
def exporter(office, shell) -> Exporter:
    return office.poll(shell)


@pytest.fixture(scope="module")
def alerting(stack, exporter, tmp_path_factory) -> Alerting:
    return Watch(tmp_path_factory.mktemp("watch"), stack).over(exporter)


@pytest.fixture
def calm(office, alerting) -> None:
    """Begin with a vendor that is well, and wait until every fetch has succeeded and the rules know of it."""
    office.vendor.clear()
    office.left = 50_000
    eventually(lambda: alerting.prometheus.scalar("count(email_stats_exporter_up == 1)") == 18)
    eventually(lambda: alerting.prometheus.scalar("sum(collector:email_stats_exporter_failing:count) == 0") == 0)


def is_told(alerting: Alerting, receiver: str, name: str, customer: str = "", status: str = "firing") -> bool:
    return (name, customer) in alerting.inbox.told(receiver, status)


def test_credits_that_run_out_are_told_with_the_customer_and_so_is_the_end_of_that(alerting, office, calm):
    # Only whoever had credits can run out of them: the alert asks for those of each hour of a day.
    day = f"[{shortened('1d')}:{shortened('1h')}]"
    had = f'max_over_time(customer:sendgrid_credits:remaining{{customer="{PREPAYS}"}}{day})'
    eventually(lambda: alerting.prometheus.scalar(had))

    office.left = 0
    office.clock.seconds = 150
    eventually(lambda: is_told(alerting, "on-call", "SendGridCreditsRunOutWithinDay", PREPAYS))
    eventually(lambda: is_told(alerting, "office", "SendGridCreditsInOverage", BORROWS))

    office.left = 50_000
    office.clock.seconds = 240
    eventually(lambda: is_told(alerting, "on-call", "SendGridCreditsRunOutWithinDay", PREPAYS, "resolved"))
    eventually(lambda: is_told(alerting, "office", "SendGridCreditsInOverage", BORROWS, "resolved"))

    # Each was told to the right people, in a notification of that customer alone.
    assert not is_told(alerting, "office", "SendGridCreditsRunOutWithinDay", PREPAYS)
    assert not is_told(alerting, "on-call", "SendGridCreditsInOverage", BORROWS)
    bodies = [message.body for message in alerting.inbox.messages if PREPAYS in json.dumps(message.body)]
    assert {body["groupLabels"]["customer"] for body in bodies} == {PREPAYS}
    assert all(PREPAYS in alert["annotations"]["summary"] for body in bodies for alert in body["alerts"])


def test_an_outage_is_one_alert_that_silences_what_follows_from_it_and_its_end_is_told(alerting, office, calm):
    office.vendor.fault(status=503)

    eventually(lambda: is_told(alerting, "on-call", "EmailStatsSourceDown"))
    # They fire in Prometheus, for each collector, and Alertmanager knows of them.
    eventually(lambda: len([each for each in alerting.prometheus.alerts() if each["alertname"] in STALE]) >= 3)
    silencers = eventually(lambda: only_stale(alerting))
    assert set(silencers.values()) == {frozenset({"EmailStatsSourceDown"})}
    let_a_group_pass(alerting)
    assert told_names(alerting) & STALE == set()

    office.vendor.clear()
    eventually(lambda: is_told(alerting, "on-call", "EmailStatsSourceDown", status="resolved"))
    eventually(lambda: not [each for each in alerting.prometheus.alerts() if each["alertname"] in STALE])
    let_a_group_pass(alerting)
    assert told_names(alerting) & STALE == set()
    assert told_names(alerting, "on-call") & {"EmailStatsPollerStuck", "EmailStatsCredentialsRefused"} == set()


def test_without_the_exporter_nothing_else_is_told(alerting, exporter, office, shell, calm):
    # What another Prometheus, which has not noticed yet, may still say; and what is no business of the exporter's.
    others = [
        {"alertname": "SendGridSendingBurst", "severity": "critical", "source": "acme", "customer": "b"},
        {"alertname": "BentoListShrinking", "severity": "warning", "source": "shop", "customer": "c"},
        {"alertname": "EmailStatsBudgetExceeded", "severity": "warning", "source": "acme"},
    ]
    exporter.process.kill()
    eventually(lambda: is_told(alerting, "on-call", "EmailStatsExporterDown"))

    alerting.alertmanager.send(*others, {"alertname": "NodeDown", "severity": "warning"})
    names = {(each["alertname"], each.get("customer", "")) for each in others}
    eventually(
        lambda: {pair for pair, by in silencers_of(alerting).items() if by == {"EmailStatsExporterDown"}} >= names
    )
    eventually(lambda: is_told(alerting, "office", "NodeDown"))
    let_a_group_pass(alerting)
    assert alerting.inbox.told("on-call") & names == alerting.inbox.told("office") & names == set()

    # Back again, on the port that Prometheus knows: what still fires is told now.
    office.poll(shell, f"--web.listen-address=127.0.0.1:{exporter.port}")
    eventually(lambda: is_told(alerting, "on-call", "EmailStatsExporterDown", status="resolved"))
    eventually(lambda: is_told(alerting, "on-call", "SendGridSendingBurst", "b"))
    eventually(lambda: is_told(alerting, "office", "BentoListShrinking", "c"))


def silencers_of(alerting: Alerting) -> dict[tuple[str, str], frozenset[str]]:
    return {pair: frozenset(names) for pair, names in alerting.alertmanager.silencers().items()}


def only_stale(alerting: Alerting) -> dict[tuple[str, str], frozenset[str]]:
    return {pair: names for pair, names in silencers_of(alerting).items() if pair[0] in STALE}


def told_names(alerting: Alerting, *receivers: str) -> set[str]:
    return {
        name
        for receiver in receivers or ("on-call", "office", "acme")
        for status in ("firing", "resolved")
        for name, _ in alerting.inbox.told(receiver, status)
    }


def let_a_group_pass(alerting: Alerting) -> None:
    """Wait as long as it takes until a warning is told, a new one and one more of its kind: others would be too."""
    kind = f"Other{len(alerting.inbox.messages)}"
    for number in ("1", "2"):
        alerting.alertmanager.send({"alertname": kind, "severity": "warning", "customer": number})
        eventually(partial(is_told, alerting, "office", kind, number))
