"""Every recorded payload of the deprecated Web API v1: payload in, literal samples out, repairs counted."""

from pathlib import Path

import pytest

from exporter.errors import InvalidResponse, VendorRefused
from exporter.providers.base import Found
from tests.contract.recorded import Recorded, account, check, named

NAME = "sendgrid-distributor-v1"
FOLDER = Path(__file__).parents[1] / "payloads" / NAME
COLLECTORS = (
    *("totals", "daily", "credits", "categories", "month", "limits", "suppressions"),
    *("ips", "pending", "packages", "invoices", "usage"),
)

IN_2009 = "2009-06-22T12:00:00+00:00"
TOTALS = named("sendgrid_{}_total", requests=12342, bounces=12, clicks=10223, opens=9992, spam_reports=5)
LATEST, COMPLETE = "sendgrid_latest_day_{}", "sendgrid_last_complete_day_{}"
DAILY = {
    **named(LATEST, requests=52342, bounces=11, clicks=19223, opens=12992, spam_reports=2),
    **named(LATEST, timestamp_seconds=1245628800),
    **named(COMPLETE, requests=32342, bounces=10, clicks=14323, opens=10995, spam_reports=7),
    **named(COMPLETE, timestamp_seconds=1245542400),
}
CREDITS = {
    "sendgrid_credits_allowed": 50000,
    "sendgrid_credits_used": 100000,
    "sendgrid_credits_remaining": 0,
    "sendgrid_credits_overage": 50000,
    "sendgrid_credits_unlimited": 0,
    "sendgrid_reputation_ratio": 1.0,
    "sendgrid_billing_start_timestamp_seconds": 1283126400,
    "sendgrid_billing_end_timestamp_seconds": 1285718400,
    "sendgrid_billing_process_timestamp_seconds": 1285804800,
    # In the JSON a line breaks between the two words.
    'sendgrid_package_info{package="Silver Package"}': 1,
}
LIMITS = {
    "sendgrid_limit_credits": 0,
    "sendgrid_limit_credits_remaining": 2000,
    "sendgrid_limit_last_reset_timestamp_seconds": 1298246400,
    "sendgrid_limit_enabled": 1,
}
CATEGORY = named(
    'sendgrid_category_latest_day_{}{{category="categoryB"}}',
    requests=32342,
    bounces=10,
    clicks=14323,
    opens=10995,
    spam_reports=7,
)
SUPPRESSIONS = named('sendgrid_suppressions{{list="{}"}}', bounces=0, unsubscribes=0, invalid_emails=0, spam_reports=2)
IPS = {"sendgrid_ips": 4, "sendgrid_ips_free": 0, "sendgrid_ips_taken": 0, "sendgrid_ips_available": 0}
CHANGES = named('sendgrid_pending_changes{{change="{}"}}', upgrade=1, downgrade=1, close=0)
PACKAGES = {
    'sendgrid_package_price{package="Basic Package"}': 9.95,
    'sendgrid_package_price{package="Silver Package"}': 79.95,
    'sendgrid_package_credits{package="Basic Package"}': 10000,
    'sendgrid_package_credits{package="Silver Package"}': 50000,
    'sendgrid_package_overage_price{package="Basic Package"}': 0.001,
    'sendgrid_package_overage_price{package="Silver Package"}': 0.001,
}
INVOICES = {
    **named('sendgrid_invoices{{status="{}"}}', paid=1, unpaid=0, refunded=0, deferred=0, canceled=0),
    **named('sendgrid_invoices_amount{{status="{}"}}', paid=110, unpaid=0, refunded=0, deferred=0, canceled=0),
}
USAGE = Recorded(
    "usage",
    named("sendgrid_usage_{}", credits=123456, amount=1001, overage_amount=6.95, final_amount=1007.95),
    repaired=1,
    settings={"customer": {"user": "example@example.com"}},
)

