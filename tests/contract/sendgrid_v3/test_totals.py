"""Totals: the sum of all months since a date, of which those that are over are kept. It is 2026-03-13, 12:00 UTC."""

import pytest

from exporter.errors import InvalidResponse, NotFound

ALICE, BOB = {"subuser": "alice"}, {"subuser": "bob"}


def requests(answers):
    return {name: values.get("sendgrid_requests_total") for name, (values, _) in answers.items()}


@pytest.fixture
def months(row, period):
    """Return a function that makes a list of months with the requests of alice in each."""
    return lambda **sent: [period(f"2026-{month[1:]}-01", row("alice", number)) for month, number in sent.items()]


def test_one_call_sums_up_all_months_of_ten_subusers(v3, row, period):
    v3.replies(
        [
            period("2025-12-01", row("alice", 1), row("bob", 10)),
            period("2026-01-01", row("alice", 2), row("bob", 20)),
            period("2026-03-01", row("alice", 4), row("bob", 40)),
        ]
    )

    answers = v3.fetch_all("totals", ALICE, BOB, since="2025-12-01", fields=["requests", "clicks"])

    assert answers == {
        "alice": {"sendgrid_requests_total": 7, "sendgrid_clicks_total": 90},
        "bob": {"sendgrid_requests_total": 70, "sendgrid_clicks_total": 90},
    }
    assert v3.asked == [
        (
            "/v3/subusers/stats",
            [
                *(("subusers", "alice"), ("subusers", "bob"), ("start_date", "2025-12-01")),
                *(("aggregated_by", "month"), ("limit", "500")),
            ],
        )
    ]


def test_all_counters_but_the_unique_ones_are_summed_up(v3, row, period):
    v3.replies([period("2026-03-01", row("alice", unique_clicks=1, unique_opens=1, processed=4, deferred=5))])

    samples = v3.fetch("totals", fields="all")

    assert samples["sendgrid_processed_total"] == 4
    assert samples["sendgrid_deferred_total"] == 5
    assert not [name for name in samples if "unique" in name]


def test_a_counter_that_one_month_lacks_has_no_total(v3, row, period):
    v3.replies([period("2026-02-01", row("alice", delivered=1)), period("2026-03-01", row("alice"))])

    assert "sendgrid_delivered_total" not in v3.fetch("totals")


def test_a_first_month_that_is_not_whole_is_asked_for_by_day(v3, row, period):
    """Whether a month's row would begin with the date is nowhere said."""
    v3.replies(
        [
            period("2026-01-01", row("alice", 1000)),
            period("2026-01-15", row("alice", 1)),
            period("2026-01-31", row("alice", 2)),
        ],
        [period("2026-02-01", row("alice", 10)), period("2026-03-01", row("alice", 20))],
    )

    assert v3.fetch("totals", since="2026-01-15", fields=["requests"]) == {"sendgrid_requests_total": 33}
    assert [fields[1:-1] for _, fields in v3.asked] == [
        [("start_date", "2026-01-15"), ("end_date", "2026-01-31"), ("aggregated_by", "day")],
        [("start_date", "2026-02-01"), ("aggregated_by", "month")],
    ]


def test_months_that_are_over_are_asked_for_once(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=2, m03=5))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        assert requests(fetch()) == {"alice": 7}
        assert requests(fetch()) == {"alice": 8}
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-02-01"]]


def test_months_that_are_over_are_not_asked_for_after_a_restart_either(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=3, m03=5), months(m03=6, m04=7))

    for _ in range(2):
        with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
            fetch()
    v3.at("2026-04-02T12:00:00+00:00")
    with v3.fetching("totals", ALICE, BOB, fields=["requests"]) as fetch:
        assert requests(fetch("alice")) == {"alice": 1 + 3 + 6 + 7}

    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-02-01"], ["2026-02-01"]]
    assert v3.memories["bob"] == ""


def test_the_month_before_this_one_may_still_grow(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=3, m03=4))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        assert requests(fetch()) == {"alice": 8}


