"""Who hears of which alert, and what silences what, as amtool reads deploy/alertmanager."""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest
import yaml

from tests.deploy.catalogue import ROOT, rules

FOLDER = ROOT / "deploy/alertmanager"
CONFIGURATION = yaml.safe_load((FOLDER / "alertmanager.yml").read_text(encoding="utf-8"))
RULES = CONFIGURATION["inhibit_rules"]
PAGE = (ROOT / "docs/alertmanager.md").read_text(encoding="utf-8")
SEVERITIES = {rule.name: rule.body["labels"]["severity"] for rule in rules() if rule.is_alert}
# What Alertmanager holds secret, each with a twin that ends in `_file`.
SECRETS = {"api_url", "bot_token", "credentials", "password", "routing_key", "service_key", "smtp_auth_password"}


def test_alertmanager_takes_the_configuration_and_finds_the_templates(amtool):
    said = amtool("check-config", str(FOLDER / "alertmanager.yml"))

    assert "SUCCESS" in said
    assert " - 1 templates" in said
    assert " - 4 receivers" in said


def test_no_secret_stands_in_the_configuration():
    assert [key for key, _ in pairs(CONFIGURATION) if key in SECRETS] == []
    # The address of a webhook is one too, if it carries a token.
    assert all(value.count("/") <= 3 and "?" not in value for key, value in pairs(CONFIGURATION) if key == "url")


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        # What is critical wakes someone, of whatever it speaks.
        ("alertname=EmailStatsExporterDown severity=critical", "on-call"),
        ("alertname=EmailStatsSourceDown severity=critical source=a", "on-call"),
        ("alertname=SendGridCreditsRunOutWithinDay severity=critical source=a customer=b", "on-call"),
        ("alertname=SendGridSendingBurst severity=critical source=a customer=b", "on-call"),
        # What is not can wait.
        ("alertname=EmailStatsCustomerStale severity=warning source=a customer=b collector=daily", "office"),
        ("alertname=EmailStatsReloadFailed severity=warning", "office"),
        ("alertname=EmailStatsStateNotWritten severity=warning", "office"),
        ("alertname=SendGridReputationLow severity=warning source=a customer=b", "office"),
        ("alertname=BentoListShrinking severity=warning source=a customer=b", "office"),
        # Nobody is told of an info.
        ("alertname=EmailStatsCounterHeld severity=info source=a metric=sendgrid_requests_total", "nobody"),
        ("alertname=SendGridSendingBurst severity=info source=a customer=acme-eu", "nobody"),
        # A customer's own people hear of it besides the others, but not of the exporter's troubles.
        ("alertname=SendGridSendingBurst severity=critical source=a customer=acme-eu", "acme,on-call"),
        ("alertname=SendGridReputationLow severity=warning source=a customer=acme-eu", "acme,office"),
        ("alertname=BentoListShrinking severity=warning source=a customer=acme-shop", "acme,office"),
        ("alertname=EmailStatsCustomerStale severity=warning source=a customer=acme-eu", "office"),
        # A pattern fits a whole name.
        ("alertname=SendGridReputationLow severity=warning source=a customer=not-acme-eu", "office"),
        # Alerts of others that share this Alertmanager get lost nowhere.
        ("alertname=NodeDown", "office"),
        ("alertname=NodeDown severity=critical", "on-call"),
    ],
)
def test_an_alert_reaches_those_whom_it_concerns(amtool, labels, receivers):
    file = str(FOLDER / "alertmanager.yml")

    amtool("config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receivers}", *labels.split())


def test_every_alert_of_the_rules_goes_where_its_severity_says(amtool):
    meant = {"critical": "on-call", "warning": "office", "info": "nobody"}
    file = str(FOLDER / "alertmanager.yml")

    assert SEVERITIES
    for name, severity in SEVERITIES.items():
        labels = (f"alertname={name}", f"severity={severity}")
        amtool("config", "routes", "test", f"--config.file={file}", f"--verify.receivers={meant[severity]}", *labels)


def test_nobody_has_no_address_and_all_others_hear_of_the_end_too():
    receivers = {receiver.pop("name"): receiver for receiver in yaml.safe_load(yaml.dump(CONFIGURATION["receivers"]))}

    assert receivers.pop("nobody") == {}
    # Mail and chat leave the end out by default; pager and webhook don't.
    silent = {"email_configs": False, "slack_configs": False}
    for integrations in receivers.values():
        for kind, each in integrations.items():
            assert all(one.get("send_resolved", silent.get(kind, True)) for one in each)


