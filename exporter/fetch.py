"""A fetch: one collector asking a vendor once, and what becomes of the answer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import structlog

from exporter.clock import Clock
from exporter.config import Secret, secrets_of
from exporter.errors import CircuitOpen, FetchError, Reason, Stopped, may_be_of_one
from exporter.instruments import Instruments
from exporter.providers.base import AnyCollector, BatchCollector, Customer, CustomerCollector
from exporter.samples import LeftOut, Sample
from exporter.state import ForgetfulState, State
from exporter.store import Change, Outcome, Place, Record, Store
from exporter.upstream import Circuit, Upstream

log = structlog.get_logger(__name__)

_Way: TypeAlias = Callable[[Any, Sequence[Customer]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where fetches hand in what they bring: the store, the counters, what outlives both, and the clock they go by."""

    clock: Clock
    store: Store
    instruments: Instruments
    state: State = field(default_factory=ForgetfulState)


@dataclass(slots=True, eq=False)
class Task:
    """What all fetches of one collector of a source have in common; the collector may be replaced by one like it.

    Attributes:
        source: the value of the label ``source``.
        collector: what asks.
        desk: where it hands in what it brings.
        known: how many customers the source has, and how many of them are asked with its credentials.
        secrets: those of the source, which the vendor knows, and which are shown nowhere, whatever it sends.
        ask: asks the collector for customers, and gives what became of each; it is the same for all that are alike.
    """

    source: str
    collector: AnyCollector
    desk: Desk
    known: Callable[[], tuple[int, int]]
    secrets: Sequence[Secret] = ()
    ask: _Way = field(init=False)

    def __post_init__(self) -> None:
        """Find out how it is asked, once: to ask a protocol takes as long as to store what was fetched."""
        self.ask = _way_to_ask(self.collector)


# Not frozen, for the same reason as a customer.
@dataclass(slots=True, eq=False)
class Member:
    """One that fetches ask for, the same for all collectors; no customer stands for the source itself.

    Attributes:
        customer: for whom the vendor is asked.
        record: where the store keeps what comes back.
    """

    customer: Customer | None
    record: Record


