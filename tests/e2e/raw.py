"""HTTP as bytes: requests that no library would send, and answers as they come."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

HOST = "Host: exporter.example.com"


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """A connection to a program on this machine."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send, if the other side still listens: it may have had enough."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self, *, has_body: bool = True) -> Answer:
        """Return the next answer.

        Raises:
            EOFError: the other side hung up instead.
            TimeoutError: it did neither.
        """
        with suppress(ConnectionResetError):
            if line := self._reader.readline():
                return self._rest(line, has_body)
        raise EOFError

    def _rest(self, line: bytes, has_body: bool) -> Answer:  # noqa: FBT001 - it comes from ``answer``, by name
        headers: dict[str, str] = {}
        while field := self._reader.readline().rstrip(b"\r\n"):
            name, _, value = field.decode("latin-1").partition(": ")
            assert name.lower() not in headers, f"{name} comes twice"
            headers[name.lower()] = value
        body = self._reader.read(int(headers["content-length"])) if has_body else b""
        return Answer(int(line.split()[1]), headers, body)


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request, with nothing but what is given."""
    return "".join(f"{each}\r\n" for each in (line, *headers, "")).encode("latin-1") + body


def talk(port: int, data: bytes, *, has_body: bool = True) -> Sequence[Answer]:
    """Send bytes on a connection of their own, and return all answers until the other side hangs up."""
    answers = []
    with Wire(port) as wire, suppress(EOFError):
        wire.send(data)
        while True:
            answers.append(wire.answer(has_body=has_body))
    return answers
