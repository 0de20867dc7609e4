"""The last minutes: what is known of each, what was before, and how exact it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.minutes import Durations, Ring


def counts(ring, now, minutes):
    return [each and each[0] for each in ring.last(now, minutes)]


def test_what_was_before_the_start_is_unknown_and_not_nothing():
    ring = Ring(600, 60)
    ring.add(610)
    ring.add(659)
    ring.add(725)

    assert counts(ring, 730, 5) == [None, None, 2, 0, 1]


def test_minutes_that_are_longer_ago_than_there_is_room_for_are_forgotten():
    ring = Ring(0, 3)
    for second in (0, 60, 60, 120, 120, 120):
        ring.add(second)
    assert counts(ring, 179, 3) == [1, 2, 3]
    assert counts(ring, 180, 3) == [2, 3, 0]
    assert counts(ring, 100_000, 3) == [0, 0, 0]


@given(st.lists(st.integers(0, 2_000), max_size=60).map(sorted), st.integers(0, 500))
def test_a_ring_counts_as_a_list_of_all_moments_would(moments, later):
    ring = Ring(0, 7)
    for moment in moments:
        ring.add(moment)
    now = max(moments, default=0) + later
    minute = now // 60
    wanted = [sum(each // 60 == at for each in moments) if at >= 0 else None for at in range(minute - 6, minute + 1)]

    assert counts(ring, now, 7) == wanted


def test_quantiles_are_told_by_minute_and_for_the_whole_hour():
    durations = Durations(0)
    for seconds in (*[0.1] * 9, 2.0):
        durations.add(30, seconds)
    durations.add(130, 8.0)

    assert durations.by_minute(130, 0.5)[-4:] == [None, pytest.approx(0.1, rel=0.1), None, pytest.approx(8, rel=0.1)]
    assert durations.by_minute(130, 0.95)[-3] == pytest.approx(2, rel=0.1)
    assert durations.of_hour(130, 0.5) == pytest.approx(0.1, rel=0.1)
    assert durations.of_hour(130, 0.95) == pytest.approx(8, rel=0.1)
    assert len(durations.by_minute(130, 0.5)) == 60


def test_of_an_hour_in_which_nothing_ended_nothing_is_known():
    durations = Durations(0)
    durations.add(10, 1.0)

    assert durations.of_hour(4_000, 0.5) is None
    assert Durations(0).of_hour(10, 0.5) is None


@given(st.lists(st.floats(0.001, 120), min_size=1, max_size=50))
def test_a_quantile_is_right_to_within_a_tenth(many):
    durations = Durations(0)
    for seconds in many:
        durations.add(0, seconds)

    assert durations.of_hour(0, 0.5) == pytest.approx(sorted(many)[(len(many) - 1) // 2], rel=0.1)


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, 0.001), (1e-9, 0.001), (1e6, 120)])
def test_what_is_out_of_range_counts_as_the_shortest_or_the_longest(seconds, shown):
    durations = Durations(0)
    durations.add(0, seconds)

    assert durations.of_hour(0, 0.5) == pytest.approx(shown, rel=0.1)


@given(st.lists(st.integers(400, 900)), st.lists(st.integers(0, 900)), st.integers(900, 1_500))
def test_a_ring_that_absorbs_another_counts_what_both_have_counted(mine, theirs, now):
    ring, other, both = Ring(400, 7), Ring(0, 7), Ring(0, 7)
    for moments, each in ((mine, ring), (theirs, other), ([*mine, *theirs], both)):
        for moment in sorted(moments):
            each.add(moment)

    ring.absorb(900, other.last(900, 7))

    assert counts(ring, now, 7) == counts(both, now, 7)


def test_absorbing_leaves_the_other_ring_as_it_was():
    ring, other = Ring(0, 7), Ring(0, 7)
    ring.add(70)
    other.add(10)

    ring.absorb(70, other.last(70, 7))

    assert (counts(ring, 70, 2), counts(other, 70, 2)) == ([1, 1], [1, 0])
