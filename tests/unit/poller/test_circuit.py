"""The poll of a source whose vendor is down: nothing is asked but by probes, and nobody is forgotten."""

from functools import partial

import pytest
from structlog.testing import capture_logs

from exporter.errors import AuthRejected, ClientRefused, ConnectionFailed, Reason
from exporter.fetch import Fetch
from exporter.probing import Probing
from tests.unit.poller.stage import Batch, Door, Single, Stage

DOWN = ConnectionFailed("connection refused: vendor.example")
REFUSED = AuthRejected("status 401: vendor.example")


class Vendor:
    """Answers probes; notes when each came, in seconds since the start, and its number."""

    def __init__(self, stage: Stage, door: Door) -> None:
        self.stage = stage
        self.asked: list[tuple[float, int]] = []
        self.failure: Exception | None = DOWN
        poller = stage.poller
        Probing("acme", door.circuit, self.answer, poller.add_later, partial(poller.resume, "acme"))

    def answer(self, number: int) -> None:
        self.asked.append((self.stage.clock.monotonic() - 1_000.0, number))
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def toy(stage: Stage) -> Single:
    return Single(stage.clock, interval=600.0)


@pytest.fixture
def vendor(stage: Stage, toy: Single) -> Vendor:
    """A vendor with 30 customers that is down from the start; one thread asks it, so that the order is known."""
    customers = [f"customer-{number}" for number in range(30)]
    toy.answers = dict.fromkeys(customers, DOWN)
    door = stage.source(toy, [[name] for name in customers], concurrency=1)
    return Vendor(stage, door)


def test_ten_customers_are_asked_and_the_others_are_shown_as_down(stage: Stage, toy: Single, vendor: Vendor):
    stage.start()

    assert toy.names() == [f"customer-{number}" for number in range(10)]
    assert stage.failures() == {"connection": 10.0}
    assert stage.count("fetches_total") == 10
    assert set(stage.up().values()) == {False}
    assert len(stage.up()) == 30
    assert stage.store.untried == 0


def test_those_who_were_not_asked_show_the_reason_and_no_attempt(stage: Stage, toy: Single, vendor: Vendor):
    stage.start()

    [place] = stage.store.sources["acme"].records["customer-29"].places
    assert place.reason is Reason.CONNECTION
    assert place.last_attempt is None
    assert place.last_error.startswith("not asked: the vendor is not to be reached (connection)")


def test_a_probe_is_sent_each_minute_and_each_for_the_next_customer(stage: Stage, toy: Single, vendor: Vendor):
    stage.start()
    stage.run(1_300, step=20)

    assert vendor.asked == [(60.0 * (number + 1), number) for number in range(21)]
    assert len(toy.asked) == 10


def test_probes_for_refused_credentials_are_sent_every_five_minutes(stage: Stage, toy: Single, vendor: Vendor):
    toy.answers, vendor.failure = dict.fromkeys(toy.answers, REFUSED), REFUSED
    stage.start()
    stage.run(1_300, step=20)

    assert toy.names() == ["customer-0", "customer-1", "customer-2"]
    assert [moment for moment, _ in vendor.asked] == [300, 600, 900, 1_200]


def test_what_was_asked_with_the_old_credentials_tells_nothing_of_the_new_ones(stage: Stage, toy: Single):
    """Else whoever revokes a key before the new one is read has the new one tried five minutes later."""
    toy.answers = dict.fromkeys("abcd", REFUSED)
    door = stage.source(toy, "abcd", concurrency=4)
    for name in "abcd":
        toy.hang(name)
    stage.start(busy=4)

    door.circuit.renew()
    toy.release()
    stage.settle()

    assert stage.failures() == {"auth": 4.0}
    assert not door.circuit.is_open


def test_a_probe_that_is_answered_lets_everyone_be_asked_at_once(stage: Stage, toy: Single, vendor: Vendor):
    stage.start()
    toy.answers, vendor.failure = {}, None
    stage.run(60, step=20)

    assert len(vendor.asked) == 1
    assert toy.asked[10:] == [(60.0, f"customer-{number}") for number in range(10, 30)]
    # Those who had failed before come again on their own turn.
    stage.run(780, step=20)
    assert set(stage.up().values()) == {True}
    assert len(vendor.asked) == 1


