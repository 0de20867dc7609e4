"""One connection, bounded in time and size: who sends slowly, reads slowly or sends too much is hung up on."""

import asyncio
import logging
import re
import sys
from asyncio import Transport
from collections import deque
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# RFC 9110: a method is a token; then a space and the path.
_METHOD = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+ [/*]")
# RFC 3986: a name or an address in brackets, and a port; a client that has no name for us sends an empty one.
_HOST = re.compile(rb"(?:\[[-0-9A-Za-z:.%_]+\]|[-0-9A-Za-z._~!$&'()*+,;=%]*)(?::[0-9]*)?")
_BAD = b"400 this is no request of HTTP/1.1 or HTTP/1.0\n"
_METHOD_REFUSED = b"405 this method is not answered here\n"
_TOO_LONG = b"431 the request is too long\n"

# Uvicorn warns of each request that is none and of each one too many: whoever can reach the port could fill a disk.
_errors = logging.getLogger("uvicorn.error.connection")
_errors.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client may ask of the server's patience.

    Attributes:
        request_within: seconds from the first byte of a request, or from the connection, to the last byte of it.
        taken_within: seconds in which it must take something of what waits for it.
        longest_request: bytes of a request with all its headers; a browser's with many cookies has 8 KiB.
        connections: how many there may be at a time; others are told to come back later.
    """

    request_within: float = 10.0
    taken_within: float = 30.0
    longest_request: int = 65_536
    connections: int = 512


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with the limits that it lacks."""

    def __init__(self, *args: Any, bounds: Bounds, **options: Any) -> None:
        """Begin without a limit; the first comes with the connection."""
        super().__init__(*args, **options)
        self.logger = _errors
        self._bounds = bounds
        self._sending: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._received = 0
        self._begun = b""
        self._is_in_body = False
        # What has been asked and not been answered whole, in this order.
        self._waiting: deque[RequestResponseCycle] = deque()
        # Nothing that comes after this is a request.
        self._is_over = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was expected."""
        self._request_is_whole()
        # Uvicorn tells the last one alone, and any other would go on writing to nobody.
        for cycle in self._waiting:
            cycle.disconnected = True
            cycle.message_event.set()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, if it is neither late nor too long."""
        if self._is_over or self.transport.is_closing():
            return
        self._expect()
        self._begun = self._begun if self._received else data[:64]
        self._received += len(data)
        if self._received > self._bounds.longest_request:
            self._refuse(b"431 Request Header Fields Too Large", _TOO_LONG)
            return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to answer, if it is clear who is asked: a proxy before us may have read another host than we would.

        Raises:
            ValueError: it is not; the parser takes that for a request that is none.
        """
        hosts = [value.strip() for name, value in self.headers if name == b"host"]
        needed = {"1.0": (0, 1), "1.1": (1,)}.get(self.parser.get_http_version(), ())
        if len(hosts) not in needed or not all(map(_HOST.fullmatch, hosts)):
            raise ValueError("the request names no host, several, or none that can be")
        super().on_headers_complete()
        self._waiting.append(self.cycle)
        self._is_in_body = True
        if self.expect_100_continue:
            # Whether the body comes after an answer without it is the client's choice, and nobody knows.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Expect nothing more until the next request begins."""
        self._request_is_whole()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with what was asked next."""
        self._waiting.popleft()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words, which are less plain
        """Refuse what is no request; a method that the parser does not know is refused as any other method is."""
        if isinstance(sys.exception(), httptools.HttpParserInvalidMethodError) and _METHOD.match(self._begun):
            self._refuse(b"405 Method Not Allowed", _METHOD_REFUSED, b"allow: GET, HEAD\r\n")
        else:
            self._refuse(b"400 Bad Request", _BAD)

    def _unsupported_upgrade_warning(self) -> None:
        # Java's client asks for HTTP/2 in this way, takes no for an answer, and would send its next request on this
        # connection; but the parser is at its end.
        self._end_after_answer()

    def pause_writing(self) -> None:
        """Wait for the client to take what it asked for, but not for ever."""
        super().pause_writing()
        if self._taking is None:
            self._look_again(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Go on: the client has taken some of it."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def _look_again(self, left: int) -> None:
        self._taking = self.loop.call_later(self._bounds.taken_within, self._see_what_was_taken, left)

    def _see_what_was_taken(self, left: int) -> None:
        # A large page is written in one piece, and a slow line takes its time over it.
        now_left = self.transport.get_write_buffer_size()
        if now_left < left:
            self._look_again(now_left)
        else:
            self.transport.abort()

    def _expect(self) -> None:
        self._sending = self._sending or self.loop.call_later(self._bounds.request_within, self.transport.abort)

    def _request_is_whole(self) -> None:
        self._received = 0
        self._is_in_body = False
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _end_after_answer(self) -> None:
        self._is_over = True
        self.cycle.keep_alive = False

    def _refuse(self, status: bytes, words: bytes, more: bytes = b"") -> None:
        if bool(self.cycle) and not self.cycle.response_complete:
            # A client would take the refusal for the answer to what it asked before.
            self._end_after_answer()
            return
        if not self._is_in_body:
            date = b"".join(b"%s: %s\r\n" % each for each in self.server_state.default_headers)
            kind = b"cache-control: no-store\r\ncontent-type: text/plain; charset=utf-8\r\n"
            head = b"HTTP/1.1 %s\r\n%s%s%scontent-length: %d\r\n" % (status, date, kind, more, len(words))
            self.transport.write(head + b"connection: close\r\n\r\n" + words)
        self.transport.close()
