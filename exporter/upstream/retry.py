"""How often and how soon a failed request is sent again."""

from typing import Protocol


class Retry(Protocol):
    """The section ``polling.retry`` of the configuration."""

    @property
    def attempts(self) -> int:
        """Return how many times a request is sent in all."""

    @property
    def initial_backoff(self) -> float:
        """Return the longest pause before the second attempt, in seconds; it doubles with each attempt."""

    @property
    def max_backoff(self) -> float:
        """Return the longest pause before any attempt, in seconds."""
