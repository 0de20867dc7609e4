"""What is kept of fetches over restarts, and what any place to keep it in can do."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from exporter.errors import Reason
from exporter.providers.base import Customer
from exporter.samples import Family

Series: TypeAlias = tuple[Family, tuple[str, ...]]
Whose = TypeVar("Whose")
# A disk that takes longer hangs, and a fetch must not hang with it.
_PATIENCE = 5.0


class Rare(NamedTuple):
    """What few fetches have something to keep of.

    Attributes:
        reason, error: why the last fetch failed, also in words; None and empty if it did not.
        marks: where counters that are not shown go on.
        held, corrections, left_out: as the store has them, by family name and by reason.
        memory: what the collector itself remembers of the customer.
    """

    reason: Reason | None = None
    error: str = ""
    marks: Mapping[Series, float] = {}
    held: Mapping[str, float] = {}
    corrections: Mapping[str, int] = {}
    left_out: Mapping[str, int] = {}
    memory: str = ""


NOTHING_RARE = Rare()


class Kept(NamedTuple):
    """What is kept of one collector's fetches for one customer.

    Attributes:
        series: which series are shown, in order.
        numbers: their values, packed as doubles.
        since: Unix time of the last success, or else of when the customer was first configured.
        last_success, last_attempt: Unix times; nan until there is one.
        settings: a digest of all that says what is asked for.
        rare: the rest.
    """

    series: tuple[Series, ...] = ()
    numbers: bytes = b""
    since: float = 0.0
    last_success: float = nan
    last_attempt: float = nan
    settings: bytes = b""
    rare: Rare = NOTHING_RARE


@runtime_checkable
class Remembering(Protocol):
    """A collector that remembers something of each customer from one fetch to the next."""

    def memory(self, customer: Customer) -> str:
        """Return what is remembered of a customer as text; empty if nothing is."""

    def recall(self, customer: Customer, memory: str) -> None:
        """Remember what ``memory`` once returned; anything else is ignored."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One collector of one source, as what is kept is found by.

    Attributes:
        number: a digest of the account and the collector, and of what says what its numbers mean.
        settings: a digest of what says which of them are asked for.
        families: every family that it may give samples of, by name.
        collector: the collector, if it remembers something.
    """

    number: int
    settings: bytes
    families: Mapping[str, Family]
    collector: Remembering | None = None


class Row(NamedTuple):
    """What is kept of one customer in a scope, whom a digest stands for."""

    scope: int
    customer: bytes
    kept: Kept


@dataclass(slots=True)
class Ticket:
    """Stands for something that is being written; whoever waits for it learns whether it will survive a crash.

    ``given_up`` is called when somebody has waited in vain.
    """

    given_up: Callable[[], None] = lambda: None
    _ended: threading.Event = field(default_factory=threading.Event)
    _is_kept: bool = False
    _is_given_up: bool = False

    def end(self, *, is_kept: bool) -> None:
        """Tell everyone who waits how it ended."""
        self._is_kept = is_kept
        self._ended.set()

    def wait(self, seconds: float = _PATIENCE) -> bool:
        """Return whether it was written; one that takes too long is given up, and not begun any more."""
        if not self._ended.wait(seconds):
            self._is_given_up = True
            self.given_up()
            return False
        return self._is_kept

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more."""
        return self._is_given_up


class State(Protocol):
    """Keeps what fetches brought; an embedded database, or whatever many replicas can share."""

    @property
    def is_lasting(self) -> bool:
        """Return whether anything outlives the process, so that writing is worth it."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is kept of any fetch, so that looking is not worth it."""

    @property
    def is_up(self) -> bool:
        """Return whether it could be written the last time."""

    @property
    def failures(self) -> int:
        """Return how many writes have failed so far."""

    @property
    def is_stuck(self) -> bool:
        """Return whether it has been in the middle of a write for a minute; takes no lock."""

    def write(self, rows: Sequence[Row] = (), facts: Mapping[str, bytes] | None = None) -> Ticket:
        """Begin to write all of this at once, after all that was begun before; never waits.

        ``facts`` are whatever else is to be kept, by name.
        """

    def rows(self, scope: Scope, customers: Mapping[bytes, Whose]) -> Iterator[tuple[Whose, Kept]]:
        """Yield what is kept of these customers, who are named by digests; nothing of those of whom nothing is.

        Raises:
            CorruptState: what is there can't be trusted.
        """

    def begin(self) -> None:
        """Note that the program runs: from now on, what can't be trusted is left out and counted, never raised."""

    def part(self, rows: Sequence[Row]) -> None:
        """Keep this of customers who leave, in case they come back."""

    def fact(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was."""

    def close(self) -> None:
        """Write what is still to be written, and let go of everything."""
