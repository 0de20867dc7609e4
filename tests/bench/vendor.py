"""A vendor that answers at once, or after a wait, with bodies that were written before: it costs next to nothing.

``python -m tests.bench.vendor SECONDS`` prints its port, then answers each line: ``arrivals`` gives the monotonic time
of each request since the line before.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

_END = b"\r\n\r\n"
_COUNTERS = ("requests", "delivered", "bounces", "unsubscribes", "clicks", "opens", "spamreports")


class Vendor(asyncio.Protocol):
    """One connection; each request is answered by what its form asks for, with numbers that grow."""

    arrivals: list[float]
    numbers = itertools.count(1_000_000)

    def __init__(self, wait: float, arrivals: list[float]) -> None:
        """Answer after so many seconds, and note when requests came."""
        self._wait = wait
        self._arrivals = arrivals
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is whole."""
        self._received += data
        head, found, body = self._received.partition(_END)
        if not found or len(body) < _length(head):
            return
        self._received = b""
        self._arrivals.append(time.monotonic())
        answer = _answer(body, next(self.numbers))
        if self._wait:
            asyncio.get_running_loop().call_later(self._wait, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)


def _answer(form: bytes, number: int) -> bytes:
    counters = ", ".join(f'"{name}": {number}' for name in _COUNTERS)
    if b"overview" in form:
        text = f'{{"reputation": 98.5, "credits_allowed": 9000000, "credits_used": {number}, "package": "gold"}}'
    elif b"limit" in form:
        text = f'{{"credit": 9000000, "credit_remain": {9_000_000 - number}, "last_reset": "2026-01-01"}}'
    elif b"aggregate" in form:
        text = f"{{{counters}}}"
    else:
        text = f'[{{"date": "{datetime.now(UTC).date()}", {counters}}}]'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return (head + text).encode()


async def _serve(wait: float) -> None:
    loop = asyncio.get_running_loop()
    arrivals: list[float] = []
    server = await loop.create_server(lambda: Vendor(wait, arrivals), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - for the process that asked
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(_taken(arrivals)), flush=True)  # noqa: T201 - as above


def _taken(arrivals: list[float]) -> Sequence[float]:
    taken = arrivals.copy()
    del arrivals[: len(taken)]
    return taken


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
