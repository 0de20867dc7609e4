"""Daily statistics: what the vendor answers to ``days``, and what is shown of it. It is 2026-03-13, 12:00 UTC."""

import json

import pytest

from exporter.errors import InvalidResponse

FIVE = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2}


def row(date, requests, **fields):
    return {"date": date, **FIVE, "requests": requests, **fields}


def latest(samples, prefix="sendgrid_latest_day_"):
    return {name.removeprefix(prefix): value for name, value in samples.items() if name.startswith(prefix)}


def complete(samples):
    return latest(samples, "sendgrid_last_complete_day_")


@pytest.fixture
def fetch(reseller, vendor):
    def fetch(*rows, **settings):
        vendor.replies(json.dumps(rows))
        return reseller.fetch("daily", **settings)

    return fetch


def test_the_call_names_the_customer_and_the_days(reseller, vendor):
    vendor.replies("[]")

    reseller.fetch("daily", days=7)

    [asked] = vendor.asked
    assert (asked.verb, asked.path) == ("POST", "/apiv2/reseller.manage.json")
    assert asked.form[:-2] == [("method", "stats"), ("user", "customer@example.com"), ("days", "7")]


def test_three_days_are_asked_for_where_nothing_else_is_configured(reseller, vendor):
    vendor.replies("[]")

    reseller.fetch("daily")

    assert ("days", "3") in vendor.asked[0].form


def test_the_newest_and_the_last_complete_day_are_shown(fetch):
    samples = fetch(row("2026-03-11", 11), row("2026-03-12", 12), row("2026-03-13", 13), fields=["requests", "clicks"])

    assert samples == {
        "sendgrid_latest_day_requests": 13,
        "sendgrid_latest_day_clicks": 30,
        "sendgrid_latest_day_timestamp_seconds": 1773360000,
        "sendgrid_last_complete_day_requests": 12,
        "sendgrid_last_complete_day_clicks": 30,
        "sendgrid_last_complete_day_timestamp_seconds": 1773273600,
    }


def test_the_order_of_the_rows_means_nothing(fetch):
    samples = fetch(row("2026-03-13", 13), row("2026-03-11", 11), row("2026-03-12", 12))

    assert latest(samples)["requests"] == 13
    assert complete(samples)["requests"] == 12


def test_no_rows_are_a_success_without_samples(fetch):
    assert fetch() == {}


def test_a_day_that_the_vendor_left_out_is_not_shown_as_zero(fetch):
    """Absent is not zero: an alert on zero requests must not fire on a gap."""
    samples = fetch(row("2026-03-11", 11), row("2026-03-13", 13))

    assert latest(samples)["requests"] == 13
    assert complete(samples) == {}


def test_a_day_without_messages_is_shown_as_zero(fetch):
    samples = fetch(row("2026-03-12", 0), row("2026-03-13", 0))

    assert latest(samples)["requests"] == 0
    assert complete(samples)["requests"] == 0


def test_yesterday_can_be_the_newest_day_too(fetch):
    samples = fetch(row("2026-03-12", 12))

    assert latest(samples) == complete(samples)
    assert latest(samples)["timestamp_seconds"] == 1773273600


def test_days_are_the_customers_own(fetch):
    """At 12:00 UTC it is already the 14th on Kiritimati, 14 hours ahead."""
    samples = fetch(
        row("2026-03-13", 13), row("2026-03-14", 14), customer={"timezone": "Pacific/Kiritimati"}, fields=["requests"]
    )

    assert samples == {
        "sendgrid_latest_day_requests": 14,
        "sendgrid_latest_day_timestamp_seconds": 1773396000,
        "sendgrid_last_complete_day_requests": 13,
        "sendgrid_last_complete_day_timestamp_seconds": 1773309600,
    }


def test_a_day_without_midnight_begins_when_its_first_hour_does(reseller, fetch):
    """In São Paulo the clocks went from 2018-11-03 23:59:59 to 2018-11-04 01:00."""
    reseller.at("2018-11-05T12:00:00+00:00")

    samples = fetch(row("2018-11-04", 4), customer={"timezone": "America/Sao_Paulo"})

    assert complete(samples)["timestamp_seconds"] == 1541300400


def test_a_row_of_tomorrow_is_taken(fetch):
    """The vendor's day may begin before the configured one."""
    assert latest(fetch(row("2026-03-14", 14)))["requests"] == 14


@pytest.mark.parametrize("date", ["2026-03-15", "2027-01-01", "9999-12-31"])
def test_a_row_from_the_future_refuses_all_rows(fetch, date):
    with pytest.raises(InvalidResponse) as caught:
        fetch(row("2026-03-13", 13), row(date, 15))
    assert str(caught.value) == (
        "row 2 of the daily statistics: its date is more than one day ahead of the customer's today"
    )


