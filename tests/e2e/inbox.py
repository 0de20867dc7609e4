"""Where notifications arrive: a web server for Alertmanager's webhooks, and for whatever else posts JSON."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Message:
    """One request: the path it was posted to, its headers and its JSON."""

    path: str
    headers: Mapping[str, str]
    body: Any


class Inbox:
    """Keeps every message in the order of arrival; a context manager that serves while it is open."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        messages = self._messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                messages.append(Message(self.path, dict(self.headers), body))
                # PagerDuty's status; anything from 200 to 299 will do for the others.
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def messages(self) -> Sequence[Message]:
        """Every message so far."""
        return tuple(self._messages)

    def told(self, receiver: str, status: str = "firing") -> set[tuple[str, str]]:
        """Return the name and the customer of each alert that a receiver was told of as ``firing`` or ``resolved``."""
        return {
            (alert["labels"]["alertname"], alert["labels"].get("customer", ""))
            for message in self.messages
            for alert in message.body["alerts"]
            if message.path == f"/{receiver}" and alert["status"] == status
        }
