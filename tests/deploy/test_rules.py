"""Prometheus takes the rules, each alert does what its unit tests say, and whoever it wakes learns what to do."""

import re
from collections import Counter

import promql_parser
import pytest
import yaml

from tests.deploy.catalogue import ROOT, catalogue, exporter_metrics, rules
from tests.deploy.promql import mistakes

RULE_FILES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
UNIT_TESTS = sorted((ROOT / "tests/deploy/rules").glob("*.yml"))
RUNBOOK_URL = "https://github.com/email-stats-exporter/email-stats-exporter/blob/main/docs/runbooks/"
ALERTS = [rule for rule in rules() if rule.is_alert]
# Two replicas, or a pod's old and new name, carry the same numbers: the larger is the newer, and a sum would double.
ONE_OF_REPLICAS = ("max", "min")


@pytest.mark.parametrize("file", RULE_FILES, ids=lambda file: file.name)
def test_prometheus_takes_the_rules(promtool, file):
    result = promtool("check", "rules", "--lint=all", "--lint-fatal", str(file))

    assert result.returncode == 0, result.stdout + result.stderr


def test_prometheus_takes_the_rules_that_users_are_told_to_write(promtool, tmp_path):
    text = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(groups:.*?)```", text, re.DOTALL)
    (tmp_path / "own.yml").write_text(shown, encoding="utf-8")

    assert promtool("check", "rules", str(tmp_path / "own.yml")).returncode == 0
    asked_for = [rule["expr"] for group in yaml.safe_load(shown)["groups"] for rule in group["rules"]]
    assert [mistake for text in asked_for for mistake in mistakes(text, catalogue())] == []
    assert {rule["labels"]["threshold"] for group in yaml.safe_load(shown)["groups"] for rule in group["rules"]} <= set(
        re.findall(r'override\{threshold="(\w+)"\}', " ".join(rule.expr for rule in ALERTS))
    )


def test_a_threshold_of_a_user_is_another_series_than_any_that_comes_along():
    """Else Prometheus keeps either of the two, and the alerts never see the larger one."""
    text = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(groups:.*?)```", text, re.DOTALL)
    own = [rule["labels"] for group in yaml.safe_load(shown)["groups"] for rule in group["rules"]]
    ours = [rule.body["labels"] for rule in rules() if rule.name == "customer:sendgrid_threshold:override"]
    names = [labels["rule"] for labels in own]

    assert [labels["rule"] for labels in ours] == ["campaigns", "campaigns"]
    assert len(set(names)) == len(names)
    assert "campaigns" not in names


