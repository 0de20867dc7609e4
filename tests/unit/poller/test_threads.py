"""Threads: a source never waits for another one, and none is there without need."""

import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from exporter.clock import SystemClock
from exporter.fetch import Fetch, Task
from exporter.lane import Lane, Turn
from exporter.poller import Poller
from tests.fake_clock import FakeClock
from tests.unit.poller.stage import Door, Single, Stage, until


def test_a_hanging_source_delays_no_other_one(stage: Stage):
    stuck, free = Single(stage.clock, interval=10.0), Single(stage.clock, interval=10.0)
    stage.source(stuck, "abc", name="acme", concurrency=2)
    stage.source(free, "xyz", name="shop", concurrency=1, phases=[0, 0, 0])
    for customer in "abc":
        stuck.hang(customer)
    stage.start(busy=2)
    stage.run(20, busy=2)

    assert stuck.names() == ["a", "b"]
    assert free.asked == [(moment, customer) for moment in (0, 10, 20) for customer in "xyz"]


def test_a_hanging_customer_holds_one_worker_and_is_not_begun_again(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "abc", concurrency=2, phases=[0, 0, 0])
    toy.hang("a")
    stage.start(busy=1)
    stage.run(20, busy=1)

    assert toy.times("a") == [0]
    assert toy.times("b") == [0, 10, 20]
    assert toy.times("c") == [0, 10, 20]


def test_no_more_fetches_of_a_source_run_at_once_than_its_concurrency(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "abcdefgh", concurrency=3)
    for customer in "abcdefgh":
        toy.hang(customer)
    stage.start(busy=3)
    assert sorted(toy.names()) == ["a", "b", "c"]
    assert stage.workers() == ["acme-1", "acme-2", "acme-3"]

    toy.release("b")
    stage.settle(busy=3)
    assert sorted(toy.names()) == ["a", "b", "c", "d"]
    toy.release()
    stage.settle()
    assert sorted(toy.names()) == list("abcdefgh")
    assert stage.workers() == ["acme-1", "acme-2", "acme-3"]


def test_a_thread_is_started_only_when_all_others_are_busy(stage: Stage):
    toy = Single(stage.clock, interval=30.0)
    stage.source(toy, "a", concurrency=8)
    stage.start()
    stage.run(100, step=10)

    assert toy.times("a") == [0, 30, 60, 90]
    assert stage.workers() == ["acme-1"]


def test_two_fetches_that_fall_due_together_do_not_share_one_idle_thread(stage: Stage):
    """A thread counts as idle until it wakes; the second fetch would wait for the first one to end."""
    taken: list[Turn] = []
    can_end = threading.Event()
    can_end.set()

    def work(lane: Lane) -> None:
        while lane.claim():
            taken.append(lane.take())
            can_end.wait(10)
            lane.finish(is_good=True)

    lane = Lane("acme", Door(), concurrency=2, length=10.0, work=work)  # type: ignore[arg-type]  # a stand-in
    toy: Any = Single(FakeClock())
    first, second, third = (Fetch(Task("acme", toy, stage.desk, lambda: (0, 0)), ()) for _ in range(3))
    lane.put(first)
    until(lambda: lane.idle == 1)
    can_end.clear()
    with lane.changed:
        lane.put(second)
        lane.put(third)
    until(lambda: len(taken) == 3)
    assert taken[0] is first
    assert lane.threads == 2

    can_end.set()
    lane.stop()


def test_stop_ends_the_threads_that_wait(stage: Stage):
    idle, waiting = Single(stage.clock), Single(stage.clock)
    stage.source(idle, "a", name="acme")
    stage.source(waiting, "xy", name="shop", door=Door(places=0))
    stage.start(busy=2)
    assert len(stage.threads()) == 4
    stage.poller.stop()
    until(lambda: not stage.threads())

    assert waiting.asked == []
    assert not stage.died.is_set()


def test_stop_leaves_a_request_under_way_behind_on_a_thread_that_keeps_no_process_alive(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "ab", concurrency=1)
    toy.hang("a")
    stage.start(busy=1)
    stage.poller.stop()
    until(lambda: [thread.name for thread in stage.threads()] == ["acme-1"])

    assert all(thread.daemon for thread in stage.threads())
    toy.release("a")
    until(lambda: not stage.threads())
    assert toy.names() == ["a"]


class BrokenClock(FakeClock):
    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        raise MemoryError("no more")


def test_a_scheduler_that_dies_says_so():
    clock, died = BrokenClock(), threading.Event()
    poller = Poller(clock, died.set)
    with capture_logs() as logged:
        poller.start()
        assert died.wait(10)

    assert isinstance(poller.failure, MemoryError)
    assert not poller.is_moving()
    assert logged == [{"event": "the poller died", "log_level": "critical", "error": "MemoryError: no more"}]


class BrokenDoor(Door):
    def admitted(self):
        raise SystemError("no way")


def test_a_worker_that_dies_says_so(stage: Stage):
    """A queue that nobody works on any more would look like a vendor that is slow."""
    with capture_logs() as logged:
        stage.source(Single(stage.clock), "a", door=BrokenDoor())
        stage.poller.start()
        assert stage.died.wait(10)

    assert not stage.poller.is_moving()
    assert [line["error"] for line in logged if line["log_level"] == "critical"] == ["SystemError: no way"]


def test_a_scheduler_that_has_not_moved_for_a_minute_is_not_moving(stage: Stage):
    assert stage.poller.is_moving()
    stage.clock.advance(59.5)
    assert stage.poller.is_moving()
    stage.clock.advance(0.5)
    assert not stage.poller.is_moving()


def test_what_keeps_it_from_polling_is_told_in_words(stage: Stage):
    door = stage.source(Single(stage.clock), "a")
    stage.source(Single(stage.clock), "a", name="shop")
    assert list(stage.poller.ailments()) == []

    door.is_stuck = True
    assert list(stage.poller.ailments()) == ["a fetch of source acme is stuck"]
    stage.clock.advance(60)
    assert list(stage.poller.ailments()) == ["the poller has not moved for a minute", "a fetch of source acme is stuck"]


def test_a_thread_that_died_is_told_in_words_once(stage: Stage):
    stage.source(Single(stage.clock), "a", door=BrokenDoor())
    stage.poller.start()
    assert stage.died.wait(10)

    assert list(stage.poller.ailments()) == ["a thread of the poller has died"]


def test_a_scheduler_with_nothing_to_do_moves_all_the_same(stage: Stage):
    stage.start()
    stage.run(120, step=40)

    assert stage.poller.is_moving()


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_a_poller_without_sources_starts_and_stops(clock: SystemClock | FakeClock):
    poller = Poller(clock, lambda: None)
    before = set(threading.enumerate())
    poller.start()
    poller.stop()
    until(lambda: set(threading.enumerate()) <= before)

    assert poller.failure is None
