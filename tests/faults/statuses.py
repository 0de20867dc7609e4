"""Statuses that a vendor answers with, and the bodies that come with them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from exporter.demo.wire import Answer
from exporter.errors import Reason
from tests.faults.outcomes import Fault
from tests.faults.turns import CANARY, PASSWORD, Kind
from tests.faults.vendor import Play, Struck, written

_PAYLOADS = Path(__file__).parents[1] / "contract/payloads"
_HTML = f"<!DOCTYPE html><html><head><title>{CANARY}</title></head><body>{PASSWORD}</body></html>".encode()

_BY_STATUS: Mapping[int, Reason] = {
    # Of all codes that begin with 2, 200 alone is an answer.
    **dict.fromkeys((201, 202, 203, 204, 205, 206, 207, 226, 299), Reason.INVALID_RESPONSE),
    **dict.fromkeys((300, 301, 302, 303, 304, 305, 307, 308, 399), Reason.CLIENT_ERROR),
    **dict.fromkeys((400, 402, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416), Reason.CLIENT_ERROR),
    **dict.fromkeys((417, 418, 421, 422, 423, 424, 425, 426, 428, 431, 444, 451, 460, 499), Reason.CLIENT_ERROR),
    401: Reason.AUTH,
    403: Reason.AUTH,
    404: Reason.NOT_FOUND,
    429: Reason.RATE_LIMITED,
    **dict.fromkeys((500, 501, 502, 503, 504, 505, 507, 508, 510, 511), Reason.SERVER_ERROR),
    **dict.fromkeys((520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599), Reason.SERVER_ERROR),
    **dict.fromkeys((600, 700, 999), Reason.INVALID_RESPONSE),
}
_BODILESS = (204, 304)
_REDIRECTS = (301, 302, 303, 307, 308)

# Valid JSON is told from a mistake in the vendor's own pages, which a server may well make too.
_NO_JSON = ("error_object_trailing_comma.json", "error_too_many_requests.json")


def answering(status: int, body: bytes, *headers: tuple[str, str]) -> Play:
    """Return what answers so, whole, and leaves the connection open."""
    answer = written(Answer(status, body), headers)

    def play(struck: Struck) -> bool:
        struck.read()
        struck.peer.send(answer)
        return True

    return play


def statuses(_: Kind) -> Iterator[Fault]:
    """Yield every status with a page for people, the redirects with where they lead, and odd ones."""
    for status, reason in _BY_STATUS.items():
        yield Fault(f"{status}", answering(status, b"" if status in _BODILESS else _HTML), reason)
    for status in _REDIRECTS:
        # Nobody has the first name: whoever followed would not get far, and fail for another reason.
        for where in ("http://elsewhere.invalid/", "?"):
            play = answering(status, _HTML, ("Location", where))
            yield Fault(f"{status} to {where!r}", play, Reason.CLIENT_ERROR)
    for name, value in (
        ("Retry-After", "1"),
        ("Retry-After", "2026-03-13"),
        ("Retry-After", "-5"),
        ("X-RateLimit-Reset", "-1"),
    ):
        yield Fault(f"429 with {name} {value:.10}", answering(429, _HTML, (name, value)), Reason.RATE_LIMITED)


def error_bodies(kind: Kind) -> Iterator[Fault]:
    """Yield every error body that the vendors' pages print, which mostly don't say with which status."""
    for file in sorted(_PAYLOADS.glob("*/error*")):
        body = file.read_bytes()
        is_read = file.suffix == f".{kind.format}" and file.name not in _NO_JSON
        outcome = Reason.VENDOR_ERROR if is_read else Reason.INVALID_RESPONSE
        yield Fault(f"200 {file.parent.name} {file.name}", answering(200, body), outcome)
    for status in (400, 401, 404, 500):
        for words in _wordy(kind)[:2]:
            yield Fault(f"{status} {words[:40]!r}", answering(status, words), _BY_STATUS[status])
    for words in _wordy(kind):
        yield Fault(f"200 {words[:40]!r}", answering(200, words), Reason.VENDOR_ERROR)


def _wordy(kind: Kind) -> Sequence[bytes]:
    """Return error bodies that repeat what no log may have, in every place where words can stand."""
    said = f"{CANARY} {PASSWORD}"
    if kind.format == "xml":
        return [
            f"<{tag}>{inner}</{tag}>".encode()
            for tag, inner in (
                ("error", said),
                ("error", f"<message>{said}</message>"),
                ("errors", f"<error>{said}</error>"),
                ("result", said),
                ("result", f"<message>{said}</message>"),
                ("result", f"<errors><error>{said}</error></errors>"),
            )
        ]
    return [
        text.replace("X", said).encode()
        for text in (
            '{"error":"X"}',
            '{"error":{"message":"X"}}',
            '{"error":["X"]}',
            '{"error":null}',
            '{"errors":["X"]}',
            '{"errors":[{"message":"X","field":"X"}]}',
            '{"errors":{"X":"X"}}',
            '{"errors":[]}',
            '{"message":"X"}',
            '{"message":null}',
            '{"message":["X"]}',
            '{"X":1,"error":"X"}',
        )
    ]
