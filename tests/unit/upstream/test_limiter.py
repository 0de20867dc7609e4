import threading
import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.clock import SystemClock
from exporter.errors import Stopped
from exporter.upstream import Limiter
from tests.fake_clock import FakeClock


def never():
    return False


def use(limiter):
    with limiter.acquire(never).spent():
        pass


class Line:
    """Threads that wait at a limiter, in a known order."""

    def __init__(self, limiter):
        self.limiter = limiter
        self.admitted = []
        self.stopped = []
        self._threads = []

    def join(self, name, is_stopped=never):
        def wait():
            try:
                permit = self.limiter.acquire(is_stopped)
            except Stopped:
                self.stopped.append(name)
            else:
                self.admitted.append(name)
                permit.give_back()

        before = len(self.limiter._waiting)
        self._threads.append(threading.Thread(target=wait, daemon=True))
        self._threads[-1].start()
        until(lambda: len(self.limiter._waiting) > before)

    def leave(self):
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def test_a_place_is_free_again_one_period_after_the_answer_not_after_the_sending():
    clock = FakeClock(auto=True)
    limiter = Limiter(1, 60.0, clock)
    with limiter.acquire(never).spent():
        clock.advance(10)
    answered = clock.monotonic()

    limiter.acquire(never)

    assert clock.monotonic() - answered == pytest.approx(60.06)


def test_a_place_that_was_not_used_is_free_at_once():
    clock = FakeClock(auto=True)
    limiter = Limiter(1, 60.0, clock)
    began = clock.monotonic()

    limiter.acquire(never).give_back()
    limiter.acquire(never)

    assert clock.monotonic() == began


def test_giving_back_a_used_permit_frees_nothing():
    clock = FakeClock(auto=True)
    limiter = Limiter(1, 60.0, clock)
    permit = limiter.acquire(never)
    with permit.spent():
        pass
    began = clock.monotonic()

    permit.give_back()
    limiter.acquire(never)

    assert clock.monotonic() - began == pytest.approx(60.06)


def test_a_permit_serves_once():
    permit = Limiter(5, 60.0, FakeClock()).acquire(never)
    with permit.spent():
        pass

    with pytest.raises(RuntimeError, match="one request only"), permit.spent():
        pass


def test_a_permit_that_was_given_back_serves_for_nothing():
    permit = Limiter(5, 60.0, FakeClock()).acquire(never)
    permit.give_back()

    with pytest.raises(RuntimeError, match="one request only"), permit.spent():
        pass


def test_a_request_that_failed_counts_as_one_that_was_seen():
    clock = FakeClock(auto=True)
    limiter = Limiter(1, 60.0, clock)
    with pytest.raises(OSError, match="broke"), limiter.acquire(never).spent():
        raise OSError("broke")
    began = clock.monotonic()

    limiter.acquire(never)

    assert clock.monotonic() - began == pytest.approx(60.06)


def test_who_waits_longest_goes_first():
    clock = FakeClock()
    limiter = Limiter(1, 60.0, clock)
    use(limiter)
    line = Line(limiter)
    for name in "abcde":
        line.join(name)

    clock.advance(61)
    line.leave()

    assert line.admitted == ["a", "b", "c", "d", "e"]


def test_nobody_overtakes_those_who_wait():
    clock = FakeClock()
    limiter = Limiter(2, 60.0, clock)
    held = [limiter.acquire(never), limiter.acquire(never)]
    line = Line(limiter)
    line.join("first")
    line.join("second")

    held[0].give_back()
    line.leave()

    assert line.admitted == ["first", "second"]


def test_stopping_sends_away_its_own_waiters_and_leaves_the_others():
    clock = FakeClock()
    limiter = Limiter(1, 60.0, clock)
    use(limiter)
    stopped = threading.Event()
    line = Line(limiter)
    line.join("ours", stopped.is_set)
    line.join("theirs")
    line.join("ours too", stopped.is_set)

    stopped.set()
    limiter.wake()
    until(lambda: len(line.stopped) == 2)

    assert line.admitted == []
    clock.advance(61)
    line.leave()
    assert line.admitted == ["theirs"]


def test_who_has_stopped_is_not_admitted_even_to_a_free_place():
    with pytest.raises(Stopped):
        Limiter(1, 60.0, FakeClock()).acquire(lambda: True)


def test_a_lower_limit_counts_the_requests_that_were_made_under_the_higher_one():
    clock = FakeClock(auto=True)
    limiter = Limiter(3, 60.0, clock)
    use(limiter)
    use(limiter)
    began = clock.monotonic()

    limiter.lower(2)
    use(limiter)

    assert limiter.calls == 2
    assert clock.monotonic() - began == pytest.approx(60.06)


