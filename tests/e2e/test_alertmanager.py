"""The real Alertmanager with the real routes: what it silences, what it puts together, and what it sends."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.e2e.alerting import ROUTES, Watch
from tests.e2e.inbox import Inbox, Message
from tests.e2e.post_office import PostOffice
from tests.e2e.programs import Alertmanager
from tests.e2e.quickened import quickened
from tests.e2e.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("alertmanagers")]

HOSTILE = '<b>x</b>" `*y*` <!channel>\n&'
SECRETS = ("smtp_password", "chat_url", "pager_key", "webhook_token")


@pytest.fixture
def watch(tmp_path) -> Iterator[Watch]:
    with ExitStack() as stack:
        yield Watch(tmp_path, stack)


def alert(name: str, severity: str = "warning", **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": severity, "source": "acme", **labels}


# What fires, what it silences, and what it leaves alone although it looks much the same.
INHIBITIONS = [
    (
        alert("EmailStatsSourceDown", "critical"),
        [
            alert("EmailStatsCustomerStale", customer="a", collector="daily"),
            alert("EmailStatsManyStale", collector="daily"),
            alert("EmailStatsDiscoveryFailing"),
            alert("EmailStatsPollerStuck", "critical"),
        ],
        [
            {**alert("EmailStatsCustomerStale", customer="a", collector="daily"), "source": "other"},
            alert("EmailStatsBudgetExceeded"),
            alert("SendGridSpamReportsHigh", "critical", customer="a"),
        ],
    ),
    (
        alert("EmailStatsCredentialsRefused", "critical"),
        [
            alert("EmailStatsCustomerStale", customer="a", collector="daily"),
            alert("EmailStatsManyStale", collector="daily"),
            alert("EmailStatsDiscoveryFailing"),
            alert("EmailStatsPollerStuck", "critical"),
            alert("EmailStatsSourceDown", "critical"),
        ],
        [{**alert("EmailStatsSourceDown", "critical"), "source": "other"}],
    ),
    (
        alert("EmailStatsPollerStuck", "critical"),
        [
            alert("EmailStatsCustomerStale", customer="a", collector="daily"),
            alert("EmailStatsManyStale", collector="daily"),
        ],
        [alert("EmailStatsDiscoveryFailing"), alert("EmailStatsSeriesDropped", reason="max_series")],
    ),
    (
        alert("EmailStatsManyStale", collector="daily"),
        [alert("EmailStatsCustomerStale", customer="a", collector="daily")],
        [
            alert("EmailStatsCustomerStale", customer="a", collector="credits"),
            {**alert("EmailStatsCustomerStale", customer="b", collector="daily"), "source": "other"},
        ],
    ),
    (
        alert("SendGridCreditsInOverage", customer="a"),
        [alert("SendGridCreditsRunOutBeforePeriodEnds", customer="a")],
        [
            alert("SendGridCreditsRunOutBeforePeriodEnds", customer="b"),
            alert("SendGridCreditsRunOutWithinDay", "critical", customer="c"),
            alert("SendGridReputationLow", customer="a"),
        ],
    ),
    (
        alert("SendGridCreditsRunOutWithinDay", "critical", customer="a"),
        [alert("SendGridCreditsRunOutBeforePeriodEnds", customer="a")],
        [alert("SendGridSendingBurst", "critical", customer="a")],
    ),
    (
        alert("SendGridReputationLow", customer="a"),
        [alert("SendGridReputationFalling", customer="a")],
        [alert("SendGridReputationFalling", customer="b"), alert("SendGridBouncesHigh", customer="a")],
    ),
    (
        alert("EmailStatsExporterDown", "critical"),
        [alert("SendGridSendingStopped", "critical", customer="a"), alert("BentoListShrinking", customer="b")],
        [alert("NodeDown", "critical")],
    ),
]


@pytest.mark.parametrize(("cause", "silent", "heard"), INHIBITIONS, ids=[case[0]["alertname"] for case in INHIBITIONS])
def test_an_alert_silences_what_follows_from_it_and_nothing_else(watch, cause, silent, heard):
    _, alertmanager = watch.alertmanager()

    alertmanager.send(cause, *silent, *heard)

    def states() -> dict[str, dict[str, Any]]:
        return {json.dumps(each["labels"], sort_keys=True): each["status"] for each in alertmanager.alerts()}

    def are_silent() -> bool:
        now = states()
        return {now[json.dumps(each, sort_keys=True)]["state"] for each in silent} == {"suppressed"}

    # It learns of the cause a moment after it has taken it.
    eventually(are_silent)
    assert not any(states()[json.dumps(each, sort_keys=True)]["inhibitedBy"] for each in [cause, *heard])


def test_ten_thousand_stale_customers_are_one_notification_and_an_info_is_none(watch):
    inbox, alertmanager = watch.alertmanager()
    stale = [alert("EmailStatsCustomerStale", customer=f"customer-{n}", collector="daily") for n in range(10_000)]

    alertmanager.send(*stale, alert("EmailStatsCounterHeld", "info", metric="sendgrid_requests_total"))

    [message] = eventually(lambda: inbox.messages)
    assert message.path == "/office"
    assert len(message.body["alerts"]) == 10_000
    assert message.body["groupLabels"] == {"alertname": "EmailStatsCustomerStale", "source": "acme"}


def test_what_is_wrong_with_one_customer_comes_together_and_apart_from_the_next_one_s(watch):
    inbox, alertmanager = watch.alertmanager()

    alertmanager.send(
        alert("SendGridSendingBurst", "critical", customer="acme-eu"),
        alert("SendGridSpamReportsHigh", "critical", customer="acme-eu"),
        alert("SendGridReputationLow", customer="acme-eu"),
        alert("SendGridSendingBurst", "critical", customer="b"),
        alert("EmailStatsCustomerStale", customer="acme-eu", collector="daily"),
    )

    eventually(lambda: len(inbox.messages) >= 5)
    told = {
        (message.path, message.body["groupLabels"].get("customer"), *sorted(names(message)))
        for message in inbox.messages
    }
    assert told == {
        ("/on-call", "acme-eu", "SendGridSendingBurst", "SendGridSpamReportsHigh"),
        ("/on-call", "b", "SendGridSendingBurst"),
        ("/office", "acme-eu", "SendGridReputationLow"),
        ("/office", None, "EmailStatsCustomerStale"),
        # Its own people hear of all that is wrong with the customer, however bad.
        ("/acme", "acme-eu", "SendGridReputationLow", "SendGridSendingBurst", "SendGridSpamReportsHigh"),
    }


def names(message: Message) -> list[str]:
    return [each["labels"]["alertname"] for each in message.body["alerts"]]


@dataclass(frozen=True, slots=True)
class Media:
    """The real receivers with nothing changed but where they are, and where their secrets lie."""

    alertmanager: Alertmanager
    inbox: Inbox
    office: PostOffice

    def posted(self, path: str) -> list[Message]:
        return [message for message in self.inbox.messages if message.path == path]


@pytest.fixture
def media(watch, tmp_path) -> Media:
    inbox, office = watch.stack.enter_context(Inbox()), watch.stack.enter_context(PostOffice())
    secrets = {name: f"secret of {name}" for name in SECRETS} | {"chat_url": f"{inbox.url}/chat"}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret, encoding="utf-8")
    text = quickened(ROUTES.read_text(encoding="utf-8")).replace("/run/secrets", str(tmp_path))
    routes = yaml.safe_load(text.replace("https://tickets.example.com", inbox.url))
    routes["global"] |= {"smtp_smarthost": office.address, "smtp_require_tls": False}
    routes["global"]["pagerduty_url"] = f"{inbox.url}/pager"
    return Media(watch.start(routes), inbox, office)


def test_each_medium_is_handed_a_message_that_it_can_show(media):
    annotations = {
        "summary": f"Mail of {HOSTILE} bounces",
        "description": f"{HOSTILE} has 9%.",
        "runbook_url": "https://runbooks.example.com/x.md",
    }
    # A full stop in a route's pattern matches anything but the end of a line.
    customer = f"acme-{HOSTILE}".replace("\n", " ")

    media.alertmanager.send(
        alert("SendGridBouncesHigh", customer=customer),
        alert("SendGridSpamReportsHigh", "critical", customer=customer),
        annotations=annotations,
    )

    [mail] = eventually(lambda: media.office.mails)
    expect_mail(mail)
    assert media.office.passwords == ["secret of smtp_password"]
    [page] = eventually(lambda: media.posted("/pager"))
    expect_page(page.body)
    chats = eventually(lambda: media.posted("/chat") if len(media.posted("/chat")) == 2 else [])
    for chat in chats:
        expect_chat(chat.body)
    [ticket] = eventually(lambda: media.posted("/alerts"))
    assert ticket.headers["Authorization"] == "Bearer secret of webhook_token"
    assert {each["labels"]["customer"] for each in ticket.body["alerts"]} == {customer}


def expect_mail(mail) -> None:
    assert mail["Subject"] == '[WARNING] Mail of <b>x</b>" `*y*` <!channel> & bounces'
    assert (mail["To"], mail["Auto-Submitted"]) == ("email-operations@example.com", "auto-generated")
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert '  customer: acme-<b>x</b>" `*y*` <!channel> &' in text.splitlines()
    assert "<b>acme-&lt;b&gt;x&lt;/b&gt;&#34; `*y*` &lt;!channel&gt; &amp;</b>" in html


def expect_page(event) -> None:
    assert (event["routing_key"], event["event_action"]) == ("secret of pager_key", "trigger")
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"].startswith("[CRITICAL] Mail of <b>x</b>")
    assert "What to do: https://runbooks.example.com/x.md" in event["payload"]["custom_details"]["alerts"]


def expect_chat(message) -> None:
    [attachment] = message["attachments"]
    assert message["channel"] == "#email-alerts"
    assert "&lt;!channel&gt;" in attachment["title"]
    assert "`acme-&lt;b&gt;x&lt;/b&gt;\" '*y*' &lt;!channel&gt; &amp;` at `acme`" in attachment["text"]
    assert "<https://runbooks.example.com/x.md|What to do>" in attachment["text"]
    assert "<!channel>" not in json.dumps(message)
