"""Daily statistics, and whom one call is for. It is 2026-03-13, 12:00 UTC."""

import pytest

from exporter.errors import AuthRejected, ClientRefused, InvalidResponse, NotFound, Redirected, ServerFailed

ALICE, BOB = {"subuser": "alice"}, {"subuser": "bob"}
OWN, PARTNER = {"own": True, "name": "hq"}, {"account": "sg2a2b", "name": "partner"}


def latest(samples, prefix="sendgrid_latest_day_"):
    return {name.removeprefix(prefix): value for name, value in samples.items() if name.startswith(prefix)}


def complete(samples):
    return latest(samples, "sendgrid_last_complete_day_")


def test_one_call_asks_for_ten_subusers(v3):
    customers = [{"subuser": f"user{number}"} for number in range(10)]
    v3.replies("[]")

    v3.fetch_all("daily", *customers)

    assert v3.asked == [
        (
            "/v3/subusers/stats",
            [
                *(("subusers", f"user{number}") for number in range(10)),
                ("start_date", "2026-03-11"),
                ("aggregated_by", "day"),
                ("limit", "500"),
            ],
        )
    ]
    [asked] = v3.vendor.asked
    assert (asked.verb, asked.form) == ("GET", [])
    assert asked.headers["Authorization"] == "Bearer SG.correct-horse-battery"
    assert asked.headers["Accept"] == "application/json"
    assert "On-Behalf-Of" not in asked.headers


def test_the_own_account_is_asked_for_without_a_name(v3):
    v3.replies("[]")

    v3.fetch("daily", OWN, days=7)

    assert v3.asked == [("/v3/stats", [("start_date", "2026-03-07"), ("aggregated_by", "day"), ("limit", "500")])]
    assert "On-Behalf-Of" not in v3.vendor.asked[0].headers


def test_a_partner_account_is_asked_for_on_its_behalf(v3):
    v3.replies("[]")

    v3.fetch("daily", PARTNER)

    assert v3.asked[0][0] == "/v3/stats"
    assert v3.vendor.asked[0].headers["On-Behalf-Of"] == "account-id sg2a2b"


def test_each_customer_of_a_mixed_batch_gets_its_own_numbers(v3, row, period):
    v3.replies(
        [period("2026-03-13", row("alice", 1), row("bob", 2))],
        [period("2026-03-13", row(requests=3))],
        [period("2026-03-13", row(requests=4))],
    )

    answers = v3.fetch_all("daily", PARTNER, ALICE, OWN, BOB, fields=["requests"])

    assert {name: latest(values)["requests"] for name, values in answers.items()} == {
        "alice": 1,
        "bob": 2,
        "partner": 3,
        "hq": 4,
    }
    assert [path for path, _ in v3.asked] == ["/v3/subusers/stats", "/v3/stats", "/v3/stats"]


def test_the_newest_and_the_last_complete_day_are_shown(v3, row, period):
    v3.replies([period("2026-03-12", row("alice", 12)), period("2026-03-13", row("alice", 13))])

    assert v3.fetch("daily", fields=["requests", "clicks"]) == {
        "sendgrid_latest_day_requests": 13,
        "sendgrid_latest_day_clicks": 30,
        "sendgrid_latest_day_timestamp_seconds": 1773360000,
        "sendgrid_last_complete_day_requests": 12,
        "sendgrid_last_complete_day_clicks": 30,
        "sendgrid_last_complete_day_timestamp_seconds": 1773273600,
    }


def test_all_sixteen_counters_can_be_shown(v3, row, period):
    more = dict.fromkeys(
        [
            *("blocks", "bounce_drops", "deferred", "delivered", "invalid_emails", "processed", "spam_report_drops"),
            *("unique_clicks", "unique_opens", "unsubscribe_drops", "unsubscribes"),
        ],
        7,
    )
    v3.replies([period("2026-03-13", row("alice", **more))])

    assert latest(v3.fetch("daily", fields="all")) == {
        "requests": 100,
        "bounces": 1,
        "clicks": 30,
        "opens": 60,
        "spam_reports": 2,
        "timestamp_seconds": 1773360000,
        **more,
    }


