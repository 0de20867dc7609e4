from datetime import date
from zoneinfo import ZoneInfo

import pytest

from exporter.errors import InvalidResponse
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.records import Record
from exporter.providers.sendgrid_statistics import not_ahead_of, read_counters, read_day, samples, sums
from tests.fake_clock import FakeClock

NAMES = {
    **{name: (name,) for name in ("requests", "bounces", "clicks", "opens", "spam_reports", "delivered")},
    "blocks": ("blocked", "blocks"),
}
FIVE = {"requests": "5", "bounces": "1", "clicks": "2", "opens": "3", "spam_reports": "0"}


def record(**members):
    return Record("row 1", {**FIVE, **members}, lambda: None)


def test_the_five_required_counters_are_read_whatever_is_wanted():
    assert read_counters(record(delivered="4"), ["requests"], NAMES) == {
        "requests": 5,
        "bounces": 1,
        "clicks": 2,
        "opens": 3,
        "spam_reports": 0,
    }


def test_a_wanted_counter_is_read_by_any_of_its_names():
    assert read_counters(record(blocks="7"), ["blocks"], NAMES)["blocks"] == 7
    assert read_counters(record(blocked="7", blocks="7"), ["blocks"], NAMES)["blocks"] == 7


def test_a_counter_whose_names_differ_is_left_out_and_rejected_once():
    rejected = []
    row = Record("row 1", {**FIVE, "blocked": "7", "blocks": "8", "delivered": "4"}, lambda: rejected.append(1))

    counters = read_counters(row, ["blocks", "delivered"], NAMES)

    assert "blocks" not in counters
    assert counters["delivered"] == 4
    assert rejected == [1]


def test_a_sum_is_of_all_rows():
    assert sums([{"requests": 1, "opens": 2}, {"requests": 3, "opens": 4}], ["requests", "opens"]) == {
        "requests": 4,
        "opens": 6,
    }


def test_a_counter_that_one_row_lacks_has_no_sum():
    """A sum of the other rows would be a number that the vendor never meant."""
    assert sums([{"requests": 1, "delivered": 1}, {"requests": 3}], ["requests", "delivered"]) == {"requests": 4}


def test_a_sum_that_prometheus_could_not_hold_exactly_is_none():
    assert sums([{"requests": 2**53}, {"requests": 1}], ["requests"]) == {}
    assert sums([{"requests": 2**53}, {"requests": 0}], ["requests"]) == {"requests": 2**53}


def test_samples_are_of_what_is_wanted_and_there():
    shown = samples(metrics.TOTALS, {"requests": 5, "opens": 3}, ["opens", "delivered"])

    assert [(sample.family.name, sample.value) for sample in shown] == [("sendgrid_opens_total", 3.0)]


@pytest.mark.parametrize(("day", "is_taken"), [("2026-03-14", True), ("2026-03-15", False)])
def test_a_row_may_be_one_day_ahead_and_no_more(day, is_taken):
    """It is 2026-03-13, 12:00 UTC, and still when the answer is late."""
    clock = FakeClock()
    check = not_ahead_of(Customer("a", "a", ZoneInfo("UTC"), clock))
    clock.advance(86_400)

    if is_taken:
        assert read_day(record(date=day), check) == date.fromisoformat(day)
    else:
        with pytest.raises(InvalidResponse, match="^row 1: its date is more than one day ahead"):
            read_day(record(date=day), check)
