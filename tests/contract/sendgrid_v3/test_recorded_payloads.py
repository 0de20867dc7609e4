"""Every recorded payload of a call that is made: payload in, literal samples out."""

from pathlib import Path
from typing import Any

import pytest

from exporter.errors import AuthRejected, ClientRefused, RateLimited, ServerFailed, VendorRefused
from exporter.providers.base import Found
from exporter.providers.sendgrid_v3.accounts import AccountKind

FOLDER = Path(__file__).parents[1] / "payloads" / "sendgrid-v3"
COUNTERS = (
    *("requests", "delivered", "bounces", "clicks", "opens", "spam_reports", "unsubscribes", "blocks"),
    *("invalid_emails", "bounce_drops", "unsubscribe_drops", "spam_report_drops", "processed", "deferred"),
    *("unique_clicks", "unique_opens"),
)
USER1, USER2, OWN = {"subuser": "user1"}, {"subuser": "user2"}, {"own": True}


def day(prefix, start, **counters):
    """Return a day's samples; what is not given is 0."""
    values = {f"sendgrid_{prefix}_{name}": counters.get(name, 0) for name in COUNTERS}
    return values if start is None else {**values, f"sendgrid_{prefix}_timestamp_seconds": start}


def category(name, **counters):
    values = day("category_latest_day", None, **counters)
    return {f'{metric}{{category="{name}"}}': value for metric, value in values.items()}


PARTNER = "sg2a2bcd3ef4ab5c67d8efab91c01de2fa"
# File, day of the fetch, customers, samples by customer.
DAILY: dict[str, Any] = {
    "subusers_stats.json": (
        "2015-01-02",
        [USER1, USER2],
        {
            "user1": {
                **day("latest_day", 1420156800, blocks=10, requests=10),
                **day("last_complete_day", 1420070400),
            },
            "user2": {
                **day(
                    *("latest_day", 1420156800),
                    clicks=6,
                    delivered=5,
                    opens=6,
                    requests=5,
                    unique_clicks=5,
                    unique_opens=5,
                    unsubscribes=6,
                ),
                **day("last_complete_day", 1420070400),
            },
        },
    ),
    "subusers_stats_oai.json": (
        "2015-10-10",
        [{"subuser": "Matt_subuser"}],
        {"Matt_subuser": {**day("latest_day", 1444435200), **day("last_complete_day", 1444348800)}},
    ),
    "stats.json": (
        "2015-01-02",
        [OWN],
        {
            "own": {
                **day("latest_day", 1420156800),
                **day(
                    *("last_complete_day", 1420070400),
                    blocks=1,
                    deferred=1,
                    delivered=1,
                    invalid_emails=1,
                    opens=1,
                    processed=2,
                    requests=3,
                    unique_opens=1,
                ),
            }
        },
    ),
    "stats_oai.json": (
        "2015-11-09",
        [OWN],
        {"own": {**day("latest_day", 1447027200), **day("last_complete_day", 1446940800)}},
    ),
}
OTHERS: dict[str, Any] = {
    "subuser_credits.json": (
        *("credits", [USER1]),
        {
            "user1": {
                "sendgrid_credits_allowed": 100,
                "sendgrid_credits_used": 1,
                "sendgrid_credits_remaining": 99,
                "sendgrid_credits_unlimited": 0,
            }
        },
    ),
    "user_credits.json": (
        *("credits", [OWN]),
        {
            "own": {
                "sendgrid_credits_allowed": 200,
                "sendgrid_credits_used": 0,
                "sendgrid_credits_remaining": 200,
                "sendgrid_credits_overage": 0,
                "sendgrid_credits_unlimited": 0,
                "sendgrid_credits_last_reset_timestamp_seconds": 1356998400,
                "sendgrid_credits_next_reset_timestamp_seconds": 1359676800,
            }
        },
    ),
    "user_account.json": ("reputation", [OWN], {"own": {"sendgrid_reputation_ratio": 1.0}}),
    "subusers_reputations.json": (
        *("reputation", [{"subuser": "example_subuser"}, {"subuser": "example_subuser2"}]),
        {
            "example_subuser": {"sendgrid_reputation_ratio": 0.99},
            "example_subuser2": {"sendgrid_reputation_ratio": 0.952},
        },
    ),
    "subusers_reputations_2018.json": (
        *("reputation", [USER1, USER2]),
        {"user1": {"sendgrid_reputation_ratio": 0.99}, "user2": {"sendgrid_reputation_ratio": 0.952}},
    ),
}
CATEGORIES = {
    "categories_stats.json": (
        *("2015-01-02", ["cat1", "cat2"]),
        {
            **category("cat1", blocks=10, requests=10),
            **category(
                "cat2",
                clicks=6,
                delivered=5,
                opens=6,
                requests=5,
                unique_clicks=5,
                unique_opens=5,
                unsubscribes=6,
            ),
        },
    ),
    "categories_stats_oai.json": (
        *("2015-11-01", ["docs", "mattscategory"]),
        {**category("docs"), **category("mattscategory")},
    ),
}
SUBUSER, ACCOUNT = AccountKind.SUBUSER, AccountKind.ACCOUNT
LISTS = {
    "subusers.json": (
        {},
        [
            Found("example_subuser", "example_subuser", "1234", is_active=True, settings=SUBUSER, option="subuser"),
            Found("example_subuser2", "example_subuser2", "1234", is_active=True, settings=SUBUSER, option="subuser"),
        ],
    ),
    "subusers_2018.json": (
        {},
        [
            Found("Test@example.com", "Test@example.com", "1", is_active=None, settings=SUBUSER, option="subuser"),
            Found("John@example.com", "John@example.com", "2", is_active=None, settings=SUBUSER, option="subuser"),
        ],
    ),
    # The sample shows one id twice.
    "partners_accounts.json": (
        {"discovery": {"of": "accounts"}},
        [Found(PARTNER, PARTNER, PARTNER, is_active=None, settings=ACCOUNT, option="account")],
    ),
}
ERRORS = {
    "error_400_categories.json": (400, ClientRefused, "invalid sort value"),
    "error_400_credits.json": (400, ClientRefused, "No user found"),
    "error_401_live.json": (401, AuthRejected, "Permission denied, wrong credentials"),
    "error_401_subusers.json": (401, AuthRejected, "authorization required"),
    "error_429_live.json": (429, RateLimited, "too many requests"),
    "error_500_sums_live.json": (500, ServerFailed, "unable to get subuser stat sums"),
}
LISTED = ("categories.json",)
NOT_ASKED = dict.fromkeys(
    (
        "categories_stats_sums.json",
        "subuser_stats_monthly.json",
        "subusers_stats_monthly.json",
        "subusers_stats_sums.json",
        "subusers_stats_sums_oai.json",
    ),
    "sums are cut off at the five largest unless a limit is set whose most is not documented; they are made here",
)


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.glob("*.json")}

    assert recorded == {*DAILY, *OTHERS, *CATEGORIES, *LISTS, *LISTED, *ERRORS, *NOT_ASKED}


