"""The server's own life: it starts, stops, and says so when it dies."""

import http.client
import socket
import threading

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from structlog.testing import capture_logs

from exporter.web import Address, Server, listen


async def app(scope, receive, send):
    await PlainTextResponse(f"hello {Request(scope).url.path}")(scope, receive, send)


def get(port: int, host: str = "127.0.0.1") -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("GET", "/x")
    body = connection.getresponse().read()
    connection.close()
    return body


def test_it_answers_on_every_socket_until_it_is_stopped():
    sockets = [listen(Address("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    died = threading.Event()
    server = Server(app, sockets, died.set)
    before = threading.active_count()
    server.start()
    assert [get(port) for port in ports] == [b"hello /x", b"hello /x"]
    server.stop()

    assert threading.active_count() == before
    assert not died.is_set()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", ports[0])) != 0


def test_a_client_that_is_slow_to_ask_does_not_keep_it_from_stopping():
    listening = listen(Address("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = Server(app, [listening], lambda: None)
    server.start()
    get(port)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        server.stop()
    assert [thread for thread in threading.enumerate() if thread.name == "web"] == []


def test_a_server_that_dies_says_so():
    """A process that answers nobody must not look alive."""
    listening = listen(Address("127.0.0.1", 0))
    listening.close()
    died = threading.Event()
    with capture_logs() as logged:
        server = Server(app, [listening], died.set)
        server.start()
        assert died.wait(10)
    server.stop()

    assert [(line["log_level"], line["event"]) for line in logged] == [("critical", "the web server died")]


def test_an_app_that_fails_answers_500_and_goes_on(caplog):
    async def failing(scope, receive, send):
        raise ValueError("a bug")

    listening = listen(Address("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = Server(failing, [listening], lambda: None)
    server.start()
    try:
        assert [get(port), get(port)] == [b"Internal Server Error", b"Internal Server Error"]
    finally:
        server.stop()
