"""How far it is: a bar where somebody watches a terminal, and else a line now and then."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm

# Seconds between two lines, which somebody may read in a log.
_BETWEEN_LINES = 10.0


class Progress(Protocol):
    """Is told how much more of the whole is done."""

    def __call__(self, done: int) -> None:
        """Show that so much more is done."""


@contextmanager
def progress(what: str, whole: int, unit: str, stream: TextIO) -> Generator[Progress]:
    """Show how much of a whole is done, counted in units, as long as the block lasts."""
    if stream.isatty():
        with tqdm(total=whole, desc=what, unit=f" {unit}", file=stream, dynamic_ncols=True) as bar:
            yield lambda done: _update(bar, done)
    else:
        yield _Lines(what, whole, unit, stream)


def _update(bar: "tqdm[NoReturn]", done: int) -> None:
    bar.update(done)


class _Lines:
    """Writes a line now and then, and one at the end."""

    def __init__(self, what: str, whole: int, unit: str, stream: TextIO) -> None:
        self._what = what
        self._unit = unit
        self._whole = whole
        self._stream = stream
        self._done = 0
        self._next = time.monotonic() + _BETWEEN_LINES

    def __call__(self, done: int) -> None:
        self._done += done
        if done and (self._done >= self._whole or time.monotonic() >= self._next):
            self._next = time.monotonic() + _BETWEEN_LINES
            self._stream.write(f"{self._what}: {self._done:,} of {self._whole:,} {self._unit}\n")
            self._stream.flush()
