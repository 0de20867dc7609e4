"""What mails, chats and pagers say of an alert, as amtool fills the templates in deploy/alertmanager."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from lxml import html

from tests.deploy.catalogue import ROOT, rules

TEMPLATES = ROOT / "deploy/alertmanager/templates/*.tmpl"
ALERTS = sorted(rule.name for rule in rules() if rule.is_alert)
HOSTILE = '<script>x</script>" onclick="y`*z*` <!channel>\n{{ .ExternalURL }}\\\u202e+'
# One line of it, as a reader sees it.
SHOWN = '<script>x</script>" onclick="y`*z*` <!channel> {{ .ExternalURL }}\\ +'


@pytest.fixture
def render(amtool, tmp_path) -> Callable[..., str]:
    """Fill a template with alerts of one group."""

    def run(template: str, *alerts: Mapping[str, Any], is_html: bool = False) -> str:
        file = tmp_path / "data.json"
        file.write_text(json.dumps(group(*alerts)), encoding="utf-8")
        return amtool(
            "template",
            "render",
            f"--template.glob={TEMPLATES}",
            f"--template.type={'html' if is_html else 'text'}",
            f"--template.data={file}",
            f'--template.text={{{{ template "{template}" . }}}}',
        )

    return run


def group(*alerts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a notification as Alertmanager makes it of these alerts."""
    first, *others = [each["labels"] for each in alerts]
    common = {key: value for key, value in first.items() if all(each.get(key) == value for each in others)}
    return {
        "receiver": "office",
        "status": "firing" if any(each["status"] == "firing" for each in alerts) else "resolved",
        "externalURL": "https://alertmanager.example.com",
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": common,
        "commonAnnotations": {},
    }


def alert(
    name: str = "SendGridBouncesHigh", customer: str = "acme-eu", status: str = "firing", **labels: str
) -> dict[str, Any]:
    """Return an alert as the rules make it."""
    ended = datetime(2026, 3, 13, 11, 30, tzinfo=UTC) if status == "resolved" else datetime(1, 1, 1, tzinfo=UTC)
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "warning", "source": "acme", "customer": customer, **labels},
        "annotations": {
            "summary": f"Many mails of {customer} bounce",
            "description": f"7.3% of the mails of {customer} at acme bounced.",
            "runbook_url": f"https://runbooks.example.com/{name}.md",
        },
        "startsAt": "2026-03-13T10:00:00Z",
        "endsAt": ended.isoformat().replace("+00:00", "Z"),
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=a+%3E+1&g0.tab=1",
    }


TITLES = [
    ([alert()], "[WARNING] Many mails of acme-eu bounce"),
    ([alert(severity="critical"), alert("SendGridSendingBurst", severity="critical")], "2 × alerts of acme-eu at acme"),
    ([alert(customer="a"), alert(customer="b")], "[WARNING] 2 × SendGridBouncesHigh at acme"),
    ([alert(severity="critical"), alert("X")], "[FIRING] 2 × alerts of acme-eu at acme"),
    ([alert(), alert("X", status="resolved")], "[WARNING] 1 × alerts of acme-eu at acme"),
    ([alert(status="resolved")], "[RESOLVED] Many mails of acme-eu bounce"),
    ([alert(customer="a\r\nBcc: b\u2028\u202ec")], "[WARNING] Many mails of a Bcc: b c bounce"),
    ([{**alert(), "annotations": {}}], "[WARNING] SendGridBouncesHigh"),
]


@pytest.mark.parametrize("template", ["email_stats.title", "email_stats.chat.title"])
@pytest.mark.parametrize(("alerts", "expected"), TITLES, ids=[title for _, title in TITLES])
def test_a_title_is_one_line_that_says_of_whom_and_how_bad(render, template, alerts, expected):
    title = render(template, *alerts)

    assert title.endswith(expected)
    assert title.startswith("[")
    assert "\n" not in title


