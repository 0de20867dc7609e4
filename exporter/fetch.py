"""A fetch: one collector asking a vendor once, and what becomes of the answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from exporter.clock import Clock
from exporter.errors import ClientRefused, FetchError, NotFound, Reason, Stopped
from exporter.instruments import Instruments
from exporter.providers.base import AnyCollector, BatchCollector, Customer, SourceCollector
from exporter.store import Change, Outcome, Place, Store
from exporter.upstream import Upstream

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where fetches hand in what they bring: the store, the counters, and the clock by which both go."""

    clock: Clock
    store: Store
    instruments: Instruments


@dataclass(frozen=True, slots=True)
class Member:
    """One that a fetch asks for; no customer stands for the source itself.

    Attributes:
        customer: for whom the vendor is asked.
        place: where the store keeps what comes back.
    """

    customer: Customer | None
    place: Place


@dataclass(slots=True, eq=False)
class Fetch:
    """One collector asking a vendor for one or more customers, again and again; a ``Turn`` of the poller.

    Attributes:
        source: the value of the label ``source``.
        collector: what asks.
        members: for whom it asks; may be replaced while a run is under way, which it does not disturb.
        desk: where it hands in what it brings.
        phase: seconds between the poller's start, or any whole number of intervals later, and its turn.
        due: monotonic time of its next turn.
    """

    source: str
    collector: AnyCollector
    members: tuple[Member, ...]
    desk: Desk
    phase: float = 0.0
    due: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds between two turns."""
        return self.collector.settings.interval

    @property
    def present(self) -> tuple[Member, ...]:
        """Its members but for those that have left."""
        return tuple(member for member in self.members if not member.place.is_gone)

    def is_over(self) -> bool:
        """Return whether all its members have left."""
        return not self.present

    def run(self, upstream: Upstream) -> bool:
        """Ask the vendor and hand in what it brought; return whether nothing failed.

        Raises:
            Stopped: the program is stopping; nothing was handed in.
        """
        members = self.present
        return not members or self._run(members, upstream)

    def _run(self, members: Sequence[Member], upstream: Upstream) -> bool:
        clock = self.desk.clock
        began, began_at = clock.time(), clock.monotonic()
        outcomes = self._outcomes(members)
        if isinstance(outcomes, ClientRefused | NotFound) and len(members) > 1:
            # One customer can spoil a batch, so each is asked alone.
            self._count(began_at, [outcomes.reason])
            results = [self._run_admitted([member], upstream) for member in members if not member.place.is_gone]
            return all(results)
        if isinstance(outcomes, FetchError | Reason):
            outcomes = [outcomes] * len(members)
        places = (member.place for member in members)
        changes = self.desk.store.commit(zip(places, outcomes, strict=True), began, clock.time())
        failures = [change.after for change in changes if change.after is not None]
        self._count(began_at, failures)
        self._log(changes)
        return not failures

    def _run_admitted(self, members: Sequence[Member], upstream: Upstream) -> bool:
        # Waits its turn like any fetch, however slow the limit is.
        with upstream.admitted():
            return self._run(members, upstream)

    def _outcomes(self, members: Sequence[Member]) -> list[Outcome] | FetchError | Reason:
        """Return what each customer's samples are, or why there are none; or why the whole fetch failed."""
        try:
            return _ask(self.collector, [member.customer for member in members if member.customer])
        except FetchError as error:
            return error
        except Stopped:
            raise
        except Exception as error:
            # Nothing that a vendor sends should get here; the traceback is for whoever mends it, once is enough.
            if any(member.place.reason is not Reason.INTERNAL for member in members):
                log.exception("internal error in a fetch", collector=self.collector.name, error=type(error).__name__)
            return Reason.INTERNAL

    def _count(self, began_at: float, reasons: Iterable[Reason]) -> None:
        seconds = self.desk.clock.monotonic() - began_at
        self.desk.instruments.fetched(self.source, self.collector.name, seconds, sorted(set(reasons)))

    def _log(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.before == change.after:
                continue
            event = {"source": self.source, "customer": change.place.record.name, "collector": self.collector.name}
            if change.after is None:
                log.info("fetch recovered", **event)
            else:
                log.warning("fetch failed", **event, reason=change.after.value, error=change.error)


def _ask(collector: AnyCollector, customers: Sequence[Customer]) -> list[Outcome]:
    if isinstance(collector, BatchCollector):
        answers = collector.fetch_batch(customers)
        return [_whole(answers[customer]) for customer in customers]
    if isinstance(collector, SourceCollector):
        return [_whole(collector.fetch_source())]
    return [_whole(collector.fetch(customers[0]))]


def _whole(answer: Outcome | Iterable[object]) -> Outcome:
    # A collector may be a generator, and what goes wrong in it is the fetch's own failure.
    return answer if isinstance(answer, FetchError | Reason) else tuple(answer)  # type: ignore[arg-type]  # items, by the protocols
