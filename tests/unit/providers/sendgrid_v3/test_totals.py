from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.sendgrid_v3.statistics import Window
from exporter.providers.sendgrid_v3.totals import next_month, windows

starts = st.dates(date(2009, 1, 1), date(2026, 3, 13))


@given(starts, st.integers(0, 6000))
def test_windows_have_every_day_from_the_first_to_today_once(start, days):
    today = start + timedelta(days=days)
    asked = windows(start, today)

    assert asked[0].start == start
    assert asked[-1].start <= today
    assert asked[-1].end is None
    for one, following in pairwise(asked):
        assert one.end is not None
        assert one.end + timedelta(days=1) == following.start


@given(starts, st.integers(0, 6000))
def test_an_answer_about_a_window_has_fifty_periods_at_most(start, days):
    """Ten names with so many periods each are as many rows as a page may have."""
    today = start + timedelta(days=days)
    for window in windows(start, today):
        # The vendor's today may be a day ahead.
        day, periods = window.start, 0
        while day <= (window.end or today + timedelta(days=1)):
            day = day + timedelta(days=1) if window.by == "day" else next_month(day)
            periods += 1
        assert periods <= 50


def test_a_month_that_is_not_whole_is_asked_for_by_day_alone():
    assert [(each.start, each.end, each.by) for each in windows(date(2026, 1, 15), date(2026, 1, 31))] == [
        (date(2026, 1, 15), None, "day")
    ]


@pytest.mark.parametrize("start", [date(2026, 3, 14), date.max])
def test_today_is_asked_for_before_the_first_day_has_come(start):
    assert windows(start, date(2026, 3, 13)) == (Window(date(2026, 3, 13)),)
