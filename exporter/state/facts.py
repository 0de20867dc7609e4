"""What is kept beside fetches: a budget's requests, a vendor's wish for a pause, and its list of customers."""

import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any

from exporter.clock import Clock
from exporter.providers.base import Found
from exporter.state.kept import State

# No vendor is heeded for longer.
_LONGEST_PAUSE = 3600.0
_LEASED = Struct("<Q")
_MOMENT = Struct("<d")


@dataclass(frozen=True, slots=True)
class Budget:
    """Keeps which requests of a budget were sent; a ``Book`` for the budget's limiter.

    Attributes:
        name: what it is kept under.
    """

    state: State
    clock: Clock
    name: str

    def read(self) -> Sequence[float]:
        """Return the monotonic moments by which requests had been answered, the first one first.

        What was set aside for requests of which nothing more is known counts as answered now.
        """
        content = self.state.fact(self.name)
        if content is None:
            return ()
        moments = array("d", content[_LEASED.size :])
        now, lead = self.clock.monotonic(), self.clock.monotonic() - self.clock.time()
        # A wall clock that was set back would keep places taken for long.
        return [*sorted(min(now, moment + lead) for moment in moments), *[now] * _LEASED.unpack_from(content)[0]]

    def write(self, answered: Sequence[float], leased: int) -> bool:
        """Keep the moments of requests that were answered, and how many more may have been sent when next asked.

        Returns whether that will survive a crash; waits until it is known.
        """
        return self.state.write(facts={self.name: self._content(answered, leased)}).wait()

    def end(self, answered: Sequence[float], leased: int) -> None:
        """Keep the same for the last time; waits for nothing."""
        self.state.write(facts={self.name: self._content(answered, leased)})

    def _content(self, answered: Sequence[float], leased: int) -> bytes:
        lead = self.clock.time() - self.clock.monotonic()
        return _LEASED.pack(leased) + array("d", [moment + lead for moment in answered]).tobytes()


@dataclass(frozen=True, slots=True)
class Pause:
    """Keeps until when a vendor wants no request.

    Attributes:
        name: what it is kept under.
    """

    state: State
    clock: Clock
    name: str

    def left(self) -> float:
        """Return how many seconds of it are left; 0 or less if it is over.

        A wall clock that was set back makes it no longer than the vendor asked for.
        """
        content = self.state.fact(self.name)
        if content is None:
            return 0.0
        # The first versions kept no length.
        until, *length = array("d", content)
        return min(_LONGEST_PAUSE, *length, until - self.clock.time())

    def begin(self, seconds: float) -> None:
        """Keep that the vendor wants no request for so long; waits for nothing."""
        self.state.write(facts={self.name: array("d", (self.clock.time() + seconds, seconds)).tobytes()})


@dataclass(frozen=True, slots=True)
class KeptList:
    """A vendor's list of customers as it was last read.

    Attributes:
        found: who was on it.
        read: Unix time at which it was read.
    """

    found: Sequence[Found]
    read: float


@dataclass(frozen=True, slots=True)
class Lists:
    """Keeps a vendor's list of customers, and when it was last asked for.

    Attributes:
        name: what it is kept under.
        settings: what ``Found.settings`` is for one that a configuration would have under this key.
    """

    state: State
    name: str
    settings: Callable[[str], Any]

    def read(self) -> KeptList | None:
        """Return the list as it was last read; None if it never was."""
        content = self.state.fact(self.name)
        if content is None:
            return None
        written = json.loads(content)
        found = [
            Found(key, user, id_, is_active, self.settings(option), option)
            for key, user, id_, is_active, option in written["found"]
        ]
        return KeptList(found, written["read"])

    def attempted(self) -> float | None:
        """Return the Unix time at which it was last asked for, in vain or not; None if it never was."""
        content = self.state.fact(f"{self.name}:attempted")
        return None if content is None else float(_MOMENT.unpack(content)[0])

    def attempt(self, moment: float) -> None:
        """Keep the Unix time at which it was asked for; waits for nothing."""
        self.state.write(facts={f"{self.name}:attempted": _MOMENT.pack(moment)})

    def write(self, found: Sequence[Found], read: float) -> None:
        """Keep a list, read at this Unix time; waits for nothing."""
        if not self.state.is_lasting:
            return
        rows = [(each.key, each.user, each.id, each.is_active, each.option) for each in found]
        written = {"found": rows, "read": read}
        self.state.write(facts={self.name: json.dumps(written, separators=(",", ":")).encode()})