def test_a_mail_as_text_says_who_what_since_when_and_where_to_read_on(render):
    text = render("email_stats.text", alert(collector="daily"), alert("SendGridReputationLow", status="resolved"))

    assert text == (
        "Many mails of acme-eu bounce\n"
        "  7.3% of the mails of acme-eu at acme bounced.\n"
        "  customer: acme-eu\n"
        "  source: acme\n"
        "  collector: daily\n"
        "  alert: SendGridBouncesHigh, since 13 Mar 10:00 UTC\n"
        "  What to do: https://runbooks.example.com/SendGridBouncesHigh.md\n"
        "  Dashboard: http://localhost:3000/d/email-stats-customer?var-source=acme&var-customer=acme-eu\n"
        "  Silence: https://alertmanager.example.com/#/silences/new?filter=%7Balertname%3D%22SendGridBouncesHigh%22"
        "%2Csource%3D%22acme%22%2Ccustomer%3D%22acme-eu%22%7D\n"
        "\n"
        "Resolved: Many mails of acme-eu bounce\n"
        "  acme-eu, acme, 13 Mar 10:00 to 13 Mar 11:30 UTC\n"
    )


def test_a_mail_as_html_shows_the_same(render):
    resolved = alert("SendGridReputationLow", status="resolved")
    page = html.fromstring(render("email_stats.html", alert(collector="daily"), resolved, is_html=True))
    [table] = page.iter("table")

    assert [[cell.text_content() for cell in row] for row in table] == [
        ["customer", "acme-eu"],
        ["source", "acme"],
        ["collector", "daily"],
        ["alert", "SendGridBouncesHigh"],
        ["since", "13 Mar 10:00 UTC"],
    ]
    assert "7.3% of the mails of acme-eu at acme bounced." in page.text_content()
    assert [link.get("href") for link in page.iter("a")] == [
        "https://runbooks.example.com/SendGridBouncesHigh.md",
        "http://localhost:3000/d/email-stats-customer?var-source=acme&var-customer=acme-eu",
        "https://prometheus.example.com/graph?g0.expr=a+%3E+1&g0.tab=1",
        (
            "https://alertmanager.example.com/#/silences/new?filter=%7Balertname%3D%22SendGridBouncesHigh%22"
            "%2Csource%3D%22acme%22%2Ccustomer%3D%22acme-eu%22%7D"
        ),
    ]
    [ended] = page.iter("li")
    assert "acme-eu, acme, 13 Mar 10:00 to 13 Mar 11:30 UTC" in ended.text_content()


def test_a_message_in_a_chat_is_short(render):
    resolved = alert("SendGridReputationLow", status="resolved")

    assert render("email_stats.chat.text", alert(), resolved) == (
        "*SendGridBouncesHigh* `acme-eu` at `acme`, since 13 Mar 10:00 UTC\n"
        "7.3% of the mails of acme-eu at acme bounced.\n"
        "<https://runbooks.example.com/SendGridBouncesHigh.md|What to do>  "
        "<http://localhost:3000/d/email-stats-customer?var-source=acme&var-customer=acme-eu|Dashboard>  "
        "<https://prometheus.example.com/graph?g0.expr=a+%3E+1&g0.tab=1|Query>  "
        "<https://alertmanager.example.com/#/silences/new?filter=%7Balertname%3D%22SendGridBouncesHigh%22"
        "%2Csource%3D%22acme%22%2Ccustomer%3D%22acme-eu%22%7D|Silence>\n"
        "Resolved: *SendGridReputationLow* `acme-eu` at `acme`, 13 Mar 10:00 to 13 Mar 11:30 UTC\n"
    )


@pytest.mark.parametrize(
    ("alerts", "colour"),
    [([alert(severity="critical")], "#c4162a"), ([alert()], "#d97d00"), ([alert(status="resolved")], "#2f9e44")],
)
def test_a_message_in_a_chat_has_the_colour_of_its_severity(render, alerts, colour):
    assert render("email_stats.chat.colour", *alerts) == colour


