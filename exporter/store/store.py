"""The store itself: commits, ageing, and what a reader is told has changed."""

import itertools
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TypeAlias

from exporter.clock import Clock
from exporter.errors import FetchError, ImpossibleSamples, Reason
from exporter.providers.base import Customer
from exporter.samples import Item, Sample
from exporter.state import ForgetfulState, Scope, State, Ticket
from exporter.store import health
from exporter.store.changes import Changes
from exporter.store.deadlines import Deadlines
from exporter.store.drafts import Coming, Draft, Layouts, changed_families, cleared, drafted, present, sound, unkept
from exporter.store.foreseen import Foreseen, by_digest
from exporter.store.keeping import coming_row, parting_rows
from exporter.store.places import Failure, Group, Layout, Notes, Place, Record, Shelf, SourceRecord
from exporter.store.restoring import Restoring

Outcome: TypeAlias = Sequence[Item] | FetchError | Reason


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to the health of one place: the reason before, and the reason now, also in words."""

    place: Place
    before: Reason | None
    after: Reason | None
    error: str


class Store:
    """Keeps what every fetch last brought, and lets it age.

    Attributes:
        lock: held while anything here is looked at or changed.
        sources: what is known of each source, by its name.
        untried: how many places have not been fetched once yet.
        changes: what is to be rendered again.
        deadlines: when what is not fetched again turns stale and leaves.
    """

    def __init__(
        self, clock: Clock, *, stale_after: float, drop_after: float, max_series: int, state: State | None = None
    ) -> None:
        """Make an empty store.

        Args:
            clock: what ages samples.
            stale_after: intervals without success after which a place is stale.
            drop_after: seconds without success after which samples leave, if that is the longer.
            max_series: how many vendor series are kept at most; further ones are left out.
            state: where a value is written before anybody sees it; None for nowhere.
        """
        self.lock = threading.RLock()
        self.sources: dict[str, SourceRecord] = {}
        self.untried = 0
        self._clock = clock
        self._max_series = max_series
        self._state: State = state or ForgetfulState()
        self._series = 0
        self._reserved = 0
        self._digests: dict[SourceRecord, dict[bytes, Record]] = {}
        self.deadlines = Deadlines(stale_after, drop_after)
        self._layouts = Layouts()
        self.changes = Changes()

    # What there is to know

    def customers(self) -> Sequence[tuple[str, str]]:
        """Return the source and the name of each customer, in the order in which they came."""
        with self.lock:
            return [(name, each) for name, source in self.sources.items() for each in source.records if each]

    def add_source(self, source: str) -> SourceRecord:
        """Return the record of a source, which may have no customers yet."""
        with self.lock:
            return self.sources.setdefault(source, SourceRecord())

    def enrol(self, source: str, names: Iterable[str], customers: Iterable[Customer] = ()) -> Sequence[Record]:
        """Return the records of customers, in this order; those who are new have no places yet.

        ``customers`` says who they are to the vendor: nothing is kept of others over a restart.
        """
        with self.lock:
            known = self.add_source(source)
            records = [known.records.get(name) or known.join(source, name) for name in names]
            for record, customer in zip(records, customers, strict=False):
                record.customer = customer
            return records

    def open(
        self,
        records: Sequence[Record],
        collector: str,
        interval: float,
        scope: Scope | None = None,
        foreseen: Foreseen | None = None,
    ) -> None:
        """Make a place for a collector of each of these customers.

        Its clock runs from now, and it shows nothing yet, unless something was kept of it, ``foreseen`` or not.

        Raises:
            CorruptState: what was kept can't be trusted.
        """
        with self.lock:
            now = self._clock.monotonic()
            self.untried += len(records)
            for group, members in itertools.groupby(records, attrgetter("group")):
                known = self.add_source(group.source)
                known.shortest_interval = min(known.shortest_interval, interval)
                shelf = group.shelf(collector, interval)
                shelf.scope = scope
                for record in members:
                    shelf.since[record.row] = now
                self.deadlines.look_at(shelf, self.deadlines.of(shelf, now)[0])
                self.changes.mark(group, (health.STALE,))
            if scope is not None and records and not self._state.is_empty:
                self._restore(records, (collector, interval), scope, foreseen)

    def describe(self, source: str, described: Iterable[tuple[str, Sequence[Sample]]]) -> None:
        """Show samples of customers that come from the configuration; they neither age nor count as fetched."""
        with self.lock:
            known = self.add_source(source)
            pairs = [(known.records.get(name) or known.join(source, name), samples) for name, samples in described]
            alike: dict[int, Draft] = {}
            for group, members in itertools.groupby(pairs, lambda pair: pair[0].group):
                self._describe(group, list(members), alike)

    def remove(self, source: str, customer: str) -> None:
        """Forget a customer with all its series and health; a fetch of it that still runs changes nothing."""
        with self.lock:
            self._digests.clear()
            known = self.sources[source]
            record = known.records.pop(customer)
            group = record.group
            if not self._state.is_lasting:
                self._state.part(parting_rows(record, self._clock.time() - self._clock.monotonic()))
            for place in record.places:
                self._show(place.shelf, record.row, Draft())
                self.untried -= bool(place.collector) and place.up is None
            self.changes.mark(group, health.FAMILIES)
            group.leave(record)
            if group not in known.roomy:
                known.roomy.append(group)

    def remove_source(self, source: str) -> None:
        """Forget a source with all its customers, as a restart would; whatever still runs for them changes nothing."""
        with self.lock:
            known, nowhere = self.sources.pop(source), Group(source)
            self._digests.pop(known, None)
            self._series -= known.series
            self.deadlines.forget(source)
            for group in known.groups:
                self.untried -= group.untried
                self.changes.mark(group, {*health.FAMILIES, *group.dissolve(nowhere)})
            known.clear()

    def tune(self, *, stale_after: float, drop_after: float, max_series: int) -> None:
        """Let other settings count from now on; who is no longer stale by them, or is now, shows it at once."""
        with self.lock:
            now, self._max_series = self._clock.monotonic(), max_series
            groups = self.groups if self.deadlines.tune(stale_after, drop_after) else ()
            for shelf in (shelf for group in groups for shelf in group.shelves.values() if shelf.collector):
                self._age(shelf, now)

    # What fetches bring

    def commit(self, outcomes: Iterable[tuple[Place, Outcome]], began: float, ended: float) -> list[Change]:
        """Take what one fetch brought for each of its places, all in one step.

        Args:
            outcomes: the samples, which replace the earlier ones as a whole, or why there are none.
            began: Unix time at which the fetch began.
            ended: Unix time at which the fetch ended.

        Returns:
            The change of health of each place that is still configured.
        """
        with self.lock:
            self._digests.clear()
            coming = [self._coming(place, outcome) for place, outcome in outcomes if not place.is_gone]
            ticket = self._keep(coming, began, ended)
            if ticket is None:
                return self._take(coming, began, ended)
        is_kept = ticket.wait()
        with self.lock:
            return self._take(coming, began, ended, is_kept=is_kept)

    def skip(self, places: Iterable[Place], error: FetchError) -> None:
        """Show that fetches are due and can't be made; nothing else changes, and none has been attempted."""
        with self.lock:
            for place in places:
                if place.is_gone:
                    continue
                shelf, row = place.shelf, place.record.row
                self.untried -= place.up is None
                shelf.reasons[row], shelf.errors[row] = error.reason, sys.intern(str(error))
                self.changes.mark(shelf.group, (health.UP, health.FAILING))

    def _coming(self, place: Place, outcome: Outcome) -> Coming:
        """Return what a fetch is to change, with room reserved for its series."""
        before = present(place.shelf, place.record.row)
        if isinstance(outcome, Reason | FetchError):
            reason = outcome if isinstance(outcome, Reason) else outcome.reason
            return Coming(place, before, reason, str(outcome), 0)
        samples, left_out = self._sound(before.layout, outcome)
        try:
            draft = drafted(before, samples, left_out, self._layouts)
        except ImpossibleSamples as error:
            return Coming(place, before, Reason.INTERNAL, str(error), 0)
        reserved = max(0, draft.size - before.size)
        self._reserved += reserved
        return Coming(place, draft, None, "", reserved)

    def _keep(self, coming: Iterable[Coming], began: float, ended: float) -> Ticket | None:
        """Begin to write what fetches brought; None if nothing of it is ever kept."""
        if not self._state.is_lasting:
            return None
        lead = self._clock.time() - self._clock.monotonic()
        rows = [coming_row(scope, each, began, ended, lead) for each in coming if (scope := each.place.shelf.scope)]
        # In here, under the lock: what belongs to a customer who leaves is never written after it came back.
        return self._state.write(rows) if rows else None

    def _take(self, coming: Iterable[Coming], began: float, ended: float, *, is_kept: bool = True) -> list[Change]:
        changes = []
        for each in coming:
            self._reserved -= each.reserved
            if not each.place.is_gone:
                changes.append(self._commit(each, began, ended, is_kept=is_kept))
        return changes

    def _commit(self, coming: Coming, began: float, ended: float, *, is_kept: bool) -> Change:
        place, reason, error = coming.place, coming.reason, coming.error
        shelf, row = place.shelf, place.record.row
        before = (place.up, shelf.is_stale[row], shelf.reasons[row])
        if reason is None:
            self._succeed(shelf, row, ended)
            known = present(shelf, row)
            self._show(shelf, row, coming.draft if is_kept else unkept(coming.draft, known, self._layouts))
        else:
            failure = Failure(ended, place.record.name, shelf.collector, reason, error)
            self.sources[shelf.group.source].last_failure = failure
        shelf.reasons[row] = reason
        # One text for all that fail alike: in an outage, those are all.
        shelf.errors[row] = sys.intern(error)
        shelf.last_attempt[row] = began
        self.untried -= before[0] is None
        after = (reason is None, shelf.is_stale[row], reason)
        families = (health.UP, health.STALE, health.FAILING)
        changed = (family for family, old, new in zip(families, before, after, strict=True) if old != new)
        self.changes.mark(shelf.group, (health.LAST_ATTEMPT, *changed))
        return Change(place, before[-1], reason, error)

    def _succeed(self, shelf: Shelf, row: int, ended: float) -> None:
        now = self._clock.monotonic()
        shelf.last_success[row] = ended
        shelf.since[row] = self.sources[shelf.group.source].last_success = now
        shelf.is_stale[row] = False
        self.deadlines.look_at(shelf, self.deadlines.of(shelf, now)[0])
        self.changes.mark(shelf.group, (health.LAST_SUCCESS,))

    # What was kept

    def _restore(
        self, records: Sequence[Record], key: tuple[str, float], scope: Scope, foreseen: Foreseen | None
    ) -> None:
        known = self.add_source(records[0].group.source)
        room = self._max_series - self._series - self._reserved
        restoring = Restoring(
            scope, known, key[1], room, layouts=self._layouts, deadlines=self.deadlines, clock=self._clock
        )
        pairs, others = foreseen.of(scope, records) if foreseen else ((), records)
        restoring.put(pairs, key)
        if others:
            restoring.put(self._state.rows(scope, by_digest(known, others, self._digests)), key)
        known.series += restoring.series
        self._series += restoring.series
        self.untried -= restoring.known
        for group, families in restoring.changed.items():
            self.changes.mark(group, (*families, *health.FAMILIES))

    # What a scrape needs

    def advance(self) -> None:
        """Let time act: what is due to turn stale or to leave by now does so."""
        with self.lock:
            now = self._clock.monotonic()
            for shelf in self.deadlines.due(now):
                self._age(shelf, now)

    @property
    def groups(self) -> list[Group]:
        """Every group, in the order in which sources and customers were added."""
        return [group for source in self.sources.values() for group in source.groups]

    def is_source_up(self, source: str) -> bool:
        """Return whether any fetch of the source succeeded within 3 times its shortest interval."""
        known = self.sources.get(source)
        if known is None or known.last_success is None:
            return False
        return self._clock.monotonic() - known.last_success <= 3 * known.shortest_interval

    @property
    def failing(self) -> int:
        """How many places had their last fetch fail."""
        with self.lock:
            shelves = (shelf for group in self.groups for shelf in group.shelves.values())
            return sum(len(shelf.reasons) - shelf.reasons.count(None) for shelf in shelves)

    # Ageing

    def _age(self, shelf: Shelf, now: float) -> None:
        """Let the places of a shelf turn stale, and their samples leave, that are due to; look again at the next."""
        stale_after, drop_after = self.deadlines.of(shelf, 0)
        following = inf
        for row, since in enumerate(shelf.since):
            if not shelf.has(row):
                continue
            if shelf.is_stale[row] != (since + stale_after <= now):
                shelf.is_stale[row] = not shelf.is_stale[row]
                self.changes.mark(shelf.group, (health.STALE,))
            if not shelf.is_stale[row]:
                following = min(following, since + stale_after)
            elif since + drop_after > now:
                following = min(following, since + drop_after)
            elif shelf.layouts[row] is not None:
                self._show(shelf, row, cleared(present(shelf, row)))
        if following < inf:
            self.deadlines.look_at(shelf, following)

    # Showing samples

    def _describe(
        self, group: Group, described: list[tuple[Record, Sequence[Sample]]], alike: dict[int, Draft]
    ) -> None:
        """Show what the configuration says of customers; of a hundred thousand, most are to show the very same."""
        shelf, now, new = group.shelf("", 0), self._clock.monotonic(), list[Layout]()
        is_roomy = self._series + self._reserved + sum(len(samples) for _, samples in described) <= self._max_series
        for record, samples in described:
            row, known = record.row, alike.get(id(samples))
            is_new = is_roomy and shelf.layouts[row] is None and row not in shelf.notes
            shelf.since[row] = now
            if is_new and known and known.layout:
                shelf.layouts[row], shelf.values[row] = known.layout, known.values
                new.append(known.layout)
                continue
            draft = drafted(present(shelf, row), *self._sound(shelf.layouts[row], samples), self._layouts)
            self._show(shelf, row, draft)
            if is_new and not draft.notes:
                alike[id(samples)] = draft
        self._grow(group, sum(len(layout.keys) for layout in new))
        for layout in set(new):
            self.changes.mark(group, layout.parts)

    def _sound(self, layout: Layout | None, items: Sequence[Item]) -> tuple[Sequence[Sample], Mapping[str, int]]:
        known = layout.keys if layout else ()
        return sound(known, items, self._max_series - self._series - self._reserved + len(known))

    def _show(self, shelf: Shelf, row: int, draft: Draft) -> None:
        """Let a place show what was worked out for it; families of which nothing changed need not be rendered again."""
        old, new = shelf.layouts[row], draft.layout
        if new is not old:
            self._grow(shelf.group, (len(new.keys) if new else 0) - (len(old.keys) if old else 0))
            self.changes.mark(shelf.group, itertools.chain(old.parts if old else (), new.parts if new else ()))
        elif new is not None and draft.values != shelf.values[row]:
            self.changes.mark(shelf.group, changed_families(new, shelf.values[row], draft.values))
        shelf.layouts[row] = new
        shelf.values[row] = draft.values
        if draft.notes is not None or row in shelf.notes:
            self._note(shelf, row, draft.notes)

    def _grow(self, group: Group, series: int) -> None:
        self.sources[group.source].series += series
        self._series += series

    def _note(self, shelf: Shelf, row: int, new: Notes | None) -> None:
        old, now = shelf.notes.pop(row, None) or Notes(), new or Notes()
        if new is not None:
            shelf.notes[row] = new
        # What is held shows for as long as its series does.
        if old.held or now.held:
            self.changes.mark(shelf.group, (health.HELD,))
        if old.corrections != now.corrections:
            self.changes.mark(shelf.group, (health.CORRECTIONS,))
        if old.left_out != now.left_out:
            total = self.sources[shelf.group.source].left_out
            total.subtract(old.left_out)
            total.update(now.left_out)
