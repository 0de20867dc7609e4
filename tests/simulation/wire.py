"""The wire between an exporter and stand-in vendors in one process: no sockets, and each call takes simulated time."""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

import requests
import responses

from exporter.demo import StandIn
from exporter.demo.wire import Call, Fields, Manner
from tests.simulation.clock import SimulatedClock

Reply = tuple[int, Mapping[str, str], bytes]

# Seconds that a vendor takes: seldom less than the first, seldom more than both, and one call in a hundred far longer.
_QUICKEST, _SPREAD, _SLOWEST = 0.09, 0.5, 4.0
_TIMEOUT = 10.0


@contextmanager
def wired(vendor: StandIn, clock: SimulatedClock) -> Generator[None]:
    """Hand every request that this process sends to the vendor, as long as the block lasts."""

    def answer(request: requests.PreparedRequest) -> Reply:
        # They would be kept by the ten thousand.
        for log in (network.calls, *(way.calls for way in ways)):
            log.reset()
        clock.spend(_latency(request, clock.time()))
        reply = vendor.respond(_call(request))
        if reply.manner is Manner.HANG:
            clock.spend(_TIMEOUT)
            raise requests.ReadTimeout("the stand-in hangs")
        if reply.manner is not Manner.WHOLE:
            raise requests.ConnectionError("the stand-in broke the connection")
        return reply.status, {"Content-Type": reply.type, **reply.headers}, reply.body

    ways = [responses.CallbackResponse(verb, re.compile("http"), answer) for verb in ("GET", "POST")]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for way in ways:
            network.add(way)
        yield


def _call(request: requests.PreparedRequest) -> Call:
    url, body = urlsplit(request.url or ""), request.body or ""
    return Call(
        verb=request.method or "",
        path=str(url.path),
        form=_fields(body if isinstance(body, str) else body.decode()),
        query=_fields(str(url.query)),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


def _fields(text: str) -> Fields:
    return Fields(parse_qsl(text, keep_blank_values=True))


def _latency(request: requests.PreparedRequest, at: float) -> float:
    """Return how long this call takes: the same in every run."""
    dice = int.from_bytes(blake2b(f"{request.url} {request.body!r} {at:.3f}".encode(), digest_size=4).digest()) / 2**32
    return _SLOWEST if dice > 0.99 else _QUICKEST + _SPREAD * dice**4
