"""Days that are over, by the v3 API: ten subusers in a call, and totals from a configured day on. It is 2026-03-13."""

from contextlib import closing
from datetime import date

import pytest

from exporter.config import LimitsConfig
from exporter.errors import ClientRefused, NotFound
from tests.contract.account import shown_name
from tests.contract.sendgrid_v3.conftest import FIVE

ALICE, BOB = {"subuser": "alice"}, {"subuser": "bob"}
FIRST, LAST = date(2026, 1, 20), date(2026, 2, 10)
COLLECTORS = {
    "totals": {"enabled": True, "since": "2026-02-01", "fields": ["requests"]},
    "daily": {"fields": ["requests"]},
}


def period(day, **requests):
    """Return the rows of a day, with the requests of each subuser."""
    rows = [{"type": "subuser", "name": name, "metrics": {**FIVE, "requests": each}} for name, each in requests.items()]
    return {"date": day, "stats": rows}


@pytest.fixture
def ask(v3):
    """Return what a history answers for customers, by their names."""

    def ask(question, *customers, collectors=None):
        source = v3.source(*customers, collectors=collectors or COLLECTORS)
        with closing(v3.account.upstream(source)) as upstream:
            made = v3.provider.collectors(source, upstream.client, LimitsConfig())
            [history, *_] = v3.provider.histories(made)
            answers = question(history, v3.provider.customers(source, v3.clock))
        return {customer.name: each for customer, each in answers.items()}

    return ask


def test_ten_subusers_are_asked_for_in_one_call(v3, ask):
    v3.replies([])

    ask(lambda history, customers: history.days(customers, FIRST, LAST), ALICE, BOB)

    assert v3.asked == [
        (
            "/v3/subusers/stats",
            [
                ("subusers", "alice"),
                ("subusers", "bob"),
                ("start_date", "2026-01-20"),
                ("end_date", "2026-02-10"),
                ("aggregated_by", "day"),
                ("limit", "500"),
            ],
        )
    ]


def test_days_before_the_first_one_that_counts_add_nothing(v3, ask):
    v3.replies([period("2026-01-31", alice=5), period("2026-02-01", alice=6)])

    days = ask(lambda history, customers: history.days(customers, FIRST, LAST), ALICE)["alice"]

    assert {day: {shown_name(each): each.value for each in figures} for day, figures in days.items()} == {
        date(2026, 1, 31): {
            "sendgrid_last_complete_day_requests": 5,
            "sendgrid_last_complete_day_timestamp_seconds": 1769817600,
        },
        date(2026, 2, 1): {
            "sendgrid_last_complete_day_requests": 6,
            "sendgrid_last_complete_day_timestamp_seconds": 1769904000,
            "sendgrid_requests_total": 6,
        },
    }


def test_the_totals_are_the_sums_of_the_poller(v3, ask):
    v3.replies([period("2026-02-01", alice=60), period("2026-03-01", alice=7)])

    answers = ask(lambda history, customers: history.totals(customers), ALICE)

    assert {shown_name(each): each.value for each in answers["alice"]} == {"sendgrid_requests_total": 67}


def test_without_totals_there_are_none(v3, ask):
    assert ask(lambda history, customers: history.totals(customers), ALICE, collectors={"daily": {}}) == {}
    assert v3.asked == []


def test_a_subuser_who_is_missing_from_the_answer_fails_alone(v3, ask):
    v3.replies([period("2026-02-01", alice=6)])

    days = ask(lambda history, customers: history.days(customers, FIRST, LAST), ALICE, BOB)

    assert list(days["alice"]) == [date(2026, 2, 1)]
    assert isinstance(days["bob"], NotFound)


def test_a_refused_batch_is_told_as_one(v3, ask):
    """So that each is asked alone next."""
    v3.replies(400)

    with pytest.raises(ClientRefused):
        ask(lambda history, customers: history.days(customers, FIRST, LAST), ALICE, BOB)
