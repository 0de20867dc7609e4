"""A reseller's vendor for any number of customers, whose totals grow and whose categories come and go.

``python -m tests.soak.vendor SECONDS`` prints its port, then answers each line with how many requests have come.
Every so many seconds each customer stops to use one of its categories, and begins to use another. A few answers
fail, as they do at any vendor.
"""

import asyncio
import itertools
import json
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs

_END = b"\r\n\r\n"
_COUNTERS = ("requests", "delivered", "bounces", "unsubscribes", "clicks", "opens", "spamreports")
_CATEGORIES_AT_ONCE = 3
_CATEGORIES = 12
# One answer of so many is an error, and one of so many others never comes. Neither divides the other.
_ERROR_EVERY = 101
_HANG_UP_EVERY = 307


class Vendor(asyncio.Protocol):
    """One connection; each request is answered by what its form asks for."""

    numbers = itertools.count(1)
    newest = 0

    def __init__(self, epoch: float) -> None:
        """Let categories change every so many seconds."""
        self._epoch = epoch
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
        Vendor.newest = number = next(self.numbers)
        if number % _HANG_UP_EVERY == 0:
            self._transport.close()
        elif number % _ERROR_EVERY == 0:
            self._transport.write(_written(503, {"message": "error", "errors": ["Service Unavailable"]}))
        else:
            form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
            self._transport.write(_written(200, answer(form, time.time(), self._epoch)))


def answer(form: Mapping[str, str], now: float, epoch: float) -> Any:
    """Return what the vendor says of a customer at a Unix time."""
    user = form.get("user", "")
    draw = zlib.crc32(user.encode())
    counters = {name: int(now * (1 + draw % 7)) // (n + 1) for n, name in enumerate(_COUNTERS)}
    if "aggregate" in form:
        return counters
    categories = categories_of(draw, int(now // epoch))
    if "list" in form:
        return [{"category": name} for name in categories]
    row = {"date": str(datetime.fromtimestamp(now, UTC).date()), **counters}
    return [{**row, "category": name} for name in categories] if "category[]" in form else [row]


def categories_of(draw: int, epoch: int) -> Sequence[str]:
    """Return the categories that a customer uses in an epoch: of one dozen for all, three in a row."""
    first = (draw + epoch) % _CATEGORIES
    return [f"campaign-{(first + n) % _CATEGORIES}" for n in range(_CATEGORIES_AT_ONCE)]


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)


def _written(status: int, value: Any) -> bytes:
    body = json.dumps(value)
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


async def _serve(epoch: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Vendor, epoch), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - for the process that asked
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Vendor.newest, flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
