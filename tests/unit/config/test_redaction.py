"""The configuration in use, as it is shown: whole, and without secrets."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import Config, load
from exporter.config.redaction import redacted
from exporter.config.values import is_name
from tests.unit.config.letters import LETTERS

HEAD = "sources:\n  - {name: post, type: letters, credentials: {password: hunter2}, customers: ["


def test_defaults_are_filled_in_and_secrets_are_not_shown(loaded):
    config = loaded(
        "sources:\n"
        "  - name: post\n"
        "    type: letters\n"
        "    credentials: {username: anna, password: hunter2, second_key: hunter3}\n"
        "    http: {proxy_url: 'http://proxy:3128'}\n"
        "    rate_limit: {calls: 30, per: 1h, shared: all}\n"
        "    customers:\n"
        "      - {box: '1', name: first, labels: {tier: gold}}\n"
        "      - box: 'no'\n"
    )

    assert redacted(config).partition("sources:\n")[2] == (
        "  - name: post\n"
        "    type: letters\n"
        "    allow_http: false\n"
        "    base_url: https://letters.example.com\n"
        "    http:\n"
        "      proxy_url: http://proxy:3128\n"
        "    rate_limit:\n"
        "      calls: 30\n"
        "      per: 1h\n"
        "      shared: all\n"
        "    timezone: UTC\n"
        "    collectors:\n"
        "      totals:\n"
        "        enabled: true\n"
        "        interval: 15m\n"
        "      daily:\n"
        "        enabled: true\n"
        "        interval: 15m\n"
        "        days: 3\n"
        "    credentials:\n"
        "      username: anna\n"
        "      password: <secret>\n"
        "      second_key: <secret>\n"
        "    customers:\n"
        '      - {"box": "1", "name": "first", "labels": {"tier": "gold"}}\n'
        '      - {"box": "no"}\n'
    )
    assert "  drop_after: 1d\n" in redacted(config)
    assert "hunter" not in redacted(config)


def test_customers_of_files_are_not_listed_but_their_patterns_are(loaded, tmp_path):
    (tmp_path / "more.yaml").write_text("- box: '2'\n")
    config = loaded(HEAD + "{box: '1'}], customer_files: ['*.yaml']}\n")

    assert [each.id for each in config.sources[0].customers] == ["1", "2"]
    assert redacted(config).endswith('    customers:\n      - {"box": "1"}\n')
    assert "    customer_files:\n    - '*.yaml'\n" in redacted(config)


def test_secrets_of_customers_are_not_shown_either(loaded):
    config = loaded(
        "sources: [{name: post, type: parcels, credentials: {password: hunter2},"
        " customers: [{box: '1', credentials: {password: hunter3}}]}]\n"
    )

    assert redacted(config).endswith('      - {"box": "1", "credentials": {"password": "<secret>"}}\n')
    assert "hunter" not in redacted(config)


TEXT = st.text(min_size=1, max_size=20).filter(is_name)
CUSTOMER = st.tuples(TEXT, TEXT, TEXT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CUSTOMER, min_size=1, unique_by=(lambda each: each[0], lambda each: each[1])))
def test_what_is_shown_is_the_configuration_itself(tmp_path, customers):
    """But for the secrets; whatever names there are."""
    entries = [{"box": box, "name": name, "labels": {"no": value}} for box, name, value in customers]
    file = tmp_path / "config.json"
    source = {"name": "post", "type": "letters", "credentials": {"password": "<secret>"}, "customers": entries}
    file.write_text(json.dumps({"sources": [{**source, "rate_limit": {"calls": 1_000_000}}]}))
    config: Config = load(file, LETTERS)
    shown = tmp_path / "shown.yaml"
    shown.write_text(redacted(config), encoding="utf-8")

    again = load(shown, LETTERS)

    assert again == config
    assert redacted(again) == redacted(config)


@pytest.mark.parametrize("word", ["no", "on", "null", "~", "1e3", "2026-01-01", "0x10", "'", '"', "#", "- x", "é", "☃"])
def test_no_word_becomes_anything_else(loaded, word):
    config = loaded(f"{HEAD}{{box: {json.dumps(word, ensure_ascii=False)}}}]}}\n")

    assert loaded(redacted(config), "shown.yaml").sources[0].customers[0].id == word
