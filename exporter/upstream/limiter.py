"""A rate limit that holds at the vendor's end, where a request is seen some time after it was sent.

The vendor sees a request between our sending it and the arrival of its answer. So a request takes a place when it
is sent, and its place is free again one period after the answer arrived: then the requests of one place are more
than a period apart wherever in between the vendor saw them, and no window can hold more of them than there are places.

Two things outlive a limiter. A book is for restarts: whatever may be sent is counted there first, in lots, so that not
each request waits for a disk. Of the requests in flight, those ``covered`` are counted in the book and those
``uncovered`` are about to be, and nothing is sent while it is uncovered; ``leased`` more are counted that nobody has
asked for yet. After a crash all that the book counts takes a place. An heir is for reloads: a limiter of another size,
or of other sources, is told of all that passed here, and of what is under way when that ends.
"""

import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Protocol

from exporter.clock import Clock
from exporter.errors import Stopped
from exporter.minutes import Ring

# The vendor's clock may run a little slower than ours.
_DRIFT = 1.001
# Over restarts it is kept in lots what was sent: so small a part of a period is lost by a crash at most.
_LOTS = 20
# A disk that takes longer to keep something hangs.
_PATIENCE = 5.0
# For so many minutes it is known what was sent; longer periods are looked at over a day.
_HOUR = 60
_DAY = 24 * 60
_MINUTE = 60


class Book(Protocol):
    """Keeps which requests of a budget were sent, so that the limit holds over restarts."""

    def read(self) -> Sequence[float]:
        """Return the monotonic moments by which requests had been answered, the first one first."""

    def write(self, answered: Sequence[float], leased: int) -> bool:
        """Keep such moments, and how many more requests may be sent until the next call; wait until that is safe."""

    def end(self, answered: Sequence[float], leased: int) -> None:
        """Keep such moments and so many more requests for the last time; wait for nothing."""


class Permit:
    """The right to send one request; nothing is sent without one, and each serves once."""

    __slots__ = ("_is_fresh", "_limiters")

    def __init__(self, limiter: "Limiter") -> None:
        """Stand for a place that is taken already."""
        self._limiters = [limiter]
        self._is_fresh = True

    def count_for(self, limiter: "Limiter") -> None:
        """Stand for a place of another limiter too, which the permit's own one has not yet been told the end of."""
        self._limiters.append(limiter)

    @contextmanager
    def spent(self) -> Generator[None]:
        """Use the permit up; at the end of the block the vendor has seen the request, or never will."""
        if not self._is_fresh:
            raise RuntimeError("a permit serves for one request only")
        self._is_fresh = False
        try:
            yield
        finally:
            self._end(was_sent=True)

    def give_back(self) -> None:
        """Free the place at once, unless the permit was used."""
        if self._is_fresh:
            self._is_fresh = False
            self._end(was_sent=False)

    def _end(self, *, was_sent: bool) -> None:
        # A list that grows meanwhile is gone through to its new end: see `Limiter.bequeath`.
        for limiter in self._limiters:
            limiter.end(self, was_sent=was_sent)


