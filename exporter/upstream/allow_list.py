"""The read calls that a source may make; whatever is not on the list can't be sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from exporter.upstream.request import Request

# Servers and proxies disagree about what else a path may mean ("..;", "\", "//", "%2e"), so little is let through.
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~@+-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_REWRITTEN = re.compile(rb"[\x00-\x20\x7f/\\%?#;]")
_HEADERS = frozenset({"accept", "accept-language", "authorization", "on-behalf-of"})
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*", re.ASCII)
# Frameworks take the verb from this field if it is sent.
_VERB_OVERRIDE = "_method"


@dataclass(frozen=True, slots=True)
class Operation:
    """One read call of a vendor's API.

    Attributes:
        verb: GET or POST.
        path: each ``{}`` in it stands for one segment that is not empty.
        selectors: fields that choose what the call does (``method``, ``task``), and their only allowed values.
    """

    verb: str
    path: str
    selectors: Mapping[str, str] = field(default_factory=dict)

    def matches(self, verb: str, segments: Sequence[str]) -> bool:
        """Return whether a request of this verb and these path segments is this call, selectors aside."""
        pattern = self.path.split("/")[1:]
        return (
            verb == self.verb
            and len(pattern) == len(segments)
            and all(want in ("{}", segment) for want, segment in zip(pattern, segments, strict=True))
        )


class AllowList:
    """Tells whether a request is one of the read calls that a source may make.

    Attributes:
        operations: the calls.
    """

    def __init__(self, operations: Iterable[Operation], selector_names: Iterable[str]) -> None:
        """Keep the calls; a field named as a selector is refused unless the call pins its value."""
        self.operations = tuple(operations)
        self._selectors = frozenset(selector_names).union(*(each.selectors for each in self.operations))
        self._folded = frozenset(map(_fold, self._selectors)) | {_VERB_OVERRIDE}

    def admits(self, request: Request) -> bool:
        """Return whether the request is on the list; unclear is no."""
        # A body with a GET, or a query beside a form, would let the vendor choose which of the two counts.
        if request.form if request.verb == "GET" else request.query:
            return False
        segments = _segments(request.path)
        if segments is None or not _plain_headers(request):
            return False
        fields = request.query if request.verb == "GET" else request.form
        chosen = [(name, value) for name, value in fields if _fold(name) in self._folded]
        return any(
            sorted(chosen) == sorted(operation.selectors.items())
            for operation in self.operations
            if operation.matches(request.verb, segments)
        )


# Names and paths are few, and each request is looked at twice.
@lru_cache(1024)
def _fold(name: str) -> str:
    # Vendors' frameworks may read " Method", "method[]" or "method\0x" as "method".
    return re.split(r"[\[\0]", name.strip(), maxsplit=1)[0].strip().casefold()


@lru_cache(1024)
def _segments(path: str) -> Sequence[str] | None:
    first, *segments = path.split("/")
    return tuple(segments) if not first and segments and all(map(_is_plain, segments)) else None


def _is_plain(segment: str) -> bool:
    if not _SEGMENT.fullmatch(segment):
        return False
    decoded = unquote_to_bytes(segment)
    return decoded not in {b".", b".."} and not _REWRITTEN.search(decoded)


def _plain_headers(request: Request) -> bool:
    names = [name.lower() for name, _ in request.headers]
    return (
        len(set(names)) == len(names)
        and _HEADERS.issuperset(names)
        and all(_HEADER_VALUE.fullmatch(value) for _, value in request.headers)
    )
