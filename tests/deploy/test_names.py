"""Nothing in deploy/ or in the runbooks names a metric, a label or an alert that does not exist."""

import re

import promql_parser
import pytest
import yaml

from tests.deploy.catalogue import (
    ROOT,
    TEMPLATES,
    alert_labels,
    catalogue,
    exists,
    expressions,
    names_in,
    names_in_prose,
    rules,
    substituted,
)
from tests.deploy.promql import labels_of, metrics, mistakes

ALERTS = [rule for rule in rules() if rule.is_alert]
KNOWN = {
    "sendgrid_requests_total": frozenset({"source", "customer"}),
    "email_stats_exporter_up": frozenset({"source", "customer", "collector"}),
    "sendgrid_customer_info": None,
}


@pytest.mark.parametrize("expression", expressions(), ids=lambda each: f"{each.where} {each.text[:40]}")
def test_every_expression_asks_for_metrics_and_labels_that_exist(expression):
    assert mistakes(expression.text, catalogue()) == []


def test_every_metric_that_a_runbook_names_exists():
    assert [f"{each.where}: {each.text}" for each in names_in_prose() if not exists(each.text)] == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_speaks_only_of_labels_that_it_carries(rule):
    carried = labels_of(promql_parser.parse(rule.expr), catalogue())
    texts = " ".join([*rule.body["labels"].values(), *rule.body["annotations"].values()])
    spoken_of = set(re.findall(r"\$labels\.(\w+)", texts)) | set(re.findall(r"\.Labels\.(\w+)", texts))

    assert carried is None or spoken_of - carried == set()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_a_query_in_an_annotation_asks_for_what_exists(rule):
    queries = queries_in(" ".join(rule.body["annotations"].values()))

    assert [mistake for query in queries for mistake in mistakes(query, catalogue())] == []


def test_the_templates_of_alertmanager_speak_only_of_labels_that_an_alert_carries():
    named = {
        (path.name, label)
        for path in ROOT.glob(TEMPLATES)
        for label in re.findall(r"\.(?:Common|Group)?Labels\.([a-z]\w*)", path.read_text(encoding="utf-8"))
    }

    assert {(file, label) for file, label in named if label not in alert_labels()} == set()


def test_alertmanager_routes_and_silences_only_alerts_and_labels_that_exist():
    path = ROOT / "deploy/alertmanager/alertmanager.yml"
    if not path.exists():
        pytest.skip("deploy/alertmanager/alertmanager.yml is not in this copy")
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert set(_labels_in(configuration)) - alert_labels() == set()
    names = {rule.name for rule in ALERTS}
    assert {each for each in _alerts_in(configuration) if not any(re.fullmatch(each, name) for name in names)} == set()


def test_every_metric_of_the_catalogue_is_known_with_its_labels():
    known = {name: set(labels) if labels is not None else None for name, labels in catalogue().items()}

    assert known["sendgrid_requests_total"] == {"source", "customer"}
    assert known["sendgrid_category_latest_day_requests"] == {"source", "customer", "category"}
    assert known["sendgrid_ips"] == {"source"}
    assert known["sendgrid_customer_active"] == {"source", "customer"}
    assert known["sendgrid_customer_info"] is None
    assert known["email_stats_exporter_stale"] == {"source", "customer", "collector"}
    assert known["email_stats_exporter_fetches_total"] == {"source", "collector", "job", "instance"}
    assert known["email_stats_exporter_fetch_duration_seconds_bucket"] == {
        *("source", "collector", "le", "job", "instance")
    }
    assert {"process_resident_memory_bytes", "up", "ALERTS"} <= known.keys()
    assert "email_stats_exporter_fetches" not in known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max by (source, customer) (increase(sendgrid_requests_total[6h])) == 0", []),
        ("sendgrid_request_total", ["no metric is named sendgrid_request_total"]),
        ("rate(sendgrid_request_total[5m])", ["no metric is named sendgrid_request_total"]),
        ('sendgrid_requests_total{site="a"}', ["sendgrid_requests_total: no label site"]),
        ("max by (site) (sendgrid_requests_total)", ["max by (site): no label site"]),
        ('sendgrid_customer_info{tier="gold"}', []),
        ("sum by (tier) (sendgrid_customer_info)", []),
        (
            "sum by (source) (sendgrid_requests_total) / on (source, customer) sendgrid_requests_total",
            ["left of / on (source, customer): no label customer"],
        ),
        (
            "sendgrid_requests_total * on (source, customer) group_left (reason) email_stats_exporter_up",
            ["* on (source, customer) group_left (reason): no label reason"],
        ),
        (
            "max_over_time(max by (source) (sendgrid_requests_total)[1h:5m]) and on (customer) sendgrid_requests_total",
            ["left of and on (customer): no label customer"],
        ),
        ('{__name__=~"sendgrid_.*_total"}', []),
        ('{__name__="nothing"}', ['no metric is found by {__name__="nothing"}']),
        ("topk(3, sendgrid_requests_total) or vector(0)", []),
        ('sendgrid_requests_total unless on (source, pod) email_stats_exporter_up{pod!=""}', []),
        ('email_stats_exporter_up{pod="a"}', ["email_stats_exporter_up: no label pod"]),
        ("max by (instance) (sendgrid_requests_total)", ["max by (instance): no label instance"]),
        ("max by (source, instance, pod) (sendgrid_requests_total)", []),
    ],
)
def test_a_wrong_name_is_found_wherever_it_stands(text, expected):
    assert mistakes(text, KNOWN) == expected


