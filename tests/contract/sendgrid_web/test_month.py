"""Month to date: the days that are asked for, and their sums. It is 2026-03-13, 12:00 UTC."""

import json

import pytest

from exporter.errors import InvalidResponse

FIVE = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2}
START = "sendgrid_month_to_date_start_timestamp_seconds"


def row(date, **fields):
    return {"date": date, **FIVE, **fields}


@pytest.fixture
def fetch(reseller, vendor):
    def fetch(*rows, **settings):
        vendor.replies(json.dumps(rows))
        return reseller.fetch("month", **settings)

    return fetch


@pytest.mark.parametrize(
    ("now", "zone", "first", "last", "start"),
    [
        ("2026-03-13T12:00:00+00:00", "UTC", "2026-03-01", "2026-03-13", 1772323200),
        ("2026-03-31T23:59:59+00:00", "UTC", "2026-03-01", "2026-03-31", 1772323200),
        ("2026-04-01T00:00:00+00:00", "UTC", "2026-04-01", "2026-04-01", 1775001600),
        ("2026-04-01T00:00:00+00:00", "America/Denver", "2026-03-01", "2026-03-31", 1772348400),
        ("2026-03-31T12:00:00+00:00", "Pacific/Kiritimati", "2026-04-01", "2026-04-01", 1774951200),
        ("2024-02-29T12:00:00+00:00", "UTC", "2024-02-01", "2024-02-29", 1706745600),
    ],
)
def test_the_month_is_that_of_the_customers_zone(fetch, reseller, now, zone, first, last, start):
    reseller.at(now)

    samples = fetch(row(last), customer={"timezone": zone}, fields=["requests"])

    assert samples == {"sendgrid_month_to_date_requests": 100, START: start}
    assert reseller.asked[0][1][1:] == [
        ("user", "customer@example.com"),
        ("start_date", first),
        # The vendor wants an end after the start.
        ("end_date", {"2026-04-01": "2026-04-02"}.get(last, last)),
    ]


def test_the_days_are_added_up(fetch):
    samples = fetch(row("2026-03-01"), row("2026-03-13", requests="5"), row("2026-03-02", requests=0, opens=0))

    assert samples == {
        "sendgrid_month_to_date_requests": 105,
        "sendgrid_month_to_date_bounces": 3,
        "sendgrid_month_to_date_clicks": 90,
        "sendgrid_month_to_date_opens": 120,
        "sendgrid_month_to_date_spam_reports": 6,
        START: 1772323200,
    }


def test_no_rows_are_a_success_without_samples(fetch):
    assert fetch() == {}


def test_a_lone_row_needs_no_list(reseller, vendor):
    vendor.replies(json.dumps(row("2026-03-13")))

    assert reseller.fetch("month")["sendgrid_month_to_date_requests"] == 100


@pytest.mark.parametrize("day", ["2026-02-28", "2025-03-13"])
def test_days_of_other_months_are_left_out(fetch, day):
    """A vendor may not heed the dates."""
    assert fetch(row("2026-03-13"), row(day), fields=["requests"]) == {
        "sendgrid_month_to_date_requests": 100,
        START: 1772323200,
    }
    assert fetch(row(day)) == {}


def test_the_day_after_today_counts_where_it_is_of_this_month(fetch, reseller):
    assert fetch(row("2026-03-14"), fields=["requests"])["sendgrid_month_to_date_requests"] == 100

    reseller.at("2026-03-31T12:00:00+00:00")

    assert fetch(row("2026-04-01")) == {}


def test_a_day_further_ahead_refuses_the_answer(fetch):
    with pytest.raises(InvalidResponse) as caught:
        fetch(row("2026-03-13"), row("2026-03-15"))
    assert (
        str(caught.value)
        == "row 2 of the daily statistics: its date is more than one day ahead of the customer's today"
    )


def test_a_counter_that_a_day_lacks_has_no_sum(fetch, reseller):
    samples = fetch(row("2026-03-12", delivered=97), row("2026-03-13"), fields=["delivered", "requests"])

    assert samples == {"sendgrid_month_to_date_requests": 200, START: 1772323200}
    assert reseller.rejected("month") == 0


def test_a_counter_that_is_wrong_on_a_day_has_no_sum_and_is_counted(fetch, reseller):
    samples = fetch(row("2026-03-12", blocks=1), row("2026-03-13", blocks="x"), fields=["blocks"])

    assert samples == {START: 1772323200}
    assert reseller.rejected("month") == 1


def test_identical_rows_of_one_day_count_once(fetch):
    assert fetch(row("2026-03-13"), row("2026-03-13"), fields=["requests"])["sendgrid_month_to_date_requests"] == 100


def test_rows_of_one_day_that_differ_refuse_the_answer(fetch):
    with pytest.raises(InvalidResponse, match="its date was in an earlier row, with other numbers$"):
        fetch(row("2026-03-13"), row("2026-03-13", opens=1))


@pytest.mark.parametrize("wrong", [{"date": "soon"}, {"date": None}, {"clicks": None}, {"clicks": -1}])
def test_a_wrong_row_refuses_the_answer(fetch, wrong):
    with pytest.raises(InvalidResponse):
        fetch(row("2026-03-12"), {**row("2026-03-13"), **wrong})


def test_a_sum_that_prometheus_can_not_hold_exactly_is_absent(fetch):
    samples = fetch(row("2026-03-12", opens=2**53), row("2026-03-13", opens=1), fields=["opens", "clicks"])

    assert samples == {"sendgrid_month_to_date_clicks": 60, START: 1772323200}


def test_midnight_during_the_call_changes_nothing(reseller, vendor):
    reseller.at("2026-03-31T23:59:59+00:00")
    vendor.replies(json.dumps([row("2026-03-31")]))
    vendor.on_request = lambda: reseller.clock.advance(2)

    assert reseller.fetch("month")[START] == 1772323200
