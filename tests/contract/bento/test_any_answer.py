"""Whatever Bento answers becomes samples that it sent, or a failed fetch: never another error."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import LimitsConfig
from exporter.errors import FetchError

SITE = {
    "segments": [{"id": "seg_1", "name": "vip"}],
    "reports": [{"id": "rep_9", "name": "mail", "fields": ["a", "b.c"]}],
    "ads": [{"name": "all", "breakdown": True}],
}
COLLECTORS = ["site", "segments", "reports", "ads"]
MOST = 3

whole = st.integers(0, 2**53) | st.integers(0, 2**53).map(str)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["a", "USD", "x@y"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=10,
)
users = st.fixed_dictionaries(
    dict.fromkeys(["user_count", "subscriber_count", "unsubscriber_count"], whole | whole | whole | anything)
)
report = st.fixed_dictionaries({"data": anything | st.fixed_dictionaries({"a": anything, "b": anything})})
money = st.fixed_dictionaries(
    {},
    optional={
        "revenueByCurrency": st.dictionaries(st.sampled_from(["USD", "EUR", "?"]), st.integers() | anything) | anything,
        "revenueCents": st.integers() | anything,
        "revenueCurrency": st.just("USD") | anything,
    },
)
counts = st.fixed_dictionaries({"signups": whole, "customers": whole}, optional={"revenueVisitorCount": anything})
key = st.sampled_from(["a", "b", "c", "d", "e", "f"]) | st.text(max_size=3) | anything
row = st.builds(lambda value, tally, sums: {"key": value, **tally, **sums}, key, counts, money)
ads = st.fixed_dictionaries(
    {
        "totals": st.builds(lambda tally, sums: {**tally, **sums}, counts, money) | anything,
        "breakdown": st.lists(row, max_size=6) | anything,
    },
    optional={"revenueTruncated": st.booleans() | anything, "errors": anything},
)
documents = {
    "site": users | users.map(lambda each: {"data": each}) | anything,
    "segments": users | users.map(lambda each: {"data": each}) | anything,
    "reports": report | report.map(lambda each: {"report_data": each}) | anything,
    "ads": ads | anything,
}

# The vendor of each example answers anew, so nothing of one is left in the next; a first request may take long.
over_the_wire = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)


def outcome(bento, collector, **site):
    try:
        values, _ = bento.fetch_all(collector, {**SITE, **site}, limits=LimitsConfig(breakdown_rows=MOST))
    except FetchError:
        return {}
    assert all(math.isfinite(number) for number in values.values())
    return values


@pytest.mark.parametrize("collector", COLLECTORS)
@over_the_wire
@given(body=st.binary() | anything.map(json.dumps).map(str.encode) | st.text().map(str.encode))
def test_any_bytes_give_samples_or_a_failed_fetch(bento, vendor, collector, body):
    vendor.replies(body)

    outcome(bento, collector)


@pytest.mark.parametrize("collector", COLLECTORS)
@over_the_wire
@given(data=st.data())
def test_any_document_gives_samples_or_a_failed_fetch(bento, vendor, collector, data):
    vendor.replies(json.dumps(data.draw(documents[collector])))

    outcome(bento, collector)


@over_the_wire
@given(rows=st.lists(st.builds(lambda *each: dict(zip(("id", "name"), each, strict=True)), key, key)) | anything)
def test_any_list_of_segments_gives_each_of_them_a_label_of_its_own(bento, vendor, rows):
    def turn():
        is_list = "/fetch/" in vendor.asked[-1].path
        vendor.replies(json.dumps(rows) if is_list else '{"user_count":1,"subscriber_count":1,"unsubscriber_count":0}')

    vendor.on_request = turn
    outcome(bento, "segments", segments="all")


@over_the_wire
@given(rows=st.lists(row, max_size=8))
def test_no_more_values_are_shown_than_allowed_and_none_that_may_be_a_person_s(bento, vendor, rows):
    vendor.replies(json.dumps({"totals": {"signups": 1, "customers": 1}, "breakdown": rows}))
    values = outcome(bento, "ads")

    shown = [name for name in values if name.startswith("bento_ads_breakdown_signups")]
    assert len(shown) <= MOST
    assert not any("@" in name for name in shown)
