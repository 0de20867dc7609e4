"""The stand-in's own rate limit, counted at the vendor's end of the wire."""

import threading
from collections import deque
from collections.abc import Mapping

from exporter.clock import Clock


class Window:
    """Counts the calls of the last so many seconds, and tells which one is one too many."""

    def __init__(self, clock: Clock) -> None:
        """Count by this clock."""
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()
        self.overruns = 0

    def arrive(self, calls: int, per: float) -> tuple[bool, Mapping[str, str]]:
        """Count a call that arrives now; return whether it is within the limit, and the headers that say so.

        A refused call takes no place in the window, so a client that waits is let in again.
        """
        with self._lock:
            now = self._clock.monotonic()
            while self._taken and self._taken[0] <= now - per:
                self._taken.popleft()
            is_within = len(self._taken) < calls
            if is_within:
                self._taken.append(now)
            else:
                self.overruns += 1
            # The whole limit is free again when the newest call has left the window.
            reset = self._clock.time() + (self._taken[-1] + per - now if self._taken else 0)
            headers = {
                "X-RateLimit-Limit": str(calls),
                "X-RateLimit-Remaining": str(max(0, calls - len(self._taken))),
                "X-RateLimit-Reset": str(-int(-reset // 1)),
            }
        return is_within, headers
