import re
from pathlib import Path

import pytest

from exporter.config import json_schema, load
from exporter.providers import discover

EXAMPLE = Path(__file__).parents[3] / "config.example.yaml"
MODELS = {kind: provider.config for kind, provider in discover().items()}


@pytest.fixture
def example(monkeypatch):
    for name in ("SENDGRID_PASSWORD", "SENDGRID_API_KEY", "BENTO_PUBLISHABLE_KEY", "BENTO_SECRET_KEY"):
        monkeypatch.setenv(name, "hunter2")
    return load(EXAMPLE, MODELS)


def test_the_example_loads_as_it_stands(example):
    source, mail, shop = example.sources

    assert source.name == "acme"
    assert source.credentials.password.value() == "hunter2"
    assert [customer.label for customer in source.customers] == ["acme-eu", "another@example.com"]
    assert mail.name == "mail"
    assert mail.credentials.api_key.value() == "hunter2"
    assert [customer.label for customer in mail.customers] == ["mail-newsletter", "mail-partner", "mail-own"]
    assert shop.name == "shop"
    assert shop.credentials.secret_key.value() == "hunter2"
    assert [customer.label for customer in shop.customers] == ["shop"]


def test_the_example_s_values_are_the_defaults(example, tmp_path):
    least = tmp_path / "config.yaml"
    least.write_text("""
sources:
  - name: acme
    type: sendgrid_reseller
    credentials: {username: acme, password_env: SENDGRID_PASSWORD}
    customers:
      - {user: customer@example.com, name: acme-eu, labels: {tier: gold}}
      - user: another@example.com
  - name: mail
    type: sendgrid_v3
    credentials: {api_key_env: SENDGRID_API_KEY}
    discovery: {}
    customers:
      - {subuser: newsletter, name: mail-newsletter}
      - {account: sg2a2bcd3ef4ab5c67d8efab91c01de2fa, name: mail-partner}
      - {own: true, name: mail-own}
  - name: shop
    type: bento
    credentials: {publishable_key_env: BENTO_PUBLISHABLE_KEY, secret_key_env: BENTO_SECRET_KEY}
    customers:
      - site_uuid: 0123abcd-4567-89ef-0123-456789abcdef
        name: shop
        segments: [{id: seg_1, name: vip}]
        reports: [{id: rep_9, name: revenue, fields: [sent, rate.open]}]
        ads: [{name: by-source, dimension: source, start_date: 30 days ago, revenue_mode: all_revenue}]
""")

    # There is no state by default: where it may be written is for the user to say.
    assert load(least, MODELS) == example.model_copy(update={"state": None})


def test_the_example_names_every_key_that_there_is():
    text = EXAMPLE.read_text()
    schema = json_schema(MODELS)
    sections = [schema, *schema["$defs"].values()]
    keys = {re.sub("_(file|env)$", "", key) for section in sections for key in section["properties"]}

    assert [key for key in sorted(keys) if not re.search(rf"\b{key}(_file|_env)?\b", text)] == []
