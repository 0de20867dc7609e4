import threading

from tests.e2e.waiting import eventually
from tests.simulation.clock import SimulatedClock


def in_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_time_stands_still_for_whoever_does_nothing():
    clock = SimulatedClock(1_773_403_200.0)
    clock.advance(60)

    assert clock.time() == 1_773_403_200.0
    clock.advance(60)
    assert clock.time() == 1_773_403_260.0


def test_a_thread_gets_along_on_a_time_of_its_own():
    clock, seen = SimulatedClock(0.0), []
    clock.advance(60)

    def work():
        clock.spend(10)
        clock.spend(5)
        seen.append(clock.time())

    in_thread(work).join(10)

    assert seen == [15.0]
    assert clock.time() == 0.0


def test_a_thread_is_held_at_the_horizon_until_time_has_come_so_far():
    clock, seen = SimulatedClock(0.0), []
    clock.advance(60)

    def work():
        clock.spend(90)
        seen.append(clock.time())

    thread = in_thread(work)
    eventually(lambda: clock.held() == 1)
    assert seen == []

    clock.advance(60)
    # Let through, though it may not have woken yet.
    assert clock.held() == 0
    thread.join(10)
    assert seen == [90.0]


def test_a_wait_takes_the_time_that_it_is_limited_to():
    clock, condition = SimulatedClock(0.0), threading.Condition()
    clock.advance(60)

    with condition:
        clock.wait(condition, 30)

    assert clock.time() == 30.0
