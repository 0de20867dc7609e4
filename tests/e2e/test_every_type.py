"""Every type of source with everything that it can fetch: what Prometheus has is what the vendors say, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from exporter.demo import configuration
from exporter.providers import discover
from tests.e2e.comparison import is_same
from tests.e2e.programs import Exporter, Prometheus, labels_of
from tests.e2e.sources import PASSWORD
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

VENDOR_SERIES = '{__name__=~"(sendgrid|bento)_.+"}'


@pytest.fixture(scope="module")
def sources(vendor, world) -> Sequence[Mapping[str, Any]]:
    """Give the demo's sources with every collector there is, in every format, and with every way to log in."""
    text = configuration(vendor.base_url, PASSWORD, world)
    demo = {source["name"]: fetching_everything(source) for source in yaml.safe_load(text)["sources"]}
    demo["classic"]["discovery"] = {"interval": "1s", "include": "^me@"}
    return [
        *demo.values(),
        {**demo["demo"], "name": "demo-xml", "format": "xml", "credentials": {"api_key": PASSWORD}},
        {**demo["classic"], "name": "classic-xml", "format": "xml"},
        {**demo["team"], "name": "team-json", "format": "json", "discovery": {"interval": "1s", "label": "user"}},
    ]


def fetching_everything(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a source with all collectors of its type, including those that came after this was written."""
    collectors = discover()[source["type"]].config.model_fields["collectors"].get_default()
    options: dict[str, dict[str, Any]] = {
        name: {**source["collectors"].get(name, {}), "enabled": True, "interval": "5s"}
        for name in type(collectors).model_fields
    }
    if source["type"] == "sendgrid_v3":
        options["totals"].setdefault("since", "2025-06-17")
    if "suppressions" in options:
        # Lists of many thousand addresses, which would keep the machine busy.
        options["suppressions"]["interval"] = "1m"
    found = {"discovery": {**source["discovery"], "interval": "1s"}} if "discovery" in source else {}
    return {**source, "collectors": options, "rate_limit": {"calls": 100_000, "per": "1m"}, **found}


@pytest.fixture(scope="module")
def exporter(shell, sources) -> Exporter:
    return shell.run(sources, concurrency=4)


@pytest.fixture(scope="module")
def prometheus(exporter, new_prometheus) -> Prometheus:
    return new_prometheus(exporter)


@pytest.fixture(scope="module")
def polled(exporter, prometheus, sources, vendor) -> None:
    """Wait until Prometheus has of each source what the vendors say."""
    eventually(lambda: exporter.ask("/-/ready").ok)
    eventually(lambda: is_same(prometheus.query(VENDOR_SERIES), sources, vendor.story))


def test_no_type_is_left_out(sources):
    assert {source["type"] for source in sources} == set(discover())


def test_every_series_in_prometheus_is_what_the_vendors_say_and_there_is_no_other(polled, prometheus, sources, vendor):
    families = {family.name for provider in discover().values() for family in provider.families}

    def is_shown() -> bool:
        shown = prometheus.query(VENDOR_SERIES)
        assert is_same(shown, sources, vendor.story)
        assert families - {series[0] for series in shown} == set()
        return len(shown) > 3000

    # A scrape that a busy machine lets time out leaves Prometheus without series until the next one.
    eventually(is_shown)


def test_nothing_fails_and_no_field_is_refused(polled, prometheus, sources):
    expected = {
        "min(email_stats_exporter_up)": 1,
        "sum(email_stats_exporter_fetch_failures_total)": 0,
        "sum(email_stats_exporter_fields_rejected_total)": 0,
        "sum(email_stats_exporter_source_up)": len(sources),
        "sum(email_stats_exporter_discovery_up)": sum("discovery" in each for each in sources),
    }

    def is_shown() -> bool:
        assert {expression: prometheus.scalar(expression) for expression in expected} == expected
        return True

    eventually(is_shown)


def test_only_the_json_of_v1_is_repaired(polled, prometheus):
    repaired = eventually(lambda: prometheus.query("email_stats_exporter_repaired_responses_total > 0"))

    assert {labels_of(series)["source"] for series in repaired} == {"classic"}
    assert {labels_of(series)["collector"] for series in repaired} == {
        "totals",
        "daily",
        "month",
        "credits",
        "categories",
        "ips",
        "pending",
        "discovery",
    }


def test_the_vendors_are_asked_for_nothing_that_they_would_mind(polled, vendor):
    assert vendor.violations == []
    assert {arrival.status for arrival in vendor.requests} == {200}
    assert {arrival.api for arrival in vendor.requests} == {"reseller", "distributor", "customer", "v3", "bento"}
