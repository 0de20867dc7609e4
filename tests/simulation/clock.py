"""Time for a whole program: days pass in seconds, and no thread sees the work of another before its time."""

import threading

_SCHEDULER = "scheduler"
# Only keeps a broken simulation from hanging for ever.
_PATIENCE = 30.0


class SimulatedClock:
    """Implements ``exporter.clock.Clock`` for an exporter whose poller runs on its own threads.

    Time stands still until ``advance``, but for a thread that waits or that sends something: it gets along on a time of
    its own, as if all others did so at once, up to the ``horizon``. There it is held until time has come so far. The
    poller's scheduler has no time of its own; it looks what is due whenever time has moved.

    Attributes:
        horizon: the monotonic time up to which threads may run ahead.
    """

    def __init__(self, now: float) -> None:
        """Start at a Unix time; the monotonic clock starts at 1,000."""
        self._offset = now - 1_000.0
        self._now = self.horizon = 1_000.0
        self._own = threading.local()
        self._moved = threading.Condition()
        self._scheduler: threading.Condition | None = None
        # For each thread that is held: the time that has to come first.
        self._held: list[float] = []

    def time(self) -> float:
        """Return Unix time in seconds."""
        return self.monotonic() + self._offset

    @property
    def common(self) -> float:
        """The monotonic time that no thread is behind."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return max(self._now, getattr(self._own, "now", self._now))

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Let the calling thread's time pass, unless it is the scheduler's, who waits for ``advance``."""
        if threading.current_thread().name == _SCHEDULER:
            self._scheduler = condition
            condition.wait(_PATIENCE)
        elif seconds is None:
            condition.wait(_PATIENCE)
        else:
            self.spend(seconds)

    def spend(self, seconds: float) -> None:
        """Let so much time pass for the calling thread alone."""
        until = self._own.now = self.monotonic() + seconds
        with self._moved:
            if until > self.horizon:
                self._held.append(until)
                self._moved.wait_for(lambda: until <= self.horizon)
                self._held.remove(until)

    def held(self) -> int:
        """Return how many threads stand at the horizon."""
        with self._moved:
            return sum(until > self.horizon for until in self._held)

    def advance(self, seconds: float) -> None:
        """Move time up to the horizon, and the horizon so much further; no seconds let everybody catch up."""
        with self._moved:
            self._now = self.horizon
            self.horizon += seconds
            self._moved.notify_all()
        if self._scheduler is not None:
            with self._scheduler:
                self._scheduler.notify_all()