DATA = {
    "stats_aggregate_2012.json": Recorded("totals", TOTALS),
    "stats_aggregate.malformed.json": Recorded("totals", TOTALS, repaired=1),
    "stats_aggregate.malformed.xml": Recorded("totals", TOTALS, repaired=1),
    "stats_daily_2012.json": Recorded("daily", DAILY, IN_2009),
    "stats_daily.malformed.json": Recorded("daily", DAILY, IN_2009, repaired=1),
    "stats_daily.malformed.xml": Recorded("daily", DAILY, IN_2009, repaired=1),
    "account_overview_2012.json": Recorded("credits", {**CREDITS, "sendgrid_overview_requests": 500000}, repaired=1),
    "account_overview.malformed.json": Recorded(
        "credits", {**CREDITS, "sendgrid_overview_requests": 500000}, repaired=1
    ),
    "account_overview.xml": Recorded("credits", {**CREDITS, "sendgrid_overview_requests": 50000}),
    "account_limits.json": Recorded("limits", LIMITS),
    "account_limits_2012.json": Recorded("limits", LIMITS),
    "account_limits.xml": Recorded("limits", LIMITS),
    "stats_category.malformed.xml": Recorded("categories", CATEGORY, IN_2009, repaired=1),
    "spam_reports.malformed.json": Recorded("suppressions", SUPPRESSIONS, place="spamreports", repaired=1),
    "spam_reports.malformed.xml": Recorded("suppressions", SUPPRESSIONS, place="spamreports", repaired=1),
    "ip_all_2012.json": Recorded("ips", IPS, place="all"),
    "ip_all.malformed.json": Recorded("ips", IPS, place="all", repaired=1),
    "ip_all.malformed.xml": Recorded("ips", IPS, place="all", repaired=1),
    "pending_list.malformed.json": Recorded("pending", CHANGES, repaired=1),
    "pending_list.malformed.xml": Recorded("pending", CHANGES, repaired=1),
    "packages.json": Recorded("packages", PACKAGES),
    "packages.malformed.xml": Recorded("packages", PACKAGES, repaired=1),
    "invoices.json": Recorded("invoices", INVOICES),
    "invoices.malformed.xml": Recorded("invoices", INVOICES, repaired=1),
    "billing_current.malformed.json": USAGE,
    "billing_current.malformed.xml": USAGE,
}
# All of them hold one key three times, or lack their ends.
CATEGORY_LISTS = (
    "stats_category_list.json",
    "stats_category_list_2012.json",
    "stats_category_list.malformed.xml",
)
CUSTOMERS = {
    "customer_list.malformed.json": [Found("username", "username", "username", None)],
    "customer_list.malformed.xml": [
        Found("user1", "user1", "user1", is_active=True),
        Found("user2", "user2", "user2", is_active=False),
    ],
}
HIDDEN = " (its words are not shown, for they may name a customer)"
ERRORS = {
    "error_list.json": HIDDEN,
    "error_list.xml": HIDDEN,
    "error_flat_message.json": ": User not found",
    "error_flat_message.xml": ": User not found",
}
# Commas that nobody knows the place of.
NOT_REPAIRED = ("stats_category.malformed.json", "stats_category_2012.malformed.json")
NOT_ASKED = {
    "billing_usage.malformed": "about a bill that is closed",
    "invoice_numbers.malformed": "the invoices themselves are fetched",
    "monitor_list.malformed": "a setting",
}


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.iterdir()}
    not_asked = {f"{name}.{format_}" for name in NOT_ASKED for format_ in ("json", "xml")}

    assert recorded == {*DATA, *CATEGORY_LISTS, *CUSTOMERS, *ERRORS, *NOT_REPAIRED, *not_asked}


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_payload_gives_these_samples(vendor, ca_file, payload, name):
    check(account(vendor, ca_file, NAME, name), DATA[name], payload(f"{NAME}/{name}"))


@pytest.mark.parametrize("name", CATEGORY_LISTS)
def test_a_recorded_list_of_categories_is_asked_for_in_one_call(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    web.replies(payload(f"{NAME}/{name}"), "<stats/>" if web.format == "xml" else "[]")

    assert web.fetch("categories") == {}
    assert web.repaired("categories") == 1
    assert web.asked[1] == (
        f"/api/distributor.manage.{web.format}",
        [
            ("method", "stats"),
            ("user", "customer@example.com"),
            ("days", "3"),
            *(("category[]", category) for category in ("categoryA", "categoryB", "categoryC")),
        ],
    )


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_recorded_list_of_customers_is_read_without_personal_data(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    vendor.replies(payload(f"{NAME}/{name}"))

    assert web.discover() == CUSTOMERS[name]
    assert web.repaired("discovery") == 1
    # v1 has no pages.
    assert web.asked == [(f"/api/distributor.manage.{web.format}", [("method", "profile"), ("task", "get")])]


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_body_under_status_200_fails_every_fetch(vendor, ca_file, payload, name, collector):
    vendor.replies(payload(f"{NAME}/{name}"))

    with pytest.raises(VendorRefused) as caught:
        account(vendor, ca_file, NAME, name).fetch(collector)
    assert str(caught.value) == f"the vendor answered with an error{ERRORS[name]}"


@pytest.mark.parametrize("name", NOT_REPAIRED)
def test_commas_in_the_wrong_places_are_not_repaired(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    web.replies('[{"category": "categoryA"}]', payload(f"{NAME}/{name}"))

    with pytest.raises(InvalidResponse, match="^the answer is not JSON: "):
        web.fetch("categories")
    assert web.repaired("categories") == 0


@pytest.mark.parametrize("name", [name for name, each in DATA.items() if each.repaired])
def test_what_is_repaired_in_v1_is_refused_in_v2(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, "sendgrid-reseller-v2", name)
    vendor.replies(payload(f"{NAME}/{name}"))

    with pytest.raises(InvalidResponse):
        web.fetch(DATA[name].collector)
    assert web.repaired(DATA[name].collector) == 0