def test_a_fault_of_this_program_in_a_probe_ends_nothing_and_lets_the_fetches_find_out(
    stage: Stage, toy: Single, vendor: Vendor
):
    stage.start()
    toy.answers, vendor.failure = {}, KeyError("user")
    with capture_logs() as logs:
        stage.run(60, step=20)

    assert not stage.died.is_set()
    assert [line["error"] for line in logs if line["event"] == "internal error in a probe"] == ["KeyError"]
    assert toy.asked[10:] == [(60.0, f"customer-{number}") for number in range(10, 30)]


def test_who_joins_a_batch_that_waits_for_the_vendor_is_shown_as_down_at_once(stage: Stage):
    """A program whose vendor is down would else not be ready for ten minutes after each reload."""
    batch = Batch(stage.clock, interval=600.0)
    door = stage.source(batch, ["abc"], concurrency=1)
    down(door)
    stage.start()
    [fetch] = stage.poller._lanes["acme"].skipped
    assert isinstance(fetch, Fetch)
    joined = stage.fetch("acme", batch, "d", 0.0)
    fetch.members = (*fetch.members, *joined.members)

    stage.poller.hasten(fetch)
    stage.settle()

    assert stage.up() == dict.fromkeys("abcd", False)
    assert stage.store.untried == 0
    door.circuit.renew()
    stage.poller.resume("acme")
    stage.settle()
    assert batch.names() == [("a", "b", "c", "d")]


def test_of_a_refused_batch_those_left_are_no_fetches_once_the_circuit_has_opened(stage: Stage):
    batch = Batch(stage.clock)
    batch.answers = {tuple("abcdef"): ClientRefused("400"), **{(name,): REFUSED for name in "abcdef"}}
    stage.source(batch, ["abcdef"])
    stage.start()

    assert batch.names() == [tuple("abcdef"), ("a",), ("b",), ("c",)]
    assert stage.count("fetches_total") == 4
    assert stage.failures() == {"client_error": 1.0, "auth": 3.0}
    assert stage.up() == dict.fromkeys("abcdef", False)
    [place] = stage.store.sources["acme"].records["f"].places
    assert place.reason is Reason.AUTH
    assert place.last_attempt is None


def down(door: Door) -> None:
    for name in ("a", "b") * 5:
        door.circuit.fetched([Reason.CONNECTION], [name], 2)


def test_a_second_outage_has_probes_of_its_own(stage: Stage, toy: Single, vendor: Vendor):
    failing = dict(toy.answers)
    stage.start()
    toy.answers, vendor.failure = {}, None
    stage.run(60, step=20)
    toy.answers, vendor.failure = failing, DOWN
    stage.run(1_200, step=20)

    gaps = {second[0] - first[0] for first, second in zip(vendor.asked[1:], vendor.asked[2:], strict=False)}
    assert gaps == {60.0}


def test_what_is_skipped_does_not_count_as_overdue(stage: Stage, toy: Single, vendor: Vendor):
    stage.start()
    stage.run(3_600, step=60)

    assert stage.poller.oldest_due("acme") == stage.clock.time()


def test_another_source_goes_on(stage: Stage, toy: Single, vendor: Vendor):
    other = Single(stage.clock, name="credits", interval=600.0)
    stage.source(other, "xyz", name="shop")
    stage.start()
    stage.run(1_200, step=20)

    assert [other.times(name) for name in "xyz"] == [[0, 600, 1_200], [0, 800], [0, 400, 1_000]]


def test_one_line_tells_of_an_opening_and_one_of_a_closing(stage: Stage, toy: Single, vendor: Vendor):
    with capture_logs() as logs:
        stage.start()
        vendor.failure = None
        stage.run(60, step=20)

    told = [line for line in logs if line["event"].startswith("circuit")]
    assert told == [
        {
            "event": "circuit opened",
            "source": "acme",
            "reason": "connection",
            "probe_interval_seconds": 60.0,
            "log_level": "warning",
        },
        {"event": "circuit closed", "source": "acme", "log_level": "info"},
        {
            "event": "circuit opened",
            "source": "acme",
            "reason": "connection",
            "probe_interval_seconds": 60.0,
            "log_level": "warning",
        },
    ]
