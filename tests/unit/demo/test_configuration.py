from pathlib import Path

import yaml

from exporter.demo import configuration


def test_every_customer_is_configured_with_its_name_labels_and_zone(world):
    section = yaml.safe_load(configuration("http://127.0.0.1:1234", "secret", world))["sources"][0]

    assert section["base_url"] == "http://127.0.0.1:1234"
    assert section["credentials"] == {"username": "demo", "password": "secret"}
    assert [each["user"] for each in section["customers"]] == [account.user for account in world.customers]
    assert section["customers"][1] == {
        "user": "news@daily-herald.example",
        "name": "daily-herald",
        "timezone": "Europe/Berlin",
        "labels": {"tier": "gold"},
    }
    assert sum("timezone" in each for each in section["customers"]) == 2


def test_a_password_file_keeps_the_password_out_of_the_text(world):
    text = configuration("http://127.0.0.1:1234", Path("/run/pass word"), world, username="other: {one}")

    assert yaml.safe_load(text)["sources"][0]["credentials"] == {
        "username": "other: {one}",
        "password_file": "/run/pass word",
    }


def test_intervals_are_short_enough_to_watch(world):
    section = yaml.safe_load(configuration("http://127.0.0.1:1234", "secret", world))["sources"][0]

    assert section["collectors"] == {
        "totals": {"interval": "10s", "fields": "all"},
        "daily": {"interval": "10s", "days": 3, "fields": "all"},
        "credits": {"interval": "30s"},
    }
