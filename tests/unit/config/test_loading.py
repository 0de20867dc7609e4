import gc
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.config import Config, load
from exporter.errors import ConfigError
from tests.unit.config.letters import LETTERS, LetterSource

GOOD = """
sources:
  - name: post
    type: letters
    credentials: {password: x}
    customers: [{box: a}]
"""
KEYS = [
    *("sources", "name", "type", "credentials", "password", "password_file", "password_env", "customers", "box"),
    *("labels", "timezone", "collectors", "daily", "days", "interval", "rate_limit", "calls", "per", "shared", "http"),
    *("proxy_url", "ca_file", "base_url", "polling", "retry", "attempts", "limits", "max_series", "language", "totals"),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**400)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["letters", "15m", "UTC", "https://example.com", "http://[", "\ud800", "\x00", "<<", "8MiB", "."])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=25,
)
SOURCES = st.fixed_dictionaries(
    {"type": st.just("letters")}, optional={key: TREES for key in KEYS if key not in ("sources", "type")}
)
LINES = st.lists(
    st.builds(
        lambda depth, text: " " * depth + text,
        st.integers(min_value=0, max_value=6),
        st.sampled_from([f"{key}:" for key in KEYS])
        | st.sampled_from(
            ["- ", "? ", "<<: *a", "&a", "*a", "!!set", "!!int x", "!!binary x", "- - -", "---", "...", "|", ">"]
        )
        | st.sampled_from(
            ["[", "]", "{", "}", "'", '"', "type: letters", "- name: 1:30", "=", "%YAML 9", "\t", "~: 1", "0b: 1"]
        )
        | st.text(max_size=10),
    ),
    max_size=14,
).map("\n".join)

# The folder is the same for all examples; each overwrites the file of the one before.
anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def is_config_or_error(path):
    try:
        return isinstance(load(path, LETTERS), Config)
    except ConfigError as error:
        # A terminal or a log file must be able to show it.
        str(error).encode()
        return bool(error.problems)


@anything
@given(TREES | st.fixed_dictionaries({"sources": st.lists(SOURCES, max_size=3)}))
@example({"sources": [{"type": "letters", "collectors": {"sources": False, "daily": None}}]})
def test_whatever_json_holds_it_is_a_configuration_or_a_list_of_mistakes(written, tree):
    assert is_config_or_error(written(json.dumps(tree), "config.json"))


@anything
@given(TREES | st.fixed_dictionaries({"sources": st.lists(SOURCES, max_size=3)}))
def test_whatever_yaml_holds_it_is_a_configuration_or_a_list_of_mistakes(written, tree):
    assert is_config_or_error(written(json.dumps(tree)))


@anything
@given(LINES)
@example("sources: &a\n- <<: *a")
@example("? <<\n: <<")
@example("'<<': 1\n<<: {a: 1}")
def test_whatever_text_looks_like_yaml_it_is_a_configuration_or_a_list_of_mistakes(written, text):
    assert is_config_or_error(written(text.encode("utf-8", "surrogatepass")))


@anything
@given(st.binary(max_size=30))
def test_whatever_bytes_a_file_holds_it_is_a_configuration_or_a_list_of_mistakes(written, content):
    assert is_config_or_error(written(content))


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("content", [GOOD, "sources: []", "["])
def test_the_garbage_collector_is_left_as_it_was(written, content, is_on):
    was_on = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        is_config_or_error(written(content))
        assert gc.isenabled() == is_on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_yaml_and_json_are_the_same_configuration(loaded):
    as_json = {
        "sources": [
            {"name": "post", "type": "letters", "credentials": {"password": "x"}, "customers": [{"box": "a"}]},
        ]
    }

    assert loaded(json.dumps(as_json), "config.json") == loaded(GOOD)


def test_paths_are_relative_to_the_file_s_folder(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "config.yaml").write_text(GOOD.replace("password: x", "password_file: secret"))
    monkeypatch.chdir(elsewhere)

    [source] = load(Path("../config.yaml"), LETTERS).sources

    assert isinstance(source, LetterSource)
    assert source.credentials.password.value() == "hunter2"


def test_a_text_is_read_as_if_it_stood_in_the_file(tmp_path):
    [source] = load(tmp_path / "nowhere.yaml", LETTERS, GOOD).sources

    assert source.name == "post"
    with pytest.raises(ConfigError, match=r"nowhere\.yaml:\d+: sources\[0\]\.nmae: "):
        load(tmp_path / "nowhere.yaml", LETTERS, GOOD.replace("name: post", "nmae: post", 1))


def test_a_secret_may_come_from_the_environment(loaded, monkeypatch):
    monkeypatch.setenv("HUNTER", "hunter2")

    [source] = loaded(GOOD.replace("password: x", "password_env: HUNTER")).sources

    assert isinstance(source, LetterSource)
    assert source.credentials.password.value() == "hunter2"


def test_a_very_long_list_of_customers_keeps_its_order(loaded):
    customers = ", ".join(f'{{"box": "{number}"}}' for number in range(5000))
    content = GOOD.replace("{box: a}", customers).replace(
        "type: letters", "type: letters\n    rate_limit: {calls: 9999}"
    )

    [source] = loaded(content).sources

    assert [customer.label for customer in source.customers] == [str(number) for number in range(5000)]
