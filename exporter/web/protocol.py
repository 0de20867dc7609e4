"""One connection, bounded in time and size: who sends slowly, reads slowly or sends too much is hung up on."""

import asyncio
import re
import sys
from asyncio import Transport
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# RFC 9110: a method is a token; then a space and the path.
_METHOD = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+ [/*]")
_METHOD_REFUSED = b"405 this method is not answered here\n"
_TOO_LONG = b"431 the request is too long\n"


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
        self._bounds = bounds
        self._sending: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._received = 0
        self._begun = b""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was expected."""
        self._request_is_whole()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, if it is neither late nor too long."""
        if self.transport.is_closing():
            return
        self._expect()
        self._begun = self._begun if self._received else data[:64]
        self._received += len(data)
        if self._received > self._bounds.longest_request:
            self._refuse(b"431 Request Header Fields Too Large", _TOO_LONG)
            return
        super().data_received(data)

    def on_message_complete(self) -> None:
        """Expect nothing more until the next request begins."""
        self._request_is_whole()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; a method that the parser does not know is refused as any other method is."""
        is_method = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError) and _METHOD.match(self._begun)
        if is_method:
            self._refuse(b"405 Method Not Allowed", _METHOD_REFUSED, b"allow: GET, HEAD\r\n")
        else:
            super().send_400_response(msg)

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
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _refuse(self, status: bytes, words: bytes, more: bytes = b"") -> None:
        head = b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n%s" % (
            status,
            len(words),
            more,
        )
        self.transport.write(head + b"connection: close\r\n\r\n" + words)
        self.transport.close()
