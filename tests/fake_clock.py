"""A clock that stands still until a test moves it."""

import threading


class FakeClock:
    """Implements ``exporter.clock.Clock``: ``advance`` moves both clocks and wakes whoever waits.

    With ``auto=True`` a wait with a time limit moves the clock itself instead of blocking, for code
    that runs in the test's own thread.
    """

    def __init__(self, now: float = 1_773_403_200.0, *, auto: bool = False) -> None:
        """Start at a Unix time (by default 2026-03-13 12:00 UTC); the monotonic clock starts at 1,000."""
        self._time = now
        self._monotonic = 1_000.0
        self._auto = auto
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []

    def time(self) -> float:
        """Return Unix time in seconds."""
        return self._time

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return self._monotonic

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait until notified or until a test has moved the clock."""
        if self._auto and seconds is not None:
            self._move(seconds)
            return
        with self._lock:
            self._waiting.append(condition)
        try:
            # The real limit only keeps a broken test from hanging for ever.
            condition.wait(10)
        finally:
            with self._lock:
                self._waiting.remove(condition)

    def advance(self, seconds: float) -> None:
        """Move both clocks forward and wake whoever waits."""
        self._move(seconds)
        with self._lock:
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as an administrator or a time server does."""
        self._time += seconds

    def _move(self, seconds: float) -> None:
        self._time += seconds
        self._monotonic += seconds
