"""How often and how soon a failed request is sent again."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from exporter.errors import ConnectionFailed, RateLimited, RequestTimeout, ServerFailed
from exporter.upstream.gate import Gate

_PASSING = (RequestTimeout, ConnectionFailed, RateLimited, ServerFailed)


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


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses with full jitter: anything from nothing to a bound that doubles with each attempt."""

    initial: float
    longest: float

    def seconds(self, attempt: int) -> float:
        """Return how long to pause after an attempt; the first is 1."""
        return random.uniform(0, min(self.longest, self.initial * 2.0 ** (attempt - 1)))  # noqa: S311 - no secret


def retrying(attempts: int, backoff: Backoff, gate: Gate) -> Retrying:
    """Return the rule for sending again: what may pass by itself, and does not take longer than the longest backoff."""

    def is_worth_it(error: BaseException) -> bool:
        return isinstance(error, _PASSING) and gate.pause_left() <= backoff.longest

    return Retrying(
        sleep=gate.sleep,
        stop=stop_after_attempt(attempts),
        wait=_wait(backoff),
        retry=retry_if_exception(is_worth_it),
        reraise=True,
    )


def _wait(backoff: Backoff) -> Callable[[RetryCallState], float]:
    def seconds(state: RetryCallState) -> float:
        # What a vendor asks for pauses the whole source, so it is waited for at the gate.
        is_pause = state.outcome is not None and isinstance(state.outcome.exception(), RateLimited)
        return 0.0 if is_pause else backoff.seconds(state.attempt_number)

    return seconds
