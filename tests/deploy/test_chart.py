"""The chart makes what a cluster takes, of all kinds of values."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import exporter
from exporter.flags import parser
from tests.deploy.chart_tools import (
    CHART,
    RELEASE,
    VALUE_FILES,
    VALUES,
    kinds,
    named,
    only,
    pod_of,
    refusal,
    run,
    template,
    values_of,
)

LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
ALWAYS = ["Pod", "Service", "StatefulSet"]


@pytest.mark.parametrize("values", VALUE_FILES)
def test_helm_finds_nothing_to_say(values):
    result = run("helm", "lint", "--strict", str(CHART), f"--values={VALUES / values}.yaml")

    assert result.returncode == 0, result.stdout + result.stderr
    assert re.findall(r"\[(?:WARNING|ERROR)\].*", result.stdout) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("minimal", [*ALWAYS, "ConfigMap", "ServiceAccount"]),
        ("nothing", ALWAYS),
        ("manifests", [*ALWAYS, "NetworkPolicy", "ServiceAccount", "ServiceMonitor"]),
    ],
)
def test_only_what_is_switched_on_is_made(values, expected):
    assert kinds(template(values)) == sorted(expected)


def test_everything_can_be_switched_on():
    made = {*ALWAYS, "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount", "ServiceMonitor"}

    assert set(kinds(template("everything"))) == made | {"PrometheusRule"}


def test_the_chart_and_its_program_are_of_this_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert (chart["version"], chart["appVersion"]) == (exporter.__version__, exporter.__version__)


def test_the_image_is_this_version_s_unless_a_digest_says_which():
    images = [pod_of(template(values))["spec"]["containers"][0]["image"] for values in ("minimal", "everything")]

    assert images == [
        f"ghcr.io/email-stats-exporter/email-stats-exporter:{exporter.__version__}",
        f"registry.example.com:5000/mail/email-stats-exporter@sha256:{'a' * 64}",
    ]


@pytest.mark.parametrize("release", [RELEASE, "a" * 53, "0.1", "1.very-long.release-name.with-dots.and-more-of.it-0"])
def test_a_release_of_any_name_gets_names_that_kubernetes_takes(release):
    objects = template("hostile", release=release)
    names = {each["metadata"]["name"] for each in objects}

    assert [name for name in names if not re.fullmatch(LABEL, name) or len(name) > 253] == []
    # Kubernetes puts these into labels, of 63 characters, with a revision's 11 behind the first.
    assert len(only(objects, "StatefulSet")["metadata"]["name"]) <= 63 - 11
    assert len(only(objects, "Service")["metadata"]["name"]) <= 63
    assert only(objects, "StatefulSet")["spec"]["serviceName"] == only(objects, "Service")["metadata"]["name"]


def test_no_two_objects_of_a_kind_share_a_name():
    for values in VALUE_FILES:
        names = [(each["kind"], each["metadata"]["name"]) for each in template(values)]

        assert len(names) == len(set(names)), values


@pytest.mark.parametrize("values", VALUE_FILES)
def test_what_selects_pods_selects_the_exporter_s_and_not_the_test_s(values):
    """Also where somebody's own labels would make one look like the other."""
    objects = template(values)
    labels, tester = pod_of(objects)["metadata"]["labels"], only(objects, "Pod")["metadata"]["labels"]
    selectors = [
        only(objects, "StatefulSet")["spec"]["selector"]["matchLabels"],
        only(objects, "Service")["spec"]["selector"],
        *(each["spec"]["podSelector"]["matchLabels"] for each in objects if each["kind"] == "NetworkPolicy"),
        *(each["spec"]["selector"]["matchLabels"] for each in objects if each["kind"] == "PodDisruptionBudget"),
    ]

    assert all(labels.items() >= selector.items() for selector in selectors)
    assert not any(tester.items() >= selector.items() for selector in selectors)


