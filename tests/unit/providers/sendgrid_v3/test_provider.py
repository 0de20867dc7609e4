from zoneinfo import ZoneInfo

import pytest

from exporter.providers import discover
from exporter.providers.sendgrid_v3.accounts import AccountKind
from exporter.upstream import Request
from tests.fake_clock import FakeClock

SOURCE = {
    "name": "mail",
    "type": "sendgrid_v3",
    "credentials": {"api_key": "SG.horse"},
    "customers": [{"subuser": "alice", "name": "acme", "timezone": ZoneInfo("Europe/Berlin")}, {"own": True}],
}


@pytest.fixture
def provider():
    return discover()["sendgrid_v3"]


@pytest.fixture
def source(provider):
    return provider.config.model_validate(SOURCE)


def test_customers_have_their_kinds_and_zones(provider, source):
    alice, own = provider.customers(source, FakeClock())

    assert (alice.id, alice.name, alice.zone, alice.settings) == (
        *("alice", "acme", ZoneInfo("Europe/Berlin")),
        AccountKind.SUBUSER,
    )
    assert (own.id, own.name, own.zone, own.settings) == ("", "own", ZoneInfo("UTC"), AccountKind.OWN)


def test_the_key_is_put_into_the_header_alone(provider, source):
    request = Request("GET", "/v3/stats", query=(("limit", "1"),), headers=(("On-Behalf-Of", "alice"),))

    authorized = provider.authorize(source)(request)

    assert authorized.headers == (("On-Behalf-Of", "alice"), ("Authorization", "Bearer SG.horse"))
    assert authorized.query == request.query
    assert "horse" not in repr(authorized)


def test_families_are_each_named_once(provider):
    names = [family.name for family in provider.families]

    assert len(names) == len(set(names))
    assert {
        *("sendgrid_requests_total", "sendgrid_latest_day_processed", "sendgrid_last_complete_day_deferred"),
        *("sendgrid_month_to_date_requests", "sendgrid_category_latest_day_requests", "sendgrid_reputation_ratio"),
        *("sendgrid_credits_unlimited", "sendgrid_credits_next_reset_timestamp_seconds"),
    } <= set(names)


def test_calls_are_counted_for_listed_customers_as_for_configured_ones(provider, source):
    listed = provider.customers(source, FakeClock())

    for _, collector in source.collectors:
        assert collector.calls(listed) == collector.calls(source.customers) == 2
    assert source.collectors.daily.calls(listed[:1]) == 1
