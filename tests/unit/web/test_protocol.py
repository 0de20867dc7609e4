"""Clients that send or read slowly, and requests that are too long: each is hung up on, and harms nobody."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web import Address, Server, listen
from exporter.web.protocol import Bounds
from tests.e2e.waiting import eventually

LARGE = b"x" * 64_000_000


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen(Address("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def server(listener) -> Iterator[Server]:
    """Serve a small and a large page with bounds of moments."""

    def small(_: Request) -> Response:
        return Response(b"small")

    def large(_: Request) -> Response:
        return Response(LARGE)

    app = Starlette(routes=[Route("/", small), Route("/large", large)])
    server = Server(app, [listener], lambda: None, bounds=Bounds(request_within=0.3, taken_within=1, connections=3))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def port(listener, server) -> int:
    return int(listener.getsockname()[1])


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def all_of(connection: socket.socket) -> bytes:
    """Return what comes until the server hangs up, by an end or by a reset."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(1_000_000):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHos",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
    ],
)
def test_a_request_that_does_not_end_is_hung_up_on(port, begun):
    with connect(port) as connection:
        connection.sendall(begun)
        answer = all_of(connection)

    assert answer.count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")


def test_bytes_that_drip_do_not_buy_more_time(port):
    began = time.monotonic()
    with connect(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        try:
            while time.monotonic() - began < 5:
                connection.sendall(b"a")
                connection.settimeout(0.02)
                try:
                    if not connection.recv(1):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass

    assert time.monotonic() - began < 5


def test_a_client_that_reads_nothing_is_hung_up_on(port, server):
    with connect(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: server._server.server_state.connections)
        eventually(lambda: not server._server.server_state.connections)
        assert len(all_of(connection)) < len(LARGE)


def test_a_client_that_asked_several_things_at_once_and_hangs_up_is_no_error(port, server, caplog):
    """Whoever can reach the port could fill a disk with what the log said of it."""
    with connect(port) as connection:
        connection.sendall(3 * b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = 0
        # The second answer has begun, and the others wait.
        while received < len(LARGE) + 1_000_000:
            received += len(connection.recv(1_000_000))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: not server._server.server_state.tasks)

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_several_requests_at_once_are_answered_one_after_the_other(port):
    with connect(port) as connection:
        connection.sendall(
            b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        _, large, small, last = all_of(connection).split(b"HTTP/1.1 200 OK\r\n")

    assert large.endswith(b"x" * 1_000)
    assert (small.endswith(b"\r\n\r\nsmall"), last.endswith(b"\r\n\r\nsmall")) == (True, True)


def test_a_client_that_reads_gets_all_of_a_large_page(port):
    with connect(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert all_of(connection).endswith(LARGE)


@pytest.mark.parametrize("request_", [b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000])
def test_a_request_that_is_too_long_is_refused(port, request_):
    with connect(port) as connection:
        connection.sendall(request_)
        assert all_of(connection).startswith(b"HTTP/1.1 431 ")


def test_an_unknown_method_is_refused_as_any_other(port):
    with connect(port) as connection:
        connection.sendall(b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = all_of(connection)

    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, HEAD\r\n" in answer


def test_what_is_no_request_is_a_bad_one(port):
    with connect(port) as connection:
        connection.sendall(b"GET /\x00 nonsense\r\n\r\n")
        assert all_of(connection).startswith(b"HTTP/1.1 400 ")


def test_more_connections_than_allowed_are_told_to_come_back_later(port):
    with connect(port), connect(port), connect(port) as last:
        last.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert all_of(last).startswith(b"HTTP/1.1 503 ")
