"""What becomes of a fetch: what is counted, and what the store is told."""

from collections.abc import Iterator

import pytest

from exporter.errors import (
    AuthRejected,
    ClientRefused,
    ConnectionFailed,
    FetchError,
    InvalidResponse,
    NotFound,
    RateLimited,
    Redirected,
    RequestTimeout,
    ServerFailed,
    TooLarge,
    VendorRefused,
)
from exporter.samples import Sample
from tests.unit.poller.stage import CREDITS, Batch, Door, Single, Stage


def test_a_fetch_is_counted_and_its_samples_are_kept(stage: Stage):
    toy = Single(stage.clock)
    stage.source(toy, "ab")
    stage.start()

    assert stage.up() == {"a": True, "b": True}
    assert stage.store.sources["acme"].series == 2
    assert stage.count("fetches_total") == 2
    assert stage.failures() == {}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RequestTimeout("no answer"), "timeout"),
        (ConnectionFailed("no way"), "connection"),
        (AuthRejected("401"), "auth"),
        (NotFound("404"), "not_found"),
        (RateLimited("429"), "rate_limited"),
        (ServerFailed("503"), "server_error"),
        (ClientRefused("400"), "client_error"),
        (VendorRefused("error"), "vendor_error"),
        (InvalidResponse("no JSON"), "invalid_response"),
        (TooLarge("too long"), "too_large"),
        (ZeroDivisionError("a bug"), "internal"),
    ],
)
def test_a_failed_fetch_is_counted_under_its_reason(stage: Stage, error: Exception, reason: str):
    toy = Single(stage.clock)
    toy.answers["a"] = error
    stage.source(toy, "a")
    stage.start()

    assert stage.up() == {"a": False}
    assert stage.count("fetches_total") == 1
    assert stage.failures() == {reason: 1.0}


def test_an_error_in_the_middle_of_the_samples_shows_none_of_them(stage: Stage):
    def samples() -> Iterator[Sample]:
        yield CREDITS.sample(1)
        raise InvalidResponse("the second row has no date")

    toy = Single(stage.clock)
    toy.answers["a"] = samples
    stage.source(toy, "a")
    stage.start()

    assert stage.store.sources["acme"].series == 0
    assert stage.failures() == {"invalid_response": 1.0}


def test_samples_that_no_page_may_show_are_counted_as_internal(stage: Stage):
    toy = Single(stage.clock)
    toy.answers["a"] = [CREDITS.sample(1), CREDITS.sample(2)]
    stage.source(toy, "a")
    stage.start()

    assert stage.failures() == {"internal": 1.0}


def test_the_poller_lives_on_after_an_internal_error(stage: Stage):
    toy = Single(stage.clock, interval=10.0)
    toy.answers["a"] = KeyError("a bug")
    stage.source(toy, "ab", concurrency=1)
    stage.start()
    del toy.answers["a"]
    stage.run(10)

    assert stage.up() == {"a": True, "b": True}
    assert stage.poller.is_moving()
    assert not stage.died.is_set()


def test_a_fetch_lasts_from_when_the_limit_let_it_through_until_it_ends(stage: Stage):
    toy = Single(stage.clock, interval=1_000.0)
    toy.hang("a")
    door = stage.source(toy, "a", door=Door(places=0))
    stage.start(busy=1)
    stage.step(100, busy=1)
    door.admit(1)
    stage.settle(busy=1)
    stage.step(7, busy=1)
    toy.release("a")
    stage.settle()

    assert stage.count("fetch_duration_seconds_sum") == 7.0
    assert stage.count("fetch_duration_seconds_count") == 1
    place = stage.store.sources["acme"].records["a"].places[0]
    assert (place.last_attempt, place.last_success) == (1_773_403_300.0, 1_773_403_307.0)


def test_a_batch_gets_its_customers_together(stage: Stage):
    toy = Batch(stage.clock)
    stage.source(toy, ["abc", "de"], concurrency=1)
    stage.start()

    assert toy.names() == [("a", "b", "c"), ("d", "e")]
    assert stage.count("fetches_total") == 2
    assert stage.up() == dict.fromkeys("abcde", True)


