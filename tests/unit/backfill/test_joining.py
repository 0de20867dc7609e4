"""Where a counter's history begins, so that its end is what the live counter goes on from."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.backfill.joining import Beginning, beginning, end_of

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 5)
DAY = timedelta(days=1)


def backward(*added):
    """Return what the last days added, the last one at the end."""
    return [(LAST - back * DAY, each) for back, each in enumerate(reversed(added))]


def test_history_begins_with_what_was_counted_before_it():
    assert beginning(100, backward(1, 2, 3, 4, 5), FIRST, LAST) == Beginning(FIRST, 85)


def test_days_that_the_vendor_left_out_added_nothing():
    assert beginning(100, [(LAST, 5), (LAST - 3 * DAY, 2)], FIRST, LAST) == Beginning(FIRST, 93)


def test_an_account_that_began_within_the_days_is_not_shown_before():
    """Zeros of a time before an account would be numbers that nobody measured."""
    assert beginning(9, backward(4, 5), FIRST, LAST) == Beginning(LAST - DAY, 0)


def test_days_that_sum_up_to_more_than_the_total_are_left_out():
    """A total never was negative; what remains is consistent with the vendor's numbers."""
    found = beginning(11, backward(6, 7, 3), FIRST, LAST)

    assert found == Beginning(LAST - DAY, 1, "its days to 2026-03-03 sum up to more than the total")


def test_a_day_without_the_number_ends_the_way_back():
    assert beginning(10, backward(1, None, 3), FIRST, LAST) == Beginning(LAST, 7, "2026-03-04 has no number")


def test_a_total_that_is_less_than_what_came_later_has_no_history():
    assert beginning(-1, backward(1), FIRST, LAST) is None


def test_without_any_day_the_total_has_stood_still():
    assert beginning(10, [], FIRST, LAST) == Beginning(FIRST, 10)


def test_what_came_while_the_vendor_was_asked_is_not_counted_twice():
    """The least that it can have been: the live counter was never below it."""
    assert end_of(1_000, before=40, after=47, written=300) == 953


def test_the_days_of_a_young_account_tell_its_counter_to_the_unit():
    assert end_of(1_000, before=40, after=47, written=957) == 957


def test_where_one_of_the_written_days_is_not_known_their_sum_says_nothing():
    assert end_of(1_000, before=40, after=47, written=None) == 953


@given(
    before=st.integers(0, 10**9),
    days=st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
    sent=st.lists(st.integers(0, 10**4), min_size=3, max_size=3),
)
@pytest.mark.parametrize("began_within", [False, True])
def test_whatever_is_sent_meanwhile_history_ends_between_the_truth_and_that_much_less(began_within, before, days, sent):
    """Today counts on between the three calls: the days, the total, and the days once more."""
    old = 0 if began_within else before
    truth, earlier = old + sum(days), sent[0]
    at_total = earlier + sent[1]
    at_end = at_total + sent[2]

    end = end_of(truth + at_total, before=earlier, after=at_end, written=sum(days))

    assert truth - sent[2] <= end <= truth or end == sum(days)
    assert end <= truth + at_total
    if began_within:
        assert end == truth
    if sent[1:] == [0, 0]:
        assert end == truth


@given(base=st.integers(0, 10**6), days=st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_going_back_and_forth_comes_to_the_same_end(base, days):
    last = FIRST + (len(days) - 1) * DAY
    rows = [(FIRST + number * DAY, added) for number, added in enumerate(days)]

    found = beginning(base + sum(days), reversed(rows), FIRST, last)

    assert found is not None
    assert found.value == base
    assert found.value + sum(added for day, added in rows if day >= found.day) == base + sum(days)
