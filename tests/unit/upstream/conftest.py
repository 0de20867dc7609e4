"""Vendors as a socket sees them, and an upstream to ask them with."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from exporter.instruments import Instruments
from exporter.upstream import AllowList, Circuit, Limiter, Operation, Request, Upstream
from tests.fake_clock import FakeClock

PASSWORD = "correct-horse-battery"


class Peer:
    """The vendor's end of one connection."""

    def __init__(self, sock, stopping):
        self.sock = sock
        self._stopping = stopping

    def read_request(self):
        """Return the next request as it came, or nothing if the other end has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += self.sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def send(self, data):
        self.sock.sendall(data)

    def reply(self, body=b"{}", status=200, **headers):
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body)

    def drip(self, data, every=0.05):
        """Send a byte now and then: each read succeeds, and the whole takes seconds."""
        for byte in data:
            self.sock.sendall(bytes([byte]))
            if self.pause(every):
                return

    def pause(self, seconds):
        """Wait, and return whether the test is over."""
        return self._stopping.wait(seconds)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """Listens on loopback and plays ``play(peer)`` on each connection, on a thread of its own."""

    def __init__(self, play, tls=None):
        self._play = play
        self._tls = tls
        self._stopping = threading.Event()
        self._sockets = []
        self._threads = []
        self.connections = 0
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock):
        with contextlib.suppress(OSError):
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            with sock:
                self._play(Peer(sock, self._stopping))

    def close(self):
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve():
    """Return a function that starts a server; ``play`` gets each connection, ``tls`` is a server's context."""
    servers = []

    def start(play, tls=None):
        servers.append(Server(play, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def answers(serve):
    """Return a function that starts a server which sends the same bytes to every request, and hangs up."""

    def start(data):
        def play(peer):
            if peer.read_request():
                peer.send(data)

        return serve(play)

    return start


def replying(asked):
    """Return a vendor that keeps the request in a list and replies once."""

    def play(peer):
        asked.append(peer.read_request())
        peer.reply()

    return play


@dataclass(frozen=True)
class Patience:
    """The section ``polling.retry``."""

    attempts: int = 1
    initial_backoff: float = 1.0
    max_backoff: float = 30.0


READ = Request("POST", "/apiv2/reseller.stats.json", (("method", "get"), ("user", "a@example.com")))
ALLOWED = AllowList([Operation("POST", "/apiv2/reseller.stats.json", {"method": "get"})], ["method", "task"])


def login(request):
    return replace(request, form=(*request.form, ("api_user", "acme"), ("api_key", PASSWORD)))


@pytest.fixture
def clock():
    """A clock that a wait moves by itself, so that no backoff takes time."""
    return FakeClock(auto=True)


@pytest.fixture
def instruments():
    return Instruments()


@pytest.fixture
def connect(clock, instruments):
    """Return a function that makes an upstream; what is not given is harmless."""
    made = []

    def make(url, **changes) -> Upstream:
        settings = {
            "source": "acme",
            "base_url": url,
            "allow_list": ALLOWED,
            "authorize": login,
            "retry": Patience(),
            "timeout": 5.0,
            "max_response_bytes": 100_000,
            "concurrency": 4,
            "proxy_url": None,
            "ca_file": None,
            "instruments": instruments,
            "clock": clock,
        } | changes
        settings.setdefault("limiter", Limiter(1000, 60.0, settings["clock"]))
        settings.setdefault("circuit", Circuit(60.0))
        made.append(Upstream(**settings))
        return made[-1]

    yield make
    for upstream in made:
        upstream.close()


@pytest.fixture
def ask(connect):
    """Return a function that sends one request to a server and returns the reply."""

    def send(server, request=READ, **changes):
        return connect(server.url, **changes).client("totals").send(request)

    return send


@pytest.fixture
def counted(instruments) -> Callable[..., float | None]:
    """Return a function that reads one of the own metrics of source acme."""

    def value(name, **labels):
        return instruments.registry.get_sample_value(f"email_stats_exporter_{name}", {"source": "acme", **labels})

    return value


@pytest.fixture
def vendor(serve):
    """Return a function that starts a server which gives these replies, one a request, and then only 200."""

    def start(*replies):
        left = list(replies)

        def play(peer):
            while peer.read_request():
                server.requests.append(time.monotonic())
                status, headers = left.pop(0) if left else (200, {})
                if status is None:
                    return
                peer.reply(b"{}", status, **headers)

        server = serve(play)
        return server

    return start
