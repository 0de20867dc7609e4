"""The chart carries the rules and dashboards of this repository, as they are, to Prometheus Operator and to Grafana."""

import json

import pytest
import yaml

from tests.deploy.chart_tools import RELEASE, ROOT, only, promtool, refusal, template

RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
SWITCHED_ON = {"prometheusRule.enabled": True, "serviceMonitor.enabled": True, "dashboards.enabled": True}
# As bento-alerts.yml has it, and bento.yml.
ALERT, RECORD = "BentoListShrinking", "customer:bento_subscribers:growth1d"


def groups_of(**settings):
    """Return all groups of rules by their name, with further settings under prometheusRule."""
    objects = template(
        "minimal", settings=SWITCHED_ON | {f"prometheusRule.{key}": each for key, each in settings.items()}
    )
    groups = [group for each in objects if each["kind"] == "PrometheusRule" for group in each["spec"]["groups"]]
    return {group["name"]: group for group in groups}


def rules_of(groups):
    """Return every rule by its name."""
    return {rule.get("alert") or rule["record"]: rule for group in groups.values() for rule in group["rules"]}


@pytest.mark.parametrize("file", RULES, ids=lambda path: path.name)
def test_the_groups_of_a_file_are_in_an_object_of_its_name(file):
    objects = template("minimal", settings=SWITCHED_ON)
    [found] = [each for each in objects if each["metadata"]["name"] == f"{RELEASE}-email-stats-exporter-{file.stem}"]

    assert found["kind"] == "PrometheusRule"
    assert found["spec"] == yaml.safe_load(file.read_text(encoding="utf-8"))


def test_no_other_rules_are_there():
    objects = [each for each in template("minimal", settings=SWITCHED_ON) if each["kind"] == "PrometheusRule"]

    assert len(objects) == len(RULES) > 0


@pytest.mark.parametrize("values", ["everything", "hostile"])
def test_prometheus_takes_the_rules_as_they_come_out(values, tmp_path):
    for each in template(values):
        if each["kind"] == "PrometheusRule":
            (tmp_path / f"{each['metadata']['name']}.yml").write_text(yaml.safe_dump(each["spec"]), encoding="utf-8")
    files = sorted(str(path) for path in tmp_path.glob("*.yml"))

    result = promtool("check", "rules", *files)

    assert (result.returncode, result.stderr) == (0, "")
    assert len(files) == len(RULES)


def test_a_rule_can_be_switched_off_alone():
    all_of_them, fewer = rules_of(groups_of()), rules_of(groups_of(disabled=[ALERT, RECORD]))

    assert all_of_them.keys() - fewer.keys() == {ALERT, RECORD}
    assert {name: all_of_them[name] for name in fewer} == fewer


def test_a_group_without_rules_is_not_there_at_all():
    group = next(iter(groups_of().values()))
    names = [rule.get("alert") or rule["record"] for rule in group["rules"]]

    assert group["name"] not in groups_of(disabled=names)


def test_a_rule_that_does_not_exist_cannot_be_switched_off():
    told = refusal("minimal", settings=SWITCHED_ON | {"prometheusRule.disabled": [ALERT, "BentoListShrinkin"]})

    assert "prometheusRule.disabled: no rule is named BentoListShrinkin\n" in f"{told}\n"


def test_further_labels_are_on_every_alert_and_on_nothing_that_is_recorded():
    plain, labelled = rules_of(groups_of()), rules_of(groups_of(alertLabels={"team": "mail", "severity": "none"}))

    for name, rule in labelled.items():
        added = {"labels": {"team": "mail", **plain[name]["labels"]}} if "alert" in rule else {}
        assert rule == plain[name] | added


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_is_in_a_config_map_that_the_sidecar_finds(file):
    name = f"{RELEASE}-email-stats-exporter-dashboard-{file.stem.replace('_', '-').lower()}"
    [found] = [each for each in template("minimal", settings=SWITCHED_ON) if each["metadata"]["name"] == name]

    assert found["kind"] == "ConfigMap"
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert [*found["data"]] == [file.name]
    assert json.loads(found["data"][file.name]) == json.loads(file.read_text(encoding="utf-8"))
    # Kubernetes takes no larger object.
    assert len(json.dumps(found)) < 1024 * 1024


def test_rules_scraping_and_dashboards_go_where_they_are_told_and_carry_the_labels_they_are_chosen_by():
    objects = template("everything")
    places = {each["kind"]: each["metadata"] for each in objects if each["metadata"]["namespace"] != "mail"}

    assert {kind: metadata["namespace"] for kind, metadata in places.items()} == {
        "ServiceMonitor": "monitoring",
        "PrometheusRule": "monitoring",
        "ConfigMap": "grafana",
    }
    assert places["ServiceMonitor"]["labels"]["release"] == "kube-prometheus-stack"
    assert places["PrometheusRule"]["labels"]["release"] == "kube-prometheus-stack"
    assert places["ConfigMap"]["annotations"] == {"grafana_folder": "E-mail"}
    assert only(objects, "ServiceMonitor")["spec"]["namespaceSelector"] == {"matchNames": ["mail"]}


def test_how_the_scrape_goes_is_passed_on():
    [endpoint] = only(template("everything"), "ServiceMonitor")["spec"]["endpoints"]
    passed = {key: each for key, each in endpoint.items() if "elabelings" not in key}

    assert passed == {
        "port": "http",
        "path": "/metrics",
        "scheme": "https",
        "honorLabels": True,
        "interval": "30s",
        "scrapeTimeout": "10s",
        "tlsConfig": {"serverName": "stats.example.com", "ca": {"configMap": {"name": "authorities", "key": "ca.pem"}}},
        "basicAuth": {
            "username": {"name": "scrape", "key": "username"},
            "password": {"name": "scrape", "key": "password"},
        },
    }
    assert endpoint["relabelings"] == [{"action": "labeldrop", "regex": "service"}]
    assert endpoint["metricRelabelings"][-1]["regex"] == "python_.+"


@pytest.mark.parametrize(
    ("replicas", "dropped"),
    [(1, ["pod", "instance", "endpoint", "container"]), (2, ["instance", "endpoint", "container"])],
)
def test_two_pods_keep_the_label_that_tells_them_apart(replicas, dropped):
    """Without it both would write the same series, and each of their samples would look like a reset of the other's."""
    [endpoint] = only(template("minimal", settings=SWITCHED_ON | {"replicas": replicas}), "ServiceMonitor")["spec"][
        "endpoints"
    ]

    assert [each["targetLabel"] for each in endpoint["metricRelabelings"]] == dropped
