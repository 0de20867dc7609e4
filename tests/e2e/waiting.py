"""Waiting for what other processes do: by looking again, never by hoping that some time is enough."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_LOOK_AGAIN = 0.05
# Far more than anything here takes, since a busy machine is slow and a broken test is rare.
PATIENCE = 30.0


def eventually(look: Callable[[], Value], seconds: float = PATIENCE) -> Value:
    """Return what ``look`` gives as soon as it is true; an ``assert`` that fails in it is tried again too.

    Raises:
        AssertionError: it was not true in time; the last failure of ``look`` itself, if there was one.
    """
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() > deadline
        try:
            value = look()
        except (AssertionError, OSError):
            if is_last:
                raise
        else:
            if value:
                return value
            assert not is_last, f"still {value!r} after {seconds:g} s"
        time.sleep(_LOOK_AGAIN)
