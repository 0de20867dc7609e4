"""What a cluster is given is valid for each of its versions and safe, with Helm or without."""

import copy
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import exporter
from tests.deploy.chart_tools import MANIFESTS, ROOT, VALUE_FILES, kinds, manifests, only, run, template

COMPONENTS = ["network-policy", "prometheus-operator"]
# The oldest that the chart takes, some in between, and the newest that the checker knows of.
VERSIONS = ["1.27", "1.30", "1.33", "1.36"]
CHECKOV = ("--framework", "kubernetes", "--skip-download", "--compact", "--quiet")
# Secrets are safer in files than in the environment, says checkov; whoever wants them there is left to hear it.
WITHOUT_ENVIRONMENT: Mapping[str, object] = {"extraEnv": [], "extraEnvFrom": []}
# kubernetes-validate has no schemas of Prometheus Operator's.
FOREIGN = {"PrometheusRule", "ServiceMonitor"}
DEFAULT_NAMESPACE = "email-stats-exporter"


def kustomized(folder):
    """Return what kustomize makes of a folder."""
    result = run("kubectl", "kustomize", str(folder))
    assert result.returncode == 0, result.stderr
    return manifests(result.stdout)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Give the plain manifests with all components."""
    folder = tmp_path_factory.mktemp("overlay")
    links = {name: folder / name for name in ("base", *COMPONENTS)}
    for name, link in links.items():
        link.symlink_to(MANIFESTS if name == "base" else MANIFESTS / name, target_is_directory=True)
    written = {"resources": ["base"], "components": COMPONENTS}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    return kustomized(folder)


def written_to(folder: Path, objects) -> str:
    file = folder / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_would_take_the_chart_s_objects_and_the_plain_ones(version, plain, tmp_path):
    objects = [*plain, *(each for values in VALUE_FILES for each in template(values))]
    known = [each for each in objects if each["kind"] not in FOREIGN]

    result = run("venv/bin/kubernetes-validate", "--strict", "-k", version, written_to(tmp_path, known))

    assert result.returncode == 0, result.stdout + result.stderr
    assert (result.stdout + result.stderr).count(" passed for resource ") == len(known)


def test_what_kubernetes_would_not_take_is_found(plain, tmp_path):
    broken = only(plain, "Service") | {"spec": {"ports": [{"port": "http"}]}}

    result = run("venv/bin/kubernetes-validate", "--strict", "-k", VERSIONS[0], written_to(tmp_path, [broken]))

    assert result.returncode != 0


def test_checkov_finds_nothing(plain, tmp_path):
    for values in ("minimal", "everything", "hostile", "manifests"):
        write_for_checkov(tmp_path / f"{values}.yaml", template(values, settings=WITHOUT_ENVIRONMENT))
    write_for_checkov(tmp_path / "plain.yaml", plain)

    result = run("venv/bin/checkov", *CHECKOV, "--directory", str(tmp_path))

    assert result.returncode == 0, result.stdout
    # It has looked at all five.
    passed = re.search(r"Passed checks: (\d+), Failed checks: 0,", result.stdout)
    assert passed, result.stdout + result.stderr
    assert int(passed[1]) > 5 * 80


def test_checkov_would_find_something(plain, tmp_path):
    broken = copy.deepcopy(only(plain, "StatefulSet"))
    del broken["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    write_for_checkov(tmp_path / "broken.yaml", [broken])

    result = run("venv/bin/checkov", *CHECKOV, "--directory", str(tmp_path))

    assert result.returncode == 1
    assert "CKV_K8S_20" in result.stdout


def test_what_is_not_followed_of_checkov_says_why(plain):
    objects = [*plain, *template("minimal")]
    skips = [
        text
        for each in objects
        for key, text in each["metadata"].get("annotations", {}).items()
        if key.startswith("checkov.io/skip")
    ]

    assert [text for text in skips if not re.fullmatch(r"CKV2?_K8S_\d+=\w.{15,}", text)] == []
    assert {text.partition("=")[0] for text in skips} == {
        "CKV_K8S_8",
        "CKV_K8S_9",
        "CKV_K8S_15",
        "CKV_K8S_43",
        "CKV2_K8S_6",
    }


def test_what_values_mend_is_not_excused():
    annotations = only(template("everything"), "StatefulSet")["metadata"].get("annotations", {})

    assert annotations == {}


@pytest.mark.parametrize("kind", ["ServiceAccount", "Service", "StatefulSet", "NetworkPolicy", "ServiceMonitor"])
def test_the_plain_manifests_are_the_chart_s(kind, plain):
    ours = comparable(only(plain, kind))
    [theirs] = [comparable(each) for each in template("manifests", release=DEFAULT_NAMESPACE) if each["kind"] == kind]

    assert ours == theirs


def test_the_plain_manifests_hold_nothing_else(plain):
    of_the_chart = kinds(template("manifests"))

    # Of Helm's alone is the test; kustomize's alone are the namespace and the configuration made from a file.
    assert sorted(kinds(plain)) == sorted({*of_the_chart, "Namespace", "ConfigMap"} - {"Pod"})


def test_the_namespace_of_the_plain_manifests_takes_nothing_but_the_restricted_profile(plain):
    assert only(plain, "Namespace")["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert {each["metadata"].get("namespace", DEFAULT_NAMESPACE) for each in plain} == {DEFAULT_NAMESPACE}


def test_another_configuration_is_another_pod(plain):
    """Its name tells its content."""
    name = only(plain, "ConfigMap")["metadata"]["name"]
    volumes = only(plain, "StatefulSet")["spec"]["template"]["spec"]["volumes"]

    assert re.fullmatch(r"email-stats-exporter-config-[a-z0-9]{10}", name)
    assert name in [volume["configMap"]["name"] for volume in volumes if "configMap" in volume]


def test_the_image_of_the_plain_manifests_is_this_version_s():
    written = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text(encoding="utf-8"))

    assert [image["newTag"] for image in written["images"]] == [exporter.__version__]


@pytest.mark.parametrize(
    ("document", "marks", "switched_on"),
    [
        ("deploy/helm/email-stats-exporter/README.md", "config:\n", {"ConfigMap", "PrometheusRule", "ServiceMonitor"}),
        ("docs/kubernetes.md", "networkPolicy:\n", {"NetworkPolicy"}),
        ("docs/kubernetes.md", "extraArgs:", {"StatefulSet"}),
    ],
)
def test_values_that_are_shown_work(document, marks, switched_on, tmp_path):
    text = (ROOT / document).read_text(encoding="utf-8")
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith(marks)]
    (tmp_path / "shown.yaml").write_text(shown, encoding="utf-8")

    assert switched_on <= {*kinds(template("minimal", str(tmp_path / "shown")))}


@pytest.mark.parametrize("document", ["docs/kubernetes.md"])
def test_every_link_leads_somewhere(document):
    page = ROOT / document
    links = re.findall(r"\]\(([^):#]+)[^):]*\)", page.read_text(encoding="utf-8"))

    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_kustomization_of_the_documentation_works(tmp_path):
    text = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "\ncomponents:" in block]
    (tmp_path / "email-stats-exporter").symlink_to(ROOT, target_is_directory=True)
    (tmp_path / "kustomization.yaml").write_text(shown, encoding="utf-8")
    (tmp_path / "config.yaml").write_text("sources: []  # mine\n", encoding="utf-8")

    objects = kustomized(tmp_path)

    assert only(objects, "ConfigMap")["data"] == {"config.yaml": "sources: []  # mine\n"}
    assert {"NetworkPolicy", "ServiceMonitor"} <= {*kinds(objects)}


def write_for_checkov(file, objects):
    """Write objects without what it takes for a template, at which it looks no further."""
    file.write_text(yaml.safe_dump_all(objects).replace("{{ .", "{{ "), encoding="utf-8")


def comparable(manifest):
    """Return an object without what Helm and kustomize each have of their own."""
    name = manifest["metadata"]["name"]
    text = yaml.safe_dump({key: each for key, each in manifest.items() if key != "metadata"} | {"name": name})
    read = yaml.safe_load(re.sub(r"email-stats-exporter-config-[a-z0-9]{10}", "email-stats-exporter-config", text))
    spec = read.get("spec", {})
    if manifest["kind"] == "NetworkPolicy":
        # After Prometheus comes the pod of helm test.
        del spec["ingress"][0]["from"][1:]
    if manifest["kind"] == "ServiceMonitor":
        del spec["namespaceSelector"]
    return without_release(read)


def without_release(node):
    """Return a tree without the label that tells Helm's releases apart."""
    if isinstance(node, dict):
        return {key: without_release(each) for key, each in node.items() if key != "app.kubernetes.io/instance"}
    return [without_release(each) for each in node] if isinstance(node, list) else node
