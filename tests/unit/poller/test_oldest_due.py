"""How far polling lags behind, told truly."""

from tests.unit.poller.stage import Door, Single, Stage

NOON = 1_773_403_200.0


def test_a_fetch_that_waits_in_the_queue_is_overdue_since_it_was_due(stage: Stage):
    toy = Single(stage.clock, interval=1_000.0)
    door = stage.source(toy, "ab", concurrency=1, door=Door(places=0))
    stage.start(busy=1)
    stage.step(30, busy=1)
    assert stage.poller.oldest_due("acme") == NOON

    door.admit(1)
    stage.settle(busy=1)
    assert toy.names() == ["a"]
    assert stage.poller.oldest_due("acme") == NOON
    door.admit(1)
    stage.settle()
    assert stage.poller.oldest_due("acme") == NOON + 30


def test_a_fetch_that_runs_is_overdue_until_it_ends(stage: Stage):
    toy = Single(stage.clock, interval=40.0)
    stage.source(toy, "a")
    stage.start()
    toy.hang("a")
    stage.step(40, busy=1)
    stage.step(15, busy=1)
    assert stage.poller.oldest_due("acme") == NOON + 40

    toy.release("a")
    stage.settle()
    assert stage.poller.oldest_due("acme") == NOON + 55


def test_the_oldest_of_those_that_run_and_those_that_wait_is_told(stage: Stage):
    toy = Single(stage.clock, interval=100.0)
    stage.source(toy, "ab", concurrency=1, phases=[10, 20])
    stage.start()
    toy.hang("a")
    toy.hang("b")
    stage.run(109)
    assert stage.poller.oldest_due("acme") == NOON + 109
    stage.step(1, busy=1)
    stage.step(20, busy=1)
    assert stage.poller.oldest_due("acme") == NOON + 110
    toy.release("a")
    stage.settle(busy=1)
    assert toy.names() == ["a", "b", "a", "b"]
    assert stage.poller.oldest_due("acme") == NOON + 120


def test_nothing_overdue_is_now_whatever_the_wall_clock_does(stage: Stage):
    stage.source(Single(stage.clock), "a")
    stage.start()
    stage.step(5)
    assert stage.poller.oldest_due("acme") == NOON + 5
    stage.clock.jump(-3_600)
    assert stage.poller.oldest_due("acme") == NOON + 5 - 3_600


def test_sources_lag_each_for_itself(stage: Stage):
    stage.source(Single(stage.clock), "a", name="acme", door=Door(places=0))
    stage.source(Single(stage.clock), "a", name="shop")
    stage.start(busy=1)
    stage.step(5, busy=1)

    assert stage.poller.oldest_due("acme") == NOON
    assert stage.poller.oldest_due("shop") == NOON + 5


def test_what_falls_due_while_the_scheduler_stands_still_is_overdue_since_it_moved(stage: Stage):
    """It is in no queue, so that nothing else would tell."""
    stage.source(Single(stage.clock, interval=10.0), "a")
    stage.clock.advance(5)
    assert stage.poller.oldest_due("acme") == NOON + 5
    stage.clock.advance(40)

    assert stage.poller.oldest_due("acme") == NOON
