"""The poll: when each fetch runs, and on which thread.

One scheduler thread keeps every fetch in a heap by due time and hands what is due to the queue of its source.
Each source has worker threads of its own, so that no source ever waits for another. A worker first waits until
the source's rate limit lets a request through and only then takes the longest due fetch.
"""

import heapq
import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from exporter.clock import Clock
from exporter.errors import Stopped
from exporter.upstream import Upstream

log = structlog.get_logger(__name__)

# The scheduler moves at least this often, so that standing still shows.
_TICK = 1.0
_HUNG_AFTER = 60.0


class Turn(Protocol):
    """What the poller runs again and again: a fetch, or the reading of a vendor's list of customers.

    Attributes:
        source: the value of the label ``source``.
        phase: seconds between the poller's start, or any whole number of intervals later, and its turn.
        due: monotonic time at which it is next due; the poller's own to set.
    """

    source: str
    phase: float
    due: float

    @property
    def interval(self) -> float:
        """Return the seconds between two turns."""

    def is_over(self) -> bool:
        """Return whether it need not run any more."""

    def run(self, upstream: Upstream) -> bool:
        """Do what it is for, now that a request may be sent; return whether that went well.

        Raises:
            Stopped: the program is stopping.
        """


@dataclass(slots=True)
class Round:
    """What happened to a source since its last summary line."""

    fetches: int = 0
    failed: int = 0
    began: float = 0.0


@dataclass(slots=True, eq=False)
class Lane:
    """One source's queue of due fetches and the threads that work on it."""

    source: str
    upstream: Upstream
    concurrency: int
    length: float
    work: Callable[["Lane"], None]
    changed: threading.Condition = field(default_factory=threading.Condition)
    queue: deque[Turn] = field(default_factory=deque)
    running: dict[int, Turn] = field(default_factory=dict)
    round: Round = field(default_factory=Round)
    claims: int = 0
    idle: int = 0
    threads: int = 0
    is_stopped: bool = False

    def put(self, turn: Turn) -> None:
        """Queue a fetch that is due; start a further thread if all are busy and one more is allowed."""
        with self.changed:
            self.queue.append(turn)
            # An idle thread that was notified a moment ago counts as idle until it wakes.
            if len(self.queue) - self.claims > self.idle and self.threads < self.concurrency:
                self.threads += 1
                name = f"{self.source}-{self.threads}"
                threading.Thread(target=self.work, args=(self,), name=name, daemon=True).start()
            else:
                self.changed.notify()

    def claim(self) -> bool:
        """Wait until there is a fetch for the calling thread to take; False once stopped."""
        with self.changed:
            self.idle += 1
            while self.claims >= len(self.queue) and not self.is_stopped:
                self.changed.wait()
            self.idle -= 1
            self.claims += 1
            return not self.is_stopped

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

    def end_round(self, now: float) -> Round:
        """Return what happened since the last round ended, and begin another."""
        with self.changed:
            ended, self.round = self.round, Round(began=now)
            return ended

    def oldest_due(self) -> float | None:
        """Return the monotonic time at which the most overdue fetch was due; None if none is."""
        with self.changed:
            return min((turn.due for turn in (*itertools.islice(self.queue, 1), *self.running.values())), default=None)

    def stop(self) -> None:
        """Let idle threads end and wake those that wait for the rate limit."""
        with self.changed:
            self.is_stopped = True
            self.changed.notify_all()
        self.upstream.close()


