"""What one request may use up: time until its deadline, and bytes of an answer."""

import threading
import time

from exporter.errors import TooLarge

# Headers, TLS records and the sizes of chunks come on top of a body. Ten times what any honest server needs.
_OVERHEAD = 1024 * 1024


class Bounds(threading.local):
    """The bounds of the request that the calling thread is making; each thread has its own.

    In real time, whatever clock the program has: the kernel's timeouts, which hold the deadline, know no other.
    """

    has_ended = False
    """Whether the vendor has closed its end of the connection."""
    _deadline = 0.0
    _bytes_left = 0
    _limit = 0

    def begin(self, seconds: float, limit: int) -> None:
        """Give a new request so many seconds, and its body so many bytes."""
        self._deadline = time.monotonic() + seconds
        self.has_ended = False
        self._limit = limit
        self._bytes_left = 2 * limit + _OVERHEAD

    def shorten(self, seconds: float) -> None:
        """Move the deadline to so many seconds from now, if it is later than that."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def is_over(self) -> bool:
        """Return whether the deadline has passed."""
        return time.monotonic() >= self._deadline

    def seconds_left(self) -> float:
        """Return how long until the deadline.

        Raises:
            TimeoutError: it has passed.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return left

    def count(self, received: int) -> int:
        """Take bytes off what may still be received, and return their number; none means that no more will come.

        Raises:
            TooLarge: more came than any body within the limit needs.
        """
        self.has_ended = received == 0
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise self.too_large()
        return received

    def too_large(self) -> TooLarge:
        """Return the error for an answer that is longer than the limit."""
        return TooLarge(f"the answer is longer than limits.max_response_bytes ({self._limit} bytes)")
