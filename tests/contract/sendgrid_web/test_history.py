"""Days that are over, by the Web API: what is asked, and what each day says. It is 2026-03-13, 12:00 UTC."""

import json
from contextlib import closing
from datetime import date
from math import isnan

import pytest

from exporter.config import LimitsConfig
from exporter.errors import InvalidResponse, NotFound
from tests.contract.account import shown_name

FIVE = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2}
FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)
BOTH = {"totals": {"fields": ["requests", "delivered"]}, "daily": {"fields": ["requests"]}}


def row(day, requests=100, **fields):
    return {"date": day, **FIVE, "requests": requests, **fields}


class Past:
    """The histories of a source with a single customer."""

    def __init__(self, web):
        self.web = web

    def _ask(self, collectors, ask, number=0):
        off = {name: {"enabled": False} for name in ("totals", "daily", "credits") if name not in collectors}
        source = self.web.source(collectors={**off, **collectors})
        with closing(self.web.account.upstream(source)) as upstream:
            made = self.web.provider.collectors(source, upstream.client, LimitsConfig())
            history = self.web.provider.histories(made)[number]
            return ask(history, self.web.provider.customers(source, self.web.clock))

    def days(self, collectors, first=FIRST, last=LAST):
        """Return the values of each day, by the name of the metric and its further labels."""
        [answer] = self._ask(collectors, lambda history, customers: history.days(customers, first, last)).values()
        if isinstance(answer, Exception):
            raise answer
        return {day: {shown_name(sample): sample.value for sample in figures} for day, figures in answer.items()}

    def totals(self, collectors):
        [answer] = self._ask(collectors, lambda history, customers: history.totals(customers)).values()
        return {shown_name(sample): sample.value for sample in answer}

    def about(self, collectors):
        return self._ask(collectors, lambda history, _: history)


@pytest.fixture
def past(reseller):
    return Past(reseller)


def test_days_are_asked_for_by_their_first_and_last(past, reseller):
    reseller.replies("[]")

    assert past.days(BOTH) == {}
    dates = [("start_date", "2026-02-01"), ("end_date", "2026-02-28")]
    form = [("method", "stats"), ("user", "customer@example.com"), *dates]
    assert reseller.asked == [("/apiv2/reseller.manage.json", form)]


def test_a_single_day_is_asked_for_with_the_one_after_it(past, reseller):
    """The vendor wants an end after the start; what it sends beyond the day is left out."""
    reseller.replies(json.dumps([row("2026-02-01", 7), row("2026-02-02", 8)]))

    assert (
        past.days({"daily": {"fields": ["requests"]}}, FIRST, FIRST)[FIRST]["sendgrid_last_complete_day_requests"] == 7
    )
    assert ("end_date", "2026-02-02") in reseller.asked[0][1]


def test_days_up_to_today_are_counted_back_from_the_vendors_today(past, reseller):
    """It may be a day ahead of the customer's, and more days than were meant do no harm."""
    reseller.replies(json.dumps([row("2026-03-09"), row("2026-03-10"), row("2026-03-14", 3)]))

    days = past.days(BOTH, date(2026, 3, 10), None)

    assert ("days", "5") in reseller.asked[0][1]
    assert sorted(days) == [date(2026, 3, 10), date(2026, 3, 14)]


def test_a_day_says_what_it_was_and_what_it_added_to_the_totals(past, reseller):
    reseller.replies(json.dumps([row("2026-02-03", 7, delivered=6)]))

    assert past.days(BOTH) == {
        date(2026, 2, 3): {
            "sendgrid_last_complete_day_requests": 7,
            "sendgrid_last_complete_day_timestamp_seconds": 1770076800,
            "sendgrid_requests_total": 7,
            "sendgrid_delivered_total": 6,
        }
    }


def test_what_a_day_added_is_unknown_where_the_vendor_did_not_send_it(past, reseller):
    reseller.replies(json.dumps([row("2026-02-03", 7)]))

    [figures] = past.days(BOTH).values()

    assert isnan(figures["sendgrid_delivered_total"])


def test_without_totals_days_add_nothing_and_no_total_is_asked_for(past, reseller):
    reseller.replies(json.dumps([row("2026-02-03", 7)]))

    [figures] = past.days({"daily": {"fields": ["requests"]}}).values()

    assert sorted(figures) == ["sendgrid_last_complete_day_requests", "sendgrid_last_complete_day_timestamp_seconds"]
    history = past.about({"daily": {}})
    assert (history.collectors, history.calls_for_totals(LAST)) == (["daily"], 0)


def test_the_totals_are_those_of_the_poller(past, reseller):
    reseller.replies(json.dumps({**FIVE, "requests": 12345}))

    assert past.totals({"totals": {"fields": ["requests", "delivered"]}}) == {"sendgrid_requests_total": 12345}


def test_a_customer_whom_the_vendor_does_not_know_fails_alone(past, reseller):
    reseller.replies(404)

    with pytest.raises(NotFound):
        past.days(BOTH)


def test_a_row_without_a_number_refuses_all_days(past, reseller):
    reseller.replies(json.dumps([row("2026-02-03"), {"date": "2026-02-04"}]))

    with pytest.raises(InvalidResponse, match="row 2 of the daily statistics"):
        past.days(BOTH)


def test_categories_are_listed_once_and_have_each_days_row(past, reseller):
    categories = {"categories": {"enabled": True, "fields": ["requests"], "include": ["a"]}}
    first = [{"category": "a", **row("2026-02-03", 5)}, {"category": "a", **row("2026-02-04", 6)}]
    reseller.replies(json.dumps([{"category": "a"}, {"category": "b"}]), json.dumps(first), json.dumps([]))

    def ask(history, customers):
        one = history.days(customers, FIRST, LAST)
        history.days(customers, date(2026, 3, 1), date(2026, 3, 12))
        return one

    [answer] = past._ask(categories, ask).values()

    assert {day: [(each.labels, each.value) for each in figures] for day, figures in answer.items()} == {
        date(2026, 2, 3): [(("a",), 5)],
        date(2026, 2, 4): [(("a",), 6)],
    }
    asked = [dict(form) for _, form in reseller.asked]
    assert [("list" in form, form.get("start_date"), form.get("category[]")) for form in asked] == [
        (True, None, None),
        (False, "2026-02-01", "a"),
        (False, "2026-03-01", "a"),
    ]