def test_the_more_urgent_an_alert_the_sooner_and_the_oftener_it_is_told():
    route = CONFIGURATION["route"]
    [critical] = [each for each in route["routes"] if each.get("matchers") == ['severity = "critical"']]

    assert {key: critical[key] for key in ("group_wait", "group_interval", "repeat_interval")} == {
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "4h",
    }
    assert {key: route[key] for key in ("group_wait", "group_interval", "repeat_interval")} == {
        "group_wait": "5m",
        "group_interval": "30m",
        "repeat_interval": "1d",
    }


def test_no_two_alerts_silence_each_other():
    """Alertmanager would mute both, and nobody would hear of either."""
    graph: dict[str, set[str]] = {name: set() for name in SEVERITIES}
    for source, target in silenced():
        graph[target].add(source)

    # Raises where there is a circle, of any length.
    assert len([*TopologicalSorter(graph).static_order()]) == len(SEVERITIES)


def test_an_alert_is_silenced_only_by_one_that_is_as_urgent_or_more():
    order = ["info", "warning", "critical"]

    assert [
        (source, target)
        for source, target in silenced()
        if order.index(SEVERITIES[source]) < order.index(SEVERITIES[target])
    ] == []


def test_without_the_exporter_every_other_alert_is_silent():
    assert {target for source, target in silenced() if source == "EmailStatsExporterDown"} == {
        *SEVERITIES.keys() - {"EmailStatsExporterDown"}
    }


def silenced() -> Iterator[tuple[str, str]]:
    """Yield each alert of the rules with each that it silences, as far as names go."""
    for rule in RULES:
        sources = [name for name in SEVERITIES if fits(name, rule["source_matchers"])]
        targets = [name for name in SEVERITIES if fits(name, rule["target_matchers"])]
        assert sources
        assert targets
        yield from ((source, target) for source in sources for target in targets)


def fits(name: str, matchers: list[str]) -> bool:
    """Tell whether an alert's name fits all of these matchers, which speak of nothing else."""
    for matcher in matchers:
        found = re.fullmatch(r'alertname (=|!=|=~) "(.+)"', matcher)
        assert found, matcher
        operator, pattern = found.groups()
        is_found = re.fullmatch(pattern if operator == "=~" else re.escape(pattern), name) is not None
        if is_found == (operator == "!="):
            return False
    return True


def test_the_page_on_alertmanager_tells_what_silences_what():
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| (.*?) ?\|$", PAGE.partition("## What silences what")[2], re.MULTILINE)
    told = [tuple(set(re.findall(r"`(\w+)`", cell)) for cell in row) for row in rows[: len(RULES)]]
    meant = [
        (named(rule["source_matchers"]), named(rule["target_matchers"]), set(rule.get("equal", []))) for rule in RULES
    ]

    # The first row says in words what it silences: everything.
    assert told[0][0] == meant[0][0]
    assert told[1:] == meant[1:]


def named(matchers: list[str]) -> set[str]:
    """Return the names of alerts that stand in matchers."""
    return set(re.findall(r"[A-Z]\w{9,}", " ".join(matchers)))


def test_the_page_on_alertmanager_tells_how_long_each_severity_waits():
    route = CONFIGURATION["route"]
    [critical] = [each for each in route["routes"] if each.get("matchers") == ['severity = "critical"']]

    for severity, waits in (("critical", critical), ("warning", route)):
        told = " | ".join(waits[key] for key in ("group_wait", "group_interval", "repeat_interval"))
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{severity}` |")]
        assert row.endswith(f" | {told} |")


def test_working_hours_can_be_set_as_the_page_says(amtool, tmp_path):
    [block] = re.findall(r"```yaml\n(time_intervals:.*?)```", PAGE, re.DOTALL)
    *others, last = CONFIGURATION["route"]["routes"]
    hours = {"active_time_intervals": ["working-hours"]}
    added = {"matchers": ['alertname =~ "EmailStats.+"'], **hours}
    routes = {**CONFIGURATION["route"], "routes": [*others, {**last, **hours}, added]}
    file = tmp_path / "alertmanager.yml"
    file.write_text(
        yaml.safe_dump({**CONFIGURATION, "templates": [], "route": routes, **yaml.safe_load(block)}), encoding="utf-8"
    )

    assert "SUCCESS" in amtool("check-config", str(file))


def pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield each key with its value, at any depth."""
    if isinstance(node, dict):
        yield from node.items()
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from pairs(each)
