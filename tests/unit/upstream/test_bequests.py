"""A rate limit that goes on from another one's window, since the vendor goes on counting."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.upstream import Limiter
from tests.fake_clock import FakeClock


def never():
    return False


def use(limiter, times=1):
    for _ in range(times):
        with limiter.acquire(never).spent():
            pass


def heir_of(*limiters, calls, per, clock):
    heir = Limiter(calls, per, clock)
    for each in limiters:
        each.bequeath(heir)
    return heir


def seconds_until_a_place(limiter, clock):
    began = clock.monotonic()
    limiter.acquire(never)
    return clock.monotonic() - began


def test_what_was_sent_before_takes_places_until_its_period_is_over():
    clock = FakeClock(auto=True)
    old = Limiter(5, 60.0, clock)
    use(old, 3)
    clock.advance(10)

    new = heir_of(old, calls=3, per=60.0, clock=clock)

    assert new.used == 3
    assert seconds_until_a_place(new, clock) == pytest.approx(50.06)


def test_the_newest_requests_count_where_more_were_sent_than_are_allowed_now():
    clock = FakeClock(auto=True)
    old = Limiter(600, 60.0, clock)
    use(old, 500)
    clock.advance(20)
    use(old, 100)

    new = heir_of(old, calls=30, per=60.0, clock=clock)

    assert seconds_until_a_place(new, clock) == pytest.approx(60.06)


def test_a_request_under_way_takes_a_place_until_a_period_after_its_answer():
    clock = FakeClock(auto=True)
    old = Limiter(1, 60.0, clock)
    with old.acquire(never).spent():
        new = heir_of(old, calls=1, per=30.0, clock=clock)
        assert new.used == 1
        clock.advance(10)

    assert seconds_until_a_place(new, clock) == pytest.approx(30.03)


def test_a_permit_that_is_given_back_frees_its_place_everywhere():
    clock = FakeClock(auto=True)
    old = Limiter(1, 60.0, clock)
    permit = old.acquire(never)
    new = heir_of(old, calls=1, per=60.0, clock=clock)

    permit.give_back()

    assert (old.used, new.used) == (0, 0)


def test_a_longer_period_counts_what_the_shorter_one_had_forgotten():
    """600 a minute for half an hour are far more than 30 an hour."""
    clock = FakeClock(auto=True)
    old = Limiter(600, 60.0, clock)
    use(old, 40)
    clock.advance(1_800)

    new = heir_of(old, calls=30, per=3_600.0, clock=clock)

    assert 1_800 <= seconds_until_a_place(new, clock) <= 1_800 + 60 + 3.6


def test_two_windows_are_one_when_their_limits_become_one():
    clock = FakeClock(auto=True)
    one, other = Limiter(2, 60.0, clock), Limiter(2, 60.0, clock)
    use(one, 2)
    clock.advance(10)
    use(other, 2)

    both = heir_of(one, other, calls=3, per=60.0, clock=clock)

    assert (both.used, seconds_until_a_place(both, clock)) == (4, pytest.approx(50.06))


def test_what_the_other_lets_through_later_is_its_own_affair():
    clock = FakeClock(auto=True)
    old = Limiter(5, 60.0, clock)
    use(old)
    new = heir_of(old, calls=5, per=60.0, clock=clock)

    use(old, 3)

    assert (old.used, new.used) == (4, 1)


def test_a_limit_that_the_vendor_lowered_stays_lowered():
    old = Limiter(600, 60.0, FakeClock())
    old.lower(100)
    new = heir_of(old, calls=300, per=60.0, clock=FakeClock())

    assert new.calls == 100


def test_a_limit_that_takes_itself_over_is_as_before():
    clock = FakeClock(auto=True)
    limiter = Limiter(2, 60.0, clock)
    use(limiter)

    limiter.bequeath(limiter)

    assert limiter.used == 1


def test_the_last_hour_is_told_of_both():
    clock = FakeClock()
    old = Limiter(10, 60.0, clock)
    use(old, 5)
    clock.advance(60)

    new = heir_of(old, calls=10, per=60.0, clock=clock)
    use(new)

    assert new.use_by_minute()[-3:] == [None, 0.5, 0.6]


def test_a_limiter_is_forgotten_after_more_than_a_day_without_a_request():
    clock = FakeClock()
    limiter = Limiter(10, 60.0, clock)
    forgotten = [limiter.is_forgotten]
    use(limiter)
    clock.advance(24 * 3_600)
    forgotten.append(limiter.is_forgotten)
    clock.advance(2 * 3_600)
    forgotten.append(limiter.is_forgotten)

    assert forgotten == [True, False, True]


LIMIT = st.tuples(st.integers(1, 5), st.floats(1, 300))
STEP = st.one_of(LIMIT, st.tuples(st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)))


# Of three requests that the second limiter has one place for, the third limiter has to know all.
@example((1, 1.0), [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1, 2.0), (2, 2.0), (0.0, 0.0, 0.0)])
@settings(max_examples=200)
@given(LIMIT, st.lists(STEP, min_size=1, max_size=40))
def test_no_request_joins_a_window_that_is_full_by_the_limit_of_its_time(first, steps):
    """However often the limit becomes another one: what the vendor has seen already counts."""
    clock = FakeClock(auto=True)
    calls, per = first
    limiter = Limiter(calls, per, clock)
    arrivals: list[float] = []
    for step in steps:
        if len(step) == 2:
            calls, per = step
            limiter = heir_of(limiter, calls=calls, per=per, clock=clock)
            continue
        idle, latency, seen = step
        clock.advance(idle)
        with limiter.acquire(never).spent():
            arrival = clock.monotonic() + latency * seen
            clock.advance(latency)
        assert sum(each > arrival - per for each in arrivals) < calls
        arrivals.append(arrival)
