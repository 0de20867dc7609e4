"""The door of one source: shut while its vendor asked for a pause, and for good once the program stops."""

import threading

from exporter.clock import Clock
from exporter.errors import RateLimited, Stopped
from exporter.instruments import Instruments
from exporter.upstream.limiter import Limiter, Permit


class Gate:
    """Lets the requests of one source through, when neither a pause nor the rate limit is against it."""

    def __init__(self, source: str, limiter: Limiter, instruments: Instruments, clock: Clock) -> None:
        """Start open; the limiter may be another source's too."""
        self._source = source
        self._limiter = limiter
        self._instruments = instruments
        self._clock = clock
        self._changed = threading.Condition()
        # Monotonic: a pause is as long as the vendor asked, whatever becomes of the wall clock.
        self._shut_until = clock.monotonic()
        self._is_closed = False

    def admit(self, patience: float | None = None) -> Permit:
        """Wait until a request may be sent and return the permit for it; ``patience`` bounds a pause, not the limit.

        Raises:
            RateLimited: the vendor asked for a pause that is longer than ``patience``.
            Stopped: the source was closed.
        """
        began = self._clock.monotonic()
        try:
            while True:
                self._wait_out_pause(patience)
                permit = self._limiter.acquire(self.is_closed)
                if self.pause_left() <= 0:
                    return permit
                permit.give_back()
        finally:
            if (waited := self._clock.monotonic() - began) > 0:
                self._instruments.waited(self._source, waited)

    def pause(self, seconds: float) -> None:
        """Shut the door for so long; a longer pause that is under way goes on."""
        with self._changed:
            self._shut_until = max(self._shut_until, self._clock.monotonic() + seconds)

    def pause_left(self) -> float:
        """Return how many seconds of a pause are left; 0 or less without one."""
        return self._shut_until - self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            Stopped: the source was closed.
        """
        self._wait_until(self._clock.monotonic() + seconds)

    def is_closed(self) -> bool:
        """Return whether the source was closed."""
        return self._is_closed

    def close(self) -> None:
        """Shut the door for good and send away everyone who waits at it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._limiter.wake()

    def _wait_out_pause(self, patience: float | None) -> None:
        # Again and again, for a pause may grow while it is waited for.
        while (left := self.pause_left()) > 0:
            if patience is not None and left > patience:
                raise RateLimited(f"the vendor asked for a pause, {left:.0f} s of it are left", pause=left)
            self._wait_until(self._shut_until)

    def _wait_until(self, moment: float) -> None:
        with self._changed:
            while not self._is_closed and (left := moment - self._clock.monotonic()) > 0:
                self._clock.wait(self._changed, left)
            if self._is_closed:
                raise Stopped("no request is sent any more")
