"""Sources that leave a poller that runs, and such that are given more or fewer threads."""

from tests.unit.poller.stage import Door, Single, Stage, until


def test_a_source_that_is_removed_is_asked_no_more_and_its_threads_end(stage: Stage):
    gone, kept = Single(stage.clock, interval=10.0), Single(stage.clock, interval=10.0)
    stage.source(gone, "ab", name="acme", concurrency=2)
    stage.source(kept, "x", name="shop", phases=[0])
    stage.start()
    assert gone.names() == ["a", "b"]

    stage.poller.remove_source("acme")
    stage.run(20)

    assert gone.names() == ["a", "b"]
    assert kept.times("x") == [0, 10, 20]
    until(lambda: stage.workers() == [])
    assert [turn.source for _, _, turns in stage.poller._heap for turn in turns] == ["shop"]
    assert stage.poller.oldest_due("acme") == stage.clock.time()


def test_who_waits_at_the_door_of_a_removed_source_gives_up(stage: Stage):
    toy, door = Single(stage.clock), Door(0)
    stage.source(toy, "ab", concurrency=2, door=door)
    stage.start(busy=2)

    stage.poller.remove_source("acme")

    until(lambda: stage.workers() == [])
    assert toy.names() == []


def test_a_fetch_under_way_for_a_removed_source_is_not_begun_again_in_its_successor(stage: Stage):
    old, new = Single(stage.clock, interval=10.0), Single(stage.clock, interval=10.0)
    stage.source(old, "a", phases=[0])
    old.hang("a")
    stage.start(busy=1)

    stage.poller.remove_source("acme")
    stage.source(new, "b", phases=[0])
    until(lambda: new.names() == ["b"])
    old.release()
    until(lambda: len(stage.workers()) == 1)
    stage.run(30)

    assert old.times("a") == [0]
    assert new.times("b") == [0, 10, 20, 30]


def test_what_was_to_run_again_of_a_removed_source_does_not(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "a", phases=[0])
    toy.hang("a")
    stage.start(busy=1)
    [turn] = stage.poller._lanes["acme"].running.values()
    stage.poller.hasten(turn)

    stage.poller.remove_source("acme")
    toy.release()
    until(lambda: stage.workers() == [])
    stage.run(20)

    assert toy.times("a") == [0]
    assert stage.poller._again == set()


def test_more_threads_are_started_when_they_are_allowed(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "abc", concurrency=1)
    for customer in "abc":
        toy.hang(customer)
    stage.start(busy=1)

    stage.poller.resize("acme", 3)
    stage.settle(busy=3)

    assert toy.names() == ["a", "b", "c"]


def test_threads_that_are_too_many_end_when_they_have_nothing_under_way(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    stage.source(toy, "abc", concurrency=3, phases=[0, 0, 0])
    for customer in "abc":
        toy.hang(customer)
    stage.start(busy=3)

    stage.poller.resize("acme", 1)
    assert len(stage.workers()) == 3
    toy.release()
    until(lambda: len(stage.workers()) == 1)
    stage.run(20)

    assert {customer: toy.times(customer) for customer in "abc"} == {each: [0, 10, 20] for each in "abc"}
    assert len(stage.workers()) == 1