@pytest.mark.parametrize(("said", "calls"), [(600, 5), (5, 5), (4, 4), (1, 1), (0, 1), (-3, 1)])
def test_a_limit_is_never_above_the_configured_one_nor_below_one(said, calls):
    limiter = Limiter(5, 60.0, FakeClock())

    limiter.lower(said)

    assert limiter.calls == calls


def test_the_last_word_of_the_vendor_counts():
    limiter = Limiter(5, 60.0, FakeClock())

    limiter.lower(2)
    limiter.lower(4)

    assert limiter.calls == 4


def test_a_raised_limit_lets_those_in_who_wait():
    limiter = Limiter(2, 60.0, FakeClock())
    limiter.lower(1)
    held = limiter.acquire(never)
    line = Line(limiter)
    line.join("waits")

    limiter.lower(2)
    line.leave()

    assert line.admitted == ["waits"]
    held.give_back()


def most_in_any_window(arrivals, per):
    window: deque[float] = deque()
    most = 0
    for arrival in sorted(arrivals):
        window.append(arrival)
        while window[0] <= arrival - per:
            window.popleft()
        most = max(most, len(window))
    return most


REQUEST = st.tuples(
    st.floats(0, 0.5),  # idle before it
    st.floats(0, 2),  # latency
    st.floats(0, 1),  # when in between the vendor saw it
    st.booleans(),  # sent at all
)


@settings(max_examples=200)
@given(st.integers(1, 5), st.floats(0.5, 3), st.lists(REQUEST, min_size=1, max_size=40), st.integers(1, 4))
def test_no_window_at_the_vendor_holds_too_many_requests(calls, per, requests, in_flight):
    clock = FakeClock(auto=True)
    limiter = Limiter(calls, per, clock)
    arrivals = []
    open_requests: list = []

    def answer_soonest():
        open_requests.sort(key=lambda each: each[0])
        answered_at, spending = open_requests.pop(0)
        clock.advance(max(0.0, answered_at - clock.monotonic()))
        spending.__exit__(None, None, None)

    for idle, latency, seen, is_sent in requests:
        clock.advance(idle)
        while len(open_requests) >= min(in_flight, calls):
            answer_soonest()
        permit = limiter.acquire(never)
        if not is_sent:
            permit.give_back()
            continue
        spending = permit.spent()
        spending.__enter__()
        arrivals.append(clock.monotonic() + latency * seen)
        open_requests.append((clock.monotonic() + latency, spending))

    assert most_in_any_window(arrivals, per) <= calls


@settings(max_examples=50)
@given(st.integers(1, 20), st.integers(1, 200))
def test_the_limit_is_used_to_the_full_while_work_is_due(calls, requests):
    clock = FakeClock(auto=True)
    limiter = Limiter(calls, 10.0, clock)
    began = clock.monotonic()

    for _ in range(requests):
        use(limiter)

    periods = (requests - 1) // calls
    assert clock.monotonic() - began == pytest.approx(periods * 10.01)


def test_with_real_threads_and_time_no_window_holds_too_many():
    limiter = Limiter(50, 0.25, SystemClock())
    seen = []
    ending = time.monotonic() + 1.0

    def work():
        while time.monotonic() < ending:
            with limiter.acquire(never).spent():
                seen.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert most_in_any_window(seen, 0.25) <= 50
    assert len(seen) > 50


def test_it_tells_how_much_is_used_now_and_was_used_in_each_minute():
    clock = FakeClock()
    limiter = Limiter(4, 60, clock)
    use(limiter)
    assert (limiter.used, limiter.use_by_minute()[-2:]) == (1, [None, 0.25])
    clock.advance(61)
    permit = limiter.acquire(never)
    use(limiter)
    assert (limiter.used, limiter.use_by_minute()[-3:]) == (2, [None, 0.25, 0.5])
    permit.give_back()
    clock.advance(120)

    assert (limiter.used, limiter.use_by_minute()[-5:]) == (0, [None, 0.25, 0.25, 0.0, 0.0])
    assert len(limiter.use_by_minute()) == 60


def test_of_a_period_longer_than_a_minute_the_one_that_ended_with_each_minute_is_told():
    clock = FakeClock()
    limiter = Limiter(10, 180, clock)
    for _ in range(5):
        use(limiter)
        clock.advance(60)
    clock.advance(1)

    assert limiter.use_by_minute()[-7:] == [None, 0.1, 0.2, 0.3, 0.3, 0.3, 0.2]