def test_what_is_not_promql_is_said_to_be_so():
    [mistake] = mistakes("sum by (sendgrid_requests_total", KNOWN)

    assert mistake.startswith("not PromQL: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sendgrid_requests_total", {"source", "customer"}),
        ("sum(sendgrid_requests_total)", set()),
        ("sum without (customer) (sendgrid_requests_total)", {"source"}),
        ("1 - sendgrid_requests_total > 0.5", {"source", "customer"}),
        ("time() - max by (source) (sendgrid_requests_total)", {"source"}),
        ("label_replace(sum(sendgrid_requests_total), 'a', 'b', '', '')", {"a"}),
        ("sum(sendgrid_requests_total) or sendgrid_requests_total", {"source", "customer"}),
        ("email_stats_exporter_up and on (source) sendgrid_requests_total", {"source", "customer", "collector"}),
        ("email_stats_exporter_up == on (source, customer) sendgrid_requests_total", {"source", "customer"}),
        ('absent(email_stats_exporter_up{source="a"})', {"source"}),
        ("max by (tier) (sendgrid_customer_info)", {"tier"}),
        ("sendgrid_customer_info", None),
    ],
)
def test_the_labels_of_an_answer_are_known(text, expected):
    assert labels_of(promql_parser.parse(text), KNOWN) == expected


def test_the_metrics_of_an_expression_are_known():
    assert metrics("rate(a[5m]) / on (x) (b > 0) unless absent(c)") == {"a", "b", "c"}


def test_a_query_is_found_in_each_form_that_a_template_may_give_it():
    text = """
    {{ range query "a" }}{{ end }} {{ with query `b{c="d"}` }}{{ end }}
    {{- range printf "max(e{f=%q,g=\\"h\\"})" $labels.f | query }} {{ printf "%.2f" $value }}
    """

    assert queries_in(text) == ["a", 'b{c="d"}', 'max(e{f="x",g="h"})']


def test_a_name_in_backticks_is_found_with_or_without_what_stands_around_it():
    text = (
        '`sendgrid_requests_total{customer="a"}`, `sendgrid_v3`, `bento_*`, `customer:sendgrid_x:y`\n```\nbento_x\n```'
    )

    assert names_in(text) == ["sendgrid_requests_total", "bento_*", "customer:sendgrid_x:y"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a{source="$source"}', ['a{source=".*"}']),
        ("rate(a[$__rate_interval])", ["rate(a[1h])"]),
        ("sendgrid_${field:raw}_total", ["sendgrid_opens_total", "sendgrid_clicks_total"]),
        ("topk($unknown, a)", ["topk($unknown, a)"]),
    ],
)
def test_variables_of_a_dashboard_stand_for_each_of_their_values(text, expected):
    assert list(substituted(text, {"source": [".*"], "field": ["opens", "clicks"]})) == expected


def queries_in(text):
    """Return the PromQL that the templates of annotations ask for, with ``x`` for each label's value."""
    quoted = r"\"((?:[^\"\\]|\\.)+)\""
    found = re.findall(rf"query\s+(?:`([^`]+)`|{quoted})|printf\s+{quoted}[^|}}]*\|\s*query", text)
    return ["".join(forms).replace('\\"', '"').replace("%q", '"x"') for forms in found]


def _labels_in(node):
    """Yield the labels that a configuration of Alertmanager groups, routes and compares by."""
    for key, value in _pairs(node):
        if key in {"group_by", "equal"}:
            yield from (label for label in value if label != "...")
        elif key.endswith("matchers"):
            yield from (name for matcher in value for name in re.findall(r"^\s*\"?(\w+)", matcher))


def _alerts_in(node):
    """Yield the names of alerts that a configuration of Alertmanager looks for; of a pattern, each of its parts."""
    for key, value in _pairs(node):
        if key.endswith("matchers"):
            for matcher in value:
                if matcher.strip().startswith("alertname"):
                    yield from re.findall(r"[A-Z][\w.+*]+", matcher.partition("=")[2])


def _pairs(node):
    if isinstance(node, dict):
        yield from node.items()
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _pairs(each)
