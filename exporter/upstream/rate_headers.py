"""What a vendor's headers say about its rate limit, read leniently and believed within reason."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,15})?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0
# Smaller resets are seconds from now, greater ones nothing that a vendor means: 1973, and the year 5138.
_LEAST_UNIX, _MOST_UNIX = 1e8, 1e11


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The rate limit headers of one answer; what is missing or makes no sense is None.

    Attributes:
        limit: X-RateLimit-Limit, requests that the vendor allows.
        remaining: X-RateLimit-Remaining, requests that are left.
        reset: X-RateLimit-Reset, as Unix time.
        retry_after: Retry-After, as seconds from now; may be negative or infinite.
        now: Unix time at which the headers were read.
    """

    limit: int | None
    remaining: float | None
    reset: float | None
    retry_after: float | None
    now: float

    @classmethod
    def read(cls, headers: Mapping[str, str], now: float) -> "RateHeaders":
        """Return what the headers of an answer say that arrived now."""
        limit = _number(headers.get("X-RateLimit-Limit"))
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        return cls(
            int(limit) if limit is not None and limit >= 1 else None,
            remaining if remaining is not None and remaining >= 0 else None,
            _reset(headers.get("X-RateLimit-Reset"), now),
            _retry_after(headers.get("Retry-After"), now),
            now,
        )

    def pause(self, status: int) -> float | None:
        """Return for how many seconds the vendor asks to be left alone; None if it does not ask."""
        until_reset = None if self.reset is None else self.reset - self.now
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = until_reset if self.retry_after is None else self.retry_after
        else:
            seconds = until_reset if self.remaining == 0 else None
        return None if seconds is None else min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text := text.strip()) else None


def _reset(text: str | None, now: float) -> float | None:
    value = _number(text)
    if value is None or not 0 <= value < _MOST_UNIX:
        return None
    return now + value if value < _LEAST_UNIX else value


def _retry_after(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    if _DIGITS.fullmatch(text.strip()) and _number(text) is None:
        return math.inf
    if (seconds := _number(text)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
        # RFC 9110: a date without a zone, as C's asctime writes it, is one of GMT.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError, TypeError, IndexError):
        # Broken dates surface in all these ways, by version of Python.
        return None
