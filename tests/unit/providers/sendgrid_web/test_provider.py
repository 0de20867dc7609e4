from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.config import LimitsConfig
from exporter.providers import discover
from exporter.providers.base import SourceCollector
from exporter.upstream import Request
from tests.fake_clock import FakeClock

RESELLER = discover()["sendgrid_reseller"]
REQUEST = Request("POST", "/apiv2/reseller.account.json", (("task", "overview"),))


def source(**keys):
    return RESELLER.config.model_validate(
        {
            "name": "acme",
            "type": "sendgrid_reseller",
            "credentials": {"username": "acme", "password": "correct-horse-battery"},
            "customers": [{"user": "a"}],
            **keys,
        }
    )


def test_a_user_name_and_password_go_into_the_form():
    assert RESELLER.authorize(source())(REQUEST) == Request(
        "POST",
        "/apiv2/reseller.account.json",
        (("task", "overview"), ("api_user", "acme"), ("api_key", "correct-horse-battery")),
    )


def test_an_api_key_goes_into_the_header():
    assert RESELLER.authorize(source(credentials={"api_key": "SG.horse"}))(REQUEST) == Request(
        "POST",
        "/apiv2/reseller.account.json",
        (("task", "overview"),),
        headers=(("Authorization", "Bearer SG.horse"),),
    )


def test_a_request_is_not_changed_by_authorizing_it():
    RESELLER.authorize(source())(REQUEST)

    assert REQUEST.form == (("task", "overview"),)


def test_what_authorizes_does_not_show_the_password():
    assert "horse" not in repr(RESELLER.authorize(source()))


def test_customers_have_the_zone_of_their_own_or_of_the_source():
    clock = FakeClock()
    configured = source(
        timezone="America/Denver",
        customers=[{"user": "a"}, {"user": "b", "name": "second", "timezone": "UTC", "labels": {"tier": "gold"}}],
    )

    first, second = RESELLER.customers(configured, clock)

    assert (first.id, first.name, first.zone, first.labels) == ("a", "a", ZoneInfo("America/Denver"), {})
    assert (second.id, second.name, second.zone, second.labels) == ("b", "second", ZoneInfo("UTC"), {"tier": "gold"})
    assert first.clock is clock


@pytest.mark.parametrize(
    ("disabled", "names"),
    [
        ([], ["totals", "daily", "credits"]),
        (["daily"], ["totals", "credits"]),
        (["totals", "daily", "credits"], []),
    ],
)
def test_only_enabled_collectors_are_made_each_with_a_client_of_its_name(disabled, names):
    configured = source(collectors={name: {"enabled": False} for name in disabled})
    asked: list[str] = []

    def client(name: str) -> Any:
        asked.append(name)

    collectors = RESELLER.collectors(configured, client, LimitsConfig())

    assert [collector.name for collector in collectors] == names
    assert asked == names


OPT_IN = ("categories", "month", "limits", "suppressions", "ips", "pending", "packages", "invoices", "usage")


@pytest.mark.parametrize(
    ("type_", "opt_in"),
    [("sendgrid_reseller", OPT_IN), ("sendgrid_distributor", OPT_IN), ("sendgrid_customer", OPT_IN[:3])],
)
def test_every_family_of_a_collector_is_one_of_the_provider(type_, opt_in):
    def client(name: str) -> Any:
        """Return none: nothing is sent."""

    provider = discover()[type_]
    keys = {**source().model_dump(exclude={"collectors"}), "type": type_}
    keys |= {"credentials": {"api_key": "k"}, "collectors": {name: {"enabled": True} for name in opt_in}}
    collectors = provider.collectors(provider.config.model_validate(keys), client, LimitsConfig())

    assert [family for collector in collectors for family in collector.families] == [*provider.families]
    assert len(set(provider.families)) == len(provider.families)
    assert all(
        family.per_customer is not isinstance(each, SourceCollector) for each in collectors for family in each.families
    )
