"""Which format and encoding a client gets, by its Accept and Accept-Encoding headers (RFC 9110, section 12).

What Prometheus and its client libraries agree on is kept: a client that asks for nothing, or for something else, gets
text 0.0.4. OpenMetrics is answered in the version that was asked for, 1.0.0 or 0.0.1: what these pages have of the two
is the same. Text 1.0.0 is 0.0.4 that may have names in quotes, of which there are none here. For the same reason every
``escaping`` of names that a client asks for is kept, and told in the answer.
Source: https://prometheus.io/docs/instrumenting/content_negotiation/

OpenMetrics 2.0, still a draft, is not written. prometheus_client 0.26 answers ``version=2.0.0`` if asked for it,
but its parser does not read what is new in it: a family of counters named as its samples are, ``st@`` after a value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from exporter.exposition.text import Format

# Commas and semicolons may stand in quotes; a quote that nothing ends reaches to the end.
_QUOTED = r'"(?:[^"\\]|\\.)*"?'
_ITEM = re.compile(rf'(?:[^,"]|{_QUOTED})+')
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})+')
_ESCAPINGS = frozenset({"allow-utf-8", "underscores", "dots", "values"})
# How closely a range fits: ``*/*``, ``text/*``, ``text/plain``, ``text/plain;version=0.0.4``.
_ANYTHING, _TYPE, _NAMED, _VERSION = range(4)


@dataclass(frozen=True, slots=True)
class Media:
    """What a page is sent as: its format, and the words for it in the Content-Type header."""

    format: Format
    content_type: str


class _Range(NamedTuple):
    name: str
    parameters: Mapping[str, str]
    quality: float
    # Of two that are liked alike, the first is taken.
    place: int


@dataclass(frozen=True, slots=True)
class _Offer:
    format: Format
    name: str
    version: str
    is_escaped: bool

    def closeness(self, range_: _Range) -> int | None:
        """Return how closely a range fits, None if it doesn't."""
        kind = self.name.partition("/")[0]
        if range_.name == "*/*":
            return _ANYTHING
        if range_.name == f"{kind}/*":
            return _TYPE
        version = range_.parameters.get("version", "")
        if range_.name != self.name or version not in ("", self.version):
            return None
        return _VERSION if version else _NAMED

    def media(self, range_: _Range) -> Media:
        """Return the answer to a range."""
        escaping = range_.parameters.get("escaping", "").lower()
        words = f"{self.name}; version={self.version}; charset=utf-8"
        is_told = self.is_escaped and escaping in _ESCAPINGS
        return Media(self.format, f"{words}; escaping={escaping}" if is_told else words)


# The first of those that a client likes alike and doesn't name.
_OFFERS = (
    _Offer(Format.TEXT, "text/plain", "0.0.4", is_escaped=False),
    _Offer(Format.TEXT, "text/plain", "1.0.0", is_escaped=True),
    _Offer(Format.OPENMETRICS, "application/openmetrics-text", "1.0.0", is_escaped=True),
    _Offer(Format.OPENMETRICS, "application/openmetrics-text", "0.0.1", is_escaped=False),
)
_UNASKED = Media(Format.TEXT, Format.TEXT.value)


def choose_media(accept: Iterable[str]) -> Media:
    """Return what a client likes best, by its Accept headers; text 0.0.4 where it takes nothing that is known."""
    ranges = _ranges(accept)
    best, media = (0.0, 0, 0), _UNASKED
    for offer in _OFFERS:
        fits = [(closeness, each) for each in ranges if (closeness := offer.closeness(each)) is not None]
        if not fits:
            continue
        # The closest range decides, also if a wider one thinks better of it.
        closeness, range_ = max(fits, key=lambda fit: (fit[0], fit[1].quality, -fit[1].place))
        liking = (range_.quality, min(closeness, _NAMED), -range_.place)
        if range_.quality > 0 and liking > best:
            best, media = liking, offer.media(range_)
    return media


def accepts_gzip(accept_encoding: Iterable[str]) -> bool:
    """Return whether a client takes gzip at least as gladly as plain bytes, by its Accept-Encoding headers.

    One that takes neither gets plain bytes, as from the Prometheus clients.
    """
    qualities: dict[str, float] = {}
    for coding in _ranges(accept_encoding):
        name = "gzip" if coding.name == "x-gzip" else coding.name
        qualities[name] = max(coding.quality, qualities.get(name, 0.0))
    anything = qualities.get("*", 0.0)
    gzip = qualities.get("gzip", anything)
    return gzip > 0 and gzip >= qualities.get("identity", anything)


def _ranges(values: Iterable[str]) -> list[_Range]:
    ranges = []
    # A header that is sent again goes on where the first one ended.
    for place, item in enumerate(_ITEM.findall(",".join(values))):
        name, *rest = _PART.findall(item) or [""]
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip().lower(): text.strip().strip('"') for key, _, text in pairs}
        ranges.append(_Range(name.strip().lower(), parameters, _quality(parameters.get("q", "1")), place))
    return ranges


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
