"""The reference pages say what the code does, and every metric keeps the rules of its kind."""

import re
from itertools import chain

import pytest

from docs.generator import pages
from docs.generator.sources import whole_collectors
from exporter.config import json_schema
from exporter.instruments import PREFIX, Instruments
from exporter.providers import discover
from exporter.samples import Kind
from exporter.store import health

PROVIDERS = discover()
VENDOR_FAMILIES = list(
    dict.fromkeys(
        family
        for provider in PROVIDERS.values()
        for family in (*provider.families, provider.info, provider.active)
        if family is not None
    )
)
FAMILIES = [*VENDOR_FAMILIES, *health.FAMILIES]
PAGES = pages(PROVIDERS)

# Renaming one of them breaks somebody's dashboards and alerts.
STATISTICS = (
    *("requests", "delivered", "bounces", "clicks", "opens", "spam_reports", "unsubscribes", "blocks"),
    *("invalid_emails", "repeat_bounces", "repeat_unsubscribes", "repeat_spam_reports", "bounce_drops"),
    *("unsubscribe_drops", "spam_report_drops", "processed", "deferred"),
)
OF_A_DAY = (*STATISTICS, "unique_clicks", "unique_opens")
PROMISED = {
    *(f"sendgrid_{name}_total" for name in STATISTICS),
    *(f"sendgrid_latest_day_{name}" for name in (*OF_A_DAY, "timestamp_seconds")),
    *(f"sendgrid_last_complete_day_{name}" for name in (*OF_A_DAY, "timestamp_seconds")),
    *(f"sendgrid_month_to_date_{name}" for name in (*STATISTICS, "start_timestamp_seconds")),
    *(f"sendgrid_category_latest_day_{name}" for name in OF_A_DAY),
    *(f"sendgrid_credits_{name}" for name in ("allowed", "used", "remaining", "overage", "unlimited")),
    *(f"sendgrid_credits_{name}_reset_timestamp_seconds" for name in ("last", "next")),
    *("sendgrid_reputation_ratio", "sendgrid_overview_requests", "sendgrid_package_info"),
    *(f"sendgrid_billing_{name}_timestamp_seconds" for name in ("start", "end", "process")),
    *("sendgrid_customer_info", "sendgrid_customer_active"),
    *(f"sendgrid_limit_{name}" for name in ("credits", "credits_remaining", "last_reset_timestamp_seconds", "enabled")),
    *("sendgrid_suppressions", "sendgrid_pending_changes", "sendgrid_invoices", "sendgrid_invoices_amount"),
    *("sendgrid_ips", "sendgrid_ips_free", "sendgrid_ips_taken", "sendgrid_ips_available"),
    *(f"sendgrid_package_{name}" for name in ("price", "credits", "overage_price")),
    *(f"sendgrid_usage_{name}" for name in ("credits", "amount", "overage_amount", "final_amount")),
    *(f"bento_{name}" for name in ("users", "subscribers", "unsubscribers", "site_info", "report_value")),
    *(f"bento_segment_{name}" for name in ("users", "subscribers", "unsubscribers")),
    *(f"bento_ads_{name}" for name in ("signups", "customers", "revenue", "revenue_visitors", "revenue_truncated")),
    *(f"bento_ads_{name}" for name in ("query_info", "breakdown_signups", "breakdown_customers", "breakdown_revenue")),
}
PROMISED_OWN = (
    *("up", "stale", "last_success_timestamp_seconds", "last_attempt_timestamp_seconds", "fetch_failing"),
    *("counter_held", "counter_corrections_total", "fetches_total", "fetch_failures_total", "source_up"),
    *("retries_total", "api_requests_total", "fetch_duration_seconds", "oldest_due_timestamp_seconds"),
    *("rate_limit_calls", "rate_limit_period_seconds", "rate_limit_remaining", "rate_limit_reset_timestamp_seconds"),
    *("rate_limit_wait_seconds_total", "schedule_load_ratio", "collector_interval_seconds", "customers", "series"),
    *("series_dropped", "discovery_up", "discovery_last_success_timestamp_seconds", "fields_rejected_total"),
    *("repaired_responses_total", "build_info"),
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says_now(root, name):
    written = (root / "docs" / name).read_text(encoding="utf-8")

    assert written.splitlines() == PAGES[name].splitlines(), f"docs/{name} has fallen behind the code; run: make docs"


def test_the_readme_names_every_type_of_source(root):
    text = (root / "README.md").read_text(encoding="utf-8")

    assert [type_ for type_ in PROVIDERS if f"\n| `{type_}` | " not in text] == []


def test_every_metric_that_was_promised_is_there_and_no_other():
    assert {family.name for family in VENDOR_FAMILIES} == PROMISED


def test_every_own_metric_that_was_promised_is_there():
    own = {*(family.name for family in health.FAMILIES), *(name for name, _ in own_metrics())}

    assert {PREFIX + name for name in PROMISED_OWN} - own == set()


def test_every_metric_is_in_the_reference():
    rows = re.findall(r"^\| `(\w+)` \| (?:gauge|counter|histogram) ", PAGES["metrics.md"], re.MULTILINE)

    assert set(rows) == {*(family.name for family in FAMILIES), *(name for name, _ in own_metrics())}


def test_a_provider_has_the_families_of_its_collectors():
    for provider in PROVIDERS.values():
        collected = chain.from_iterable(each.families for each in whole_collectors(provider).values())

        assert set(provider.families) == set(collected), provider.type


def test_every_key_of_the_configuration_is_in_the_reference():
    schema = json_schema({type_: provider.config for type_, provider in PROVIDERS.items()})
    rows = set(re.findall(r"[`.]([a-z_]+)`", PAGES["configuration.md"]))
    keys = {name for definition in schema["$defs"].values() for name in definition["properties"]}

    assert keys - {"collectors", "enabled", "interval"} - rows == set()


@pytest.mark.parametrize(
    "row",
    [
        "| `limits.max_response_bytes` | size, 1B to 1GiB | `8MiB` |",
        "| `polling.retry.initial_backoff` | duration, 0s to 1h | `1s` |",
        "| `polling.stale_after` | number, 1 to 1,000 | `3` |",
        "| `name` | string, up to 512 characters | required |",
        "| `format` | one of `json`, `xml` | `json` |",
        "| `rate_limit.shared` | string, up to 512 characters | `bento` |",
        "| `customers[].labels` | mapping of names to strings | none |",
        "| `customers[].segments` | `all` or list of sections | none |",
        "| `credentials.api_key`, `credentials.api_key_file`, `credentials.api_key_env` | secret | required |",
        "| `sendgrid_customer` | 8,000 (22%) | 12,000 (33%) | 36,000 (600 per 1m) |",
        "| `sendgrid_v3` | 1,500 (4%) | 4,000 (11%) | 36,000 (600 per 1m) |",
    ],
)
def test_the_configuration_is_told_in_words(row):
    assert f"\n{row}" in PAGES["configuration.md"]


def test_no_two_metrics_share_a_name():
    names = [*(family.name for family in FAMILIES), *(name for name, _ in own_metrics())]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_a_metric_is_named_as_prometheus_wants_it(family):
    assert re.fullmatch(r"(sendgrid|bento|email_stats_exporter)(_[a-z0-9]+)+", family.name)
    assert family.name.endswith("_total") == (family.kind is Kind.COUNTER)
    # Base units, and none of what the exposition adds to a name.
    assert not re.search(
        r"_(ms|milliseconds|minutes|hours|days|percent|cents|kb|count|sum|bucket|created)$", family.name
    )
    assert ("Unix time" in family.help) == family.name.endswith("_timestamp_seconds")
    assert all(re.fullmatch(r"[a-z_]+", label) and not label.startswith("__") for label in family.labels)
    assert not {"source", "customer", "le", "quantile", "job", "instance"} & set(family.labels)


@pytest.mark.parametrize("family", VENDOR_FAMILIES, ids=repr)
def test_a_vendors_metric_says_in_one_sentence_that_it_is_polled(family):
    assert re.fullmatch(r"[A-Z0-9][^\n]*[^\n.]\.", family.help)
    assert ". " not in family.help
    assert "polled" in family.help
    assert family.origin


def test_a_metric_is_from_a_version_that_the_changelog_has(root):
    versions = re.findall(r"^## (\S+) /", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert {family.since for family in FAMILIES} <= set(versions)


def test_own_metrics_say_in_a_sentence_what_they_are():
    texts = {name: text for name, text in own_metrics() if not re.fullmatch(r"[A-Z0-9][^\n]*\.", text)}

    assert texts == {}


def own_metrics():
    """Return the name and the text of each own metric that is no single customer's."""
    metrics = Instruments().registry.collect()
    return [
        (f"{metric.name}_total" if metric.type == "counter" else metric.name, metric.documentation)
        for metric in metrics
        if metric.name.startswith(PREFIX)
    ]
