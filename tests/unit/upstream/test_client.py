import threading
import time

import pytest

from exporter import errors
from exporter.clock import SystemClock
from exporter.upstream import Limiter, Request
from tests.fake_clock import FakeClock

from .conftest import READ, Patience

FOUR = Patience(4, 1.0, 30.0)


def test_a_failure_that_passes_is_not_seen(vendor, ask, counted):
    server = vendor((500, {}), (None, {}), (503, {}))

    assert ask(server, retry=FOUR).body == b"{}"
    assert counted("retries_total", collector="totals") == 3
    assert counted("api_requests_total", collector="totals", code="500") == 1
    assert counted("api_requests_total", collector="totals", code="503") == 1
    assert counted("api_requests_total", collector="totals", code="error") == 1
    assert counted("api_requests_total", collector="totals", code="200") == 1


def test_a_failure_that_stays_is_the_last_one(vendor, ask, counted):
    server = vendor(*[(500, {})] * 3, (502, {}))

    with pytest.raises(errors.ServerFailed, match="502"):
        ask(server, retry=FOUR)

    assert len(server.requests) == 4
    assert counted("retries_total", collector="totals") == 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 204])
def test_a_refusal_is_not_asked_again(status, vendor, ask, counted):
    server = vendor((status, {}))

    with pytest.raises(errors.FetchError):
        ask(server, retry=FOUR)

    assert len(server.requests) == 1
    assert counted("retries_total", collector="totals") is None


def test_every_attempt_passes_the_limiter(vendor, ask, clock, counted):
    server = vendor((500, {}), (500, {}))
    began = clock.monotonic()

    ask(server, retry=Patience(4, 0.0, 0.0), limiter=Limiter(1, 60.0, clock))

    assert clock.monotonic() - began == pytest.approx(120.12)
    assert counted("rate_limit_wait_seconds_total") == pytest.approx(120.12)


def test_a_request_off_the_allow_list_is_not_sent(vendor, connect, counted):
    server = vendor()
    limiter = Limiter(1, 60.0, FakeClock())
    client = connect(server.url, limiter=limiter, retry=FOUR).client("totals")

    with pytest.raises(errors.NotAllowed, match=r"Request\(POST /other\) is not on the allow list of source acme"):
        client.send(Request("POST", "/other", (("api_key", "hush"),)))

    assert server.connections == 0
    assert not limiter._in_flight


def test_credentials_cannot_turn_a_request_into_another(vendor, connect):
    server = vendor()
    upstream = connect(server.url, authorize=lambda request: Request("POST", request.path, (("method", "delete"),)))

    with pytest.raises(errors.NotAllowed):
        upstream.client("totals").send(READ)

    assert server.connections == 0


def test_credentials_that_cannot_be_had_use_up_no_place(vendor, connect, clock):
    def missing(_):
        raise errors.StartError("no secret")

    limiter = Limiter(1, 60.0, clock)

    with pytest.raises(errors.StartError):
        connect(vendor().url, authorize=missing, limiter=limiter).client("totals").send(READ)

    assert not limiter._in_flight
    assert not limiter._free_at


def test_a_short_pause_is_waited_for_and_the_request_sent_again(vendor, ask, clock):
    began = clock.monotonic()

    ask(vendor((429, {"Retry-After": "20"})), retry=FOUR)

    assert clock.monotonic() - began == pytest.approx(20)


def test_a_pause_longer_than_the_longest_backoff_ends_the_fetch_and_the_next_one_waits(vendor, connect, clock):
    server = vendor((429, {"Retry-After": "90"}))
    client = connect(server.url, retry=FOUR).client("totals")
    began = clock.monotonic()

    with pytest.raises(errors.RateLimited, match="it asks for a pause of 90 s") as limited:
        client.send(READ)
    assert limited.value.pause == 90
    assert clock.monotonic() == began

    client.send(READ)
    assert clock.monotonic() - began == pytest.approx(90)
    assert len(server.requests) == 2


def test_a_429_without_a_pause_is_waited_out_by_backoff(vendor, ask, clock, counted):
    began = clock.monotonic()

    ask(vendor((429, {}), (429, {})), retry=FOUR)

    assert 0 < clock.monotonic() - began <= 1 + 2
    assert counted("retries_total", collector="totals") == 2


def test_a_pause_holds_all_collectors_of_the_source_and_no_other_source(vendor, connect, clock):
    limiter = Limiter(100, 60.0, clock)
    upstream = connect(vendor((429, {"Retry-After": "90"})).url, limiter=limiter)
    other = connect(vendor().url, limiter=limiter, source="other")
    with pytest.raises(errors.RateLimited):
        upstream.client("totals").send(READ)
    began = clock.monotonic()

    other.client("totals").send(READ)
    assert clock.monotonic() == began

    upstream.client("daily").send(READ)
    assert clock.monotonic() - began == pytest.approx(90)