def test_rows_are_matched_by_name_and_never_by_type(v3, row, period):
    v3.replies([period("2026-03-13", {**row("alice", 13), "type": "category"}, {**row("bob"), "type": None})])

    assert latest(v3.fetch("daily"))["requests"] == 13


def test_an_empty_answer_is_a_success_without_samples(v3):
    v3.replies("[]")

    assert v3.fetch_all("daily", ALICE, BOB, OWN) == {"alice": {}, "bob": {}, "hq": {}}


def test_days_without_any_row_are_a_success_without_samples(v3, period):
    v3.replies([period("2026-03-12"), period("2026-03-13")])

    assert v3.fetch_all("daily", ALICE, BOB) == {"alice": {}, "bob": {}}


def test_a_subuser_missing_where_others_are_there_fails_alone(v3, row, period):
    v3.replies([period("2026-03-12", row("alice", 12)), period("2026-03-13", row("carol", 13))])

    answers = v3.fetch_all("daily", ALICE, BOB, {"subuser": "carol"})

    assert isinstance(answers["bob"], NotFound)
    assert latest(answers["alice"])["requests"] == 12
    assert latest(answers["carol"])["requests"] == 13


@pytest.mark.parametrize(("status", "error"), [(400, ClientRefused), (404, NotFound)])
def test_a_refused_batch_fails_as_a_whole_so_that_each_is_asked_alone(v3, status, error):
    v3.replies(status)

    with pytest.raises(error), v3.fetching("daily", ALICE, BOB, OWN) as fetch:
        fetch()
    assert len(v3.asked) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(302, Redirected), (401, AuthRejected), (403, AuthRejected), (500, ServerFailed)]
)
def test_another_failure_of_the_subusers_call_leaves_the_other_accounts_their_own(v3, row, period, status, error):
    v3.replies(status, [period("2026-03-13", row(requests=3))])

    answers = v3.fetch_all("daily", ALICE, BOB, OWN)

    assert isinstance(answers["alice"], error)
    assert isinstance(answers["bob"], error)
    assert latest(answers["hq"])["requests"] == 3


def test_a_refused_account_fails_alone(v3, row, period):
    v3.replies([period("2026-03-13", row("alice", 1))], 404, [period("2026-03-13", row(requests=3))])

    answers = v3.fetch_all("daily", ALICE, PARTNER, OWN)

    assert isinstance(answers["partner"], NotFound)
    assert latest(answers["alice"])["requests"] == 1
    assert latest(answers["hq"])["requests"] == 3


def test_days_are_each_customers_own(v3, row, period):
    """At 12:00 UTC it is already the 14th on Kiritimati, 14 hours ahead; one call serves both."""
    ahead = {"subuser": "bob", "timezone": "Pacific/Kiritimati"}
    v3.replies([period(f"2026-03-{day}", row("alice", day), row("bob", day)) for day in (12, 13, 14)])

    answers = v3.fetch_all("daily", ahead, ALICE, fields=["requests"])

    assert v3.values_asked("start_date") == [["2026-03-11"]]
    assert answers["bob"] == {
        "sendgrid_latest_day_requests": 14,
        "sendgrid_latest_day_timestamp_seconds": 1773396000,
        "sendgrid_last_complete_day_requests": 13,
        "sendgrid_last_complete_day_timestamp_seconds": 1773309600,
    }
    assert complete(answers["alice"])["requests"] == 12


def test_the_newest_row_is_shown_however_old_it_is(v3, row, period):
    v3.replies([period("2015-01-02", row("alice", 2)), period("2015-01-01", row("alice", 1))])

    assert v3.fetch("daily", fields=["requests"]) == {
        "sendgrid_latest_day_requests": 2,
        "sendgrid_latest_day_timestamp_seconds": 1420156800,
    }


def test_a_row_of_tomorrow_is_taken(v3, row, period):
    v3.replies([period("2026-03-14", row("alice", 14))])

    assert latest(v3.fetch("daily"))["requests"] == 14


