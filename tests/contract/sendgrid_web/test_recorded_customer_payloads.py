"""Every recorded payload of Web API v2 for subusers: payload in, literal samples out."""

from pathlib import Path

import pytest

from exporter.errors import VendorRefused
from exporter.providers.base import Found
from tests.contract.recorded import Recorded, account, check, named

NAME = "sendgrid-subusers-v2"
FOLDER = Path(__file__).parents[1] / "payloads" / NAME
COLLECTORS = ("totals", "daily", "categories", "month", "limits")

IN_2009 = "2009-06-22T12:00:00+00:00"
DAY = {
    "requests": 0,
    "delivered": 0,
    "bounces": 0,
    "clicks": 0,
    "opens": 0,
    "spam_reports": 0,
    "unsubscribes": 0,
    "blocks": 0,
    "invalid_emails": 0,
    "repeat_bounces": 0,
    "repeat_unsubscribes": 0,
    "repeat_spam_reports": 0,
    "unique_clicks": 0,
    "unique_opens": 0,
}
LATEST, COMPLETE = "sendgrid_latest_day_{}", "sendgrid_last_complete_day_{}"
LIMITS = {
    "sendgrid_limit_credits": 200,
    "sendgrid_limit_credits_remaining": 200,
    "sendgrid_limit_last_reset_timestamp_seconds": 1416528000,
    "sendgrid_limit_enabled": 1,
}
CATEGORY_A = named(
    'sendgrid_category_latest_day_{}{{category="categoryA"}}',
    requests=12342,
    bounces=12,
    clicks=10223,
    opens=9992,
    spam_reports=5,
)
CATEGORY_B = named(
    'sendgrid_category_latest_day_{}{{category="categoryB"}}',
    requests=32342,
    bounces=10,
    clicks=14323,
    opens=10995,
    spam_reports=7,
)
DATA = {
    **{
        # Numbers are strings in this JSON.
        f"stats_aggregate.{each}": Recorded(
            "totals",
            named("sendgrid_{}_total", requests=12342, bounces=12, clicks=10223, opens=9992, spam_reports=5),
        )
        for each in ("json", "xml")
    },
    "stats_daily.json": Recorded(
        "daily", {**named(LATEST, **DAY), **named(LATEST, timestamp_seconds=1417046400)}, "2014-11-27T12:00:00+00:00"
    ),
    "stats_daily.xml": Recorded(
        "daily",
        {
            **named(LATEST, **DAY, timestamp_seconds=1417219200),
            **named(COMPLETE, **DAY, timestamp_seconds=1417219200),
        },
        "2014-11-30T12:00:00+00:00",
    ),
    **{f"account_limits.{each}": Recorded("limits", LIMITS) for each in ("json", "xml")},
    **{f"stats_category.{each}": Recorded("categories", CATEGORY_A, IN_2009) for each in ("json", "xml")},
    **{f"stats_category_multi.{each}": Recorded("categories", CATEGORY_B, IN_2009) for each in ("json", "xml")},
}
CATEGORY_LISTS = ("stats_category_list.json", "stats_category_list.xml")
CUSTOMERS = ("subuser_list.json", "subuser_list.xml")
ERRORS = {"error_nested.json": ": User does not exist", "error_flat_message.json": ": User not found"}
NOT_ASKED = {
    **dict.fromkeys(("bounces", "unsubscribes", "spam_reports", "invalid_emails"), "lists of recipients' addresses"),
    **dict.fromkeys(("ip_all", "sendip_list"), "addresses are not a subuser's"),
    **dict.fromkeys(
        ("own_stats", "own_stats_advanced", "own_category_list", "own_bounces_count"), "about the account itself"
    ),
    "monitor_list": "a setting",
}


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.iterdir()}
    not_asked = {f"{name}.{format_}" for name in NOT_ASKED for format_ in ("json", "xml")}

    assert recorded == {*DATA, *CATEGORY_LISTS, *CUSTOMERS, *ERRORS, *not_asked}


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_payload_gives_these_samples(vendor, ca_file, payload, name):
    check(account(vendor, ca_file, NAME, name), DATA[name], payload(f"{NAME}/{name}"))


@pytest.mark.parametrize("name", CATEGORY_LISTS)
def test_a_recorded_list_of_categories_is_asked_for_in_one_call(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    web.replies(payload(f"{NAME}/{name}"), "<stats/>" if web.format == "xml" else "[]")

    assert web.fetch("categories") == {}
    user = ("user", "customer@example.com")
    categories = [("category[]", category) for category in ("categoryA", "categoryB", "categoryC")]
    path = f"/apiv2/customer.stats.{web.format}"
    assert web.asked == [(path, [("list", "true"), user]), (path, [user, ("days", "3"), *categories])]


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_recorded_list_of_customers_is_read_without_personal_data(vendor, ca_file, payload, name):
    web = account(vendor, ca_file, NAME, name)
    vendor.replies(payload(f"{NAME}/{name}"))

    # Both rows have one user name, and disagree about it.
    assert web.discover() == [Found("username", "username", "username", None)]
    assert web.asked == [(f"/apiv2/customer.profile.{web.format}", [("task", "get")])]


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_body_under_status_200_fails_every_fetch(vendor, ca_file, payload, name, collector):
    vendor.replies(payload(f"{NAME}/{name}"))

    with pytest.raises(VendorRefused) as caught:
        account(vendor, ca_file, NAME, name).fetch(collector)
    assert str(caught.value) == f"the vendor answered with an error{ERRORS[name]}"
