"""The exporter's own metrics: their names, labels and first values, as the contract has them."""

import re
import time

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter import __version__
from exporter.errors import Reason
from exporter.instruments import Instruments
from tests.fake_clock import FakeClock

REASONS = [
    "timeout",
    "connection",
    "auth",
    "not_found",
    "rate_limited",
    "server_error",
    "client_error",
    "vendor_error",
    "invalid_response",
    "too_large",
    "internal",
]
EACH = ("collector", "source")
# What the contract lists, for what counts or computes something already.
CONTRACT = {
    "fetches_total": ("counter", EACH),
    "fetch_failures_total": ("counter", ("collector", "reason", "source")),
    "retries_total": ("counter", EACH),
    "api_requests_total": ("counter", ("code", "collector", "source")),
    "fetch_duration_seconds": ("histogram", EACH),
    "fields_rejected_total": ("counter", EACH),
    "repaired_responses_total": ("counter", EACH),
    "collector_interval_seconds": ("gauge", EACH),
    "source_up": ("gauge", ("source",)),
    "oldest_due_timestamp_seconds": ("gauge", ("source",)),
    "rate_limit_calls": ("gauge", ("source",)),
    "rate_limit_period_seconds": ("gauge", ("source",)),
    "rate_limit_remaining": ("gauge", ("source",)),
    "rate_limit_reset_timestamp_seconds": ("gauge", ("source",)),
    "rate_limit_wait_seconds_total": ("counter", ("source",)),
    "schedule_load_ratio": ("gauge", ("source",)),
    "customers": ("gauge", ("source",)),
    "series": ("gauge", ("source",)),
    "series_dropped": ("gauge", ("reason", "source")),
    "discovery_up": ("gauge", ("source",)),
    "discovery_last_success_timestamp_seconds": ("gauge", ("source",)),
    "config_last_reload_successful": ("gauge", ()),
    "config_last_reload_success_timestamp_seconds": ("gauge", ()),
    "build_info": ("gauge", ("python_version", "revision", "version")),
}


@pytest.fixture
def instruments() -> Instruments:
    """Instruments of one source, on which everything has happened once."""
    instruments = Instruments()
    instruments.add_source("acme", {"totals": 900.0})
    instruments.fetched("acme", "totals", 0.3, [Reason.TIMEOUT])
    instruments.requested("acme", "totals", "200")
    instruments.retried("acme", "totals")
    instruments.rejected("acme", "totals", 2)
    instruments.repaired("acme", "totals")
    instruments.waited("acme", 1.5)
    instruments.rate_limit_seen("acme", 599, 1_773_403_260)
    computed = ("source_up", "oldest_due_timestamp_seconds", "rate_limit_calls", "rate_limit_period_seconds")
    for name in (*computed, "schedule_load_ratio", "customers", "series"):
        instruments.compute(name, "acme", lambda: 7)
    instruments.discovered("acme", 1_773_403_200)
    instruments.configured(1_773_403_200)
    instruments.compute_dropped("acme", "max_series", lambda: 3)
    return instruments


def value(instruments: Instruments, name: str, **labels: str) -> float | None:
    return instruments.registry.get_sample_value(f"email_stats_exporter_{name}", {"source": "acme", **labels})


def test_metrics_have_the_names_types_and_labels_of_the_contract(instruments):
    found = {}
    for family in instruments.registry.collect():
        for sample in family.samples:
            is_part = sample.name.endswith(("_bucket", "_sum", "_count")) and family.type == "histogram"
            name = family.name if is_part else sample.name
            found[name] = (family.type, tuple(sorted(set(sample.labels) - {"le"})))

    assert {name.removeprefix("email_stats_exporter_"): what for name, what in found.items() if "exporter" in name} == (
        CONTRACT
    )


def test_the_rest_is_about_the_process_and_python(instruments):
    names = {family.name for family in instruments.registry.collect()}

    assert {name.partition("_")[0] for name in names} == {"email", "process", "python"}
    assert "process_cpu_seconds" in names
    assert "python_info" in names


def test_what_the_system_says_of_the_process_is_two_seconds_old_at_most():
    clock = FakeClock()
    instruments = Instruments(clock)

    def seconds() -> float | None:
        return instruments.registry.get_sample_value("process_cpu_seconds_total")

    def seconds_after(pause: float) -> float | None:
        spent = time.process_time()
        while time.process_time() < spent + 0.03:
            """Use up what the system counts in hundredths of a second."""
        clock.advance(pause)
        return seconds()

    first = seconds()

    assert seconds_after(2) == first
    assert seconds_after(0.1) != first
    before = seconds()
    seconds_after(0)
    instruments.look()
    assert seconds() != before


@pytest.mark.parametrize("generate", [generate_latest, generate_openmetrics], ids=["text", "openmetrics"])
def test_no_line_says_when_a_metric_was_created(instruments, generate):
    assert "_created" not in generate(instruments.registry).decode()


def test_every_help_is_a_sentence(instruments):
    helps = {f.name: f.documentation for f in instruments.registry.collect() if f.name.startswith("email")}

    assert [
        name for name, text in helps.items() if not re.fullmatch(r'[A-Z0-9].{10,}\.|.*"error" without a reply\.', text)
    ] == []