@pytest.mark.parametrize(("later", "total"), [({"m02": 1, "m03": 4}, 6), ({"m02": 2, "m03": 3}, 6)])
def test_this_month_and_the_one_before_are_shown_as_the_vendor_has_them(v3, months, later, total):
    """What becomes of a total that falls is the store's to say."""
    v3.replies(months(m01=1, m02=2, m03=4), months(**later))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        assert requests(fetch()) == {"alice": total}
        v3.at("2026-04-02T12:00:00+00:00")
        assert requests(fetch()) == {"alice": total}


@pytest.mark.parametrize(("later", "total"), [({"m03": 5}, 8), ({"m02": 3}, 8), ({}, 7)])
def test_a_month_that_vanishes_keeps_its_sum(v3, months, later, total):
    v3.replies(months(m01=1, m02=2, m03=4), months(**later))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        assert requests(fetch()) == {"alice": total}
        v3.at("2026-07-02T12:00:00+00:00")
        assert requests(fetch()) == {"alice": total}


def test_an_answer_without_a_row_closes_no_month(v3, months):
    v3.replies("[]", months(m01=1, m02=2, m03=4))

    for total in (None, 7, 7):
        with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
            assert fetch()["alice"][0].get("sendgrid_requests_total") == total
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-01-01"], ["2026-02-01"]]


def test_a_clock_that_is_ahead_closes_no_month_that_still_grows(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=2, m03=5), months(m02=2, m03=8, m04=16))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        v3.at("2026-06-13T12:00:00+00:00")
        assert requests(fetch()) == {"alice": 8}
    v3.at("2026-04-13T12:00:00+00:00")
    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        assert requests(fetch()) == {"alice": 27}


def test_months_that_were_closed_when_both_clocks_were_ahead_are_asked_for_again(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4, m05=0), months(m01=1, m02=2, m03=8))

    v3.at("2026-05-13T12:00:00+00:00")
    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        assert requests(fetch()) == {"alice": 7}
    v3.at("2026-03-14T12:00:00+00:00")
    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        assert requests(fetch()) == {"alice": 11}
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-01-01"]]


@pytest.mark.parametrize(
    "behind", ["2026-01-13T12:00:00+00:00", "2025-12-13T12:00:00+00:00", "1970-01-01T12:00:00+00:00"]
)
def test_a_clock_that_is_behind_fails_and_changes_nothing(v3, months, behind):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=2, m03=5))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        v3.at(behind)
        assert isinstance(fetch()["alice"], InvalidResponse)
        v3.at("2026-03-13T12:00:00+00:00")
        assert requests(fetch()) == {"alice": 8}
    assert v3.values_asked("start_date")[2:] == [["2026-02-01"]]


def test_before_the_first_day_has_come_nothing_counts(v3, period, row):
    """Somewhere it may have come: for another customer, or for the vendor."""
    v3.replies(
        [period("2026-03-13", row("alice", 1))],
        [period("2026-03-13", row("alice", 1)), period("2026-03-14", row("alice", 2))],
    )

    with v3.fetching("totals", ALICE, since="2026-03-14", fields=["requests"]) as fetch:
        assert fetch() == {"alice": ({}, {})}
        assert requests(fetch()) == {"alice": 2}
    assert v3.values_asked("start_date") == [["2026-03-13"], ["2026-03-13"]]


def test_months_pass_without_a_number_lost_or_counted_twice(v3, months):
    v3.replies(months(m01=1, m02=2, m03=4), months(m02=3, m03=8, m04=16), months(m04=32, m05=64, m06=128))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        assert requests(fetch()) == {"alice": 7}
        v3.at("2026-04-02T12:00:00+00:00")
        assert requests(fetch()) == {"alice": 1 + 3 + 8 + 16}
        v3.at("2026-06-02T12:00:00+00:00")
        assert requests(fetch()) == {"alice": 1 + 3 + 8 + 32 + 64 + 128}
        assert requests(fetch()) == {"alice": 1 + 3 + 8 + 32 + 64 + 128}
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-02-01"], ["2026-03-01"], ["2026-05-01"]]


