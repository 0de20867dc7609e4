"""Time as the program sees it, so that a test can let a week pass in a second."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks and a wait; everything in the program that needs time asks one of these."""

    def time(self) -> float:
        """Return Unix time in seconds: what is shown, never what is waited by."""

    def monotonic(self) -> float:
        """Return seconds that never jump: what schedules, limits and staleness go by."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that the caller holds, until notified or so many seconds have passed.

        May return early; the caller looks again. None waits for a notification alone.
        """


class SystemClock:
    """The machine's own clocks."""

    def time(self) -> float:
        """Return Unix time in seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that the caller holds."""
        condition.wait(seconds)
