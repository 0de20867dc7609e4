"""Every recorded payload of a call that is made: payload in, literal samples out."""

from pathlib import Path

import pytest

from exporter.errors import InvalidResponse, VendorRefused

FOLDER = Path(__file__).parents[1] / "payloads" / "sendgrid-reseller-v2"

TOTALS = {
    "sendgrid_requests_total": 12342,
    "sendgrid_bounces_total": 12,
    "sendgrid_clicks_total": 10223,
    "sendgrid_opens_total": 9992,
    "sendgrid_spam_reports_total": 5,
}
DAILY = {
    "sendgrid_latest_day_requests": 52342,
    "sendgrid_latest_day_bounces": 11,
    "sendgrid_latest_day_clicks": 19223,
    "sendgrid_latest_day_opens": 12992,
    "sendgrid_latest_day_spam_reports": 2,
    "sendgrid_latest_day_timestamp_seconds": 1245628800,
    "sendgrid_last_complete_day_requests": 32342,
    "sendgrid_last_complete_day_bounces": 10,
    "sendgrid_last_complete_day_clicks": 14323,
    "sendgrid_last_complete_day_opens": 10995,
    "sendgrid_last_complete_day_spam_reports": 7,
    "sendgrid_last_complete_day_timestamp_seconds": 1245542400,
}
DATA = {
    "stats_aggregate.json": (
        "totals",
        {
            **TOTALS,
            "sendgrid_delivered_total": 10,
            "sendgrid_unsubscribes_total": 0,
            "sendgrid_blocks_total": 0,
            "sendgrid_invalid_emails_total": 1,
            "sendgrid_repeat_bounces_total": 0,
            "sendgrid_repeat_unsubscribes_total": 0,
            "sendgrid_repeat_spam_reports_total": 0,
        },
    ),
    "stats_aggregate_2014.json": ("totals", TOTALS),
    "stats_daily.json": (
        "daily",
        {
            **DAILY,
            "sendgrid_latest_day_delivered": 0,
            "sendgrid_latest_day_unsubscribes": 0,
            "sendgrid_latest_day_blocks": 0,
            "sendgrid_latest_day_invalid_emails": 0,
            "sendgrid_latest_day_repeat_bounces": 0,
            "sendgrid_latest_day_repeat_unsubscribes": 0,
            "sendgrid_latest_day_repeat_spam_reports": 0,
            "sendgrid_latest_day_unique_clicks": 0,
            "sendgrid_latest_day_unique_opens": 0,
            "sendgrid_last_complete_day_delivered": 0,
            "sendgrid_last_complete_day_unsubscribes": 0,
            "sendgrid_last_complete_day_blocks": 0,
            "sendgrid_last_complete_day_invalid_emails": 0,
            "sendgrid_last_complete_day_repeat_bounces": 0,
            "sendgrid_last_complete_day_repeat_unsubscribes": 0,
            "sendgrid_last_complete_day_repeat_spam_reports": 0,
            "sendgrid_last_complete_day_unique_clicks": 0,
            "sendgrid_last_complete_day_unique_opens": 0,
        },
    ),
    "stats_daily_2014.json": ("daily", DAILY),
    "account_overview.json": (
        "credits",
        {
            "sendgrid_credits_allowed": 50000,
            "sendgrid_credits_used": 100000,
            "sendgrid_credits_remaining": 0,
            "sendgrid_credits_overage": 50000,
            "sendgrid_credits_unlimited": 0,
            "sendgrid_reputation_ratio": 1.0,
            "sendgrid_overview_requests": 500000,
            "sendgrid_billing_start_timestamp_seconds": 1283126400,
            "sendgrid_billing_end_timestamp_seconds": 1285718400,
            "sendgrid_billing_process_timestamp_seconds": 1285804800,
            'sendgrid_package_info{package="Silver Package"}': 1,
        },
    ),
}
ERRORS = {
    "error_list.json": "the vendor answered with an error: ...error messages...",
    "error_wrong_credentials.json": "the vendor answered with an error: Permission denied, wrong credentials",
    "error_object.json": "the vendor answered with an error: ... error message ...",
    "error_flat_code.json": "the vendor answered with an error: User does not exist",
    "error_flat_message.json": "the vendor answered with an error: Email does not exist",
    "error_string.json": "the vendor answered with an error: Bad username / password",
}
BROKEN = ("error_object_trailing_comma.json", "error_too_many_requests.json")
NOT_ASKED = {
    **dict.fromkeys(
        ("ack_success.json", "authenticate.json"), "the answer to calls that change something or carry a password"
    ),
    **dict.fromkeys(
        (
            "customer_subuser_stats_aggregate.json",
            "customer_subuser_stats_category_list.json",
            "customer_subuser_stats_daily.json",
        ),
        "statistics of customers' subusers are not fetched",
    ),
    **dict.fromkeys(
        ("timezone_get.json", "timezone_list.json", "monitor_list.json", "whitelabel_list.json"),
        "settings are not fetched",
    ),
    **dict.fromkeys(
        (
            "stats_category.json",
            "stats_category_2014.json",
            "stats_category_list.json",
            "stats_category_list_2014.json",
        ),
        "categories are not fetched",
    ),
    **dict.fromkeys(
        ("bounces.json", "invalid_emails.json", "spam_reports.json", "unsubscribes.json"),
        "suppressions are not fetched",
    ),
    **dict.fromkeys(
        ("ip_all.json", "ip_available.json", "ip_free.json", "ip_taken.json", "ip_usage.json"),
        "addresses are not fetched",
    ),
    **dict.fromkeys(
        ("billing_current.json", "billing_usage.json", "invoice_numbers.json", "invoices.json"),
        "invoices and usage are not fetched",
    ),
    "account_limits.json": "limits are not fetched",
    "customer_list.json": "customers are not discovered",
    "packages.json": "packages are not fetched",
    "pending_list.json": "pending changes are not fetched",
}


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.glob("*.json")}

    assert recorded == {*DATA, *ERRORS, *BROKEN, *NOT_ASKED}


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_payload_gives_these_samples(reseller, vendor, payload, name):
    collector, expected = DATA[name]
    reseller.at("2009-06-22T12:00:00+00:00")
    vendor.replies(payload(f"sendgrid-reseller-v2/{name}"))
    settings = {} if collector == "credits" else {"fields": "all"}

    assert reseller.fetch(collector, **settings) == expected
    assert reseller.rejected(collector) == 0


@pytest.mark.parametrize("collector", ["totals", "daily", "credits"])
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_body_under_status_200_fails_every_fetch(reseller, vendor, payload, name, collector):
    vendor.replies(payload(f"sendgrid-reseller-v2/{name}"))

    with pytest.raises(VendorRefused) as caught:
        reseller.fetch(collector)
    assert str(caught.value) == ERRORS[name]


@pytest.mark.parametrize("collector", ["totals", "daily", "credits"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_recorded_error_body_that_is_no_json_is_no_data_either(reseller, vendor, payload, name, collector):
    vendor.replies(payload(f"sendgrid-reseller-v2/{name}"))

    with pytest.raises(InvalidResponse, match="^the answer is not JSON: "):
        reseller.fetch(collector)


@pytest.mark.parametrize("collector", ["totals", "daily", "credits"])
def test_an_acknowledgement_is_no_data(reseller, vendor, payload, collector):
    vendor.replies(payload("sendgrid-reseller-v2/ack_success.json"))

    with pytest.raises(InvalidResponse):
        reseller.fetch(collector)
