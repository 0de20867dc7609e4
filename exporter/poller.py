"""The poll: when each fetch runs, on which thread, and what becomes of it.

One scheduler thread keeps every fetch in a heap by due time and hands what is due to the queue of its source.
Each source has worker threads of its own, so that no source ever waits for another. A worker first waits until
the source's rate limit lets a request through and only then takes the longest due fetch.
"""

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from exporter.clock import Clock
from exporter.errors import ClientRefused, FetchError, NotFound, Reason, Stopped
from exporter.instruments import Instruments
from exporter.providers.base import AnyCollector, BatchCollector, Customer, SourceCollector
from exporter.store import Change, Outcome, Place, Store
from exporter.upstream import Upstream

log = structlog.get_logger(__name__)

# The scheduler moves at least this often, so that standing still shows.
_TICK = 1.0
_HUNG_AFTER = 60.0


@dataclass(slots=True, eq=False)
class Fetch:
    """One collector asking a vendor once, for one or more customers, again and again.

    Attributes:
        source: the value of the label ``source``.
        collector: what asks.
        customers: for whom it asks.
        places: where the store keeps what it brings, a place for each customer.
        phase: seconds between the poller's start, or any whole number of intervals later, and its turn.
        due: monotonic time of its next turn.
    """

    source: str
    collector: AnyCollector
    customers: tuple[Customer, ...]
    places: tuple[Place, ...]
    phase: float
    due: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds between two turns."""
        return self.collector.settings.interval

    def is_over(self) -> bool:
        """Return whether all its customers have left the configuration."""
        return all(place.is_gone for place in self.places)


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
    queue: deque[Fetch] = field(default_factory=deque)
    running: dict[int, Fetch] = field(default_factory=dict)
    round: Round = field(default_factory=Round)
    claims: int = 0
    idle: int = 0
    threads: int = 0
    is_stopped: bool = False

    def put(self, fetch: Fetch) -> None:
        """Queue a fetch that is due; start a further thread if all are busy and one more is allowed."""
        with self.changed:
            self.queue.append(fetch)
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

    def take(self) -> Fetch:
        """Return the longest due fetch, to a thread that has claimed one."""
        with self.changed:
            self.claims -= 1
            fetch = self.running[threading.get_ident()] = self.queue.popleft()
            return fetch

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
            return min(
                (fetch.due for fetch in (*itertools.islice(self.queue, 1), *self.running.values())), default=None
            )

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
        store: Store,
        instruments: Instruments,
        died: Callable[[], None],
        *,
        is_repeating: bool = True,
    ) -> None:
        """Make a poller without sources.

        Args:
            clock: what fetches are due by.
            store: where what they bring is committed.
            instruments: where they are counted.
            died: called if a thread of the poller ends by an error.
            is_repeating: whether a fetch runs again and again, or once.
        """
        self._is_repeating = is_repeating
        self._clock = clock
        self._store = store
        self._instruments = instruments
        self._died = died
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Fetch]] = []
        self._order = itertools.count()
        self._lanes: dict[str, Lane] = {}
        self._began = clock.monotonic()
        self._moved = self._began
        self._is_stopped = False
        self.failure: BaseException | None = None

    def add_source(self, source: str, upstream: Upstream, concurrency: int, fetches: Sequence[Fetch]) -> None:
        """Poll a source: every fetch is due at once, and from then on at its phase."""
        shortest = min(fetch.interval for fetch in fetches)
        now = self._clock.monotonic()
        lane = Lane(source, upstream, concurrency, shortest, self._work)
        lane.round.began = now
        self._lanes[source] = lane
        with self._changed:
            for fetch in fetches:
                fetch.due = now
                heapq.heappush(self._heap, (now, next(self._order), fetch))
            self._changed.notify()

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
                _, _, fetch = heapq.heappop(self._heap)
                self._lanes[fetch.source].put(fetch)
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

    def _repeat(self, fetch: Fetch) -> None:
        fetch.due = next_turn(self._clock.monotonic(), self._began + fetch.phase, fetch.interval)
        with self._changed:
            heapq.heappush(self._heap, (fetch.due, next(self._order), fetch))
            if self._heap[0][2] is fetch:
                self._changed.notify()

    # The worker threads

    def _work(self, lane: Lane) -> None:
        try:
            while lane.claim():
                with lane.upstream.admitted():
                    fetch = lane.take()
                    is_good = False
                    try:
                        is_good = self._run(fetch, lane.upstream)
                    finally:
                        lane.finish(is_good=is_good)
                if self._is_repeating and not fetch.is_over():
                    self._repeat(fetch)
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - a thread that ends in silence would leave its queue to no one
            self.failure = error
            log.critical("a worker died", source=lane.source, error=f"{type(error).__name__}: {error}")
            self._died()

    def _run(self, fetch: Fetch, upstream: Upstream) -> bool:
        if fetch.is_over():
            return True
        began, began_at = self._clock.time(), self._clock.monotonic()
        outcomes = self._outcomes(fetch)
        if isinstance(outcomes, ClientRefused | NotFound) and len(fetch.customers) > 1:
            # One customer can spoil a batch, so each is asked alone.
            self._count(fetch, began_at, [outcomes.reason])
            results = [self._run_alone(alone, upstream) for alone in _each(fetch)]
            return all(results)
        if isinstance(outcomes, FetchError | Reason):
            outcomes = [outcomes] * len(fetch.places)
        changes = self._store.commit(zip(fetch.places, outcomes, strict=True), began, self._clock.time())
        failures = [change.after for change in changes if change.after is not None]
        self._count(fetch, began_at, failures)
        self._log(fetch, changes)
        return not failures

    def _run_alone(self, fetch: Fetch, upstream: Upstream) -> bool:
        # Waits its turn like any fetch, however slow the limit is.
        with upstream.admitted():
            return self._run(fetch, upstream)

    def _outcomes(self, fetch: Fetch) -> list[Outcome] | FetchError | Reason:
        """Return what each customer's samples are, or why there are none; or why the whole fetch failed."""
        try:
            return _ask(fetch.collector, fetch.customers)
        except FetchError as error:
            return error
        except Stopped:
            raise
        except Exception as error:
            # Nothing that a vendor sends should get here; the traceback is for whoever mends it, once is enough.
            if any(place.reason is not Reason.INTERNAL for place in fetch.places):
                name = fetch.collector.name
                log.exception("internal error in a fetch", collector=name, error=type(error).__name__)
            return Reason.INTERNAL

    def _count(self, fetch: Fetch, began_at: float, reasons: Iterable[Reason]) -> None:
        seconds = self._clock.monotonic() - began_at
        self._instruments.fetched(fetch.source, fetch.collector.name, seconds, sorted(set(reasons)))

    def _log(self, fetch: Fetch, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.before == change.after:
                continue
            event = {"source": fetch.source, "customer": change.place.record.name, "collector": fetch.collector.name}
            if change.after is None:
                log.info("fetch recovered", **event)
            else:
                log.warning("fetch failed", **event, reason=change.after.value, error=change.place.last_error)


def next_turn(now: float, first: float, interval: float) -> float:
    """Return the next moment after ``now`` that is a whole number of intervals from ``first``.

    A fetch that ran late does not shift its later ones: those that it missed are skipped.
    """
    turns = (now - first) // interval + 1
    due = first + turns * interval
    # The division may round down to the turn that has just been.
    return due if due > now else first + (turns + 1) * interval


def _ask(collector: AnyCollector, customers: Sequence[Customer]) -> list[Outcome]:
    if isinstance(collector, BatchCollector):
        answers = collector.fetch_batch(customers)
        return [_whole(answers[customer]) for customer in customers]
    if isinstance(collector, SourceCollector):
        return [_whole(collector.fetch_source())]
    return [_whole(collector.fetch(customers[0]))]


def _whole(answer: Outcome | Iterable[object]) -> Outcome:
    return answer if isinstance(answer, FetchError | Reason) else tuple(answer)  # type: ignore[arg-type]


def _each(fetch: Fetch) -> Iterable[Fetch]:
    for customer, place in zip(fetch.customers, fetch.places, strict=True):
        yield Fetch(fetch.source, fetch.collector, (customer,), (place,), fetch.phase, fetch.due)
