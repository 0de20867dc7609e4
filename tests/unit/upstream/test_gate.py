import threading
import time

import pytest

from exporter.errors import CircuitOpen, RateLimited, Reason, Stopped
from exporter.instruments import Instruments
from exporter.upstream import Circuit, Limiter
from exporter.upstream.gate import Gate
from tests.fake_clock import FakeClock


def gate_at(clock, limiter=None, source="acme", instruments=None, circuit=None):
    limiter = limiter or Limiter(100, 60.0, clock)
    return Gate(source, limiter, circuit or Circuit(60.0), instruments or Instruments(), clock)


def test_an_open_gate_lets_through_at_once():
    clock = FakeClock(auto=True)
    began = clock.monotonic()

    gate_at(clock).admit()

    assert clock.monotonic() == began


def test_a_pause_is_waited_out():
    clock = FakeClock(auto=True)
    gate = gate_at(clock)
    began = clock.monotonic()

    gate.pause(40)
    gate.admit()

    assert clock.monotonic() - began == 40


def test_a_shorter_pause_does_not_cut_a_longer_one():
    clock = FakeClock(auto=True)
    gate = gate_at(clock)
    began = clock.monotonic()

    gate.pause(40)
    gate.pause(5)
    gate.admit()

    assert clock.monotonic() - began == 40


def test_a_jump_of_the_wall_clock_changes_no_pause():
    clock = FakeClock(auto=True)
    gate = gate_at(clock)
    began = clock.monotonic()

    gate.pause(40)
    clock.jump(86_400)
    assert gate.pause_left() == 40
    gate.admit()

    assert clock.monotonic() - began == 40


def test_a_pause_beyond_the_patience_is_refused_and_takes_no_time():
    clock = FakeClock(auto=True)
    gate = gate_at(clock)
    gate.pause(40)
    began = clock.monotonic()

    with pytest.raises(RateLimited) as refused:
        gate.admit(patience=30)

    assert refused.value.pause == 40
    assert clock.monotonic() == began


def test_a_pause_within_the_patience_is_waited_out():
    clock = FakeClock(auto=True)
    gate = gate_at(clock)
    began = clock.monotonic()

    gate.pause(20)
    gate.admit(patience=30)

    assert clock.monotonic() - began == 20


def test_one_source_s_pause_is_not_another_s_even_with_one_budget():
    clock = FakeClock(auto=True)
    limiter = Limiter(100, 60.0, clock)
    paused, other = gate_at(clock, limiter), gate_at(clock, limiter, "other")
    began = clock.monotonic()

    paused.pause(40)
    other.admit()

    assert clock.monotonic() == began


def test_a_pause_that_begins_while_the_limit_is_waited_for_holds_too():
    clock = FakeClock()
    limiter = Limiter(1, 60.0, clock)
    gate = gate_at(clock, limiter)
    held = limiter.acquire(lambda: False)
    admitted = threading.Event()

    def work():
        gate.admit()
        admitted.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until(lambda: limiter._waiting)

    gate.pause(40)
    held.give_back()
    until(lambda: clock._waiting and not limiter._waiting)

    assert not admitted.is_set()
    clock.advance(40)
    assert admitted.wait(5)
    thread.join(5)


@pytest.mark.parametrize("wait", ["pause", "limit", "sleep"])
def test_closing_ends_every_wait_at_once(wait):
    clock = FakeClock()
    limiter = Limiter(1, 60.0, clock)
    gate = gate_at(clock, limiter)
    if wait == "pause":
        gate.pause(40)
    if wait == "limit":
        limiter.acquire(lambda: False)
    outcome = []

    def work():
        try:
            outcome.append(gate.sleep(40) if wait == "sleep" else gate.admit())
        except Stopped as stopped:
            outcome.append(stopped)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until(lambda: clock._waiting)

    gate.close()
    thread.join(5)

    assert [type(each) for each in outcome] == [Stopped]


def test_a_closed_gate_lets_nothing_through():
    gate = gate_at(FakeClock())
    gate.close()

    with pytest.raises(Stopped):
        gate.admit()
    with pytest.raises(Stopped):
        gate.sleep(0)


def test_the_time_at_the_gate_is_counted():
    clock = FakeClock(auto=True)
    instruments = Instruments()
    gate = gate_at(clock, Limiter(1, 60.0, clock), instruments=instruments)

    gate.pause(40)
    with gate.admit().spent():
        pass
    gate.admit()

    name = "email_stats_exporter_rate_limit_wait_seconds_total"
    assert instruments.registry.get_sample_value(name, {"source": "acme"}) == pytest.approx(100.06)


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def opened():
    """Return a circuit that is open since the vendor timed out too often."""
    circuit = Circuit(60.0)
    for customer in "ababababab":
        circuit.fetched([Reason.TIMEOUT], [customer], 2)
    return circuit


def test_while_the_circuit_is_open_nothing_but_a_probe_gets_through():
    gate = gate_at(FakeClock(auto=True), circuit=opened())

    with pytest.raises(CircuitOpen) as caught:
        gate.admit()
    gate.admit(is_probe=True).give_back()

    assert caught.value.reason is Reason.TIMEOUT


def test_a_retry_that_pauses_gives_up_when_the_circuit_opens():
    gate = gate_at(FakeClock(auto=True), circuit=opened())

    with pytest.raises(CircuitOpen):
        gate.sleep(30)


@pytest.mark.parametrize("is_paused", [True, False], ids=["in a pause", "for the limit"])
def test_whoever_waits_is_sent_away_when_the_circuit_opens(is_paused):
    clock, circuit = FakeClock(), Circuit(60.0)
    limiter = Limiter(1, 60.0, clock)
    gate = gate_at(clock, limiter, circuit=circuit)
    if is_paused:
        gate.pause(1000)
    else:
        limiter.acquire(lambda: False)
    ended = []

    def wait():
        try:
            gate.admit()
        except CircuitOpen as error:
            ended.append(error.reason)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: clock._waiting)
    for customer in "ababababab":
        circuit.fetched([Reason.CONNECTION], [customer], 2)
    thread.join(10)

    assert ended == [Reason.CONNECTION]


def test_whoever_waits_for_the_limit_goes_on_waiting_if_the_circuit_closes_at_once():
    clock, circuit = FakeClock(), Circuit(60.0)
    limiter = Limiter(1, 60.0, clock)
    gate = gate_at(clock, limiter, circuit=circuit)
    held = limiter.acquire(lambda: False)
    admitted = []
    thread = threading.Thread(target=lambda: admitted.append(gate.admit()))
    thread.start()
    until(lambda: clock._waiting)

    circuit.listen(lambda: circuit.probed(None) if circuit.is_open else None)
    for customer in "ababababab":
        circuit.fetched([Reason.CONNECTION], [customer], 2)
    held.give_back()
    thread.join(10)

    assert len(admitted) == 1
