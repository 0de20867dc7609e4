from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.config import LimitsConfig
from exporter.providers.bento import BentoProvider
from exporter.samples import Kind
from exporter.upstream import Request
from tests.fake_clock import FakeClock

BENTO = BentoProvider()
SITE = "/api/v1/stats/site"
KEYS = {"publishable_key": "p123456", "secret_key": "correct-horse-battery"}
OWN = {"publishable_key": "own", "secret_key": "key"}
SHARED_PAIR = ("Authorization", "Basic cDEyMzQ1Njpjb3JyZWN0LWhvcnNlLWJhdHRlcnk=")
OWN_PAIR = ("Authorization", "Basic b3duOmtleQ==")


def source(**keys):
    return BENTO.config.model_validate(
        {"name": "shop", "type": "bento", "credentials": KEYS, "customers": [{"site_uuid": "a"}], **keys}
    )


def test_the_source_s_keys_go_into_the_header():
    assert BENTO.authorize(source())(Request("GET", SITE)).headers == (SHARED_PAIR,)


def test_a_request_of_a_site_with_its_own_keys_carries_those():
    configured = source(customers=[{"site_uuid": "a", "credentials": OWN}])
    request = Request("GET", SITE, headers=(("Accept", "a/b"),), account=configured.customers[0].credentials)

    assert BENTO.authorize(configured)(request).headers == (("Accept", "a/b"), OWN_PAIR)
    assert request.headers == (("Accept", "a/b"),)


def test_what_authorizes_does_not_show_the_keys():
    assert "horse" not in repr(BENTO.authorize(source()))


@pytest.mark.parametrize("path", ["stats/site", "stats/segment", "stats/report", "stats/ads", "fetch/segments"])
def test_the_five_read_calls_can_be_sent(path):
    allowed = BENTO.allow_list(source())

    assert allowed.admits(Request("GET", f"/api/v1/{path}", query=(("site_uuid", "a"),)))
    assert not allowed.admits(Request("POST", f"/api/v1/{path}"))


@pytest.mark.parametrize(
    "path",
    [
        *("batch/subscribers", "batch/events", "batch/emails", "batch/tags", "batch/broadcasts"),
        *("fetch/commands", "fetch/subscribers", "fetch/search", "fetch/segments/1", "fetch/segments/1/match"),
        *("fetch/tags", "fetch/fields", "fetch/broadcasts", "fetch/sequences", "fetch/workflows"),
        *("fetch/emails/templates/1", "experimental/blacklist.json", "experimental/validation"),
        *("stats/subscriber_growth", "stats/email", "stats/tag", "stats/broadcast", "stats", "stats/site/"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_no_other_call_can_be_sent(path, verb):
    assert not BENTO.allow_list(source()).admits(Request(verb, f"/api/v1/{path}"))


def test_customers_are_the_configured_sites_each_with_its_section():
    clock = FakeClock()
    configured = source(
        timezone="America/Denver",
        customers=[
            {"site_uuid": "a"},
            {"site_uuid": "b", "name": "second", "timezone": "UTC", "labels": {"tier": "gold"}, "segments": "all"},
        ],
    )

    first, second = BENTO.customers(configured, clock)

    assert (first.id, first.name, first.zone, first.labels) == ("a", "a", ZoneInfo("America/Denver"), {})
    assert (second.id, second.name, second.zone, second.labels) == ("b", "second", ZoneInfo("UTC"), {"tier": "gold"})
    assert first.settings == configured.customers[0]
    assert second.settings == configured.customers[1].model_copy(update={"labels": {}})
    assert first.clock is clock


@pytest.mark.parametrize(
    ("change", "is_like"),
    [
        ({}, True),
        ({"labels": {"tier": "gold"}}, True),
        ({"segments": "all"}, False),
        ({"credentials": OWN}, False),
        ({"ads": [{"name": "x"}]}, False),
    ],
)
def test_a_site_that_is_asked_otherwise_is_another(change, is_like):
    [before] = BENTO.customers(source(), FakeClock())
    [after] = BENTO.customers(source(customers=[{"site_uuid": "a", **change}]), FakeClock())

    assert before.is_like(after) is is_like


@pytest.mark.parametrize(
    ("disabled", "names"),
    [([], ["site", "segments", "reports", "ads"]), (["site", "ads"], ["segments", "reports"])],
)
def test_only_enabled_collectors_are_made_each_with_a_client_of_its_name(disabled, names):
    configured = source(collectors={name: {"enabled": False} for name in disabled})
    asked: list[str] = []

    def client(name: str) -> Any:
        asked.append(name)

    collectors = BENTO.collectors(configured, client, LimitsConfig())

    assert [collector.name for collector in collectors] == names
    assert [collector.settings for collector in collectors] == [settings for _, settings in configured.collectors]
    assert asked == names


def test_every_family_of_a_collector_is_one_of_the_provider():
    def client(name: str) -> Any:
        """Return none: nothing is sent."""

    collectors = BENTO.collectors(source(), client, LimitsConfig())

    assert [family for collector in collectors for family in collector.families] == list(BENTO.families)


def test_the_families_are_the_contract_s():
    names = {family.name: family.labels for family in BENTO.families}

    assert names == {
        "bento_users": (),
        "bento_subscribers": (),
        "bento_unsubscribers": (),
        "bento_segment_users": ("segment",),
        "bento_segment_subscribers": ("segment",),
        "bento_segment_unsubscribers": ("segment",),
        "bento_report_value": ("report", "field"),
        "bento_ads_signups": ("query",),
        "bento_ads_customers": ("query",),
        "bento_ads_revenue_visitors": ("query",),
        "bento_ads_revenue": ("query", "currency"),
        "bento_ads_revenue_truncated": ("query",),
        "bento_ads_query_info": ("query", "dimension", "revenue_mode", "start_date"),
        "bento_ads_breakdown_signups": ("query", "value"),
        "bento_ads_breakdown_customers": ("query", "value"),
        "bento_ads_breakdown_revenue": ("query", "value", "currency"),
    }
    assert {family.kind for family in (*BENTO.families, BENTO.info)} == {Kind.GAUGE}
    assert BENTO.info.name == "bento_site_info"


def test_no_list_of_sites_can_be_had():
    no_client: Any = None

    assert BENTO.discover(source(), no_client) == ()
    assert BENTO.active is None
