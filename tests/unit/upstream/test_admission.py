"""Fetches that were let in: the place that each has among the requests of its source."""

import threading

import pytest

from exporter import errors
from exporter.upstream import Limiter

from .conftest import READ, Patience

FOUR = Patience(4, 1.0, 30.0)


def test_an_admitted_fetch_has_its_place_already(vendor, connect, clock):
    limiter = Limiter(1, 60.0, clock)
    upstream = connect(vendor().url, limiter=limiter)
    client = upstream.client("totals")

    with upstream.admitted():
        assert len(limiter._in_flight) == 1
        began = clock.monotonic()
        client.send(READ)
        assert clock.monotonic() == began
        client.send(READ)

    assert clock.monotonic() - began == pytest.approx(60.06)


def test_a_place_that_the_fetch_did_not_use_is_given_back(connect, clock):
    limiter = Limiter(1, 60.0, clock)
    upstream = connect("http://127.0.0.1:1", limiter=limiter)
    began = clock.monotonic()

    for _ in range(3):
        with upstream.admitted():
            pass

    assert clock.monotonic() == began


def test_a_place_is_the_thread_s_own(vendor, connect, clock):
    limiter = Limiter(2, 60.0, clock)
    upstream = connect(vendor().url, limiter=limiter)

    with upstream.admitted():
        thread = threading.Thread(target=upstream.client("totals").send, args=(READ,))
        thread.start()
        thread.join(5)
        assert (len(limiter._in_flight), len(limiter._free_at)) == (1, 1)


def test_a_fetch_waits_for_a_pause_before_it_is_admitted(vendor, connect, clock):
    upstream = connect(vendor((429, {"Retry-After": "90"})).url)
    with pytest.raises(errors.RateLimited):
        upstream.client("totals").send(READ)
    began = clock.monotonic()

    with upstream.admitted():
        assert clock.monotonic() - began == pytest.approx(90)


def test_a_pause_that_begins_after_the_admission_is_waited_out(vendor, connect, clock):
    upstream = connect(vendor((429, {"Retry-After": "90"})).url)
    client = upstream.client("totals")
    began = clock.monotonic()

    def be_limited():
        with pytest.raises(errors.RateLimited):
            client.send(READ)

    with upstream.admitted():
        thread = threading.Thread(target=be_limited)
        thread.start()
        thread.join(5)
        client.send(READ)

    assert clock.monotonic() - began == pytest.approx(90)


def test_a_long_pause_in_the_middle_of_a_fetch_ends_it(vendor, connect, clock):
    server = vendor((200, {}), (429, {"Retry-After": "3000"}))
    upstream = connect(server.url)
    client = upstream.client("totals")
    began = clock.monotonic()

    with upstream.admitted():
        client.send(READ)
        with pytest.raises(errors.RateLimited, match="429"):
            client.send(READ)
        with pytest.raises(errors.RateLimited, match="3000 s"):
            client.send(READ)

    assert clock.monotonic() == began
    assert len(server.requests) == 2


def test_a_probe_waits_a_long_pause_out_like_any_fetch_that_begins(vendor, connect, clock):
    """Failing for it would tell the circuit that the vendor is back, and nobody has asked the vendor."""
    server = vendor()
    upstream = connect(server.url)
    for customer in ("a", "b") * 5:
        upstream.circuit.fetched([errors.Reason.CONNECTION], [customer], 2)
    upstream.pause(3_000)
    began = clock.monotonic()

    with upstream.admitted():
        upstream.prober().send(READ)

    assert clock.monotonic() - began == pytest.approx(3_000)
    assert len(server.requests) == 1
