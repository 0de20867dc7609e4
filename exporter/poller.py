"""The poll: when each fetch runs, and on which thread.

One scheduler thread keeps every fetch by the second in which it is due, and hands what is due to the queue of its
source. There may be hundreds of thousands, so what waits for a second to come is a plain list, and the seconds alone
are kept in order.
Each source has worker threads of its own, so that no source ever waits for another. A worker first waits until
the source's rate limit lets a request through and only then takes the longest due fetch.
"""

import heapq
import itertools
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

import structlog

from exporter.clock import Clock
from exporter.errors import Stopped
from exporter.lane import Lane, Turn
from exporter.upstream import Upstream

log = structlog.get_logger(__name__)

# The scheduler moves at least this often, so that standing still shows.
_TICK = 1.0
_HUNG_AFTER = 60.0
# Even on a busy machine it is never so late.
_STANDS_AFTER = 5.0


class Poller:
    """Runs every fetch on its interval, for as long as the program lives.

    Attributes:
        is_repeating: whether a fetch runs again and again, or once.
        failure: what ended a thread of the poller, so that the program has to end; None while all live.
    """

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
            is_repeating: as the attribute.
        """
        self.is_repeating = is_repeating
        self._clock = clock
        self._died = died
        self._changed = threading.Condition()
        # Turns, by a moment at which the first of them is due at the earliest; and those of whole seconds to come.
        self._heap: list[tuple[float, int, list[Turn]]] = []
        self._seconds: dict[int, list[Turn]] = {}
        self._again: set[Turn] = set()
        self._order = itertools.count()
        self._lanes: dict[str, Lane] = {}
        self._began = clock.monotonic()
        self._moved = self._began
        self._is_stopped = False
        self.failure: BaseException | None = None

    def add_source(
        self, source: str, upstream: Upstream, concurrency: int, round_seconds: float, turns: Iterable[Turn]
    ) -> None:
        """Poll a source as ``add`` does, with a summary line every ``round_seconds``."""
        lane = Lane(source, upstream, concurrency, round_seconds, self._work)
        lane.round.began = self._clock.monotonic()
        with self._changed:
            self._lanes[source] = lane
        self.add(turns)

    def remove_source(self, source: str) -> None:
        """Stop polling a source at once; what it has under way comes to nothing, and a new one may have its name."""
        with self._changed:
            lane = self._lanes.pop(source)
            # Those that wait hold a whole source in memory, for as long as their interval may be.
            for _, _, turns in self._heap:
                turns[:] = [turn for turn in turns if turn.source != source]
            # Workers discard from it meanwhile.
            self._again.difference_update([turn for turn in tuple(self._again) if turn.source == source])
        lane.stop()

    def resize(self, source: str, concurrency: int) -> None:
        """Let so many fetches of a source be under way at once."""
        self._lanes[source].resize(concurrency)

    def add(self, turns: Iterable[Turn]) -> None:
        """Poll more of sources that are polled already: each turn is due at once, or later if it says so itself.

        Then it is due at its phase.
        """
        with self._changed:
            now, due = self._clock.monotonic(), list[Turn]()
            for turn in turns:
                if turn.due > now:
                    self._await(turn, now)
                else:
                    turn.due = now
                    due.append(turn)
            self._push(now, due)

    def add_later(self, turn: Turn, seconds: float) -> None:
        """Poll one more, which is due after so many seconds, and then on its interval."""
        with self._changed:
            turn.phase = self._clock.monotonic() + seconds - self._began
            turn.due = self._began + turn.phase
            self._push(turn.due, [turn])

    def resume(self, source: str) -> None:
        """Let what fell due while the circuit of a source was open be due now."""
        self.add(self._lanes[source].take_skipped())

    def hasten(self, turn: Turn) -> None:
        """Let a turn be due at once, or as it is if that is a moment away; if it is under way, again when it ends."""
        with self._changed:
            now, second = self._clock.monotonic(), self._seconds.get(math.floor(turn.due), [])
            if turn.due <= now and self._lanes[turn.source].unskip(turn):
                # It is skipped once more, and shows it for those whom it is for now.
                self._push(now, [turn])
            elif turn.due <= now:
                self._again.add(turn)
            elif turn in second:
                second.remove(turn)
                turn.due = now
                self._push(now, [turn])

    def start(self) -> None:
        """Start polling."""
        threading.Thread(target=self._schedule, name="scheduler", daemon=True).start()

    def stop(self) -> None:
        """Stop polling: nothing new is begun, and whatever waits gives up; requests under way are left behind."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.stop()

    def is_moving(self) -> bool:
        """Return whether the scheduler has moved within the last minute."""
        return self.failure is None and self._clock.monotonic() - self._moved < _HUNG_AFTER

    def ailments(self) -> Iterator[str]:
        """Yield in words what keeps it from polling, and a restart would mend; takes no lock that may be held."""
        if self.failure is not None:
            yield "a thread of the poller has died"
        elif not self.is_moving():
            yield "the poller has not moved for a minute"
        for lane in tuple(self._lanes.values()):
            if lane.upstream.is_stuck:
                yield f"a fetch of source {lane.source} is stuck"

    def oldest_due(self, source: str) -> float:
        """Return the Unix time at which the source's most overdue fetch was due; now if none is."""
        lane, now = self._lanes.get(source), self._clock.monotonic()
        due = lane.oldest_due() if lane else None
        lags = [0.0 if due is None else now - due]
        if now - self._moved > _STANDS_AFTER:
            # What falls due while the scheduler stands still is in no queue.
            lags.append(now - self._moved)
        return self._clock.time() - max(0.0, *lags)

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
            due: dict[str, list[Turn]] = {}
            for turn in sorted(self._pop(now), key=attrgetter("due")):
                due.setdefault(turn.source, []).append(turn)
            for source, turns in due.items():
                self._lanes[source].put(*turns)
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

    def _put_back(self, turn: Turn) -> None:
        now = self._clock.monotonic()
        turn.due = now if turn in self._again else self._next(turn)
        self._await(turn, now)

    def _await(self, turn: Turn, now: float) -> None:
        second = math.floor(turn.due)
        if second <= now:
            self._push(turn.due, [turn])
        elif second in self._seconds:
            self._seconds[second].append(turn)
        else:
            self._seconds[second] = [turn]
            self._push(second, self._seconds[second])

    def _push(self, moment: float, turns: list[Turn]) -> None:
        heapq.heappush(self._heap, (moment, next(self._order), turns))
        if self._heap[0][2] is turns:
            self._changed.notify()

    def _pop(self, now: float) -> Iterator[Turn]:
        """Yield what is due by now; of a second that has begun, the rest is put back, each by its own moment."""
        while self._heap and self._heap[0][0] <= now:
            moment, _, turns = heapq.heappop(self._heap)
            if self._seconds.get(math.floor(moment)) is turns:
                del self._seconds[math.floor(moment)]
            for turn in turns:
                if turn.due <= now:
                    yield turn
                else:
                    self._push(turn.due, [turn])

    # The worker threads

    def _work(self, lane: Lane) -> None:
        try:
            while lane.claim():
                with lane.upstream.admitted():
                    turn = lane.take()
                    self._again.discard(turn)
                    if lane.upstream.circuit.is_open and not turn.is_probe:
                        turn.skip(lane.upstream)
                        if not lane.skip(turn):
                            continue
                    is_good = False
                    try:
                        is_good = turn.run(lane.upstream)
                    finally:
                        lane.finish(is_good=is_good)
                with self._changed:
                    if self.is_repeating and not turn.is_over() and self._lanes.get(lane.source) is lane:
                        self._put_back(turn)
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
