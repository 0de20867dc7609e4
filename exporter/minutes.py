"""What happened in each of the last minutes, kept in rings of a fixed size: for a look, not for a record."""

import math
import threading
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

_SECONDS = 60
# Four buckets double the time, so a quantile is right to within some 10%; from a millisecond to over two minutes.
_STEPS = 4
_SHORTEST = 0.001
_BUCKETS = 17 * _STEPS + 1


class Ring:
    """Counts by minute and by bucket; a minute that is longer ago than there is room for is forgotten."""

    def __init__(self, now: float, minutes: int, buckets: int = 1) -> None:
        """Begin at this monotonic time, with nothing known of what was before."""
        self._minutes = minutes
        self._buckets = buckets
        self._counts = array("L", bytes(array("L").itemsize * minutes * buckets))
        self._began = self._newest = int(now // _SECONDS)
        self._lock = threading.Lock()

    def add(self, now: float, bucket: int = 0) -> None:
        """Count one."""
        with self._lock:
            self._turn(now)
            self._counts[self._newest % self._minutes * self._buckets + bucket] += 1

    def last(self, now: float, minutes: int) -> Sequence[Sequence[int] | None]:
        """Return the counts of so many minutes by bucket, the one under way last; None for those before the start."""
        with self._lock:
            self._turn(now)
            wanted = range(self._newest - minutes + 1, self._newest + 1)
            return [self._of(minute) if minute >= self._began else None for minute in wanted]

    def absorb(self, now: float, counts: Sequence[Sequence[int] | None]) -> None:
        """Count as well what another one of as many buckets has counted: ``counts`` is what its ``last`` returned."""
        with self._lock:
            self._turn(now)
            newest = counts[-self._minutes :]
            for minute, more in enumerate(newest, self._newest - len(newest) + 1):
                if more is not None:
                    self._began = min(self._began, minute)
                    for bucket, count in enumerate(more):
                        self._counts[minute % self._minutes * self._buckets + bucket] += count

    def _of(self, minute: int) -> Sequence[int]:
        start = minute % self._minutes * self._buckets
        return self._counts[start : start + self._buckets]

    def _turn(self, now: float) -> None:
        """Make room for the minutes that have begun since the last call."""
        minute = int(now // _SECONDS)
        for each in range(max(self._newest, minute - self._minutes) + 1, minute + 1):
            for bucket in range(self._buckets):
                self._counts[each % self._minutes * self._buckets + bucket] = 0
        self._newest = max(self._newest, minute)


class Durations:
    """How long something took, minute by minute over the last hour."""

    MINUTES = 60

    def __init__(self, now: float) -> None:
        """Begin at this monotonic time."""
        self._ring = Ring(now, self.MINUTES, _BUCKETS)

    def add(self, now: float, seconds: float) -> None:
        """Note how long it took this time."""
        bucket = math.ceil(math.log2(max(seconds, _SHORTEST) / _SHORTEST) * _STEPS)
        self._ring.add(now, min(bucket, _BUCKETS - 1))

    def by_minute(self, now: float, quantile: float) -> Sequence[float | None]:
        """Return a quantile in seconds for each minute of the last hour, the oldest first; None where nothing ended."""
        minutes = self._ring.last(now, self.MINUTES)
        return [None if counts is None else _quantile(counts, quantile) for counts in minutes]

    def of_hour(self, now: float, quantile: float) -> float | None:
        """Return the same of the whole hour."""
        known = [counts for counts in self._ring.last(now, self.MINUTES) if counts is not None]
        return _quantile([sum(column) for column in zip(*known, strict=True)], quantile)


def _quantile(counts: Sequence[int], quantile: float) -> float | None:
    *_, total = reached = list(accumulate(counts, initial=0))
    if not total:
        return None
    bucket = bisect_left(reached, max(1, math.ceil(quantile * total))) - 1
    # The middle of the bucket, by ratio.
    return float(_SHORTEST * 2 ** ((bucket - 0.5) / _STEPS)) if bucket else _SHORTEST