def test_one_customer_of_a_batch_can_fail_alone(stage: Stage):
    toy = Batch(stage.clock)
    toy.alone = {"b": NotFound("no such subuser")}
    stage.source(toy, ["abc"])
    stage.start()

    assert stage.up() == {"a": True, "b": False, "c": True}
    assert stage.count("fetches_total") == 1
    assert stage.failures() == {"not_found": 1.0}
    assert toy.names() == [("a", "b", "c")]


def test_a_reason_counts_once_a_fetch_however_many_customers_of_the_batch_it_hit(stage: Stage):
    toy = Batch(stage.clock)
    toy.alone = {"a": NotFound("404"), "b": NotFound("404"), "c": InvalidResponse("no date")}
    stage.source(toy, ["abcd"])
    stage.start()

    assert stage.count("fetches_total") == 1
    assert stage.failures() == {"not_found": 1.0, "invalid_response": 1.0}


@pytest.mark.parametrize(("error", "reason"), [(ClientRefused("400"), "client_error"), (NotFound("404"), "not_found")])
def test_a_batch_that_is_refused_is_asked_for_again_one_by_one(stage: Stage, error: FetchError, reason: str):
    toy = Batch(stage.clock)
    toy.answers = {("a", "b", "c"): error, ("b",): error}
    stage.source(toy, ["abc"])
    stage.start()

    assert toy.names() == [("a", "b", "c"), ("a",), ("b",), ("c",)]
    assert stage.up() == {"a": True, "b": False, "c": True}
    assert stage.count("fetches_total") == 4
    assert stage.failures() == {reason: 2.0}


def test_each_customer_of_a_refused_batch_waits_for_the_limit_by_itself(stage: Stage):
    toy = Batch(stage.clock)
    toy.answers = {("a", "b"): ClientRefused("400")}
    door = stage.source(toy, ["ab"], door=Door(places=2))
    stage.start(busy=1)
    stage.step(50, busy=1)
    door.admit(1)
    stage.settle()

    assert toy.asked == [(0.0, ("a", "b")), (0.0, ("a",)), (50.0, ("b",))]
    assert stage.count("fetch_duration_seconds_sum") == 0.0


def test_a_batch_is_asked_for_together_again_at_its_next_turn(stage: Stage):
    toy = Batch(stage.clock, interval=10.0)
    toy.answers = {("a", "b"): ClientRefused("400")}
    stage.source(toy, ["ab"])
    stage.start()
    stage.step(10)

    assert toy.names() == [("a", "b"), ("a",), ("b",), ("a", "b"), ("a",), ("b",)]


@pytest.mark.parametrize(
    "error",
    [
        AuthRejected("401"),
        RateLimited("429"),
        Redirected("302"),
        ServerFailed("503"),
        RequestTimeout("no answer"),
        ConnectionFailed("no way"),
        VendorRefused("error"),
        InvalidResponse("no JSON"),
        TooLarge("too long"),
        ValueError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_batch_that_fails_otherwise_fails_for_all_its_customers(stage: Stage, error: Exception):
    toy = Batch(stage.clock)
    toy.answers = {("a", "b", "c"): error}
    stage.source(toy, ["abc"])
    stage.start()

    assert toy.names() == [("a", "b", "c")]
    assert stage.up() == {"a": False, "b": False, "c": False}
    assert stage.count("fetches_total") == 1
    assert sum(stage.failures().values()) == 1


def test_a_batch_of_one_that_is_refused_is_not_asked_for_again(stage: Stage):
    toy = Batch(stage.clock)
    toy.answers = {("a",): NotFound("404")}
    stage.source(toy, ["a"])
    stage.start()

    assert toy.names() == [("a",)]
    assert stage.count("fetches_total") == 1


def test_a_customer_that_was_removed_from_a_batch_is_not_asked_for_alone(stage: Stage):
    toy = Batch(stage.clock)

    def refuse():
        stage.store.remove("acme", "b")
        raise ClientRefused("400")

    toy.answers = {("a", "b", "c"): refuse}
    stage.source(toy, ["abc"])
    stage.start()

    assert toy.names() == [("a", "b", "c"), ("a",), ("c",)]
