import pytest

from exporter import errors
from exporter.instruments import Instruments
from exporter.upstream import Circuit, Limiter
from exporter.upstream.gate import Gate
from exporter.upstream.retry import Backoff, retrying
from tests.fake_clock import FakeClock


def tries(failures, attempts=4, pause=0.0, clock=None):
    """Return how many attempts were made until one got through, or what the last one failed with."""
    clock = clock or FakeClock(auto=True)
    gate = Gate("acme", Limiter(100, 60.0, clock), Circuit(60.0), Instruments(), clock)
    left = list(failures)
    made = 0
    try:
        for attempt in retrying(attempts, Backoff(1.0, 30.0), gate):
            with attempt:
                made += 1
                if left:
                    gate.pause(pause)
                    raise left.pop(0)
    except errors.ExporterError as error:
        return made, type(error)
    return made, None


@pytest.mark.parametrize(
    "failure",
    [
        errors.RequestTimeout("x"),
        errors.ConnectionFailed("x"),
        errors.ServerFailed("x"),
        errors.RateLimited("x"),
    ],
)
def test_what_may_pass_by_itself_is_tried_again(failure):
    assert tries([failure, failure]) == (3, None)
    assert tries([failure] * 9) == (4, type(failure))


@pytest.mark.parametrize(
    "failure",
    [
        errors.AuthRejected("x"),
        errors.NotFound("x"),
        errors.ClientRefused("x"),
        errors.VendorRefused("x"),
        errors.InvalidResponse("x"),
        errors.TooLarge("x"),
        errors.NotAllowed("x"),
        errors.Stopped("x"),
    ],
)
def test_anything_else_is_not(failure):
    assert tries([failure]) == (1, type(failure))


def test_one_attempt_is_no_retry():
    assert tries([errors.ServerFailed("x")], attempts=1) == (1, errors.ServerFailed)


def test_a_pause_longer_than_the_longest_backoff_ends_it():
    assert tries([errors.RateLimited("x", 31.0)], pause=31) == (1, errors.RateLimited)
    assert tries([errors.RateLimited("x", 30.0)], pause=30) == (2, None)


def test_the_source_s_pause_is_left_to_the_gate():
    clock = FakeClock(auto=True)
    began = clock.monotonic()

    tries([errors.RateLimited("x", 20.0)], pause=20, clock=clock)

    assert clock.monotonic() == began


def test_no_backoff_is_longer_than_the_configured_ones_together():
    for _ in range(50):
        clock = FakeClock(auto=True)
        began = clock.monotonic()
        tries([errors.ServerFailed("x")] * 3, clock=clock)
        assert 0 < clock.monotonic() - began <= 1 + 2 + 4


@pytest.mark.parametrize(("attempt", "bound"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (20, 30)])
def test_jitter_spreads_over_the_whole_of_a_bound_that_doubles(attempt, bound):
    pauses = [Backoff(1.0, 30.0).seconds(attempt) for _ in range(500)]

    assert 0 <= min(pauses) < bound * 0.1
    assert bound * 0.9 < max(pauses) <= bound


def test_a_backoff_of_nothing_is_none():
    assert Backoff(0.0, 0.0).seconds(3) == 0