class Poller:
    """Runs every fetch on its interval, for as long as the program lives."""

    def __init__(
        self,
        clock: Clock,
        died: Callable[[], None],
        *,
        is_repeating: bool = True,
    ) -> None:
        """Make a poller without sources.

        Args:
            clock: what fetches are due by.
            died: called if a thread of the poller ends by an error.
            is_repeating: whether a fetch runs again and again, or once.
        """
        self.is_repeating = is_repeating
        self._clock = clock
        self._died = died
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Turn]] = []
        # Former entries of turns that were hastened, which stay in the heap until their time comes.
        self._again: set[Turn] = set()
        self._left_behind: Counter[tuple[float, Turn]] = Counter()
        self._order = itertools.count()
        self._lanes: dict[str, Lane] = {}
        self._began = clock.monotonic()
        self._moved = self._began
        self._is_stopped = False
        self.failure: BaseException | None = None

    def add_source(
        self, source: str, upstream: Upstream, concurrency: int, round_seconds: float, turns: Iterable[Turn]
    ) -> None:
        """Poll a source, with a summary line every ``round_seconds``: each turn is due at once, then at its phase."""
        lane = Lane(source, upstream, concurrency, round_seconds, self._work)
        lane.round.began = self._clock.monotonic()
        with self._changed:
            self._lanes[source] = lane
        self.add(turns)

    def add(self, turns: Iterable[Turn]) -> None:
        """Poll more of sources that are polled already: each turn is due at once, then at its phase."""
        with self._changed:
            for turn in turns:
                self._push(turn, self._clock.monotonic())

    def hasten(self, turn: Turn) -> None:
        """Let a turn be due at once; one that is under way is due again when it ends."""
        with self._changed:
            if turn.due > self._clock.monotonic():
                self._left_behind[turn.due, turn] += 1
                self._push(turn, self._clock.monotonic())
            else:
                self._again.add(turn)

    def start(self) -> None:
        """Start polling."""
        threading.Thread(target=self._schedule, name="scheduler", daemon=True).start()

    def stop(self) -> None:
        """Stop polling: nothing new is begun, and whatever waits gives up; requests under way are left behind."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        for lane in self._lanes.values():
            lane.stop()

    def is_moving(self) -> bool:
        """Return whether the scheduler has moved within the last minute."""
        return self.failure is None and self._clock.monotonic() - self._moved < _HUNG_AFTER

    def oldest_due(self, source: str) -> float:
        """Return the Unix time at which the source's most overdue fetch was due; now if none is."""
        due = self._lanes[source].oldest_due()
        return self._clock.time() - (0.0 if due is None else max(0.0, self._clock.monotonic() - due))

    # The scheduler thread

    def _schedule(self) -> None:
        try:
            while not self._is_stopped:
                self._move()
        except BaseException as error:  # noqa: BLE001 - whatever ended it, the process must say so and end
            self.failure = error
            log.critical("the poller died", error=f"{type(error).__name__}: {error}")
            self._died()

    def _move(self) -> None:
        with self._changed:
            now = self._moved = self._clock.monotonic()
            while self._heap and self._heap[0][0] <= now:
                due, _, turn = heapq.heappop(self._heap)
                if self._left_behind[due, turn]:
                    self._left_behind[due, turn] -= 1
                else:
                    self._lanes[turn.source].put(turn)
            self._left_behind = +self._left_behind
            self._summarise(now)
            wait = min(_TICK, self._heap[0][0] - now) if self._heap else _TICK
            if not self._is_stopped:
                self._clock.wait(self._changed, wait)

    def _summarise(self, now: float) -> None:
        for lane in self._lanes.values():
            if now - lane.round.began < lane.length:
                continue
            ended = lane.end_round(now)
            due = lane.oldest_due()
            log.info(
                "round ended",
                source=lane.source,
                fetches=ended.fetches,
                failed=ended.failed,
                lag_seconds=0 if due is None else round(now - due, 1),
            )

    def _next(self, turn: Turn) -> float:
        after, first = self._clock.monotonic(), self._began + turn.phase
        if first + round((turn.due - first) / turn.interval) * turn.interval != turn.due:
            # It ran out of turn, as all do at the start. If each came again within moments, the first round would
            # ask for everything twice, and a source near its limit would lag for many rounds.
            after += turn.interval / 2
        return next_turn(after, first, turn.interval)

    def _push(self, turn: Turn, due: float) -> None:
        turn.due = due
        heapq.heappush(self._heap, (due, next(self._order), turn))
        if self._heap[0][2] is turn:
            self._changed.notify()

    # The worker threads

    def _work(self, lane: Lane) -> None:
        try:
            while lane.claim():
                with lane.upstream.admitted():
                    turn = lane.take()
                    self._again.discard(turn)
                    is_good = False
                    try:
                        is_good = turn.run(lane.upstream)
                    finally:
                        lane.finish(is_good=is_good)
                if self.is_repeating and not turn.is_over():
                    with self._changed:
                        self._push(turn, self._clock.monotonic() if turn in self._again else self._next(turn))
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - a thread that ends in silence would leave its queue to no one
            self.failure = error
            log.critical("a worker died", source=lane.source, error=f"{type(error).__name__}: {error}")
            self._died()


def next_turn(now: float, first: float, interval: float) -> float:
    """Return the next moment after ``now`` that is a whole number of intervals from ``first``.

    A fetch that ran late does not shift its later ones: those that it missed are skipped.
    """
    turns = (now - first) // interval + 1
    due = first + turns * interval
    # The division may round down to the turn that has just been.
    return due if due > now else first + (turns + 1) * interval