def test_every_reason_is_there_at_0_before_anything_failed():
    """An increase from nothing to 1 is none to PromQL."""
    instruments = Instruments()
    instruments.add_source("acme", {"totals": 900.0, "daily": 60.0})

    assert [reason.value for reason in Reason] == REASONS
    for collector in ("totals", "daily"):
        found = {r: value(instruments, "fetch_failures_total", collector=collector, reason=r) for r in REASONS}
        assert found == dict.fromkeys(REASONS, 0.0)


@pytest.mark.parametrize(
    "name",
    [
        "fetches_total",
        "retries_total",
        "fields_rejected_total",
        "repaired_responses_total",
        "fetch_duration_seconds_count",
        "fetch_duration_seconds_sum",
    ],
)
def test_every_counter_of_a_collector_begins_at_0(name):
    instruments = Instruments()
    instruments.add_source("acme", {"totals": 900.0})

    assert value(instruments, name, collector="totals") == 0.0


def test_what_the_vendor_never_said_is_not_shown():
    instruments = Instruments()
    instruments.add_source("acme", {"totals": 900.0})
    instruments.rate_limit_seen("acme", None, None)

    assert value(instruments, "rate_limit_remaining") is None
    assert value(instruments, "rate_limit_reset_timestamp_seconds") is None
    assert value(instruments, "rate_limit_wait_seconds_total") == 0.0


def test_things_are_counted_where_they_happened(instruments):
    instruments.add_source("shop", {"totals": 900.0})
    instruments.fetched("acme", "totals", 0.2, [Reason.AUTH, Reason.TIMEOUT])
    instruments.requested("acme", "totals", "error")

    assert value(instruments, "fetches_total", collector="totals") == 2.0
    assert value(instruments, "fetch_failures_total", collector="totals", reason="timeout") == 2.0
    assert value(instruments, "fetch_failures_total", collector="totals", reason="auth") == 1.0
    assert value(instruments, "fetch_duration_seconds_sum", collector="totals") == 0.5
    assert value(instruments, "api_requests_total", collector="totals", code="200") == 1.0
    assert value(instruments, "api_requests_total", collector="totals", code="error") == 1.0
    assert value(instruments, "fields_rejected_total", collector="totals") == 2.0
    assert value(instruments, "rate_limit_wait_seconds_total") == 1.5
    assert value(instruments, "rate_limit_remaining") == 599.0
    assert value(instruments, "collector_interval_seconds", collector="totals") == 900.0
    assert value(instruments, "fetches_total", source="shop", collector="totals") == 0.0


def test_a_computed_gauge_is_asked_for_at_each_scrape():
    instruments, now = Instruments(), [1.0]
    instruments.compute("series", "acme", lambda: now[0])
    instruments.compute_dropped("acme", "label_value", lambda: now[0])
    now[0] = 2.0

    assert value(instruments, "series") == 2.0
    assert value(instruments, "series_dropped", reason="label_value") == 2.0


def test_the_program_names_itself():
    labels = {
        name: label
        for family in Instruments().registry.collect()
        if family.name == "email_stats_exporter_build_info"
        for name, label in family.samples[0].labels.items()
    }

    assert labels["version"] == __version__
    assert re.fullmatch(r"3\.\d+\.\d+\S*", labels["python_version"])


def test_two_programs_in_one_process_do_not_share_numbers():
    one, other = Instruments(), Instruments()
    one.add_source("acme", {"totals": 900.0})
    one.retried("acme", "totals")

    assert value(other, "retries_total", collector="totals") is None


def names_of(instruments, source):
    samples = (sample for family in instruments.registry.collect() for sample in family.samples)
    return {sample.name for sample in samples if sample.labels.get("source") == source}


def count_all(instruments, source):
    instruments.discovered(source, 5.0)
    instruments.fetched(source, "totals", 0.5, [Reason.TIMEOUT])
    instruments.requested(source, "totals", "200")
    instruments.retried(source, "totals")
    instruments.rejected(source, "totals", 2)
    instruments.repaired(source, "totals")
    instruments.waited(source, 1.5)
    instruments.rate_limit_seen(source, 599, 5.0)


def test_a_retired_source_takes_every_series_along_and_comes_back_by_nothing_that_is_late():
    instruments = Instruments()
    ours, theirs = instruments.for_source(), instruments.for_source()
    for source, each in (("acme", ours), ("shop", theirs)):
        instruments.add_source(source, {"totals": 900.0})
        instruments.compute("series", source, lambda: 1.0)
        instruments.compute_dropped(source, "label_value", lambda: 1.0)
        count_all(each, source)
    before = names_of(instruments, "shop")

    ours.retire("acme")
    count_all(ours, "acme")

    assert names_of(instruments, "acme") == set()
    assert names_of(instruments, "shop") == before
    assert list(instruments.durations) == ["shop"]


def test_a_source_that_begins_anew_is_not_counted_for_by_its_old_self():
    instruments = Instruments()
    old = instruments.for_source()
    instruments.add_source("acme", {"totals": 900.0})
    count_all(old, "acme")

    old.retire("acme")
    instruments.add_source("acme", {"totals": 900.0})
    new = instruments.for_source()
    new.fetched("acme", "totals", 0.5)
    count_all(old, "acme")

    assert value(instruments, "fetches_total", collector="totals") == 1.0
    assert value(instruments, "retries_total", collector="totals") == 0.0
