"""A rate limit that holds at the vendor's end, where a request is seen some time after it was sent.

The vendor sees a request between our sending it and the arrival of its answer. So a request takes a place when it
is sent, and its place is free again one period after the answer arrived: then the requests of one place are more
than a period apart wherever in between the vendor saw them, and no window can hold more of them than there are places.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from exporter.clock import Clock
from exporter.errors import Stopped
from exporter.minutes import Ring

# The vendor's clock may run a little slower than ours.
_DRIFT = 1.001
# For how long it is known what was sent; longer periods are looked at over a day.
_HOUR = 60
_DAY = 24 * 60


class Permit:
    """The right to send one request; nothing is sent without one, and each serves once."""

    __slots__ = ("_is_fresh", "_limiter")

    def __init__(self, limiter: "Limiter") -> None:
        """Stand for a place that is taken already."""
        self._limiter = limiter
        self._is_fresh = True

    @contextmanager
    def spent(self) -> Generator[None]:
        """Use the permit up; at the end of the block the vendor has seen the request, or never will."""
        if not self._is_fresh:
            raise RuntimeError("a permit serves for one request only")
        self._is_fresh = False
        try:
            yield
        finally:
            self._limiter.end(was_sent=True)

    def give_back(self) -> None:
        """Free the place at once, unless the permit was used."""
        if self._is_fresh:
            self._is_fresh = False
            self._limiter.end(was_sent=False)


class Limiter:
    """Lets at most ``calls`` requests through in any window of ``per`` seconds, as the vendor sees it.

    Shared by all sources that draw from one budget. Who waits longest goes first.
    """

    def __init__(self, calls: int, per: float, clock: Clock) -> None:
        """Start with every place free."""
        self.per = per
        self._configured = calls
        self._calls = calls
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight = 0
        # When the places of answered requests are free again, soonest first.
        self._free_at: deque[float] = deque()
        self._waiting: deque[threading.Condition] = deque()
        self._window = min(math.ceil(per / 60), _DAY)
        self._sent = Ring(clock.monotonic(), _HOUR + self._window)

    @property
    def calls(self) -> int:
        """Return how many requests a period allows at present."""
        return self._calls

    @property
    def used(self) -> int:
        """Return how many requests of the present period are taken, those under way among them."""
        with self._lock:
            self._has_place()
            return self._in_flight + len(self._free_at)

    def use_by_minute(self) -> Sequence[float | None]:
        """Return how much of the limit was used in each minute of the last hour, as a fraction; the last one is now.

        Of a period that is longer than a minute, it is the period that ended with that minute.
        """
        counts = self._sent.last(self._clock.monotonic(), _HOUR + self._window - 1)
        sent = [None if count is None else count[0] for count in counts]
        allowed = self._calls * self._window * 60 / self.per
        spans = (sent[end - self._window : end] for end in range(self._window, len(sent)))
        past = [None if span[-1] is None else sum(each or 0 for each in span) / allowed for span in spans]
        return [*past, self.used / self._calls]

    def lower(self, calls: int) -> None:
        """Allow no more requests than the vendor says it does, nor ever more than configured; the last word counts."""
        with self._lock:
            self._calls = max(1, min(calls, self._configured))
            self._wake_first()

    def acquire(self, is_stopped: Callable[[], bool]) -> Permit:
        """Wait for a place and return the permit to use it.

        Raises:
            Stopped: ``is_stopped`` turned true, and ``wake`` was called.
        """
        with self._lock:
            if is_stopped():
                raise Stopped("no request is sent any more")
            if self._waiting or not self._has_place():
                self._wait(is_stopped)
            self._in_flight += 1
        return Permit(self)

    def wake(self) -> None:
        """Let everyone who waits look whether it is to stop."""
        with self._lock:
            for turn in self._waiting:
                turn.notify()

    def end(self, *, was_sent: bool) -> None:
        """Free the place of a permit: now if nothing was sent, else when the vendor has forgotten the request."""
        with self._lock:
            self._in_flight -= 1
            if was_sent:
                now = self._clock.monotonic()
                self._free_at.append(now + self.per * _DRIFT)
                self._sent.add(now)
            self._wake_first()

    def _wait(self, is_stopped: Callable[[], bool]) -> None:
        turn = threading.Condition(self._lock)
        self._waiting.append(turn)
        try:
            while self._waiting[0] is not turn or not self._has_place():
                self._clock.wait(turn, self._until_place() if self._waiting[0] is turn else None)
                if is_stopped():
                    raise Stopped("no request is sent any more")
        finally:
            self._waiting.remove(turn)
            self._wake_first()

    def _has_place(self) -> bool:
        now = self._clock.monotonic()
        while self._free_at and self._free_at[0] <= now:
            self._free_at.popleft()
        return self._in_flight + len(self._free_at) < self._calls

    def _until_place(self) -> float | None:
        # With every place in flight, the end of a request is what to wait for.
        return self._free_at[0] - self._clock.monotonic() if self._free_at else None

    def _wake_first(self) -> None:
        if self._waiting:
            self._waiting[0].notify()