@pytest.mark.parametrize(("reset", "pause"), [(20, 20), (50, 30)])
def test_no_requests_remaining_pauses_until_the_reset_but_not_for_longer_than_max_backoff(
    vendor, connect, clock, counted, reset, pause
):
    """Where each call has a limit of its own, one that is used up must not silence all others for long."""
    client = connect(
        vendor((200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.time()) + reset)})).url
    ).client("totals")
    began = clock.monotonic()

    client.send(READ)
    client.send(READ)

    assert clock.monotonic() - began == pytest.approx(pause)
    assert counted("rate_limit_remaining") == 0
    assert counted("rate_limit_reset_timestamp_seconds") == 1_773_403_200 + reset


def test_the_headers_of_an_error_count_too(vendor, ask, counted):
    server = vendor((404, {"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "5", "X-RateLimit-Reset": "50"}))
    limiter = Limiter(600, 60.0, FakeClock())

    with pytest.raises(errors.NotFound):
        ask(server, limiter=limiter)

    assert limiter.calls == 5
    assert counted("rate_limit_remaining") == 7
    assert counted("rate_limit_reset_timestamp_seconds") == 1_773_403_250


def test_a_limit_above_the_configured_one_changes_nothing(vendor, ask):
    limiter = Limiter(600, 60.0, FakeClock())

    ask(vendor((200, {"X-RateLimit-Limit": "10000"})), limiter=limiter)

    assert limiter.calls == 600


def test_nonsense_in_the_headers_is_not_shown(vendor, ask, counted):
    nonsense = {"X-RateLimit-Limit": "-1", "X-RateLimit-Remaining": "NaN", "X-RateLimit-Reset": "9" * 5000}
    limiter = Limiter(600, 60.0, FakeClock())

    ask(vendor((200, nonsense)), limiter=limiter)

    assert limiter.calls == 600
    assert counted("rate_limit_remaining") is None
    assert counted("rate_limit_reset_timestamp_seconds") is None


def test_nothing_is_sent_after_closing(vendor, connect):
    server = vendor()
    upstream = connect(server.url)
    with upstream.admitted():
        upstream.close()
        with pytest.raises(errors.Stopped):
            upstream.client("totals").send(READ)
    with pytest.raises(errors.Stopped), upstream.admitted():
        pass

    assert server.connections == 0


def test_closing_ends_a_backoff_at_once(vendor, connect):
    clock = FakeClock()
    upstream = connect(vendor(*[(500, {})] * 9).url, clock=clock, retry=Patience(4, 20.0, 30.0))
    outcome = []

    def work():
        try:
            upstream.client("totals").send(READ)
        except errors.Stopped as stopped:
            outcome.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 5
    while not clock._waiting and time.monotonic() < deadline:
        threading.Event().wait(0.001)

    upstream.close()
    thread.join(5)

    assert len(outcome) == 1


def test_closing_closes_idle_connections(serve, connect):
    gone = threading.Event()

    def play(peer):
        while peer.read_request():
            peer.reply()
        gone.set()

    upstream = connect(serve(play).url)
    upstream.client("totals").send(READ)

    upstream.close()

    assert gone.wait(5)


def test_with_many_threads_the_vendor_never_sees_one_request_too_many(vendor, connect):
    server = vendor()
    clock = SystemClock()
    upstream = connect(server.url, clock=clock, limiter=Limiter(40, 0.5, clock), concurrency=8)
    client = upstream.client("totals")
    ending = time.monotonic() + 1.6

    def work():
        while time.monotonic() < ending:
            client.send(READ)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    seen = sorted(server.requests)
    assert len(seen) > 40
    assert all(later - earlier > 0.5 for earlier, later in zip(seen, seen[40:], strict=False))
    assert server.connections <= 8


def test_what_is_tuned_while_it_runs_holds_for_clients_that_there_are_already(vendor, connect):
    server = vendor((500, {}), (500, {}), (200, {}))
    upstream = connect(server.url, retry=Patience(1, 0.0, 0.0), concurrency=1)
    client = upstream.client("totals")
    with pytest.raises(errors.ServerFailed):
        client.send(READ)

    upstream.tune(
        authorize=lambda request: request,
        retry=Patience(2, 0.0, 0.0),
        timeout=5.0,
        max_response_bytes=2,
        concurrency=3,
    )

    assert client.send(READ).body == b"{}"
    assert len(server.requests) == 3
    upstream.tune(
        authorize=lambda request: request,
        retry=Patience(2, 0.0, 0.0),
        timeout=5.0,
        max_response_bytes=1,
        concurrency=3,
    )
    with pytest.raises(errors.TooLarge):
        client.send(READ)


def test_a_pause_can_be_taken_over_from_another_way_to_the_vendor(vendor, connect, clock):
    upstream = connect(vendor().url)
    began = clock.monotonic()

    upstream.pause(20.0)
    upstream.client("totals").send(READ)

    assert clock.monotonic() - began == pytest.approx(20)