def test_identical_rows_of_one_day_are_one(fetch):
    samples = fetch(row("2026-03-13", 13), row("2026-03-13", "13", spamreports="2"))

    assert latest(samples)["requests"] == 13


def test_two_rows_of_one_day_that_differ_refuse_all_rows(fetch):
    with pytest.raises(InvalidResponse) as caught:
        fetch(row("2026-03-12", 12), row("2026-03-13", 13), row("2026-03-12", 21))
    assert str(caught.value) == "row 3 of the daily statistics: its date was in an earlier row, with other numbers"


def test_a_lone_row_needs_no_list(reseller, vendor):
    vendor.replies(json.dumps(row("2026-03-13", 13)))

    assert latest(reseller.fetch("daily"))["requests"] == 13


@pytest.mark.parametrize(
    "date",
    [
        *("2026-02-29", "2026-13-01", "2026-00-10", "2026-03-00", "0000-01-01", "20260313", "2026-3-13", "26-03-13"),
        *("2026-W11-5", "2026-072", "2026-03-13 00:00:00", "2026-03-13T00:00", " 2026-03-13", "2026-03-13\n"),
        *("13.03.2026", "03/13/2026", "٢٠٢٦-٠٣-١٣", "today", 20260313, 1773360000, True, [], {}, ["2026-03-13"]),
    ],
)
def test_a_row_without_a_real_date_refuses_all_rows(fetch, date):
    with pytest.raises(InvalidResponse) as caught:
        fetch(row("2026-03-13", 13), row(date, 1))
    assert str(caught.value) == "row 2 of the daily statistics: date is no real date (YYYY-MM-DD)"


@pytest.mark.parametrize("date", [None, "", "0000-00-00"])
def test_a_row_without_a_date_refuses_all_rows(fetch, date):
    with pytest.raises(InvalidResponse, match="^row 1 of the daily statistics: date is missing$"):
        fetch(row(date, 1))


@pytest.mark.parametrize("field", ["requests", "bounces", "clicks", "opens", "spamreports"])
@pytest.mark.parametrize("value", [None, "", True, -1, 1.0, 1.5, "1.0", "-1", " 1", "one", [], {}, 2**53 + 1])
def test_a_row_with_a_wrong_required_counter_refuses_all_rows(fetch, field, value):
    """An old row too, that nobody would have seen."""
    old = {**row("2026-03-11", 11), field: value}

    with pytest.raises(InvalidResponse, match=f"^row 1 of the daily statistics: {field} is "):
        fetch(old, row("2026-03-12", 12), row("2026-03-13", 13), fields=["delivered"])


def test_a_row_that_lacks_a_required_counter_refuses_all_rows(fetch):
    lacking = row("2026-03-13", 13)
    del lacking["clicks"]

    with pytest.raises(InvalidResponse, match="^row 1 of the daily statistics: clicks is missing$"):
        fetch(lacking)


def test_a_wrong_optional_counter_is_left_out_and_counted(fetch, reseller):
    samples = fetch(row("2026-03-12", 12, delivered=11), row("2026-03-13", 13, delivered=-1, unique_opens="x"))

    assert "sendgrid_latest_day_delivered" not in samples
    assert samples["sendgrid_last_complete_day_delivered"] == 11
    assert reseller.rejected("daily") == 1


def test_what_is_unique_within_a_day_can_be_shown_for_a_day(fetch):
    samples = fetch(row("2026-03-13", 13, unique_clicks=20, unique_opens=40), fields=["unique_clicks", "unique_opens"])

    assert latest(samples) == {"unique_clicks": 20, "unique_opens": 40, "timestamp_seconds": 1773360000}


def test_unknown_fields_are_ignored(fetch, reseller):
    samples = fetch(row("2026-03-13", 13, category="x", processed=True, nested={"requests": -1}), fields=["requests"])

    assert latest(samples) == {"requests": 13, "timestamp_seconds": 1773360000}
    assert reseller.rejected("daily") == 0


@pytest.mark.parametrize("body", ["null", "5", '"text"', "true"])
def test_statistics_that_are_no_list_are_refused(reseller, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^the daily statistics: not a list$"):
        reseller.fetch("daily")


@pytest.mark.parametrize("item", [None, 5, "text", [], [row("2026-03-13", 13)]])
def test_a_row_that_is_no_object_refuses_all_rows(fetch, item):
    with pytest.raises(InvalidResponse, match="^row 2 of the daily statistics: not an object$"):
        fetch(row("2026-03-13", 13), item)


def test_midnight_during_the_call_does_not_complete_the_day_before_it(reseller, vendor):
    """The row may have been counted before the day was over."""
    reseller.at("2026-03-13T23:59:59+00:00")
    vendor.replies(json.dumps([row("2026-03-12", 12), row("2026-03-13", 13)]))
    vendor.on_request = lambda: reseller.clock.advance(2)

    assert complete(reseller.fetch("daily"))["requests"] == 12
