"""Whatever a vendor answers becomes samples or a failed fetch: never another error."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import FetchError
from tests.contract.web_account import WebAccount

COLLECTORS = {
    "sendgrid_reseller": (
        *("totals", "daily", "credits", "categories", "month", "limits", "suppressions"),
        *("ips", "pending", "packages", "invoices", "usage"),
    ),
    "sendgrid_customer": ("totals", "daily", "categories", "month", "limits"),
}
COLLECTORS["sendgrid_distributor"] = COLLECTORS["sendgrid_reseller"]
EVERY = [(type_, collector) for type_, collectors in COLLECTORS.items() for collector in collectors]

FIELDS = [
    *("date", "requests", "bounces", "clicks", "opens", "spamreports", "delivered", "category", "blocked", "blocks"),
    *("credit", "credit_remain", "last_reset", "credits_used", "email", "ip", "type", "name", "price", "overage"),
    *("status", "final_amount", "number", "username", "id", "active", "invoices", "message", "error"),
]
TEXTS = ["2026-03-13", "2026-03-12", "a", "Paid", "Account Upgrade", "192.0.2.1", "customer@example.com", "true", "5"]
TAGS = [
    *FIELDS,
    *("stats", "day", "result", "overview", "credits", "categories", "users", "user", "ips", "packages", "package"),
    *("pending", "usage", "invoices", "invoice", "bounces", "bounce", "errors", "x:y"),
]
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(TEXTS) | st.integers(0, 9)
rows = st.dictionaries(st.sampled_from(FIELDS), plain, max_size=12)
documents = st.recursive(
    plain | rows | st.lists(rows, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=6,
)


def element(tag, inner):
    return f"<{tag}>{inner}</{tag}>"


markup = st.recursive(
    st.sampled_from([*TEXTS, "", "&amp;", "&x;", "<!-- -->"]),
    lambda inner: st.builds(element, st.sampled_from(TAGS), st.lists(inner, max_size=6).map("".join)),
    max_leaves=25,
)
bodies = st.binary() | documents.map(json.dumps).map(str.encode) | markup.map(str.encode)

# The vendor of each example answers anew, so nothing of one is left in the next; a first request may take long.
over_the_wire = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)


@pytest.mark.parametrize("format_", ["json", "xml"])
@pytest.mark.parametrize(("type_", "collector"), EVERY)
@over_the_wire
@given(body=bodies)
def test_any_answer_gives_samples_or_a_failed_fetch(vendor, ca_file, type_, collector, format_, body):
    vendor.replies(body)
    options = {"fields": "all"} if collector in {"totals", "daily", "month", "categories"} else {}

    try:
        samples = WebAccount(vendor, ca_file, type_=type_, format_=format_).fetch(collector, **options)
    except FetchError:
        return
    assert all(math.isfinite(number) for number in samples.values())


@pytest.mark.parametrize("format_", ["json", "xml"])
@pytest.mark.parametrize("type_", COLLECTORS)
@over_the_wire
@given(body=bodies)
def test_any_answer_gives_customers_or_a_failed_list(vendor, ca_file, type_, format_, body):
    vendor.replies(body)

    try:
        found = WebAccount(vendor, ca_file, type_=type_, format_=format_).discover()
    except FetchError:
        return
    assert len({each.key for each in found}) == len(found)
