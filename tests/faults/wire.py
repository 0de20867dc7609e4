"""What happens to a connection while a vendor answers, stage by stage."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping

from exporter.demo.wire import Answer
from exporter.errors import Reason
from tests.faults.malformed import MAY_BE_BLANK
from tests.faults.outcomes import Fault, Outcome, Taken
from tests.faults.turns import CANARY, Kind
from tests.faults.vendor import Play, Struck, written

_BROKEN, _WRONG, _LATE = Reason.CONNECTION, Reason.INVALID_RESPONSE, Reason.TIMEOUT
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
_CANARY = f"X-Canary: {CANARY}\r\n".encode()
# What the vendor is shown to be before it fails: a whole answer, but not all of its bytes.
_STAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "before the answer": lambda _: b"",
    "in the status line": lambda _: b"HTTP/1.1 20",
    "after the status": lambda _: b"HTTP/1.1 200",
    "after the status line": lambda _: b"HTTP/1.1 200 OK\r\n",
    "in a header": lambda _: _HEAD + _CANARY[:9],
    "between headers": lambda _: _HEAD + _CANARY,
    "before the body": lambda good: written(Answer(200, good))[: -len(good)],
    "in the body": lambda good: written(Answer(200, good))[: -(len(good) + 1) // 2],
    "before the last byte": lambda good: written(Answer(200, good))[:-1],
    "in a chunk": lambda good: _chunked(good)[: -(len(good) + 1) // 2],
    "between chunks": lambda good: _chunked(good).removesuffix(b"0\r\n\r\n"),
}
_PADDING = bytes(65_536)


def wire_faults(_: Kind) -> Iterator[Fault]:
    """Yield every way to break off, and every answer that is not what it says of itself."""
    yield Fault("closed before the request is read", lambda _: None, _BROKEN, is_asked=False)
    yield Fault("reset before the request is read", lambda struck: struck.peer.reset(), _BROKEN, is_asked=False)
    for stage, part in _STAGES.items():
        yield Fault(f"closed {stage}", _sending(part), _BROKEN)
        yield Fault(f"reset {stage}", _resetting(part), _BROKEN)
    for name, (made, outcome) in _ANSWERS.items():
        yield Fault(name, _sending(made), outcome)
    for name, (made, outcome) in _STAYING.items():
        play = _sending(made, is_open=True)
        exceptions = MAY_BE_BLANK if name == "no length of a body" else {}
        yield Fault(f"{name}, and the connection stays open", play, outcome, exceptions)


def slow_faults(_: Kind) -> Iterator[Fault]:
    """Yield every way to take too long."""
    for stage, part in _STAGES.items():
        yield Fault(f"silent {stage}", _silent(part), _LATE)
    yield Fault("silent before the request is read", lambda struck: struck.peer.pause(60), _LATE, is_asked=False)
    yield Fault("a drip of headers", _dripping(lambda good: written(Answer(200, good))), _LATE)
    yield Fault("a drip of headers without an end", _dripping(lambda _: _HEAD + _CANARY * 90), _LATE)
    yield Fault("a drip of the body", _dripping(lambda good: good, _STAGES["before the body"]), _LATE)
    yield Fault("a drip of chunks", _dripping(lambda _: b"1\r\nx\r\n" * 99, lambda _: _chunked(b"x")[:-12]), _LATE)
    yield Fault("a length that is too long", _silent(lambda good: _lengthened(good, 1)), _LATE)
    yield Fault("interim answers without an end", _dripping(lambda _: b"HTTP/1.1 100 Wait\r\n\r\n" * 9), _LATE)


def _chunked(body: bytes) -> bytes:
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
    return _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def _lengthened(body: bytes, by: int) -> bytes:
    return _HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) + by) + body


def _packed(how: str, pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda good: written(Answer(200, pack(good)), [("Content-Encoding", how)])


def _flood(head: bytes, piece: bytes, times: int) -> Callable[[bytes], bytes]:
    return lambda _: head + piece * times


_BOMB = gzip.compress(bytes(100_000_000), 9, mtime=0)
_DEFLATED_BOMB = zlib.compress(bytes(100_000_000), 9)

# Sent whole; then the connection is closed.
_ANSWERS: Mapping[str, tuple[Callable[[bytes], bytes], Outcome]] = {
    "a greeting of another protocol": (lambda _: b"220 smtp.example ESMTP canary-5d1f\r\n", _BROKEN),
    "HTTP of another age": (lambda good: good, _BROKEN),
    "a status in words": (lambda _: b"HTTP/1.1 canary-5d1f OK\r\n\r\n", _BROKEN),
    "a status of two digits": (lambda _: b"HTTP/1.1 99 OK\r\n\r\n", _BROKEN),
    "a status of four digits": (lambda _: b"HTTP/1.1 2000 OK\r\n\r\n", _BROKEN),
    "a negative status": (lambda _: b"HTTP/1.1 -200 OK\r\n\r\n", _BROKEN),
    "empty lines": (lambda _: b"\r\n" * 99, _BROKEN),
    "bytes of no text": (lambda _: b"\xff\xfe\0\0" * 99 + b"\r\n", _BROKEN),
    "TLS where there is none": (lambda _: b"\x15\x03\x01\x00\x02\x02\x46", _BROKEN),
    "a header line without an end": (lambda _: _HEAD + b"X: " + b"canary" * 20_000, _BROKEN),
    "a thousand headers": (lambda good: _HEAD + _CANARY * 1000 + b"\r\n" + good, _BROKEN),
    "a length that is too long": (lambda good: _lengthened(good, 1), _BROKEN),
    "two lengths": (lambda good: _HEAD + b"Content-Length: 1\r\n" + _lengthened(good, 0).removeprefix(_HEAD), _WRONG),
    "a length that can't be": (
        lambda good: _HEAD + b"Content-Length: 9%b\r\n\r\n" % (b"9" * 30) + good,
        Reason.TOO_LARGE,
    ),
    "a chunk of no size": (lambda good: _chunked(good).replace(b"\r\n\r\n", b"\r\n\r\nx", 1), _BROKEN),
    "half of a body that has no length": (lambda good: _HEAD + b"\r\n" + _in_a_word(good), _WRONG),
    "a body that has no length": (lambda good: _HEAD + b"\r\n" + good, Taken.WHOLE),
    "HTTP/1.0": (lambda good: b"HTTP/1.0 200\r\n\r\n" + good, Taken.WHOLE),
    "a gigantic length": (_flood(_HEAD + b"Content-Length: 104857600\r\n\r\n", _PADDING, 64), Reason.TOO_LARGE),
    "a body without a length or an end": (_flood(_HEAD + b"\r\n", _PADDING, 64), Reason.TOO_LARGE),
    "chunks without an end": (
        _flood(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + _PADDING + b"\r\n", 64),
        Reason.TOO_LARGE,
    ),
    "a gigantic chunk": (
        _flood(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n6400000\r\n", _PADDING, 64),
        Reason.TOO_LARGE,
    ),
}

# Sent whole, too; the next request may come on the same connection.
_STAYING: Mapping[str, tuple[Callable[[bytes], bytes], Outcome]] = {
    "a length that is too short": (lambda good: _lengthened(good, -len(_after_a_word(good))), _WRONG),
    "switched protocols": (lambda good: b"HTTP/1.1 101 Switching\r\nUpgrade: canary\r\n\r\n" + good, _WRONG),
    "no length of a body": (lambda good: _HEAD + b"Content-Length: 0\r\n\r\n" + good, _WRONG),
    "a second answer": (lambda good: written(Answer(200, good)) + written(Answer(500, b"canary-5d1f")), Taken.WHOLE),
    "chunks": (_chunked, Taken.WHOLE),
    "gzip": (_packed("gzip", gzip.compress), Taken.WHOLE),
    "deflate": (_packed("deflate", zlib.compress), Taken.WHOLE),
    "gzip in two members": (
        _packed("gzip", lambda good: gzip.compress(good[:9]) + gzip.compress(good[9:])),
        Taken.WHOLE,
    ),
    "gzip that is cut": (_packed("gzip", lambda good: gzip.compress(good)[:-9]), _WRONG),
    "gzip that is cut in its head": (_packed("gzip", lambda good: gzip.compress(good)[:5]), _WRONG),
    "gzip without its sum": (_packed("gzip", lambda good: gzip.compress(good)[:-8]), _WRONG),
    "gzip with a wrong sum": (_packed("gzip", lambda good: gzip.compress(good)[:-8] + bytes(8)), _WRONG),
    "gzip that is none": (_packed("gzip", lambda good: good), _WRONG),
    "gzip with garbage behind": (_packed("gzip", lambda good: gzip.compress(good) + b"canary-5d1f"), _WRONG),
    "gzip in gzip": (_packed("gzip", lambda good: gzip.compress(gzip.compress(good))), _WRONG),
    "deflate that is cut": (_packed("deflate", lambda good: zlib.compress(good)[:-9]), _WRONG),
    "an encoding that nobody asked for": (_packed("br", lambda good: good), _WRONG),
    "several encodings": (_packed("gzip, gzip", lambda good: gzip.compress(gzip.compress(good))), _WRONG),
    "a bomb": (_packed("gzip", lambda _: _BOMB), Reason.TOO_LARGE),
    "a deflated bomb": (_packed("deflate", lambda _: _DEFLATED_BOMB), Reason.TOO_LARGE),
    "100 Continue before it": (lambda good: b"HTTP/1.1 100 Continue\r\n\r\n" + written(Answer(200, good)), Taken.WHOLE),
    "102 Processing before it": (lambda good: b"HTTP/1.1 102 P\r\n\r\n" * 3 + written(Answer(200, good)), Taken.WHOLE),
    "103 Early Hints before it": (
        lambda good: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + written(Answer(200, good)),
        Taken.WHOLE,
    ),
    "cookies": (lambda good: written(Answer(200, good), [("Set-Cookie", "canary=5d1f; Domain=.example")]), Taken.WHOLE),
}


def _in_a_word(good: bytes) -> bytes:
    end = len(good) // 2
    while end > 1 and not good[end - 1 : end + 1].isalpha():
        end -= 1
    return good[:end]


def _after_a_word(good: bytes) -> bytes:
    return good.removeprefix(_in_a_word(good))


def _sending(made: Callable[[bytes], bytes], *, is_open: bool = False) -> Play:
    def play(struck: Struck) -> bool:
        struck.peer.send(made(struck.read().body))
        return is_open

    return play


def _resetting(made: Callable[[bytes], bytes]) -> Play:
    def play(struck: Struck) -> None:
        struck.peer.send(made(struck.read().body))
        struck.peer.reset()

    return play


def _silent(made: Callable[[bytes], bytes]) -> Play:
    def play(struck: Struck) -> None:
        struck.peer.send(made(struck.read().body))
        struck.peer.pause(60)

    return play


def _dripping(made: Callable[[bytes], bytes], before: Callable[[bytes], bytes] = lambda _: b"") -> Play:
    def play(struck: Struck) -> None:
        good = struck.read().body
        struck.peer.send(before(good))
        struck.peer.drip(made(good), 0.02)
        struck.peer.pause(60)

    return play
