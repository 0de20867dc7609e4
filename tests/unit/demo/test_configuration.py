from pathlib import Path

import pytest
import yaml

from exporter.demo import configuration


@pytest.fixture
def sources(world) -> dict[str, dict]:
    return {
        each["name"]: each
        for each in yaml.safe_load(configuration("http://127.0.0.1:1234", "secret", world))["sources"]
    }


def test_every_type_of_source_is_there(sources):
    assert [(each["name"], each["type"]) for each in sources.values()] == [
        ("demo", "sendgrid_reseller"),
        ("classic", "sendgrid_distributor"),
        ("team", "sendgrid_customer"),
        ("subusers", "sendgrid_v3"),
        ("partners", "sendgrid_v3"),
        ("shops", "bento"),
    ]
    assert {each["base_url"] for each in sources.values()} == {"http://127.0.0.1:1234"}


def test_a_type_can_be_had_alone(world):
    text = configuration("http://127.0.0.1:1234", "secret", world, types={"sendgrid_reseller"})

    assert [each["name"] for each in yaml.safe_load(text)["sources"]] == ["demo"]


def test_every_customer_of_the_reseller_is_configured_with_its_name_labels_and_zone(world, sources):
    section = sources["demo"]

    assert section["credentials"] == {"username": "demo", "password": "secret"}
    assert [each["user"] for each in section["customers"]] == [account.user for account in world.customers]
    assert section["customers"][1] == {
        "user": "news@daily-herald.example",
        "name": "daily-herald",
        "timezone": "Europe/Berlin",
        "labels": {"tier": "gold"},
    }
    assert sum("timezone" in each for each in section["customers"]) == 2


@pytest.mark.parametrize(
    ("name", "credentials"),
    [
        ("demo", {"username": "other: {one}", "password_file": "/run/pass word"}),
        ("subusers", {"api_key_file": "/run/pass word"}),
        ("shops", {"publishable_key": "other: {one}", "secret_key_file": "/run/pass word"}),
    ],
)
def test_a_password_file_keeps_the_password_out_of_the_text(world, name, credentials):
    text = configuration("http://127.0.0.1:1234", Path("/run/pass word"), world, username="other: {one}")

    assert {each["name"]: each["credentials"] for each in yaml.safe_load(text)["sources"]}[name] == credentials


def test_intervals_are_short_enough_to_watch(sources):
    intervals = {options["interval"] for section in sources.values() for options in section["collectors"].values()}

    assert intervals == {"10s", "30s", "1m"}


def test_a_site_asks_for_what_it_has(sources):
    first, second, third = sources["shops"]["customers"]

    assert first["segments"] == "all"
    assert second["segments"] == [{"id": "segment-readers", "name": "readers"}]
    assert first["reports"][1] == {"id": "rep_campaign", "name": "campaign", "fields": ["sent", "rate.open"]}
    assert third == {"site_uuid": "0e7d1b3c5a9f4e2d8c6b4a2f1e0d9c03", "name": "quiet-harbour"}