def test_a_hostile_name_is_text_in_html_and_nothing_else(render):
    page = html.fromstring(render("email_stats.html", alert(customer=HOSTILE), is_html=True))

    assert [*page.iter("script"), *page.xpath("//*[@onclick]")] == []
    assert page.xpath("//td/b/text()") == [SHOWN]
    assert page.xpath("string(//title)") == f"[WARNING] Many mails of {SHOWN} bounce"
    assert all(link.get("href").startswith(("https://", "http://localhost:3000/")) for link in page.iter("a"))


def test_an_address_that_is_a_program_is_no_link_in_html(render):
    evil = {**alert(), "annotations": {"runbook_url": "javascript:alert(1)"}}

    assert "javascript:" not in render("email_stats.html", evil, is_html=True)


def test_a_hostile_name_mentions_nobody_and_ends_no_markup_in_a_chat(render):
    title, text = (render(f"email_stats.chat.{part}", alert(customer=HOSTILE)) for part in ("title", "text"))
    head, description, links, end = text.split("\n")

    escaped = SHOWN.replace("<", "&lt;").replace(">", "&gt;")
    assert title == f"[WARNING] Many mails of {escaped} bounce"
    assert head.startswith(f"*SendGridBouncesHigh* `{escaped.replace('`', chr(39))}` at `acme`, since ")
    assert description == f"7.3% of the mails of {escaped} at acme bounced."
    assert re.findall(r"<https?://[^\s<>|]+\|([\w ]+)>", links) == ["What to do", "Dashboard", "Query", "Silence"]
    assert re.sub(r"<[^<>]+>", "", links).strip() == ""
    assert end == ""


def test_a_hostile_name_leads_where_it_should(render):
    """The dashboard is asked for that name, and the form of silences gets it between quotation marks."""
    text = render("email_stats.text", alert(customer='a"b\\c&d+e f'))

    assert "&var-customer=a%22b%5Cc%26d%2Be%20f\n" in text
    assert "customer%3D%22a%5C%22b%5C%5Cc%26d%2Be%20f%22%7D\n" in text


@pytest.mark.parametrize(
    ("template", "is_html", "most", "rest"),
    [
        ("email_stats.html", True, 30, "The first 30 of 1000: "),
        ("email_stats.text", False, 30, "The first 30 of 1000. All: https://alertmanager.example.com\n"),
        ("email_stats.chat.text", False, 10, "The first 10 of 1000: <https://alertmanager.example.com|all of them>\n"),
    ],
)
@pytest.mark.parametrize("ended", [0, 500])
def test_a_thousand_customers_are_not_a_thousand_paragraphs(render, template, is_html, most, rest, ended):
    stale = [alert("EmailStatsCustomerStale", f"customer-{number:04}") for number in range(1000)]
    well = [alert("EmailStatsCustomerStale", f"well-{number:04}", "resolved") for number in range(ended)]
    text = render(template, *stale, *well, is_html=is_html)

    assert text.count("Silence") == most
    assert rest in text
    shown = [*dict.fromkeys(re.findall(r"(?:customer|well)-\d{4}", text))]
    assert len(shown) == most + min(most, ended)
    assert all(before < after for before, after in pairwise(shown))
    assert (f"The first {most} of 500." in text) is bool(ended)


@pytest.mark.parametrize("name", ALERTS)
def test_the_dashboard_that_an_alert_leads_to_is_there(render, name):
    labels = {"alertname": name, "severity": "warning", "source": "acme"}
    text = render("email_stats.text", {**alert(), "labels": labels})
    found = re.search(r"Dashboard: http://localhost:3000/d/([\w-]+)\?var-source=acme\n", text)
    folder = ROOT / "deploy/grafana/dashboards"
    dashboards = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]

    assert found
    [variables] = [each["templating"]["list"] for each in dashboards if each["uid"] == found[1]]
    names = {variable["name"] for variable in variables}
    assert names >= ({"source", "customer"} if name.startswith("SendGrid") else {"source"})
