"""A vendor that answers truly but for one request, with which it does whatever it is told."""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from exporter.demo import StandIn
from exporter.demo.wire import Answer, Call, Fields
from tests.unit.upstream.conftest import Peer, Server


@dataclass(frozen=True, slots=True)
class Truth:
    """What the vendor would have answered to the request that it strikes.

    Attributes:
        call: the request.
        answer: the answer.
    """

    call: Call
    answer: Answer

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return self.answer.body


@dataclass(frozen=True, slots=True)
class Struck:
    """The vendor's end of the connection on which it strikes, with the request unread until it is read.

    Attributes:
        peer: that end.
        read: reads the request, and returns what a good answer would have been.
    """

    peer: Peer
    read: Callable[[], Truth]


_CLOSING = (("Connection", "close"),)
Play: TypeAlias = Callable[[Struck], Any]
"""Does something to a connection, which is closed afterwards unless it returns True."""


class Vendor:
    """Serves a stand-in's answers on real connections, and strikes one of its requests.

    Attributes:
        asked: the requests that have come, each with what a good answer is.
    """

    def __init__(
        self, stand_in: StandIn, tls: Callable[[], ssl.SSLContext] | None = None, *, is_closing: bool = False
    ) -> None:
        """Serve at once, on a free port.

        Args:
            stand_in: whose answers are given.
            tls: returns what to shake hands with on the next connection.
            is_closing: whether each request has a connection of its own.
        """
        self.asked: list[Truth] = []
        self._stand_in = stand_in
        self._tls = tls
        self._lock = threading.Lock()
        self._play: Play | None = None
        self._left = 0
        self._is_closing = is_closing
        # Its world stands still.
        self._known: dict[bytes, Answer] = {}
        self._server = Server(self._serve, self if tls else None)
        self.url = self._server.url
        self.port = self._server.port

    def strike(self, play: Play | None, after: int = 0) -> None:
        """Strike one request, so many others after now."""
        with self._lock:
            self._play, self._left = play, after

    def is_next(self) -> bool:
        """Return whether it is the next request that is struck."""
        with self._lock:
            return self._play is not None and self._left == 0

    def close(self) -> None:
        """End every connection."""
        self._server.close()

    def wrap_socket(self, sock: socket.socket, *, server_side: bool) -> ssl.SSLSocket:
        """Shake hands; ``Server`` takes this object for a context."""
        assert self._tls is not None
        try:
            return self._tls().wrap_socket(sock, server_side=server_side)
        except OSError:
            sock.close()
            raise

    def read(self, peer: Peer) -> Truth:
        """Read a request and return what the answer is."""
        request = peer.read_request()
        if not request:
            raise ConnectionResetError("the other end has gone")
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        verb, target, _ = first.split(" ")
        url = urlsplit(target)
        call = Call(
            verb=verb,
            path=url.path,
            form=_fields(body.decode()),
            query=_fields(url.query),
            headers={name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)},
        )
        if request not in self._known:
            self._known[request] = self._stand_in.respond(call)
        truth = Truth(call, self._known[request])
        self.asked.append(truth)
        return truth

    def _serve(self, peer: Peer) -> None:
        # An end of the connection is no request.
        while _has_more(peer.sock):
            play = self._turn()
            if play is not None:
                if not play(Struck(peer, partial(self.read, peer))):
                    return
            else:
                peer.send(written(self.read(peer).answer, _CLOSING if self._is_closing else ()))
                if self._is_closing:
                    return

    def _turn(self) -> Play | None:
        with self._lock:
            if self._play is None:
                return None
            if self._left:
                self._left -= 1
                return None
            play, self._play = self._play, None
            return play


def _has_more(sock: socket.socket) -> bool:
    # A TLS socket can't be peeked into.
    return isinstance(sock, ssl.SSLSocket) or bool(sock.recv(1, socket.MSG_PEEK))


def _fields(text: str) -> Fields:
    return Fields(parse_qsl(text, keep_blank_values=True))


def written(answer: Answer, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return an answer as bytes, with its true length."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*answer.headers.items(), *headers))
    head = f"HTTP/1.1 {answer.status} Said\r\nContent-Length: {len(answer.body)}\r\n{lines}\r\n"
    return head.encode("latin-1") + answer.body