def test_a_customer_that_joins_is_asked_for_from_the_beginning(v3, row, period):
    v3.replies(
        [period("2026-01-01", row("alice", 1)), period("2026-03-01", row("alice", 2))],
        [
            period("2026-01-01", row("alice", 500), row("bob", 10)),
            period("2026-03-01", row("alice", 2), row("bob", 20)),
        ],
    )

    with v3.fetching("totals", ALICE, BOB, fields=["requests"]) as fetch:
        fetch("alice")
        assert requests(fetch()) == {"alice": 3, "bob": 30}
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-01-01"]]


def test_a_refused_answer_changes_nothing_of_what_is_kept(v3, months, row, period):
    broken = [period("2026-02-01", row("alice", 900)), period("2026-03-01", row("alice", -1))]
    v3.replies(months(m01=1, m02=2, m03=4), broken, months(m02=2, m03=5))

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        assert isinstance(fetch()["alice"], InvalidResponse)
        assert requests(fetch()) == {"alice": 8}


def test_a_subuser_missing_where_others_are_there_fails_alone(v3, row, period):
    v3.replies([period("2026-03-01", row("alice", 1))])

    answers = v3.fetch_all("totals", ALICE, BOB, fields=["requests"])

    assert answers["alice"] == {"sendgrid_requests_total": 1}
    assert isinstance(answers["bob"], NotFound)


def test_a_subuser_that_sends_no_more_keeps_its_total(v3, row, period):
    """Only its closed months would have a row of it."""
    newer = [period("2026-02-01", row("alice", 2)), period("2026-03-01", row("alice", 5))]
    v3.replies([period("2026-01-01", row("alice", 1), row("bob", 10)), *newer], newer)

    for _ in range(3):
        with v3.fetching("totals", ALICE, BOB, fields=["requests"]) as fetch:
            assert requests(fetch()) == {"alice": 8, "bob": 10}
    assert v3.values_asked("start_date") == [["2026-01-01"], ["2026-02-01"], ["2026-02-01"]]


def test_a_subuser_that_is_there_in_one_month_alone_is_found(v3, row, period):
    v3.replies([period("2026-01-01", row("alice", 1)), period("2026-02-01", row("alice", 2), row("bob", 3))])

    answers = v3.fetch_all("totals", ALICE, BOB, fields=["requests"])

    assert answers == {"alice": {"sendgrid_requests_total": 3}, "bob": {"sendgrid_requests_total": 3}}


def test_no_month_at_all_is_a_success_without_samples(v3):
    v3.replies("[]")

    assert v3.fetch("totals") == {}


def test_without_a_row_in_the_recent_months_the_kept_ones_are_shown(v3, months):
    v3.replies(months(m01=5), "[]")

    with v3.fetching("totals", ALICE, fields=["requests"]) as fetch:
        fetch()
        assert requests(fetch()) == {"alice": 5}


def test_many_years_take_several_calls_for_an_answer_that_fits_a_page(v3):
    v3.replies("[]")

    v3.fetch("totals", since="2018-01-01")

    assert [fields[1:-1] for _, fields in v3.asked] == [
        [("start_date", "2018-01-01"), ("end_date", "2022-01-31"), ("aggregated_by", "month")],
        [("start_date", "2022-02-01"), ("end_date", "2026-02-28"), ("aggregated_by", "month")],
        [("start_date", "2026-03-01"), ("aggregated_by", "month")],
    ]


def test_days_instead_of_months_are_summed_up_all_the_same(v3, row, period):
    v3.replies([period(f"2026-02-{day:02}", row("alice", 1)) for day in range(1, 29)])

    assert v3.fetch("totals", fields=["requests"]) == {"sendgrid_requests_total": 28}


def test_the_own_account_has_totals_too(v3, row, period):
    v3.replies([period("2026-02-01", row(requests=2)), period("2026-03-01", row(requests=3))])

    assert v3.fetch("totals", {"own": True}, fields=["requests"]) == {"sendgrid_requests_total": 5}
    assert v3.asked[0][0] == "/v3/stats"
