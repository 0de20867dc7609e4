"""The door of one source: shut while its vendor asks for a pause or seems down, and for good once the program ends."""

import threading
from collections.abc import Callable
from functools import partial

from exporter.clock import Clock
from exporter.errors import CircuitOpen, RateLimited, Stopped
from exporter.instruments import Instruments
from exporter.upstream.circuit import Circuit
from exporter.upstream.limiter import Limiter, Permit
from exporter.upstream.progress import Progress


class Gate:
    """Lets the requests of one source through, when neither its circuit, a pause nor the rate limit is against it.

    Attributes:
        keep_pause: told how many seconds are left of each pause when it begins.
        progress: whether those who were let through get on; whoever waits here need not.
    """

    def __init__(self, source: str, limiter: Limiter, circuit: Circuit, instruments: Instruments, clock: Clock) -> None:
        """Start open; the limiter may be another source's too."""
        self.keep_pause: Callable[[float], None] = lambda _: None
        self._source = source
        self._limiter = limiter
        self._circuit = circuit
        circuit.listen(self._wake)
        self._instruments = instruments
        self._clock = clock
        self.progress = Progress(clock)
        self._changed = threading.Condition()
        # Monotonic: a pause is as long as the vendor asked, whatever becomes of the wall clock.
        self._shut_until = clock.monotonic()
        self._is_closed = False

    def admit(self, patience: float | None = None, *, is_probe: bool = False) -> Permit:
        """Wait until a request may be sent and return the permit for it; ``patience`` bounds a pause, not the limit.

        Raises:
            CircuitOpen: the circuit is open, or opened meanwhile, and this is no probe.
            RateLimited: the vendor asked for a pause that is longer than ``patience``.
            Stopped: the source was closed.
        """
        began = self._clock.monotonic()
        try:
            with self.progress.waiting():
                return self._admitted(patience, is_probe=is_probe)
        finally:
            if (waited := self._clock.monotonic() - began) > 0:
                self._instruments.waited(self._source, waited)

    def pause(self, seconds: float) -> None:
        """Shut the door for so long; a longer pause that is under way goes on."""
        with self._changed:
            self._shut_until = max(self._shut_until, self._clock.monotonic() + seconds)
        self.keep_pause(self.pause_left())

    def pause_left(self) -> float:
        """Return how many seconds of a pause are left; 0 or less without one."""
        return self._shut_until - self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            CircuitOpen: the circuit is open, or opened meanwhile.
            Stopped: the source was closed.
        """
        with self.progress.waiting():
            self._wait_until(self._clock.monotonic() + seconds)

    def is_shut(self, *, is_probe: bool = False) -> bool:
        """Return whether a request that has its permit may not be sent all the same."""
        return self._is_barred(is_probe=is_probe) or self.pause_left() > 0

    def close(self) -> None:
        """Shut the door for good and send away everyone who waits at it."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
        self._limiter.wake()

    def _admitted(self, patience: float | None, *, is_probe: bool) -> Permit:
        while True:
            self._wait_out_pause(patience, is_probe=is_probe)
            permit = self._acquire(is_probe=is_probe)
            if permit is None:
                continue
            if self.pause_left() <= 0:
                return permit
            permit.give_back()

    def _acquire(self, *, is_probe: bool) -> Permit | None:
        """Wait for the limiter's permit; None if the circuit opened, and closed again, meanwhile."""
        try:
            return self._limiter.acquire(partial(self._is_barred, is_probe=is_probe))
        except Stopped:
            if self._is_closed:
                raise
            return None

    def _is_barred(self, *, is_probe: bool) -> bool:
        return self._is_closed or (self._circuit.is_open and not is_probe)

    def _check(self, *, is_probe: bool) -> None:
        if self._is_closed:
            raise Stopped("no request is sent any more")
        reason = self._circuit.reason
        if reason is not None and not is_probe:
            raise CircuitOpen(reason)

    def _wait_out_pause(self, patience: float | None, *, is_probe: bool) -> None:
        self._check(is_probe=is_probe)
        # Again and again, for a pause may grow while it is waited for.
        while (left := self.pause_left()) > 0:
            if patience is not None and left > patience:
                raise RateLimited(f"the vendor asked for a pause, {left:.0f} s of it are left", pause=left)
            self._wait_until(self._shut_until, is_probe=is_probe)

    def _wait_until(self, moment: float, *, is_probe: bool = False) -> None:
        with self._changed:
            while not self._is_barred(is_probe=is_probe) and (left := moment - self._clock.monotonic()) > 0:
                self._clock.wait(self._changed, left)
        self._check(is_probe=is_probe)
