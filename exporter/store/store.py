"""The store itself: commits, ageing, and what a reader is told has changed."""

import heapq
import itertools
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from weakref import WeakValueDictionary

from exporter.clock import Clock
from exporter.errors import FetchError, ImpossibleSamples, Reason
from exporter.samples import Family, Item, Kind, LeftOut, Sample
from exporter.store import health
from exporter.store.places import GROUP_SIZE, Group, Layout, Place, Record, Series, SourceRecord

Outcome: TypeAlias = Sequence[Item] | FetchError | Reason


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to the health of one place: the reason before, and the reason now."""

    place: Place
    before: Reason | None
    after: Reason | None


class Store:
    """Keeps what every fetch last brought, and lets it age."""

    def __init__(self, clock: Clock, *, stale_after: float, drop_after: float, max_series: int) -> None:
        """Make an empty store.

        Args:
            clock: what ages samples.
            stale_after: intervals without success after which a place is stale.
            drop_after: seconds without success after which samples leave, if that is the longer.
            max_series: how many vendor series are kept at most; further ones are left out.
        """
        self.lock = threading.RLock()
        self.sources: dict[str, SourceRecord] = {}
        self._clock = clock
        self._stale_after = stale_after
        self._drop_after = drop_after
        self._max_series = max_series
        self._series = 0
        self._untried: set[Place] = set()
        self._deadlines: list[tuple[float, int, Place]] = []
        self._order = itertools.count()
        self._layouts: WeakValueDictionary[tuple[Series, ...], Layout] = WeakValueDictionary()
        self._changed: dict[Group, None] = {}

    # What there is to know

    def add_source(self, source: str) -> SourceRecord:
        """Return the record of a source, which may have no customers yet."""
        with self.lock:
            known = self.sources.get(source)
            if known is None:
                known = self.sources[source] = SourceRecord()
            return known

    def add(self, source: str, customer: str, collector: str, interval: float) -> Place:
        """Return a new place for a collector of a customer; its clock runs from now."""
        with self.lock:
            known = self.add_source(source)
            known.shortest_interval = min(known.shortest_interval, interval)
            place = self._place(known, source, customer, collector, interval)
            self._untried.add(place)
            self._set_deadline(place)
            self._mark(place, health.FAMILIES)
            return place

    def describe(self, source: str, customer: str, samples: Sequence[Sample]) -> None:
        """Show samples that come from the configuration; they neither age nor count as fetched."""
        with self.lock:
            known = self.add_source(source)
            record = known.records.get(customer)
            described = [place for place in record.places if not place.collector] if record else []
            place = described[0] if described else self._place(known, source, customer, "", 0)
            sound, left_out = self._sound(place, samples)
            self._show(place, sound)
            self._leave_out(place, left_out)

    def remove(self, source: str, customer: str) -> None:
        """Forget a customer with all its series and health; a fetch of it that still runs changes nothing."""
        with self.lock:
            known = self.sources[source]
            record = known.records.pop(customer)
            for place in record.places:
                self._show(place, ())
                self._leave_out(place, {})
                self._mark(place, health.FAMILIES)
                self._untried.discard(place)
                place.is_gone = True
            record.group.records.remove(record)
            if record.group not in known.roomy:
                known.roomy.append(record.group)

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

    def _commit(self, place: Place, outcome: Outcome, began: float, ended: float) -> Change:
        before = (place.up, place.is_stale, place.reason)
        try:
            self._take(place, outcome, ended)
        except ImpossibleSamples as error:
            place.reason, place.last_error = Reason.INTERNAL, str(error)
        place.up = place.reason is None
        place.last_attempt = began
        self._untried.discard(place)
        after = (place.up, place.is_stale, place.reason)
        families = (health.UP, health.STALE, health.FAILING)
        changed = (family for family, old, new in zip(families, before, after, strict=True) if old != new)
        self._mark(place, (health.LAST_ATTEMPT, *changed))
        return Change(place, before[-1], place.reason)

    def _take(self, place: Place, outcome: Outcome, ended: float) -> None:
        if isinstance(outcome, FetchError | Reason):
            place.reason = outcome if isinstance(outcome, Reason) else outcome.reason
            place.last_error = str(outcome)
        else:
            sound, left_out = self._sound(place, outcome)
            self._show(place, sound)
            self._leave_out(place, left_out)
            self._succeed(place, ended)

    def _succeed(self, place: Place, ended: float) -> None:
        place.reason = None
        place.last_error = ""
        place.last_success = ended
        place.since = self._clock.monotonic()
        place.is_stale = False
        self.sources[place.record.group.source].last_success = place.since
        self._set_deadline(place)
        self._mark(place, (health.LAST_SUCCESS,))

    # What a scrape needs

    def advance(self) -> None:
        """Let time act: what is due to turn stale or to leave by now does so."""
        with self.lock:
            now = self._clock.monotonic()
            while self._deadlines and self._deadlines[0][0] <= now:
                deadline, _, place = heapq.heappop(self._deadlines)
                if place.deadline == deadline and not place.is_gone:
                    place.deadline = None
                    self._age(place, now)

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
    def untried(self) -> int:
        """How many places have not been fetched once yet."""
        return len(self._untried)

    @property
    def failing(self) -> int:
        """How many places had their last fetch fail."""
        with self.lock:
            records = (record for source in self.sources.values() for record in source.records.values())
            return sum(place.up is False for record in records for place in record.places)

    # Ageing

    def _stale_at(self, place: Place) -> float:
        return place.since + self._stale_after * place.interval

    def _drop_at(self, place: Place) -> float:
        return place.since + max(self._drop_after, (self._stale_after + 1) * place.interval)

    def _set_deadline(self, place: Place) -> None:
        # When a deadline comes up and the place has succeeded meanwhile, it is put back with its new one:
        # a success costs nothing here, unless it brings the deadline forward.
        deadline = self._drop_at(place) if place.is_stale else self._stale_at(place)
        if place.deadline is None or deadline < place.deadline:
            place.deadline = deadline
            heapq.heappush(self._deadlines, (deadline, next(self._order), place))

    def _age(self, place: Place, now: float) -> None:
        if not place.is_stale and self._stale_at(place) <= now:
            place.is_stale = True
            self._mark(place, (health.STALE,))
        if place.is_stale and self._drop_at(place) <= now:
            self._show(place, ())
        else:
            self._set_deadline(place)

    # Showing samples

    def _place(self, known: SourceRecord, source: str, customer: str, collector: str, interval: float) -> Place:
        record = known.records.get(customer)
        if record is None:
            if not known.roomy:
                known.roomy.append(Group(source))
                known.groups.append(known.roomy[0])
            group = known.roomy[0]
            record = known.records[customer] = Record(group, customer)
            group.records.append(record)
            if len(group.records) == GROUP_SIZE:
                known.roomy.remove(group)
        place = Place(record, collector, interval, self._clock.monotonic())
        record.places.append(place)
        return place

    def _sound(self, place: Place, items: Sequence[Item]) -> tuple[Sequence[Sample], Mapping[str, int]]:
        """Return what can be shown, and how much is left out: label values that are no text, series over the limit."""
        left_out: Counter[str] = Counter()
        sound = []
        for item in items:
            if isinstance(item, LeftOut):
                left_out[item.reason] += item.count
            elif item.labels and not all(map(_is_text, item.labels)):
                left_out["label_value"] += 1
            else:
                sound.append(item)
        old = place.layout.keys if place.layout else ()
        room = self._max_series - self._series + len(old)
        if len(sound) > room:
            known = set(old)
            new = [sample for sample in sound if (sample.family, sample.labels) not in known]
            surplus = set(map(id, new[max(0, room - (len(sound) - len(new))) :]))
            left_out["max_series"] = len(surplus)
            sound = [sample for sample in sound if id(sample) not in surplus]
        return sound, left_out

    def _leave_out(self, place: Place, counts: Mapping[str, int]) -> None:
        if counts or place.left_out:
            total = self.sources[place.record.group.source].left_out
            total.subtract(place.left_out or {})
            total.update(counts)
            place.left_out = counts or None

    def _show(self, place: Place, samples: Sequence[Sample]) -> None:
        keys = tuple((sample.family, sample.labels) for sample in samples)
        old = place.layout
        if old is not None and old.keys == keys:
            self._update(place, old, samples)
            return
        layout = self._layout(keys) if keys else None
        before = dict(zip(old.keys, place.values, strict=True)) if old else {}
        marks = {**(place.marks or {}), **{key: mark for key, mark in before.items() if _is_counter(key[0])}}
        place.values = array(
            "d", (self._exposed(place, sample, marks.pop(key, None)) for sample, key in zip(samples, keys, strict=True))
        )
        place.marks = marks or None
        place.layout = layout
        self.sources[place.record.group.source].series += len(keys) - len(before)
        self._series += len(keys) - len(before)
        self._mark(place, (*(old.parts if old else ()), *(layout.parts if layout else ())))

    def _update(self, place: Place, layout: Layout, samples: Sequence[Sample]) -> None:
        """Take new values of the same series; families whose values are the same need not be rendered again."""
        old = place.values
        new = array("d", (self._exposed(place, sample, mark) for sample, mark in zip(samples, old, strict=True)))
        if new != old:
            place.values = new
            changed = []
            for family, (start, labels) in layout.parts.items():
                stop = start + len(labels)
                if new[start:stop] != old[start:stop]:
                    changed.append(family)
            self._mark(place, changed)

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

    def _exposed(self, place: Place, sample: Sample, mark: float | None) -> float:
        """Return what to show for a sample: a counter that fell is held, until the vendor passes it again."""
        if not _is_counter(sample.family):
            return sample.value
        if mark is None or sample.value >= mark or _began_anew(mark, sample.value):
            self._release(place, sample.family)
            return sample.value
        self._hold(place, sample.family, mark - sample.value)
        return mark

    def _hold(self, place: Place, family: Family, excess: float) -> None:
        if place.held is None:
            place.held = {}
        if family.name not in place.held:
            if place.corrections is None:
                place.corrections = {}
            place.corrections[family.name] = place.corrections.get(family.name, 0) + 1
            self._mark(place, (health.CORRECTIONS,))
        if place.held.get(family.name) != excess:
            place.held[family.name] = excess
            self._mark(place, (health.HELD,))

    def _release(self, place: Place, family: Family) -> None:
        if place.held and place.held.pop(family.name, None) is not None:
            self._mark(place, (health.HELD,))

    def _mark(self, place: Place, families: Iterable[Family]) -> None:
        group = place.record.group
        group.changed.update(families)
        self._changed[group] = None


def _began_anew(exposed: float, value: float) -> bool:
    """Return whether a total fell so far that its account began anew, rather than being corrected."""
    return value < exposed / 2 and exposed - value >= 100  # noqa: PLR2004 - the contract's own number


def _is_counter(family: Family) -> bool:
    return family.kind is Kind.COUNTER


def _is_text(label: str) -> bool:
    try:
        label.encode()
    except UnicodeEncodeError:
        return False
    return True
