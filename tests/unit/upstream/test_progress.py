"""Whether a thread of a source gets on: each step has a deadline, waiting for leave has none."""

import threading
from contextlib import suppress

import pytest

from exporter.errors import Stopped
from exporter.upstream import Limiter
from exporter.upstream.progress import Progress
from tests.fake_clock import FakeClock
from tests.unit.poller.stage import until

from .conftest import READ, Patience


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def progress(clock):
    return Progress(clock)


def test_nothing_under_way_is_not_stuck(clock, progress):
    clock.advance(10_000)

    assert not progress.is_stuck


def test_a_fetch_is_stuck_a_minute_after_its_request_should_have_ended(clock, progress):
    with progress.under_way(10):
        clock.advance(70)
        assert not progress.is_stuck
        clock.advance(0.5)
        assert progress.is_stuck

    assert not progress.is_stuck


def test_each_request_of_a_fetch_has_a_deadline_of_its_own(clock, progress):
    with progress.under_way(10):
        for _ in range(100):
            clock.advance(60)
            progress.step(10)
            assert not progress.is_stuck
        clock.advance(71)

        assert progress.is_stuck


def test_whoever_waits_for_leave_is_not_stuck_however_long_that_takes(clock, progress):
    with progress.under_way(10):
        clock.advance(40)
        with progress.waiting():
            clock.advance(3_600)
            assert not progress.is_stuck
        clock.advance(30)
        assert not progress.is_stuck
        clock.advance(1)

        assert progress.is_stuck


def test_a_fetch_within_a_fetch_ends_without_ending_the_other(clock, progress):
    with progress.under_way(10):
        with progress.under_way(10):
            clock.advance(60)
        clock.advance(60)
        assert not progress.is_stuck
        clock.advance(20)

        assert progress.is_stuck


def test_a_thread_that_is_in_no_fetch_leaves_no_trace(clock, progress):
    progress.step(10)
    with progress.waiting():
        pass
    clock.advance(100)

    assert not progress.is_stuck


def test_one_thread_that_is_stuck_is_not_hidden_by_others_that_get_on(clock, progress):
    is_in, can_end = threading.Event(), threading.Event()

    def hang():
        with progress.under_way(10):
            is_in.set()
            can_end.wait(10)

    thread = threading.Thread(target=hang)
    thread.start()
    assert is_in.wait(10)
    with progress.under_way(10):
        clock.advance(71)
        progress.step(10)
        assert progress.is_stuck
        can_end.set()
        thread.join(10)

        assert not progress.is_stuck


def test_a_request_that_ends_in_time_is_not_stuck_nor_one_that_waits_for_its_turn(connect, clock, serve):
    """An upstream of a vendor that answers only when the test says so."""
    came, can_answer = threading.Event(), threading.Event()

    def play(peer):
        while peer.read_request():
            came.set()
            can_answer.wait(10)
            peer.reply()

    server = serve(play)
    upstream = connect(server.url, clock=clock, limiter=Limiter(1, 600.0, clock), retry=Patience(1), timeout=30.0)

    def fetch():
        with suppress(Stopped):
            for _ in range(2):
                with upstream.admitted():
                    upstream.client("totals").send(READ)

    thread = threading.Thread(target=fetch)
    thread.start()
    assert came.wait(10)
    clock.advance(89)
    assert not upstream.is_stuck
    clock.advance(2)
    assert upstream.is_stuck
    can_answer.set()
    until(lambda: not upstream.is_stuck)
    clock.advance(500)
    assert not upstream.is_stuck

    upstream.close()
    thread.join(10)