@pytest.mark.parametrize("values", ["everything", "hostile"])
def test_what_selects_services_selects_the_exporter_s(values):
    objects = template(values)
    selector = only(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"]

    assert only(objects, "Service")["metadata"]["labels"].items() >= selector.items()


def test_common_labels_are_on_everything_and_never_the_chart_s_own():
    for each in template("hostile"):
        labels = each["metadata"]["labels"]

        assert {"on", "n", "1"} <= labels.keys(), each["kind"]
        assert "mine" not in labels.values()
    assert pod_of(template("hostile"))["metadata"]["labels"]["1"] == "0x1f"


def test_the_pod_of_the_test_is_let_in_by_the_network_policy():
    objects = template("everything")
    [rule, _] = only(objects, "NetworkPolicy")["spec"]["ingress"]
    let_in = [peer["podSelector"]["matchLabels"] for peer in rule["from"] if "namespaceSelector" not in peer]

    assert all(only(objects, "Pod")["metadata"]["labels"].items() >= labels.items() for labels in let_in)
    assert len(let_in) == 1


def test_the_pod_keeps_to_the_restricted_profile_without_a_token():
    objects = template("minimal")
    for pod in (pod_of(objects)["spec"], only(objects, "Pod")["spec"]):
        [container] = pod["containers"]

        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 65532
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_prometheus_finds_the_pod_while_it_is_not_ready_yet():
    objects = template("minimal")
    service, [container] = only(objects, "Service")["spec"], pod_of(objects)["spec"]["containers"]

    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    assert container["readinessProbe"]["httpGet"]["path"] == "/-/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/-/healthy"
    # A service without an address of its own can't translate ports.
    assert [port["port"] for port in service["ports"]] == [port["containerPort"] for port in container["ports"]]


def test_a_probe_can_be_of_another_kind():
    settings = {"livenessProbe.httpGet": None, "livenessProbe.tcpSocket": {"port": "http"}}
    [container] = pod_of(template("minimal", settings=settings))["spec"]["containers"]

    assert container["livenessProbe"].keys() & {"httpGet", "tcpSocket"} == {"tcpSocket"}


def test_the_test_asks_as_prometheus_does():
    urls = [only(template(values), "Pod")["spec"]["containers"][0]["args"][-1] for values in ("minimal", "everything")]

    assert urls == [
        "http://email-stats-email-stats-exporter:10587/metrics",
        "https://email-stats:10587/metrics",
    ]


@pytest.mark.parametrize("values", VALUE_FILES)
def test_every_mount_is_a_whole_volume_that_is_there(values):
    """A file that is mounted by subPath is never renewed."""
    pod = pod_of(template(values))["spec"]
    mounts = pod["containers"][0]["volumeMounts"]

    claims = only(template(values), "StatefulSet")["spec"].get("volumeClaimTemplates", [])
    volumes = {*(each["name"] for each in pod["volumes"]), *(each["metadata"]["name"] for each in claims)}

    assert [mount for mount in mounts if "subPath" in mount] == []
    assert {mount["name"] for mount in mounts} == volumes
    assert len(pod["volumes"]) + len(claims) == len(mounts)
    assert len({mount["mountPath"] for mount in mounts}) == len(mounts)


@pytest.mark.parametrize("values", VALUE_FILES)
def test_the_program_knows_its_flags(values):
    [container] = pod_of(template(values))["spec"]["containers"]
    flags = parser(version="", scenarios=()).parse_args(container["args"])

    assert flags.config_file.parent == Path("/etc/email-stats-exporter")


def test_a_pod_is_renewed_for_a_new_configuration_and_for_nothing_that_it_reads_anew_itself():
    pod = pod_of(template("everything"))
    other_customers = {"customerFiles": {"europe.json": [{"user": "new@example.com"}]}}

    assert pod_of(template("everything", settings=other_customers)) == pod
    assert pod_of(template("everything", settings={"config.polling.timeout": "6s"})) != pod
    assert pod_of(template("minimal", settings={"state.enabled": False})) != pod_of(template("minimal"))
    assert "annotations" not in pod_of(template("nothing"))["metadata"]


def test_a_pod_that_is_told_to_reload_is_not_renewed_for_a_new_configuration():
    settings = {"restartOnConfigChange": False}
    changed = template("everything", settings=settings | {"config.polling.timeout": "6s"})

    assert pod_of(changed) == pod_of(template("everything", settings=settings))
    assert '"timeout": "6s"' in named(changed, "ConfigMap", "-config")["data"]["config.json"]


@pytest.mark.parametrize("values", ["minimal", "everything", "hostile"])
def test_configuration_and_customers_arrive_as_they_were_written(values):
    """Text for text: `=`, `12:30:45` and `0123` are what one reader of YAML takes for text, and another doesn't."""
    objects, written = template(values), values_of(values)
    configuration = named(objects, "ConfigMap", "-config")["data"]

    expected = {"state": {"path": "/var/lib/email-stats-exporter/state.db"}} | written["config"]
    assert {name: yaml.safe_load(text) for name, text in configuration.items()} == {"config.json": expected}
    if files := written.get("customerFiles"):
        customers = named(objects, "ConfigMap", "-customers")["data"]
        assert {name: yaml.safe_load(text) for name, text in customers.items()} == files


@pytest.mark.parametrize("values", ["minimal", "everything", "hostile"])
def test_the_exporter_takes_what_is_mounted(values, tmp_path):
    lay_out(template(values), tmp_path)
    program = [sys.executable, "-m", "exporter", "check"]
    file = tmp_path / "etc/email-stats-exporter/config.json"
    environment = {"BENTO_PUB": "a key"}

    result = subprocess.run(
        [*program, f"--config.file={file}"], capture_output=True, text=True, check=False, env=environment
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_what_is_packaged_holds_the_rules_and_dashboards_themselves(tmp_path):
    """Where the chart lies in the repository they are links to the folders in which they are kept."""
    result = run("helm", "package", str(CHART), f"--destination={tmp_path}")

    assert result.returncode == 0, result.stderr
    [package] = tmp_path.glob("*.tgz")
    assert template("everything", chart=package) == template("everything")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"config": {}}, "give the exporter's configuration as config, or the name of a ConfigMap"),
        ({"existingConfigMap.name": "stats"}, "give config or existingConfigMap.name, not both"),
        (
            {"customerFiles": {"a.json": []}, "existingCustomersConfigMap": "more"},
            "give customerFiles or existingCustomersConfigMap, not both",
        ),
    ],
)
def test_values_that_say_nothing_or_two_things_are_refused(settings, words):
    assert words in refusal("minimal", settings=settings)


def lay_out(objects, root):
    """Put what a pod's volumes hold under a folder that stands for the pod's root, paths in the configuration too."""
    pod = pod_of(objects)["spec"]
    contents = {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}
    volumes = {volume["name"]: volume for volume in pod["volumes"] if "configMap" in volume or "secret" in volume}
    for mount in pod["containers"][0]["volumeMounts"]:
        folder = root / mount["mountPath"].lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        # What the exporter writes to is empty at first.
        volume = volumes.get(mount["name"], {"configMap": {"name": ""}})
        if "secret" in volume:
            paths = [item["path"] for item in volume["secret"].get("items", [])]
            # Which keys a Secret has is not for the chart to know; these are those that the value files name.
            files = dict.fromkeys(paths or ["password", "secret"], "a secret\n")
        else:
            files = contents.get(volume["configMap"]["name"], {})
        for name, text in files.items():
            (folder / name).write_text(re.sub('"(?=/run/|/var/lib/)', f'"{root}', text), encoding="utf-8")