@dataclass(slots=True, eq=False)
class Fetch:
    """One collector asking a vendor for one or more customers, again and again; a ``Turn`` of the poller.

    There may be hundreds of thousands, so each has only what it shares with no other.

    Attributes:
        task: what asks, and where it hands in what it brings.
        members: for whom it asks; may be replaced while a run is under way, which it does not disturb.
        phase: seconds between the poller's start, or any whole number of intervals later, and its turn.
        due: monotonic time of its next turn.
    """

    is_probe: ClassVar[bool] = False
    task: Task
    members: tuple[Member, ...]
    phase: float = 0.0
    due: float = 0.0

    @property
    def source(self) -> str:
        """The value of the label ``source``."""
        return self.task.source

    @property
    def collector(self) -> AnyCollector:
        """What asks."""
        return self.task.collector

    @property
    def interval(self) -> float:
        """Seconds between two turns."""
        return self.collector.settings.interval

    @property
    def present(self) -> tuple[Member, ...]:
        """Its members but for those that have left."""
        return tuple(member for member in self.members if not member.record.is_gone)

    def is_over(self) -> bool:
        """Return whether all its members have left."""
        return all(member.record.is_gone for member in self.members)

    def place(self, member: Member) -> Place:
        """Return where the store keeps what it brings for a member."""
        return member.record.place(self.collector.name, self.interval)

    def skip(self, upstream: Upstream) -> None:
        """Show that it is due and not run, for the reason that opened the circuit; it counts as no fetch."""
        if reason := upstream.circuit.reason:
            self._skip(self.present, reason)

    def run(self, upstream: Upstream) -> bool:
        """Ask the vendor and hand in what it brought; return whether nothing failed.

        Raises:
            Stopped: the program is stopping; nothing was handed in.
        """
        members = self.present
        return not members or self._run(members, upstream)

    def _run(self, members: Sequence[Member], upstream: Upstream) -> bool:
        clock, store = self.task.desk.clock, self.task.desk.store
        began, began_at, renewals = clock.time(), clock.monotonic(), upstream.circuit.renewals
        outcomes = self._outcomes(members)
        if may_be_of_one(outcomes) and len(members) > 1:
            # One customer can spoil a batch, so each is asked alone.
            self._count(began_at, [outcomes.reason])
            upstream.circuit.fetched([outcomes.reason], self._names(members), *self.task.known())
            results = [self._run_alone(member, upstream) for member in members if not member.record.is_gone]
            return all(results)
        if isinstance(outcomes, FetchError | Reason):
            outcomes = [outcomes] * len(members)
        places = map(self.place, members)
        changes = store.commit(zip(places, outcomes, strict=True), began, clock.time())
        failures = [change.after for change in changes if change.after is not None]
        self._count(began_at, failures)
        if renewals == upstream.circuit.renewals:
            # Else the old credentials may have been refused, which says nothing of the new ones.
            self._judge(members, changes, upstream.circuit)
        self._log(changes)
        return not failures

    def _run_alone(self, member: Member, upstream: Upstream) -> bool:
        # Waits its turn like any fetch, however slow the limit is, and as any it is none while the circuit is open.
        with upstream.admitted():
            reason = upstream.circuit.reason
            if reason is None:
                return self._run([member], upstream)
            self._skip([member], reason)
            return False

    def _skip(self, members: Sequence[Member], reason: Reason) -> None:
        self.task.desk.store.skip(map(self.place, members), CircuitOpen(reason))

    def _outcomes(self, members: Sequence[Member]) -> list[Outcome] | FetchError | Reason:
        """Return what each customer's samples are, or why there are none; or why the whole fetch failed."""
        try:
            customers = [member.customer for member in members if member.customer]
            outcomes = self.task.ask(self.collector, customers)
            secrets = [*self.task.secrets, *(each for customer in customers for each in secrets_of(customer.settings))]
            return [_without(secrets, outcome) for outcome in outcomes]
        except FetchError as error:
            return error
        except Stopped:
            raise
        except Exception as error:
            # Nothing that a vendor sends should get here; the traceback is for whoever mends it, once is enough.
            if any(self.place(member).reason is not Reason.INTERNAL for member in members):
                log.exception("internal error in a fetch", collector=self.collector.name, error=type(error).__name__)
            return Reason.INTERNAL

    def _count(self, began_at: float, reasons: Iterable[Reason]) -> None:
        seconds = self.task.desk.clock.monotonic() - began_at
        self.task.desk.instruments.fetched(self.source, self.collector.name, seconds, sorted(set(reasons)))

    def _judge(self, members: Sequence[Member], changes: Sequence[Change], circuit: Circuit) -> None:
        """Tell the circuit how it went; of customers who have left meanwhile, nothing is known."""
        if changes:
            outcomes = [change.after for change in changes]
            is_own = any(member.customer and has_own_credentials(member.customer) for member in members)
            circuit.fetched(outcomes, self._names(members), *self.task.known(), is_own=is_own)

    def _names(self, members: Sequence[Member]) -> Sequence[str]:
        return [member.record.name for member in members if member.customer]

    def _log(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.before == change.after:
                continue
            event = {"source": self.source, "customer": change.place.record.name, "collector": self.collector.name}
            if change.after is None:
                log.info("fetch recovered", **event)
            else:
                log.warning("fetch failed", **event, reason=change.after.value, error=change.error)


def _without(secrets: Sequence[Secret], outcome: Outcome) -> Outcome:
    """Return an outcome without the samples that would show a secret in a label; they are counted."""
    if isinstance(outcome, FetchError | Reason):
        return outcome
    labelled = [item for item in outcome if isinstance(item, Sample) and item.labels]
    telling = {id(item) for item in labelled if any(each.is_told_by(text) for text in item.labels for each in secrets)}
    if not telling:
        return outcome
    return [*(item for item in outcome if id(item) not in telling), LeftOut("label_value", len(telling))]


def _ask_one(collector: Any, customers: Sequence[Customer]) -> list[Outcome]:
    return [_whole(collector.fetch(customers[0]))]


def _ask_several(collector: Any, customers: Sequence[Customer]) -> list[Outcome]:
    answers = collector.fetch_batch(customers)
    return [_whole(answers[customer]) for customer in customers]


def _ask_source(collector: Any, _: Sequence[Customer]) -> list[Outcome]:
    return [_whole(collector.fetch_source())]


def batch_size(collector: AnyCollector) -> int:
    """Return how many customers share a fetch."""
    return collector.batch_size if isinstance(collector, BatchCollector) else 1


def has_own_credentials(customer: Customer) -> bool:
    """Return whether a customer is asked for with credentials of its own, and not with the source's."""
    return bool(secrets_of(customer.settings))


def _way_to_ask(collector: AnyCollector) -> _Way:
    if isinstance(collector, CustomerCollector):
        return _ask_one
    return _ask_several if isinstance(collector, BatchCollector) else _ask_source


def _whole(answer: Outcome | Iterable[object]) -> Outcome:
    # A collector may be a generator, and what goes wrong in it is the fetch's own failure.
    return answer if isinstance(answer, FetchError | Reason) else tuple(answer)  # type: ignore[arg-type]  # items, by the protocols