class Limiter:
    """Lets at most ``calls`` requests through in any window of ``per`` seconds, as the vendor sees it.

    Shared by all sources that draw from one budget. Who waits longest goes first.
    """

    def __init__(self, calls: int, per: float, clock: Clock, book: Book | None = None) -> None:
        """Start with every place free; with a book, what is sent is kept there."""
        self.per = per
        self._configured = calls
        self._calls = calls
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight: set[Permit] = set()
        # When the places of answered requests are free again, soonest first.
        self._free_at: deque[float] = deque()
        self._book = book
        self._leasing = threading.Lock()
        # How many requests more the book counts already, and the permits that it counts and does not count yet.
        self._leased = 0
        self._covered: set[Permit] = set()
        self._uncovered: set[Permit] = set()
        self._waiting: deque[threading.Condition] = deque()
        self._window = min(math.ceil(per / 60), _DAY)
        # Of every limiter for as long, so that a limiter of a longer period can go on from it.
        self._sent = Ring(clock.monotonic(), _HOUR + _DAY)

    @property
    def calls(self) -> int:
        """Return how many requests a period allows at present."""
        return self._calls

    @property
    def used(self) -> int:
        """Return how many requests of the present period are taken, those under way among them."""
        with self._lock:
            self._has_place()
            return len(self._in_flight) + len(self._free_at)

    @property
    def is_forgotten(self) -> bool:
        """Return whether nothing is under way, and nothing was sent for so long that no limiter need know of it."""
        minutes = self._sent.last(self._clock.monotonic(), _HOUR + _DAY)
        return not self.used and not any(count[0] for count in minutes if count is not None)

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
            permit = Permit(self)
            self._in_flight.add(permit)
            self._uncovered.add(permit)
        self._cover(permit)
        return permit

    def recall(self) -> None:
        """Begin with those places taken that the book knows to be."""
        if self._book is not None:
            known = self._book.read()
            with self._lock:
                self._free_at.extend(moment + self.per * _DRIFT for moment in known)

    def settle(self, patience: float = _PATIENCE) -> None:
        """Keep exactly what was sent, for the last time; a request that is still under way counts as sent.

        Waits for so many seconds at most for what is being kept by others; whatever they keep is older then.
        """
        is_alone = self._leasing.acquire(timeout=patience)
        try:
            with self._lock:
                # The book may be another limiter's from now on.
                book, self._book = self._book, None
                answered, leased = self._answered(), len(self._in_flight)
        finally:
            if is_alone:
                self._leasing.release()
        if book is not None:
            book.end(answered, leased)

    def wake(self) -> None:
        """Let everyone who waits look whether it is to stop."""
        with self._lock:
            for turn in self._waiting:
                turn.notify()

    def bequeath(self, heir: "Limiter") -> None:
        """Let another limiter count what was let through here as if it had passed there, what is under way included.

        Only what is let through later is this one's own affair. Of what was sent longer ago than a period, the minute
        is known, for a day.
        """
        if heir is self:
            return
        with self._lock:
            now = self._clock.monotonic()
            for permit in self._in_flight:
                permit.count_for(heir)
            ends = list(self._ends(now, heir.per))
            # The vendor said so itself, and its next answer will say it again.
            lowered = self._calls if self._calls < self._configured else None
            heir.inherit(self._in_flight, ends, self._sent.last(now, _HOUR + _DAY), lowered)

    def inherit(
        self,
        permits: Collection[Permit],
        ends: Iterable[float],
        sent: Sequence[Sequence[int] | None],
        calls: int | None,
    ) -> None:
        """Take over what another limiter has bequeathed.

        Args:
            permits: those whose requests are under way.
            ends: monotonic times at which requests were answered.
            sent: how many were, by minute; the last one is now.
            calls: how many requests a period allows, if the vendor said so.
        """
        with self._lock:
            now = self._clock.monotonic()
            self._in_flight.update(permits)
            # There may be more than have a place here: the next heir may have places for them.
            all_ends = sorted(chain(ends, self._ends(now, self.per)))
            self._free_at = deque(end + self.per * _DRIFT for end in all_ends)
            self._sent.absorb(now, sent)
            if calls is not None:
                self._calls = min(self._calls, calls)

    def end(self, permit: Permit, *, was_sent: bool) -> None:
        """Free the place of a permit: now if nothing was sent, else when the vendor has forgotten the request."""
        with self._lock:
            self._in_flight.discard(permit)
            if permit in self._covered:
                self._covered.discard(permit)
                self._leased += not was_sent
            if was_sent:
                now = self._clock.monotonic()
                self._free_at.append(now + self.per * _DRIFT)
                self._sent.add(now)
            self._wake_first()

    def _cover(self, permit: Permit) -> None:
        """See to it that the book counts a request before it is sent."""
        with self._leasing:
            with self._lock:
                book = self._book
                lot = 0 if book is None or self._leased else max(1, self._calls // _LOTS)
                answered = self._answered() if lot else []
                leased = len(self._in_flight) - len(self._uncovered) + lot
            if book is not None and lot:
                # Where it can't be kept, polling goes on: the limit then holds for as long as this process lives.
                book.write(answered, leased)
            with self._lock:
                self._uncovered.discard(permit)
                if book is not None:
                    self._leased += lot - 1
                    self._covered.add(permit)

    def _answered(self) -> list[float]:
        return [moment - self.per * _DRIFT for moment in self._free_at]

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
        return len(self._in_flight) + len(self._free_at) < self._calls

    def _until_place(self) -> float | None:
        # With every place in flight, the end of a request is what to wait for.
        return self._free_at[0] - self._clock.monotonic() if self._free_at else None

    def _ends(self, now: float, per: float) -> Iterator[float]:
        """Yield when each request of the last ``per`` seconds was answered, or somewhat later where it isn't known."""
        exact = [free_at - self.per * _DRIFT for free_at in self._free_at]
        yield from exact
        if per <= self.per:
            return
        known = Counter(int(end // _MINUTE) for end in exact)
        minutes = min(math.ceil(per * _DRIFT / _MINUTE) + 1, _HOUR + _DAY)
        first = int(now // _MINUTE) - minutes + 1
        for minute, counts in enumerate(self._sent.last(now, minutes), first):
            missing = (counts[0] if counts else 0) - known[minute]
            yield from repeat(min(now, (minute + 1) * _MINUTE), max(0, missing))

    def _wake_first(self) -> None:
        if self._waiting:
            self._waiting[0].notify()
