"""Whatever a vendor answers becomes samples that it sent, or a failed fetch: never another error."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import FetchError

FIELDS = {
    "requests": "requests",
    "delivered": "delivered",
    "bounces": "bounces",
    "clicks": "clicks",
    "opens": "opens",
    "spam_reports": "spamreports",
    "unsubscribes": "unsubscribes",
    "blocks": "blocks",
    "invalid_emails": "invalid_email",
    "repeat_bounces": "repeat_bounces",
    "repeat_unsubscribes": "repeat_unsubscribes",
    "repeat_spam_reports": "repeat_spamreports",
    "unique_clicks": "unique_clicks",
    "unique_opens": "unique_opens",
}
CREDITS = {
    "sendgrid_credits_allowed": "credits_allowed",
    "sendgrid_credits_used": "credits_used",
    "sendgrid_credits_remaining": "credits_remain",
    "sendgrid_credits_overage": "credits_overage",
    "sendgrid_overview_requests": "requests",
}
DATES = ["billing_start_date", "billing_end_date", "billing_process_date"]

whole = st.integers(0, 2**53) | st.integers(0, 2**53).map(str)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["success", "2026-03-13"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=10,
)
value = whole | whole | whole | anything
date = st.dates().map(str) | st.sampled_from(["2026-03-11", "2026-03-12", "2026-03-13", "2026-03-14"]) | anything
five = {FIELDS[name]: whole for name in ("requests", "bounces", "clicks", "opens", "spam_reports")}
optional = st.dictionaries(st.sampled_from([*FIELDS.values(), "message", "error", "other"]), value, max_size=3)
totals = st.builds(lambda first, second: {**first, **second}, st.fixed_dictionaries(five), optional)
rows = st.lists(st.builds(lambda counters, day: {**counters, "date": day}, totals, date), max_size=4)
overview = st.dictionaries(
    st.sampled_from([*CREDITS.values(), *DATES, "reputation", "package", "message", "other"]), value | date, max_size=10
)
documents = {"totals": totals | anything, "daily": rows | totals | anything, "credits": overview | anything}

# The vendor of each example answers anew, so nothing of one is left in the next; a first request may take long.
over_the_wire = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


def outcome(reseller, collector):
    options = {} if collector == "credits" else {"fields": "all"}
    try:
        samples = reseller.fetch(collector, **options)
    except FetchError:
        return {}
    assert all(math.isfinite(number) for number in samples.values())
    return samples


@pytest.mark.parametrize("collector", ["totals", "daily", "credits"])
@over_the_wire
@given(body=st.binary() | anything.map(json.dumps).map(str.encode) | st.text().map(str.encode))
def test_any_bytes_give_samples_or_a_failed_fetch(reseller, vendor, collector, body):
    vendor.replies(body)

    outcome(reseller, collector)


@over_the_wire
@given(document=documents["totals"])
def test_every_total_is_a_number_of_the_answer(reseller, vendor, document):
    vendor.replies(json.dumps(document))

    for name, number in outcome(reseller, "totals").items():
        sent = document[FIELDS[name.removeprefix("sendgrid_").removesuffix("_total")]]
        assert number == int(sent)
        assert not isinstance(sent, bool | float)


@over_the_wire
@given(document=documents["daily"])
def test_every_days_number_is_in_the_row_of_that_day(reseller, vendor, document):
    vendor.replies(json.dumps(document))
    samples = outcome(reseller, "daily")

    sent = document if isinstance(document, list) else [document]
    for prefix in ("sendgrid_latest_day_", "sendgrid_last_complete_day_"):
        shown = {name.removeprefix(prefix): number for name, number in samples.items() if name.startswith(prefix)}
        if shown:
            day = shown.pop("timestamp_seconds")
            [row, *_] = [row for row in sent if days_since_1970(row["date"]) * 86400 == day]
            assert {name: int(row[FIELDS[name]]) for name in shown} == shown


@over_the_wire
@given(document=documents["credits"])
def test_every_number_of_the_overview_is_one_of_the_answer(reseller, vendor, document):
    vendor.replies(json.dumps(document))
    samples = outcome(reseller, "credits")

    numbers = {name: number for name, number in samples.items() if name in CREDITS}
    assert numbers == {name: int(document[CREDITS[name]]) for name in numbers}
    assert bool(samples) is any(name.startswith("sendgrid_credits_") for name in numbers)
    reputation = samples.get("sendgrid_reputation_ratio", 0)
    assert 0 <= reputation <= 1


def days_since_1970(day):
    """Count days by the calendar's rules alone."""
    year, month, date = map(int, day.split("-"))
    year -= month <= 2
    month = (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + date - 719469
