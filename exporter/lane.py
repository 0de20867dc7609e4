"""The lane of a source: its queue of due fetches, and the threads that work on it."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from exporter.upstream import Upstream


class Turn(Protocol):
    """What the poller runs again and again: a fetch, or the reading of a vendor's list of customers.

    Attributes:
        phase: seconds between the poller's start, or any whole number of intervals later, and its turn.
        due: monotonic time at which it is next due; the poller's own to set, from when the turn is added.
        is_probe: whether it runs while the circuit of its source is open.
    """

    phase: float
    due: float
    is_probe: ClassVar[bool]

    @property
    def source(self) -> str:
        """Return the value of the label ``source``."""

    @property
    def interval(self) -> float:
        """Return the seconds between two turns."""

    def is_over(self) -> bool:
        """Return whether it need not run any more."""

    def skip(self, upstream: Upstream) -> None:
        """Note that it is due while the circuit is open, so that it has to wait."""

    def run(self, upstream: Upstream) -> bool:
        """Do what it is for, now that a request may be sent; return whether that went well.

        Raises:
            Stopped: the program is stopping.
        """


@dataclass(slots=True)
class Round:
    """What happened to a source since its last summary line.

    Attributes:
        fetches: how many ended.
        failed: how many of them did not go well.
        began: monotonic time of that line.
    """

    fetches: int = 0
    failed: int = 0
    began: float = 0.0


@dataclass(slots=True, eq=False)
class Lane:
    """One source's queue of due fetches and the threads that work on it.

    Attributes:
        concurrency: how many threads there may be.
        length: seconds between two summary lines.
        work: what a thread does, from its start to its end.
        changed: held by whoever looks at what follows, or changes it.
        queue: what is due, the longest due first.
        skipped: what fell due while the circuit was open, in that order.
        running: what each thread is at, by the thread's number.
        round: what happened since the last summary line.
        claims: how many of the queue are some thread's already, which waits for the rate limit before it takes one.
        idle: how many threads wait for something to claim.
        threads: how many there are.
        is_stopped: whether all are to end.
    """

    source: str
    upstream: Upstream
    concurrency: int
    length: float
    work: Callable[["Lane"], None]
    changed: threading.Condition = field(default_factory=threading.Condition)
    queue: deque[Turn] = field(default_factory=deque)
    skipped: dict[Turn, None] = field(default_factory=dict)
    running: dict[int, Turn] = field(default_factory=dict)
    round: Round = field(default_factory=Round)
    claims: int = 0
    idle: int = 0
    threads: int = 0
    is_stopped: bool = False

    def put(self, *turns: Turn) -> None:
        """Queue fetches that are due; start further threads if all are busy and more are allowed."""
        with self.changed:
            self.queue.extend(turns)
            self._hire()
            self.changed.notify(len(turns))

    def claim(self) -> bool:
        """Wait until there is a fetch for the calling thread to take; False once stopped, or if it is one too many."""
        with self.changed:
            self.idle += 1
            while self.claims >= len(self.queue) and not self._is_dismissing():
                self.changed.wait()
            self.idle -= 1
            if self._is_dismissing():
                self.threads -= 1
                # What woke it may have been meant for one that stays.
                self.changed.notify()
                return False
            self.claims += 1
            return True

    def take(self) -> Turn:
        """Return the longest due fetch, to a thread that has claimed one."""
        with self.changed:
            self.claims -= 1
            turn = self.running[threading.get_ident()] = self.queue.popleft()
            return turn

    def finish(self, *, is_good: bool) -> None:
        """Note that the calling thread's fetch has ended."""
        with self.changed:
            del self.running[threading.get_ident()]
            self.round.fetches += 1
            self.round.failed += not is_good

    def skip(self, turn: Turn) -> bool:
        """Keep the calling thread's fetch until the circuit closes; return whether it is closed already."""
        with self.changed:
            if not self.upstream.circuit.is_open:
                return True
            del self.running[threading.get_ident()]
            self.skipped[turn] = None
            return False

    def take_skipped(self) -> Sequence[Turn]:
        """Return what was kept, now that the circuit is closed."""
        with self.changed:
            taken, self.skipped = self.skipped, {}
            return tuple(taken)

    def unskip(self, turn: Turn) -> bool:
        """Return whether a fetch was kept until the circuit closes; from now on it no longer is."""
        with self.changed:
            is_kept = turn in self.skipped
            self.skipped.pop(turn, None)
            return is_kept

    def end_round(self, now: float) -> Round:
        """Return what happened since the last round ended, and begin another."""
        with self.changed:
            ended, self.round = self.round, Round(began=now)
            return ended

    def oldest_due(self) -> float | None:
        """Return the monotonic time at which the most overdue fetch was due; None if none is."""
        with self.changed:
            return min((turn.due for turn in (*itertools.islice(self.queue, 1), *self.running.values())), default=None)

    def resize(self, concurrency: int) -> None:
        """Let so many threads work from now on; those that are too many end when they have nothing under way."""
        with self.changed:
            self.concurrency = concurrency
            self._hire()
            self.changed.notify_all()

    def stop(self) -> None:
        """Let idle threads end and wake those that wait for the rate limit."""
        with self.changed:
            self.is_stopped = True
            self.changed.notify_all()
        self.upstream.close()

    def _hire(self) -> None:
        # An idle thread that was notified a moment ago counts as idle until it wakes.
        missing = len(self.queue) - self.claims - self.idle
        for _ in range(min(missing, self.concurrency - self.threads)):
            self.threads += 1
            name = f"{self.source}-{self.threads}"
            threading.Thread(target=self.work, args=(self,), name=name, daemon=True).start()

    def _is_dismissing(self) -> bool:
        return self.is_stopped or self.threads > self.concurrency
