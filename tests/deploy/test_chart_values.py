"""The chart's values are all described, mistakes in them are refused, and a secret can't be one of them."""

import json
import re

import pytest

from docs.generator import chart
from exporter.config import json_schema
from exporter.providers import discover
from tests.deploy.chart_tools import CHART, VALUE_FILES, kinds, refusal, template

SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
SOURCE = "config.sources[0]"


def secret_keys():
    """Return every key that holds a secret in the exporter's configuration, whoever the provider is."""
    schema = json_schema({type_: provider.config for type_, provider in discover().items()})
    keys = {key for definition in schema["$defs"].values() for key in definition["properties"]}
    return {key for key in keys if {f"{key}_file", f"{key}_env"} <= keys}


def test_the_secrets_of_every_provider_are_known():
    assert secret_keys() == {"api_key", "password", "publishable_key", "secret_key"}


@pytest.mark.parametrize("key", ["api_key", "password", "publishable_key", "secret_key"])
@pytest.mark.parametrize("place", [f"{SOURCE}.credentials", f"{SOURCE}.customers[0].credentials"])
def test_a_secret_is_refused_as_a_value_without_repeating_it(place, key):
    told = refusal("minimal", settings={f"{place}.{key}": "hunter2"})

    assert f"additional properties '{key}' not allowed" in told
    assert "hunter2" not in told


def test_a_secret_in_a_customer_file_is_refused_too():
    customers = [{"site_uuid": "0123abcd", "credentials": {"secret_key": "hunter2"}}]
    told = refusal("minimal", settings={"customerFiles": {"a.json": customers}})

    assert "at '/customerFiles/a.json/0/credentials': additional properties 'secret_key' not allowed" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("values", VALUE_FILES)
def test_no_secret_is_made(values):
    assert "Secret" not in kinds(template(values))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"replica": 2}, "additional properties 'replica' not allowed"),
        ({"image.tags": "1"}, "at '/image': additional properties 'tags' not allowed"),
        ({"image.tag": 1}, "at '/image/tag': got number, want string"),
        ({"image.tag": "a b"}, "at '/image/tag': 'a b' does not match pattern"),
        ({"image.digest": "sha256:12"}, "at '/image/digest'"),
        ({"image.pullPolicy": "always"}, "at '/image/pullPolicy': value must be one of 'Always'"),
        ({"replicas": "2"}, "at '/replicas': got string, want integer"),
        ({"replicas": -1}, "at '/replicas': minimum: got -1, want 0"),
        ({"fullnameOverride": "A"}, "at '/fullnameOverride'"),
        ({"fullnameOverride": "a" * 53}, "at '/fullnameOverride'"),
        ({"nameOverride": "a_b"}, "at '/nameOverride'"),
        ({"commonLabels": {"a": 1}}, "at '/commonLabels/a': got number, want string"),
        ({"podAnnotations": {"a": True}}, "at '/podAnnotations/a': got boolean, want string"),
        ({"config.sources": {}}, "at '/config/sources': got object, want array"),
        ({"config.sources": [{"name": "a"}]}, "at '/config/sources/0': missing property 'type'"),
        ({"customerFiles": {"a.yaml": []}}, "'a.yaml' does not match pattern"),
        ({"customerFiles": {"../a.json": []}}, "does not match pattern"),
        ({"customerFiles": {"a.json": {}}}, "got object, want array"),
        ({"existingConfigMap": "stats"}, "at '/existingConfigMap': got string, want object"),
        ({"secrets": {"a": "b"}}, "at '/secrets/a': got string, want object"),
        ({"secrets": {"a": {"name": "b"}}}, "missing property 'secretName'"),
        ({"secrets": {"a/b": {"secretName": "b"}}}, "'a/b' does not match pattern"),
        ({"secrets": {"a": {"secretName": "b", "items": [{"key": "a", "path": "../b"}]}}}, "does not match pattern"),
        ({"config.state": "state.db"}, "at '/config/state': got string, want null or object"),
        ({"state.persistence.size": "1 GB"}, "at '/state/persistence/size': '1 GB' does not match pattern"),
        ({"state.persistence.size": 1}, "at '/state/persistence/size': got number, want string"),
        ({"state.persistence.accessModes": ["RWO"]}, "at '/state/persistence/accessModes/0': value must be one of"),
        ({"state.persistence.accessModes": []}, "at '/state/persistence/accessModes': minItems: got 0, want 1"),
        ({"state.persistence.storageClassName": "A"}, "at '/state/persistence/storageClassName'"),
        ({"state.persistence.existingClaim": "A_B"}, "at '/state/persistence/existingClaim'"),
        ({"state.path": "/state.db"}, "at '/state': additional properties 'path' not allowed"),
        ({"restartOnConfigChange": "no"}, "at '/restartOnConfigChange': got string, want boolean"),
        ({"extraEnv": {"A": "1"}}, "at '/extraEnv': got object, want array"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "got number, want string"),
        ({"extraArgs": ["run"]}, "at '/extraArgs/0': 'run' does not match pattern"),
        ({"log.level": "trace"}, "at '/log/level': value must be one of 'debug'"),
        ({"serviceMonitor.interval": "30"}, "at '/serviceMonitor/interval': '30' does not match pattern"),
        ({"serviceMonitor.scheme": "HTTPS"}, "at '/serviceMonitor/scheme'"),
        ({"serviceMonitor.basicAuth": {"username": "a"}}, "at '/serviceMonitor/basicAuth/username'"),
        ({"serviceMonitor.droppedLabels": ["customer"]}, "at '/serviceMonitor/droppedLabels/0': 'not' failed"),
        ({"prometheusRule.disabled": "A"}, "at '/prometheusRule/disabled': got string, want array"),
        ({"podDisruptionBudget.maxUnavailable": "half"}, "at '/podDisruptionBudget/maxUnavailable'"),
        ({"networkPolicy.egress.vendorPort": 0}, "at '/networkPolicy/egress/vendorPort'"),
    ],
)
def test_a_mistake_is_refused_with_its_place(settings, words):
    assert words in refusal("minimal", settings=settings)