@pytest.mark.parametrize("name", DAILY)
def test_recorded_statistics_give_these_samples(v3, payload, name):
    today, customers, expected = DAILY[name]
    v3.at(f"{today}T12:00:00+00:00")
    v3.replies(payload(f"sendgrid-v3/{name}"))

    assert v3.fetch_all("daily", *customers, fields="all", days=10) == expected
    assert v3.rejected("daily") == 0


@pytest.mark.parametrize("name", OTHERS)
def test_a_recorded_payload_gives_these_samples(v3, payload, name):
    collector, customers, expected = OTHERS[name]
    v3.replies(payload(f"sendgrid-v3/{name}"))

    assert v3.fetch_all(collector, *customers) == expected
    assert v3.rejected(collector) == 0


@pytest.mark.parametrize("name", CATEGORIES)
def test_recorded_category_statistics_give_these_samples(v3, payload, name):
    today, names, expected = CATEGORIES[name]
    v3.at(f"{today}T12:00:00+00:00")
    v3.replies([{"category": each} for each in names], payload(f"sendgrid-v3/{name}"))

    assert v3.fetch("categories", OWN, fields="all") == expected
    assert v3.rejected("categories") == 0


def test_a_recorded_list_of_categories_is_asked_about(v3, payload):
    v3.replies(payload("sendgrid-v3/categories.json"), "[]")

    v3.fetch("categories", OWN)

    assert v3.values_asked("categories") == [[], ["category 1", "category 2"]]


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_gives_these_customers(v3, payload, name):
    keys, expected = LISTS[name]
    v3.replies(payload(f"sendgrid-v3/{name}"))

    assert v3.discover(**keys) == expected


@pytest.mark.parametrize("collector", ["daily", "credits", "reputation", "totals", "month", "categories"])
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_is_what_its_status_says(v3, vendor, payload, name, collector):
    status, error, _ = ERRORS[name]
    vendor.replies(payload(f"sendgrid-v3/{name}"), status=status)

    with pytest.raises(error):
        v3.fetch(collector)


@pytest.mark.parametrize("collector", ["daily", "credits", "reputation", "totals", "month", "categories"])
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_under_status_200_is_the_vendors_error(v3, payload, name, collector):
    _, _, words = ERRORS[name]
    v3.replies(payload(f"sendgrid-v3/{name}"))

    with pytest.raises(VendorRefused) as caught:
        v3.fetch(collector)
    assert str(caught.value) == f"the vendor answered with an error: {words}"