def test_a_row_from_the_future_refuses_the_answer(v3, row, period):
    v3.replies([period("2026-03-13", row("alice")), period("2026-03-15", row("alice"))])

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("daily")
    assert str(caught.value) == "the statistics: a date is more than one day ahead of the customer's today"


def test_identical_rows_are_one(v3, row, period):
    v3.replies([period("2026-03-13", row("alice", 13), row("alice", "13")), period("2026-03-13", row("alice", 13))])

    assert latest(v3.fetch("daily"))["requests"] == 13


@pytest.mark.parametrize("customer", [ALICE, OWN])
def test_two_rows_of_one_name_and_day_that_differ_refuse_the_answer(v3, row, period, customer):
    name = customer.get("subuser")
    v3.replies([period("2026-03-12", row(name, 1)), period("2026-03-13", row(name, 1), row(name, 2))])

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("daily", customer)
    assert str(caught.value) == (
        "entry 2 of the statistics, row 2: there was an earlier row of its name and date, with other numbers"
    )


@pytest.mark.parametrize("value", [None, "", True, -1, 1.5, "1.0", [], {}, 2**53 + 1])
@pytest.mark.parametrize("field", ["requests", "bounces", "clicks", "opens", "spam_reports"])
@pytest.mark.parametrize("customer", [ALICE, OWN], ids=str)
def test_a_wrong_required_counter_refuses_the_answer(v3, row, period, customer, field, value):
    """Of the own account too, though the vendor's description requires nothing there."""
    v3.replies([period("2026-03-13", row(customer.get("subuser"), **{field: value}))])

    with pytest.raises(InvalidResponse, match=f"^entry 1 of the statistics, row 1: metrics: {field} is "):
        v3.fetch("daily", customer, fields=["delivered"])


@pytest.mark.parametrize("value", [True, -1, 1.5, "many", []])
def test_a_wrong_optional_counter_is_left_out_and_counted(v3, row, period, value):
    v3.replies([period("2026-03-13", row("alice", delivered=value))])

    assert "delivered" not in latest(v3.fetch("daily"))
    assert v3.rejected("daily") == 1


def test_an_unsent_optional_counter_is_absent_and_not_counted(v3, row, period):
    v3.replies([period("2026-03-13", row("alice", delivered=None))])

    assert "delivered" not in latest(v3.fetch("daily", fields="all"))
    assert v3.rejected("daily") == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{}", "the statistics: not a list"),
        ("null", "the statistics: not a list"),
        ("[5]", "entry 1 of the statistics: not an object"),
        ('[{"stats": []}]', "entry 1 of the statistics: date is missing"),
        ('[{"date": "2026-02-29", "stats": []}]', "entry 1 of the statistics: date is no real date (YYYY-MM-DD)"),
        ('[{"date": "2026-03-13"}]', "entry 1 of the statistics: stats: not a list"),
        ('[{"date": "2026-03-13", "stats": {}}]', "entry 1 of the statistics: stats: not a list"),
        ('[{"date": "2026-03-13", "stats": ["x"]}]', "entry 1 of the statistics, row 1: not an object"),
        (
            '[{"date": "2026-03-13", "stats": [{"name": "alice"}]}]',
            "entry 1 of the statistics, row 1: metrics: not an object",
        ),
        ('[{"date": "2026-03-13", "stats": [{"metrics": {}}]}]', "entry 1 of the statistics, row 1: name is missing"),
        (
            '[{"date": "2026-03-13", "stats": [{"name": 5, "metrics": {}}]}]',
            "entry 1 of the statistics, row 1: name is no text",
        ),
    ],
)
def test_what_is_no_statistics_is_refused(v3, body, words):
    v3.replies(body)

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("daily")
    assert str(caught.value) == words


def test_midnight_during_the_call_does_not_complete_the_day_before_it(v3, row, period):
    v3.at("2026-03-13T23:59:59+00:00")
    v3.vendor.on_request = lambda: v3.clock.advance(2)
    v3.vendor.replies(
        '[{"date": "2026-03-13", "stats": [{"name": "alice", "metrics": {"requests": 1, "bounces": 0, '
        '"clicks": 0, "opens": 0, "spam_reports": 0}}]}]'
    )

    assert complete(v3.fetch("daily")) == {}
