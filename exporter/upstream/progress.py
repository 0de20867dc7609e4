"""Whether the threads of a source get on with what they have begun."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from math import inf

from exporter.clock import Clock

# Beyond a request's own deadline: its answer is read, the state may be waited for, a page may hold the lock.
_GRACE = 60.0


class Progress:
    """Knows until when each thread that is in the middle of a fetch has to show a sign of getting on.

    A fetch may be many requests, and wait for leave before each for as long as the rate limit, or the vendor, wants it
    to. So it is not the fetch that has a deadline, but each step: a request, and what is made of its answer.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin without any thread."""
        self._clock = clock
        self._until: dict[int, float] = {}

    @property
    def is_stuck(self) -> bool:
        """Return whether a thread should have got on by now; takes no lock, which such a thread may hold."""
        now = self._clock.monotonic()
        return any(until < now for until in tuple(self._until.values()))

    @contextmanager
    def under_way(self, seconds: float) -> Generator[None]:
        """Expect the calling thread to get on with a fetch, whose requests may take so long each, inside the block."""
        thread = threading.get_ident()
        is_within = thread in self._until
        self._expect(seconds)
        try:
            yield
        finally:
            if is_within:
                self._expect(seconds)
            else:
                del self._until[thread]

    def step(self, seconds: float) -> None:
        """Note that the calling thread goes on to a request that may take so long, if it is in a fetch."""
        if threading.get_ident() in self._until:
            self._expect(seconds)

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Expect nothing of the calling thread inside the block, where it waits for leave; then as much as before."""
        thread = threading.get_ident()
        until = self._until.get(thread)
        if until is None:
            yield
            return
        began = self._clock.monotonic()
        self._until[thread] = inf
        try:
            yield
        finally:
            self._until[thread] = until + self._clock.monotonic() - began

    def _expect(self, seconds: float) -> None:
        self._until[threading.get_ident()] = self._clock.monotonic() + seconds + _GRACE