# Weeks of evaluations, on a machine that may be busy.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("file", UNIT_TESTS, ids=lambda file: file.name)
def test_alerts_and_recorded_series_are_as_their_unit_tests_say(promtool, file):
    result = promtool("test", "rules", str(file))

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_is_seen_to_fire_to_stay_silent_and_to_resolve(rule):
    stories = [story for story in stories_of(rule.name) if story]

    assert any(any(count > 0 for count in story) for story in stories), "no unit test in which it fires"
    assert any(not any(story) for story in stories), "no unit test in which it never fires"
    assert any(is_resolved(story) for story in stories), "no unit test in which it fires and then resolves"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_tells_whoever_it_wakes_what_is_wrong_and_where_to_read_on(rule):
    annotations = rule.body["annotations"]

    assert rule.body["labels"]["severity"] in {"critical", "warning", "info"}
    assert annotations["summary"].strip()
    assert "$value" in annotations["description"], "the description lacks the value"
    assert annotations["runbook_url"] == f"{RUNBOOK_URL}{rule.name}.md"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_waits_for_a_while_or_its_file_says_why_not(rule):
    text = (ROOT / rule.file).read_text(encoding="utf-8")
    body = re.search(rf"- alert: {rule.name}\n(.*?)(?=\n\s*- alert:|\Z)", text, re.DOTALL)

    assert "for" in rule.body or (body and "# No `for`: " in body[1])


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_the_runbook_of_an_alert_says_what_it_means_what_to_look_at_and_what_to_do(rule):
    lines = (ROOT / f"docs/runbooks/{rule.name}.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("#") and not line.startswith("###")]

    assert headings == [f"# {rule.name}", "## What it means", "## What to look at", "## What to do"]


def test_every_runbook_is_about_an_alert():
    pages = {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")}

    assert pages - {"README"} == {rule.name for rule in ALERTS}


def test_no_alert_and_no_group_is_there_twice():
    groups = [group["name"] for file in RULE_FILES for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]

    assert [name for name, count in Counter(groups).items() if count > 1] == []
    assert [name for name, count in Counter(rule.name for rule in ALERTS).items() if count > 1] == []


def test_the_rule_that_is_shown_for_several_exporters_tells_of_one_that_goes_while_another_stays(promtool, tmp_path):
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8").partition("## Several exporters")[2]
    [shown, *_] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "own.yml").write_text(shown, encoding="utf-8")
    gone = {"severity": "critical", "job": "email-stats-exporter", "instance": "shop:10587"}
    told = {"summary": "Prometheus gets no page of email-stats-exporter from shop:10587"}
    story = {
        "interval": "1m",
        "input_series": [
            {"series": 'up{job="email-stats-exporter", instance="acme:10587"}', "values": "1x60"},
            {"series": 'up{job="email-stats-exporter", instance="shop:10587"}', "values": "1x19 0x20 1x20"},
            {"series": 'email_stats_exporter_build_info{instance="acme:10587"}', "values": "1x60"},
            {"series": 'email_stats_exporter_build_info{instance="shop:10587"}', "values": "1x19 stale _x19 1x20"},
        ],
        "alert_rule_test": [
            {"alertname": "EmailStatsExporterDown", "eval_time": "35m"},
            {"alertname": "EmailStatsOneExporterDown", "eval_time": "19m"},
            {
                "alertname": "EmailStatsOneExporterDown",
                "eval_time": "35m",
                "exp_alerts": [{"exp_labels": gone, "exp_annotations": told}],
            },
            {"alertname": "EmailStatsOneExporterDown", "eval_time": "50m"},
        ],
    }
    files = [str(ROOT / "deploy/prometheus/rules/exporter-alerts.yml"), str(tmp_path / "own.yml")]
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": files, "tests": [story]}), encoding="utf-8")

    result = promtool("test", "rules", str(tmp_path / "test.yml"))

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("rule", [rule for rule in rules() if not rule.is_alert], ids=lambda rule: rule.name)
def test_what_is_recorded_is_named_by_level_metric_and_operations(rule):
    assert re.fullmatch(r"[a-z_]+:[a-z][a-z0-9_]*:[a-z0-9_]+", rule.name)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_every_query_starts_from_one_of_the_replicas(rule):
    """Else a second replica, or a pod's new name, would double a number or seem to begin it anew."""
    assert outside_of_max(rule.expr) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max by (source, customer) (increase(sendgrid_requests_total[6h])) == 0", []),
        ("sum by (source) (max by (source, customer) (sendgrid_requests_total))", []),
        ("absent(email_stats_exporter_build_info)", []),
        ("customer:sendgrid_requests:increase1h", []),
        ("max by (source) (count without (customer) (sendgrid_requests_total))", []),
        ("count without (customer) (sendgrid_requests_total)", ["sendgrid_requests_total"]),
        ("sum by (source) (sendgrid_requests_total)", ["sendgrid_requests_total"]),
        ("sendgrid_requests_total > 5", ["sendgrid_requests_total"]),
        (
            "max by (source) (sendgrid_ips) > on (source) count by (source) (sendgrid_ips_free)",
            ["sendgrid_ips_free"],
        ),
    ],
)
def test_a_query_that_does_not_is_found(text, expected):
    assert outside_of_max(text) == expected


@pytest.mark.parametrize(
    ("story", "expected"), [([0, 1, 0], True), ([2, 1], True), ([0, 1], False), ([0, 0], False), ([1, 1], False)]
)
def test_a_story_that_ends_well_is_known(story, expected):
    assert is_resolved(story) is expected


def stories_of(alert):
    """Yield, for each unit test that looks at an alert, how many of it fire at each time that is looked at."""
    for file in UNIT_TESTS:
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            looks = [look for look in test.get("alert_rule_test", ()) if look["alertname"] == alert]
            looks.sort(key=lambda look: promql_parser.parse_duration(look["eval_time"]))
            yield [len(look.get("exp_alerts") or ()) for look in looks]


def is_resolved(story):
    """Tell whether fewer of an alert fire at some later time."""
    return any(later < earlier for index, earlier in enumerate(story) for later in story[index:])


def outside_of_max(text):
    """Return the exporter's metrics of an expression whose nearest aggregation is not by ``max`` or ``min``.

    An aggregation ``without`` some of the exporter's own labels keeps replicas apart, so the next one counts.
    """
    within = [""]
    found: list[str | None] = []

    def enter(node):
        if isinstance(node, promql_parser.AggregateExpr):
            is_of_each = node.modifier is not None and node.modifier.type == promql_parser.AggModifierType.Without
            within.append(within[-1] if is_of_each else str(node.op))
        elif isinstance(node, promql_parser.Call) and node.func.name.startswith("absent"):
            within.append("max")
        elif isinstance(node, promql_parser.VectorSelector) and node.name in exporter_metrics():
            found.extend([] if within[-1] in ONE_OF_REPLICAS else [node.name])

    def leave(node):
        is_absent = isinstance(node, promql_parser.Call) and node.func.name.startswith("absent")
        if is_absent or isinstance(node, promql_parser.AggregateExpr):
            within.pop()

    promql_parser.walk(promql_parser.parse(text), enter, leave)
    return found
