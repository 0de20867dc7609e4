"""Every recorded payload of Web API v2 for resellers: payload in, literal samples out."""

from pathlib import Path

import pytest

from exporter.errors import InvalidResponse, VendorRefused
from exporter.providers.base import Found
from tests.contract.recorded import Recorded, account, check, named

NAME = "sendgrid-reseller-v2"
FOLDER = Path(__file__).parents[1] / "payloads" / NAME
COLLECTORS = (
    *("totals", "daily", "credits", "categories", "month", "limits", "suppressions"),
    *("ips", "pending", "packages", "invoices", "usage"),
)

IN_2009 = "2009-06-22T12:00:00+00:00"
IN_2014 = "2014-09-09T12:00:00+00:00"
TOTALS_2014 = named("sendgrid_{}_total", requests=12342, bounces=12, clicks=10223, opens=9992, spam_reports=5)
TOTALS = TOTALS_2014 | named(
    "sendgrid_{}_total",
    delivered=10,
    unsubscribes=0,
    blocks=0,
    repeat_bounces=0,
    repeat_unsubscribes=0,
    repeat_spam_reports=0,
)
LATEST, COMPLETE = "sendgrid_latest_day_{}", "sendgrid_last_complete_day_{}"
DAILY_2014 = {
    **named(LATEST, requests=52342, bounces=11, clicks=19223, opens=12992, spam_reports=2),
    **named(LATEST, timestamp_seconds=1245628800),
    **named(COMPLETE, requests=32342, bounces=10, clicks=14323, opens=10995, spam_reports=7),
    **named(COMPLETE, timestamp_seconds=1245542400),
}
ZEROS = {
    "unsubscribes": 0,
    "blocks": 0,
    "invalid_emails": 0,
    "repeat_bounces": 0,
    "repeat_unsubscribes": 0,
    "repeat_spam_reports": 0,
    "unique_clicks": 0,
    "unique_opens": 0,
}
DAILY = {**DAILY_2014, **named(LATEST, **ZEROS), **named(COMPLETE, **ZEROS)}
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
    'sendgrid_package_info{package="Silver Package"}': 1,
}
LIMITS = {
    "sendgrid_limit_credits": 40000,
    "sendgrid_limit_credits_remaining": 2000,
    "sendgrid_limit_last_reset_timestamp_seconds": 1298246400,
    "sendgrid_limit_enabled": 1,
}
# The category that the vendor prints as CategoryA is categoryA in its list; CategoryB has no row of the newest day.
CATEGORY = named(
    'sendgrid_category_latest_day_{}{{category="categoryA"}}',
    requests=1,
    delivered=1,
    bounces=0,
    clicks=0,
    opens=0,
    spam_reports=0,
    spam_report_drops=0,
    **ZEROS,
)
CATEGORY_2014 = named(
    'sendgrid_category_latest_day_{}{{category="categoryB"}}',
    requests=32342,
    bounces=10,
    clicks=14323,
    opens=10995,
    spam_reports=7,
)
NO_SUPPRESSIONS = named(
    'sendgrid_suppressions{{list="{}"}}', bounces=0, unsubscribes=0, invalid_emails=0, spam_reports=0
)
NO_IPS = {"sendgrid_ips": 0, "sendgrid_ips_free": 0, "sendgrid_ips_taken": 0, "sendgrid_ips_available": 0}
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
USAGE = named("sendgrid_usage_{}", credits=123456, amount=1001, overage_amount=6.95, final_amount=1007.95)


def suppressions(label, count):
    return NO_SUPPRESSIONS | {f'sendgrid_suppressions{{list="{label}"}}': count}


