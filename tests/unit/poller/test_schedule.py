"""When each fetch runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.poller import next_turn
from tests.unit.poller.stage import Door, Single, Stage, on_stage


def test_every_fetch_is_due_at_once_at_the_start_in_its_order(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "dbca", concurrency=1)
    stage.start()

    assert toy.asked == [(0.0, "d"), (0.0, "b"), (0.0, "c"), (0.0, "a")]


def test_later_turns_stand_spread_over_the_interval_and_do_not_drift(stage: Stage):
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "abcd")
    stage.start()
    stage.run(125, step=5)

    assert toy.times("a") == [0, 40, 80, 120]
    assert toy.times("b") == [0, 50, 90]
    assert toy.times("c") == [0, 60, 100]
    assert toy.times("d") == [0, 30, 70, 110]


def test_the_turn_after_the_first_fetch_is_at_least_half_an_interval_away(stage: Stage):
    """Else the first round would ask for everything twice, and a source near its limit would lag for many rounds."""
    toy = Single(stage.clock, interval=100.0)
    stage.source(toy, "ab", phases=[50, 60])
    toy.hang("a")
    stage.start(busy=1)
    stage.run(45, step=5, busy=1)
    toy.release("a")
    stage.settle()
    stage.run(160, step=5)

    assert toy.times("a") == [0, 150]
    assert toy.times("b") == [0, 60, 160]


def test_a_fetch_that_took_long_does_not_shift_its_later_turns(stage: Stage):
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "a")
    toy.hang("a")
    stage.start(busy=1)
    stage.step(7, busy=1)
    toy.release("a")
    stage.settle()
    stage.run(113)

    assert toy.times("a") == [0, 40, 80, 120]


def test_a_fetch_that_took_longer_than_its_interval_skips_the_turns_that_it_missed(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "a")
    toy.hang("a")
    stage.start(busy=1)
    stage.run(35, step=5, busy=1)
    toy.release("a")
    stage.settle()
    stage.step(4)
    assert toy.times("a") == [0]
    stage.run(11)
    assert toy.times("a") == [0, 40, 50]


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
def test_a_jump_of_the_wall_clock_changes_nothing(stage: Stage, jump: float):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "a")
    stage.start()
    stage.clock.jump(jump)
    stage.run(25)

    assert toy.times("a") == [0, 10, 20]
    assert stage.poller.is_moving()


def test_the_longest_due_fetch_is_taken_when_the_limit_lets_one_through(stage: Stage):
    """A fetch that is due waits in the queue, not a thread that holds it."""
    toy = Single(stage.clock, interval=1_000.0)
    door = stage.source(toy, "abcde", concurrency=2, door=Door(places=0))
    stage.start(busy=2)
    assert toy.asked == []
    for place in range(5):
        stage.step(1, busy=min(2, 5 - place))
        door.admit(1)
        stage.settle(busy=min(2, 4 - place))

    assert toy.asked == [(1.0, "a"), (2.0, "b"), (3.0, "c"), (4.0, "d"), (5.0, "e")]


def test_turns_of_one_second_come_each_at_its_own_moment(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "abc", concurrency=1, phases=[6.75, 6.25, 6.5])
    stage.start()
    stage.step(6)
    for _ in range(4):
        stage.step(0.25)

    assert toy.asked[3:] == [(6.25, "b"), (6.5, "c"), (6.75, "a")]


def test_turns_that_are_due_together_come_by_how_long_they_have_been(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "abc", concurrency=1, phases=[7.25, 6.75, 6.25])
    stage.start()
    stage.step(8)

    assert toy.names() == ["a", "b", "c", "c", "b", "a"]


def test_a_turn_that_is_hastened_runs_now_and_at_its_phase_as_ever(stage: Stage):
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "a")
    stage.start()
    (turn,) = (turn for _, _, turns in stage.poller._heap for turn in turns)
    stage.step(15)
    stage.poller.hasten(turn)
    stage.settle()
    assert toy.times("a") == [0, 15]
    stage.step(20)
    stage.poller.hasten(turn)
    stage.settle()
    stage.run(90)

    assert toy.times("a") == [0, 15, 35, 80, 120]


def test_a_turn_that_waits_is_not_hastened_and_one_that_runs_runs_again(stage: Stage):
    """Whoever joined a batch while it was asked for must not wait for its next turn."""
    toy = Single(stage.clock, interval=40.0)
    door = stage.source(toy, "a", door=Door(places=0))
    (turn,) = (turn for _, _, turns in stage.poller._heap for turn in turns)
    toy.hang("a")
    stage.start(busy=1)
    stage.poller.hasten(turn)
    door.admit(9)
    stage.settle(busy=1)
    stage.step(1, busy=1)
    stage.poller.hasten(turn)
    stage.settle(busy=1)
    toy.release("a")
    stage.settle()
    stage.run(10)

    assert toy.times("a") == [0, 1]


def test_turns_that_are_added_later_are_due_at_once(stage: Stage):
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "a")
    stage.start()
    stage.step(5)
    stage.poller.add([stage.fetch("acme", toy, "b", 10.0)])
    stage.settle()
    stage.run(55)

    assert toy.times("a") == [0, 40]
    assert toy.times("b") == [5, 50]


def test_a_turn_that_says_when_it_is_due_waits_until_then(stage: Stage):
    """What was fetched before a restart is due when it would have been, and then at its phase."""
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "a")
    stage.start()
    stage.step(5)
    later, overdue = stage.fetch("acme", toy, "b", 10.0), stage.fetch("acme", toy, "c", 10.0)
    later.due, overdue.due = stage.clock.monotonic() + 12, stage.clock.monotonic() - 100
    stage.poller.add([later, overdue])
    stage.settle()
    stage.run(100)

    assert toy.times("b") == [17, 50, 90]
    assert toy.times("c") == [5, 50, 90]


def test_a_poller_that_does_not_repeat_runs_each_fetch_once():
    with on_stage(is_repeating=False) as stage:
        toy = Single(stage.clock, interval=10.0)
        stage.source(toy, "ab", concurrency=1)
        stage.start()
        stage.run(30)

        assert toy.names() == ["a", "b"]


def test_a_removed_customer_is_fetched_no_more(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "ab", phases=[0, 0], concurrency=1)
    stage.start()
    stage.store.remove("acme", "a")
    stage.run(30)

    assert toy.names() == ["a", "b", "b", "b", "b"]


def test_a_customer_that_is_removed_while_its_fetch_waits_is_not_asked_for(stage: Stage):
    toy = Single(stage.clock)
    door = stage.source(toy, "ab", concurrency=1, door=Door(places=0))
    stage.start(busy=1)
    stage.store.remove("acme", "a")
    door.admit(2)
    stage.settle()

    assert toy.names() == ["b"]
    assert stage.count("fetches_total") == 1


def test_a_customer_that_is_removed_while_it_is_asked_for_is_not_shown(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "a")
    toy.hang("a")
    stage.start(busy=1)
    stage.store.remove("acme", "a")
    toy.release("a")
    stage.settle()

    assert stage.store.sources["acme"].series == 0
    assert stage.poller.failure is None


moments = st.floats(0, 1e7, allow_nan=False)
intervals = st.floats(0.25, 1e6, allow_nan=False)


@given(now=moments, first=moments, interval=intervals)
def test_the_next_turn_is_the_first_after_now_that_is_whole_intervals_away(now: float, first: float, interval: float):
    due = next_turn(now, first, interval)

    assert now < due <= now + interval * 1.000001
    assert abs((due - first) / interval - round((due - first) / interval)) < 1e-6


@given(first=moments, interval=intervals)
def test_a_turn_that_runs_on_time_is_followed_by_the_next_one(first: float, interval: float):
    due = first
    for turn in range(1, 200):
        due = next_turn(due, first, interval)
        assert due == pytest.approx(first + turn * interval, rel=1e-9)
