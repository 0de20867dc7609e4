"""The store itself: commits, ageing, and what a reader is told has changed."""

import heapq
import itertools
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from weakref import WeakValueDictionary

from exporter.clock import Clock
from exporter.errors import FetchError, ImpossibleSamples, Reason
from exporter.samples import Family, Item, Kind, LeftOut, Sample
from exporter.store import health
from exporter.store.places import Failure, Group, Layout, Notes, Place, Record, Series, Shelf, SourceRecord

Outcome: TypeAlias = Sequence[Item] | FetchError | Reason


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to the health of one place: the reason before, and the reason now, also in words."""

    place: Place
    before: Reason | None
    after: Reason | None
    error: str


class Store:
    """Keeps what every fetch last brought, and lets it age."""

    def __init__(self, clock: Clock, *, stale_after: float, drop_after: float, max_series: int) -> None:
        """Make an empty store; ``untried`` will be how many places have not been fetched once yet.

        ``moves`` will be another number whenever places have come or gone.

        Args:
            clock: what ages samples.
            stale_after: intervals without success after which a place is stale.
            drop_after: seconds without success after which samples leave, if that is the longer.
            max_series: how many vendor series are kept at most; further ones are left out.
        """
        self.lock = threading.RLock()
        self.sources: dict[str, SourceRecord] = {}
        self.untried = 0
        self.moves = 0
        self._clock = clock
        self._stale_after = stale_after
        self._drop_after = drop_after
        self._max_series = max_series
        self._series = 0
        self._deadlines: list[tuple[float, int, Shelf]] = []
        self._order = itertools.count()
        self._layouts: WeakValueDictionary[tuple[Series, ...], Layout] = WeakValueDictionary()
        self._changed: dict[Group, None] = {}

    # What there is to know

    def customers(self) -> Sequence[tuple[str, str]]:
        """Return the source and the name of each customer, in the order in which they came."""
        with self.lock:
            return [
                (name, customer) for name, source in self.sources.items() for customer in source.records if customer
            ]

    def add_source(self, source: str) -> SourceRecord:
        """Return the record of a source, which may have no customers yet."""
        with self.lock:
            known = self.sources.get(source)
            if known is None:
                known = self.sources[source] = SourceRecord()
            return known

    def enrol(self, source: str, customers: Iterable[str]) -> Sequence[Record]:
        """Return the records of customers, in this order; those who are new have no places yet."""
        with self.lock:
            known = self.add_source(source)
            return [known.records.get(customer) or _joined(known, source, customer) for customer in customers]

    def open(self, records: Iterable[Record], collector: str, interval: float) -> None:
        """Make a place for a collector of each of these customers; its clock runs from now."""
        with self.lock:
            now = self._clock.monotonic()
            self.moves += 1
            for group, members in itertools.groupby(records, lambda record: record.group):
                known = self.add_source(group.source)
                known.shortest_interval = min(known.shortest_interval, interval)
                shelf = group.shelf(collector, interval)
                for record in members:
                    shelf.since[record.row] = now
                    self.untried += 1
                self._look_at(shelf, now + self._stale_after * interval)
                self._mark(group, (health.STALE,))

    def add(self, source: str, customer: str, collector: str, interval: float) -> Place:
        """Return a new place for a collector of a customer; its clock runs from now."""
        with self.lock:
            [record] = self.enrol(source, [customer])
            self.open([record], collector, interval)
            return record.place(collector, interval)

    def describe(self, source: str, customer: str, samples: Sequence[Sample]) -> None:
        """Show samples that come from the configuration; they neither age nor count as fetched."""
        self.describe_all(source, [(customer, samples)])

    def describe_all(self, source: str, described: Iterable[tuple[str, Sequence[Sample]]]) -> None:
        """Show samples of many customers that come from the configuration."""
        with self.lock:
            now, known = self._clock.monotonic(), self.add_source(source)
            for customer, samples in described:
                record = known.records.get(customer) or _joined(known, source, customer)
                shelf = record.group.shelf("", 0)
                shelf.since[record.row] = now
                self._replace(shelf, record.row, samples)

    def remove(self, source: str, customer: str) -> None:
        """Forget a customer with all its series and health; a fetch of it that still runs changes nothing."""
        with self.lock:
            self.moves += 1
            known = self.sources[source]
            record = known.records.pop(customer)
            group = record.group
            for place in record.places:
                self._replace(place.shelf, record.row, ())
                self.untried -= bool(place.collector) and place.up is None
            self._mark(group, health.FAMILIES)
            group.leave(record)
            if group not in known.roomy:
                known.roomy.append(group)

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
            return [self._commit(place, outcome, began, ended) for place, outcome in outcomes if not place.is_gone]

    def skip(self, places: Iterable[Place], error: FetchError) -> None:
        """Show that fetches are due and can't be made; nothing else changes, and none has been attempted."""
        with self.lock:
            for place in places:
                if place.is_gone:
                    continue
                shelf, row = place.shelf, place.record.row
                self.untried -= place.up is None
                shelf.reasons[row], shelf.errors[row] = error.reason, sys.intern(str(error))
                self._mark(shelf.group, (health.UP, health.FAILING))

    def _commit(self, place: Place, outcome: Outcome, began: float, ended: float) -> Change:
        shelf, row = place.shelf, place.record.row
        before = (place.up, shelf.is_stale[row], shelf.reasons[row])
        reason, error = self._take(shelf, row, outcome, ended)
        shelf.reasons[row] = reason
        if reason is not None:
            failure = Failure(ended, place.record.name, shelf.collector, reason, error)
            self.sources[shelf.group.source].last_failure = failure
        # One text for all that fail alike: in an outage, those are all.
        shelf.errors[row] = sys.intern(error)
        shelf.last_attempt[row] = began
        self.untried -= before[0] is None
        after = (reason is None, shelf.is_stale[row], reason)
        families = (health.UP, health.STALE, health.FAILING)
        changed = (family for family, old, new in zip(families, before, after, strict=True) if old != new)
        self._mark(shelf.group, (health.LAST_ATTEMPT, *changed))
        return Change(place, before[-1], reason, error)

    def _take(self, shelf: Shelf, row: int, outcome: Outcome, ended: float) -> tuple[Reason | None, str]:
        """Show what a fetch brought; return why it failed, also in words."""
        if isinstance(outcome, Reason):
            return outcome, str(outcome)
        if isinstance(outcome, FetchError):
            return outcome.reason, str(outcome)
        try:
            self._replace(shelf, row, outcome)
        except ImpossibleSamples as error:
            return Reason.INTERNAL, str(error)
        now = self._clock.monotonic()
        shelf.last_success[row] = ended
        shelf.since[row] = self.sources[shelf.group.source].last_success = now
        shelf.is_stale[row] = False
        self._look_at(shelf, now + self._stale_after * shelf.interval)
        self._mark(shelf.group, (health.LAST_SUCCESS,))
        return None, ""

    # What a scrape needs

    def advance(self) -> None:
        """Let time act: what is due to turn stale or to leave by now does so."""
        with self.lock:
            now = self._clock.monotonic()
            while self._deadlines and self._deadlines[0][0] <= now:
                deadline, _, shelf = heapq.heappop(self._deadlines)
                if shelf.deadline == deadline:
                    shelf.deadline = None
                    self._age(shelf, now)

    def take_changed(self) -> Iterator[tuple[Group, set[Family]]]:
        """Yield each group that changed since the last call, with the families that did; needs the lock."""
        changed, self._changed = self._changed, {}
        for group in changed:
            families, group.changed = group.changed, set()
            yield group, families

    @property
    def groups(self) -> list[Group]:
        """Every group, in the order in which sources and customers were added."""
        return [group for source in self.sources.values() for group in source.groups]

    def is_source_up(self, source: str) -> bool:
        """Return whether any fetch of the source succeeded within 3 times its shortest interval."""
        known = self.sources[source]
        return known.last_success is not None and (
            self._clock.monotonic() - known.last_success <= 3 * known.shortest_interval
        )

    @property
    def failing(self) -> int:
        """How many places had their last fetch fail."""
        with self.lock:
            shelves = (shelf for group in self.groups for shelf in group.shelves.values())
            return sum(len(shelf.reasons) - shelf.reasons.count(None) for shelf in shelves)

    # Ageing

    def _look_at(self, shelf: Shelf, deadline: float) -> None:
        # When a deadline comes up and the places have succeeded meanwhile, the shelf is put back with its new one:
        # a success costs nothing here, unless it brings the deadline forward.
        if shelf.deadline is None or deadline < shelf.deadline:
            shelf.deadline = deadline
            heapq.heappush(self._deadlines, (deadline, next(self._order), shelf))

    def _age(self, shelf: Shelf, now: float) -> None:
        """Let the places of a shelf turn stale, and their samples leave, that are due to; look again at the next."""
        stale_after = self._stale_after * shelf.interval
        drop_after = max(self._drop_after, stale_after + shelf.interval)
        following = float("inf")
        for row, since in enumerate(shelf.since):
            if not shelf.has(row):
                continue
            if not shelf.is_stale[row] and since + stale_after <= now:
                shelf.is_stale[row] = True
                self._mark(shelf.group, (health.STALE,))
            if not shelf.is_stale[row]:
                following = min(following, since + stale_after)
            elif since + drop_after > now:
                following = min(following, since + drop_after)
            elif shelf.layouts[row] is not None:
                self._show(shelf, row, ())
        if following < float("inf"):
            self._look_at(shelf, following)

    # Showing samples

    def _replace(self, shelf: Shelf, row: int, items: Sequence[Item]) -> None:
        sound, left_out = self._sound(shelf.layouts[row], items)
        self._show(shelf, row, sound)
        notes = shelf.notes.get(row)
        if left_out or (notes and notes.left_out):
            notes = _notes(shelf, row)
            total = self.sources[shelf.group.source].left_out
            total.subtract(notes.left_out)
            total.update(left_out)
            notes.left_out = left_out

    def _sound(self, layout: Layout | None, items: Sequence[Item]) -> tuple[Sequence[Sample], Mapping[str, int]]:
        """Return what can be shown, and how much is left out: label values that are no text, series over the limit."""
        left_out: dict[str, int] = {}
        sound = []
        for item in items:
            if isinstance(item, LeftOut):
                left_out[item.reason] = left_out.get(item.reason, 0) + item.count
            elif item.labels and not all(map(_is_text, item.labels)):
                left_out["label_value"] = left_out.get("label_value", 0) + 1
            else:
                sound.append(item)
        room = self._max_series - self._series + (len(layout.keys) if layout else 0)
        if len(sound) > room:
            known = set(layout.keys if layout else ())
            new = [sample for sample in sound if (sample.family, sample.labels) not in known]
            surplus = set(map(id, new[max(0, room - (len(sound) - len(new))) :]))
            left_out["max_series"] = len(surplus)
            sound = [sample for sample in sound if id(sample) not in surplus]
        return sound, left_out

    def _show(self, shelf: Shelf, row: int, samples: Sequence[Sample]) -> None:
        keys = tuple([(sample.family, sample.labels) for sample in samples])
        old = shelf.layouts[row]
        if old is not None and old.keys == keys:
            self._update(shelf, row, old, samples)
            return
        layout = self._layout(keys) if keys else None
        marks = dict(shelf.notes[row].marks) if row in shelf.notes else {}
        if old is not None:
            before = zip(old.keys, old.numbers.unpack(shelf.values[row]), strict=True)
            marks.update((key, mark) for key, mark in before if _is_counter(key[0]))
            self._mark(shelf.group, old.parts)
        pairs = zip(samples, keys, strict=True)
        values = [self._exposed(shelf, row, each, marks.pop(key, None)) for each, key in pairs]
        if marks or row in shelf.notes:
            _notes(shelf, row).marks = marks
        shelf.values[row] = layout.numbers.pack(*values) if layout else b""
        shelf.layouts[row] = layout
        growth = len(keys) - (len(old.keys) if old else 0)
        self.sources[shelf.group.source].series += growth
        self._series += growth
        self._mark(shelf.group, layout.parts if layout else ())

    def _update(self, shelf: Shelf, row: int, layout: Layout, samples: Sequence[Sample]) -> None:
        """Take new values of the same series; families whose values are the same need not be rendered again."""
        old = shelf.values[row]
        marks = layout.numbers.unpack(old)
        values = [
            self._exposed(shelf, row, sample, mark) if sample.family.kind is Kind.COUNTER else sample.value
            for sample, mark in zip(samples, marks, strict=True)
        ]
        new = layout.numbers.pack(*values)
        if new != old:
            shelf.values[row] = new
            parts = layout.parts.items()
            spans = ((family, slice(start, start + len(labels))) for family, (start, labels) in parts)
            self._mark(shelf.group, [family for family, span in spans if tuple(values[span]) != marks[span]])

    def _layout(self, keys: tuple[Series, ...]) -> Layout:
        layout = self._layouts.get(keys)
        if layout is None:
            if len(set(keys)) < len(keys):
                raise ImpossibleSamples("a collector gave the same series twice")
            if len([*itertools.groupby(family for family, _ in keys)]) > len({family for family, _ in keys}):
                raise ImpossibleSamples("a collector mixed the samples of two families")
            if any(len(labels) != len(family.labels) for family, labels in keys):
                raise ImpossibleSamples("a collector gave a sample too few label values, or too many")
            layout = self._layouts[keys] = Layout(keys)
        return layout

    def _exposed(self, shelf: Shelf, row: int, sample: Sample, mark: float | None) -> float:
        """Return what to show for a sample: a counter that fell is held, until the vendor passes it again."""
        family, value = sample.family, sample.value
        if not _is_counter(family):
            return value
        if mark is None or value >= mark or _began_anew(mark, value):
            if row in shelf.notes and shelf.notes[row].held.pop(family.name, None) is not None:
                self._mark(shelf.group, (health.HELD,))
            return value
        self._hold(shelf, row, family, mark - value)
        return mark

    def _hold(self, shelf: Shelf, row: int, family: Family, excess: float) -> None:
        notes = _notes(shelf, row)
        if family.name not in notes.held:
            notes.corrections[family.name] = notes.corrections.get(family.name, 0) + 1
            self._mark(shelf.group, (health.CORRECTIONS,))
        if notes.held.get(family.name) != excess:
            notes.held[family.name] = excess
            self._mark(shelf.group, (health.HELD,))

    def _mark(self, group: Group, families: Iterable[Family]) -> None:
        group.changed.update(families)
        self._changed[group] = None


def _joined(known: SourceRecord, source: str, customer: str) -> Record:
    """Return a new record, in the first group that has room."""
    if not known.roomy:
        known.roomy.append(Group(source))
        known.groups.append(known.roomy[0])
    group = known.roomy[0]
    record = known.records[customer] = group.join(customer)
    if not group.has_room:
        known.roomy.remove(group)
    return record


def _notes(shelf: Shelf, row: int) -> Notes:
    return shelf.notes.setdefault(row, Notes())


def _began_anew(exposed: float, value: float) -> bool:
    """Return whether a total fell so far that its account began anew, rather than being corrected."""
    return value < exposed / 2 and exposed - value >= 100  # noqa: PLR2004 - the contract's own number


def _is_counter(family: Family) -> bool:
    return family.kind is Kind.COUNTER


def _is_text(label: str) -> bool:
    try:
        return label.isascii() or bool(label.encode())
    except UnicodeEncodeError:
        return False