DATA = {
    "stats_aggregate.json": Recorded("totals", {**TOTALS, "sendgrid_invalid_emails_total": 1}),
    "stats_aggregate.xml": Recorded("totals", {**TOTALS, "sendgrid_invalid_emails_total": 0}),
    **{f"stats_aggregate_2014.{each}": Recorded("totals", TOTALS_2014) for each in ("json", "xml")},
    "stats_daily.json": Recorded(
        "daily", {**DAILY, **named(LATEST, delivered=0), **named(COMPLETE, delivered=0)}, IN_2009
    ),
    "stats_daily.xml": Recorded(
        "daily", {**DAILY, **named(LATEST, delivered=9), **named(COMPLETE, delivered=9)}, IN_2009
    ),
    **{f"stats_daily_2014.{each}": Recorded("daily", DAILY_2014, IN_2009) for each in ("json", "xml")},
    "account_overview.json": Recorded("credits", {**CREDITS, "sendgrid_overview_requests": 500000}),
    "account_overview.xml": Recorded("credits", {**CREDITS, "sendgrid_overview_requests": 50000}),
    **{f"account_limits.{each}": Recorded("limits", LIMITS) for each in ("json", "xml")},
    **{f"stats_category.{each}": Recorded("categories", CATEGORY, IN_2014) for each in ("json", "xml")},
    **{f"stats_category_2014.{each}": Recorded("categories", CATEGORY_2014, IN_2009) for each in ("json", "xml")},
    **{
        f"{file}.{each}": Recorded("suppressions", suppressions(label, count), place=place)
        for file, place, label, count in (
            ("bounces", "bounces", "bounces", 2),
            ("unsubscribes", "unsubscribes", "unsubscribes", 2),
            ("invalid_emails", "invalidemails", "invalid_emails", 3),
            ("spam_reports", "spamreports", "spam_reports", 2),
        )
        for each in ("json", "xml")
    },
    **{
        f"ip_{place}.{each}": Recorded("ips", NO_IPS | {metric: count}, place=place)
        for place, metric in (
            ("all", "sendgrid_ips"),
            ("free", "sendgrid_ips_free"),
            ("taken", "sendgrid_ips_taken"),
            ("available", "sendgrid_ips_available"),
        )
        # The JSON holds one address twice.
        for each, count in (("json", 5), ("xml", 4))
    },
    **{f"pending_list.{each}": Recorded("pending", CHANGES) for each in ("json", "xml")},
    **{f"packages.{each}": Recorded("packages", PACKAGES) for each in ("json", "xml")},
    **{f"invoices.{each}": Recorded("invoices", INVOICES) for each in ("json", "xml")},
    **{
        f"billing_current.{each}": Recorded(
            "usage", USAGE, settings={"customer": {"user": "example@example.com", "name": "acme-eu"}}
        )
        for each in ("json", "xml")
    },
}
CATEGORY_LISTS = [
    *("stats_category_list.json", "stats_category_list.xml"),
    *("stats_category_list_2014.json", "stats_category_list_2014.xml"),
]
CUSTOMERS = {
    # Both rows have one user name, which is all that calls know a customer by; they disagree about it.
    "customer_list.json": [Found("username", "username", "123", None)],
    "customer_list.xml": [
        Found("user1", "user1", "123", is_active=True),
        Found("user2", "user2", "124", is_active=False),
    ],
}
HIDDEN = " (its words are not shown, for they may name a customer)"
ERRORS = {
    "error_list.json": HIDDEN,
    "error_list.xml": HIDDEN,
    "error_wrong_credentials.json": ": Permission denied, wrong credentials",
    "error_object.json": HIDDEN,
    "error_object.xml": ": User does not exist",
    "error_flat_code.json": ": User does not exist",
    "error_flat_message.json": ": Email does not exist",
    "error_flat_message.xml": ": Email does not exist",
    "error_string.json": ": Bad username / password",
}
BROKEN = ("error_object_trailing_comma.json", "error_too_many_requests.json")
ACKNOWLEDGEMENTS = ("ack_success.json", "ack_success.xml", "authenticate.json", "authenticate.xml")
NOT_ASKED = {
    "customer_subuser_stats_aggregate": "statistics of customers' subusers are not fetched",
    "customer_subuser_stats_category_list": "statistics of customers' subusers are not fetched",
    "customer_subuser_stats_daily": "statistics of customers' subusers are not fetched",
    "timezone_get": "no samples come of it, but days; test_zones.py has it",
    "timezone_list": "a setting",
    "monitor_list": "a setting",
    "whitelabel_list": "a setting",
    "ip_usage": "tells which customer uses an address",
    "invoice_numbers": "the invoices themselves are fetched",
    "billing_usage": "about a bill that is closed",
}


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.iterdir()}
    not_asked = {f"{name}.{format_}" for name in NOT_ASKED for format_ in ("json", "xml")}

    assert recorded == {*DATA, *CATEGORY_LISTS, *CUSTOMERS, *ERRORS, *BROKEN, *ACKNOWLEDGEMENTS, *not_asked}


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_payload_gives_these_samples(vendor, ca_file, payload, name):
    check(account(vendor, ca_file, NAME, name), DATA[name], payload(f"{NAME}/{name}"))


@pytest.mark.parametrize("name", CATEGORY_LISTS)
def test_a_recorded_list_of_categories_is_asked_for_in_one_call(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    web.replies(payload(f"{NAME}/{name}"), "<stats/>" if web.format == "xml" else "[]")

    assert web.fetch("categories") == {}
    assert web.asked[1][1] == [
        ("method", "stats"),
        ("user", "customer@example.com"),
        ("days", "3"),
        *(("category[]", category) for category in ("categoryA", "categoryB", "categoryC")),
    ]


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_recorded_list_of_customers_is_read_without_personal_data(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    vendor.replies(payload(f"{NAME}/{name}"))

    assert web.discover() == CUSTOMERS[name]


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_body_under_status_200_fails_every_fetch(vendor, ca_file, payload, name, collector):
    vendor.replies(payload(f"{NAME}/{name}"))

    with pytest.raises(VendorRefused) as caught:
        account(vendor, ca_file, NAME, name).fetch(collector)
    assert str(caught.value) == f"the vendor answered with an error{ERRORS[name]}"


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_recorded_error_body_that_is_no_json_is_no_data_either(vendor, ca_file, payload, name, collector):
    vendor.replies(payload(f"{NAME}/{name}"))

    with pytest.raises(InvalidResponse, match="^the answer is not JSON: "):
        account(vendor, ca_file, NAME, name).fetch(collector)


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", ACKNOWLEDGEMENTS)
def test_an_acknowledgement_is_no_data(vendor, ca_file, payload, name, collector):
    vendor.replies(payload(f"{NAME}/{name}"))
    web = account(vendor, ca_file, NAME, name)

    with pytest.raises(InvalidResponse):
        web.fetch(collector)