def test_the_readme_has_the_values_as_they_are():
    written = (CHART / "README.md").read_text(encoding="utf-8")

    assert written.splitlines() == chart.readme().splitlines(), "the chart's README has fallen behind; run: make docs"


def test_every_value_stands_in_the_schema_and_in_the_readme_with_what_it_is():
    rows = re.findall(r"^\| `([\w.]+)` \| `.+?` \| (.+) \|$", chart.readme(), re.MULTILINE)

    assert sorted(path for path, _ in rows) == sorted({*leaves(SCHEMA["properties"])} - {"global"})
    assert [path for path, text in rows if not re.fullmatch(r"[A-Z`].+\.", text)] == []


def test_a_value_s_text_ends_where_its_example_begins(tmp_path):
    (tmp_path / "README.md").write_text(f"Before\n{chart._BEGIN}old\n{chart._END}After\n", encoding="utf-8")
    (tmp_path / "values.yaml").write_text(
        "# One, which\n# goes on.\n#\n#   an: example\none: {a: [1]}\n\ntwo:\n  # Inner | bar.\n  inner: ''\n",
        encoding="utf-8",
    )

    assert chart.readme(tmp_path).replace(chart._BEGIN, "").replace(chart._END, "") == (
        "Before\n\n"
        "| value | default | what it is |\n| --- | --- | --- |\n"
        '| `one` | `{"a": [1]}` | One, which goes on. |\n'
        '| `two.inner` | `""` | Inner \\| bar. |\n\n'
        "After\n"
    )


def leaves(properties, prefix=""):
    """Yield the path of each value in the schema; one that takes whatever Kubernetes does is a single value."""
    for name, schema in properties.items():
        if schema.get("additionalProperties") is False:
            yield from leaves(schema["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
