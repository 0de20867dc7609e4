"""What a configuration has in common with the one before it."""

import json

import pytest

from exporter.config import load
from exporter.config.comparison import account_of, is_same_source, take_over_secrets
from tests.unit.config.letters import LETTERS

SOURCE = {
    "name": "post",
    "type": "letters",
    "credentials": {"username": "anna", "password": "hunter2"},
    "rate_limit": {"calls": 1000, "per": "1m"},
    "customers": [{"box": "1"}],
}
DISCOVERY = {"interval": "1h", "include": "^a", "exclude": "b$", "label": "id"}


@pytest.fixture
def source(written):
    """Load a source with some keys changed."""

    def make(base=SOURCE, **changes):
        file = written(json.dumps({"sources": [{**base, **changes}]}), "config.json")
        return load(file, LETTERS).sources[0]

    return make


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customers": [{"box": "2"}]},
        {"customers": [{"box": "1", "labels": {"tier": "gold"}}]},
        {"customer_files": ["*.nothing"]},
        {"rate_limit": {"calls": 1000}},
        {"base_url": "https://letters.example.com/"},
    ],
)
def test_a_source_is_the_same_whoever_its_customers_are(source, changes):
    assert is_same_source(source(**changes), source())


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "parcels"},
        {"base_url": "https://other.example.com"},
        {"credentials": {"username": "anna", "password": "hunter3"}},
        {"credentials": {"username": "berta", "password": "hunter2"}},
        {"credentials": {"username": "anna", "password": "hunter2", "second_key": "x"}},
        {"rate_limit": {"calls": 1000, "per": "2m"}},
        {"rate_limit": {"calls": 1000, "shared": "all"}},
        {"timezone": "Europe/Berlin"},
        {"http": {"proxy_url": "http://proxy:3128"}},
        {"collectors": {"totals": {"interval": "20m"}}},
        {"collectors": {"daily": {"days": 4}}},
        {"collectors": {"totals": {"enabled": False}}},
    ],
)
def test_a_source_that_asks_otherwise_is_another(source, changes):
    assert not is_same_source(source(**changes), source())


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"include": "^c"}, True),
        ({"exclude": "^c"}, True),
        ({"interval": "2h"}, False),
        ({"label": "user"}, False),
    ],
)
def test_only_the_filter_of_a_discovery_leaves_a_source_the_same(source, change, is_same):
    before = source(type="parcels", discovery=DISCOVERY)

    assert is_same_source(source(type="parcels", discovery={**DISCOVERY, **change}), before) is is_same
    assert not is_same_source(source(type="parcels"), before)


def test_another_secret_in_the_same_file_is_no_other_source(source, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("hunter2")
    old = source(credentials={"password_file": "password"})
    secret.write_text("hunter3")
    new = source(credentials={"password_file": "password"})

    assert is_same_source(new, old)
    assert take_over_secrets(new, old)
    assert old.credentials.password.value() == new.credentials.password.value() == "hunter3"


def test_who_holds_an_old_secret_has_what_follows_the_new_configuration(source, tmp_path):
    """However often it is loaded anew, and even if the file is another one."""
    (tmp_path / "password").write_text("hunter2")
    first = source()
    second = source(credentials={"username": "anna", "password_file": "password"})
    third = source(credentials={"username": "anna", "password_file": "password"})
    assert is_same_source(second, first)

    assert not take_over_secrets(second, first)
    assert not take_over_secrets(third, second)
    third.credentials.password.renew("hunter3")

    assert first.credentials.password.value() == second.credentials.password.value() == "hunter3"


def test_customers_that_stay_have_their_secrets_taken_over_too(source):
    parcels = {**SOURCE, "type": "parcels", "customers": [{"box": "1", "credentials": {"password": "a"}}]}
    old = source(parcels)
    held = old.customers[0].credentials.password
    more = [{"box": "2", "credentials": {"password": "b"}}, {"box": "1", "credentials": {"password": "a"}}]
    new = source(parcels, customers=more)

    take_over_secrets(new, old)
    new.customers[1].credentials.password.renew("c")

    assert (held.value(), new.customers[0].credentials.password.value()) == ("c", "b")


def test_a_secret_that_means_another_one_is_left_alone(source):
    parcels = {**SOURCE, "type": "parcels", "customers": [{"box": "1", "credentials": {"password": "a"}}]}
    old = source(parcels)
    new = source(parcels, customers=[{"box": "1", "credentials": {"password": "b"}}])

    take_over_secrets(new, old)

    assert old.customers[0].credentials.password.value() == "a"


def test_an_account_is_known_again_under_another_name_and_by_no_secret(source):
    account = account_of(source())

    assert account == account_of(source(name="other", rate_limit={"calls": 1000, "shared": "x"}))
    assert account != account_of(source(credentials={"username": "anna", "password": "hunter3"}))
    assert account != account_of(source(base_url="https://other.example.com"))
    assert b"hunter2" not in (account or b"")
