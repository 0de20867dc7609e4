"""A rate limit that holds at the vendor's end."""

from exporter.clock import Clock


class Limiter:
    """Lets at most ``calls`` requests through in any window of ``per`` seconds, as the vendor sees it."""

    def __init__(self, calls: int, per: float, clock: Clock) -> None:
        """Start with the whole window free."""
        self.calls = calls
        self.per = per
        self._clock = clock
