"""HTTP/1.1 on loopback for the stand-in vendors: keep-alive, a thread a connection, and failures to order."""

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from exporter.demo.wire import Answer, Call, Fields, Manner

Respond: TypeAlias = Callable[[Call], Answer]

_LARGEST_FORM = 65_536
_LONGEST_HANG = 120.0
_DRIP_PAUSE = 0.1


class Server(ThreadingMixIn, TCPServer):
    """A server whose every connection has ended, and whose port is free, once ``stop`` returns."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, respond: Respond) -> None:
        """Bind the address at once; answer calls with ``respond`` after ``start``."""
        self.respond = respond
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__((host, port), _Handler)
        self.port: int = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="stand-in", daemon=True)

    def start(self) -> None:
        """Serve on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections, end those that are open, hanging ones too, and wait until they have ended."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                # Wakes a thread that waits for the next request on a kept-alive connection.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, timeout=5)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and remember it until it ends."""
        connection, address = super().get_request()
        with self._changed:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the stand-in's own mistakes; a client that went away is none."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a connection, and answers each."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Any:
        """Answer any verb in one way: which ones there are is the vendor's business."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self.wfile.write(_response(Answer(413)))
            return
        url = urlsplit(self.path)
        is_form = self.headers.get_content_type() == "application/x-www-form-urlencoded"
        call = Call(
            verb=self.command,
            path=url.path,
            form=_fields(body.decode("utf-8", "replace")) if is_form else Fields(),
            query=_fields(url.query),
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        self._send(self.server.respond(call))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent calls it so
        """Print nothing: the stand-in keeps a log of its own."""

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_FORM:
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # A client that was killed meanwhile has asked for nothing.
            raise ConnectionAbortedError("the client went away amid its request")
        return body

    def _send(self, answer: Answer) -> None:
        response = _response(answer)
        self.close_connection |= answer.manner is not Manner.WHOLE
        match answer.manner:
            case Manner.WHOLE:
                self.wfile.write(response)
            case Manner.HANG:
                self.server.stopping.wait(_LONGEST_HANG)
            case Manner.DROP:
                # Lingering for no time at all makes the close a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Manner.CUT:
                self.wfile.write(response[: len(response) - (len(answer.body) + 1) // 2])
            case Manner.DRIP:
                for byte in response:
                    self.wfile.write(bytes((byte,)))
                    if self.server.stopping.wait(_DRIP_PAUSE):
                        break


def _fields(text: str) -> Fields:
    return Fields(parse_qsl(text, keep_blank_values=True))


def _response(answer: Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}",
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {answer.type}",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.body
