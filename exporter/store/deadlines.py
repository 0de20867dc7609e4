"""When samples are too old: by which moments, and which shelves are to be looked at next."""

import heapq
import itertools
from collections.abc import Iterator

from exporter.store.places import Shelf


class Deadlines:
    """The shelves in the order in which the age of their places is to be looked at."""

    def __init__(self, stale_after: float, drop_after: float) -> None:
        """Wait for nothing yet; ``stale_after`` is in intervals, ``drop_after`` in seconds."""
        self._stale_after = stale_after
        self._drop_after = drop_after
        self._shelves: list[tuple[float, int, Shelf]] = []
        self._order = itertools.count()

    def of(self, shelf: Shelf, since: float) -> tuple[float, float]:
        """Return when a place turns stale, and when its samples leave, that succeeded last at this moment."""
        stale_after, drop_after = self.ages(shelf.interval)
        return since + stale_after, since + drop_after

    def ages(self, interval: float) -> tuple[float, float]:
        """Return after how many seconds without success what is fetched on an interval turns stale, and leaves."""
        stale_after = self._stale_after * interval
        return stale_after, max(self._drop_after, stale_after + interval)

    def look_at(self, shelf: Shelf, moment: float) -> None:
        """See to it that a shelf is looked at by this moment, or sooner."""
        # When a deadline comes up and the places have succeeded meanwhile, the shelf is put back with its new one:
        # a success costs nothing here, unless it brings the deadline forward.
        if shelf.deadline is None or moment < shelf.deadline:
            shelf.deadline = moment
            heapq.heappush(self._shelves, (moment, next(self._order), shelf))

    def due(self, now: float) -> Iterator[Shelf]:
        """Yield each shelf that is to be looked at by now; it is, unless it is put back."""
        while self._shelves and self._shelves[0][0] <= now:
            deadline, _, shelf = heapq.heappop(self._shelves)
            if shelf.deadline == deadline:
                shelf.deadline = None
                yield shelf

    def forget(self, source: str) -> None:
        """Look at no shelf of a source any more."""
        self._shelves = [each for each in self._shelves if each[-1].group.source != source]
        heapq.heapify(self._shelves)

    def tune(self, stale_after: float, drop_after: float) -> bool:
        """Count such times as too old from now on; return whether they are others, and all shelves to be looked at."""
        old = self._stale_after, self._drop_after
        self._stale_after, self._drop_after = stale_after, drop_after
        return old != (stale_after, drop_after)
