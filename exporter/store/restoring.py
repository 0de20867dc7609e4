"""What was kept before a restart, put back in its places: as it was, and as old as it is now.

There may be hundreds of thousands of places, and nobody is served before all are back: hence the plain code.
"""

from collections.abc import Iterable
from math import inf, isnan

from exporter.clock import Clock
from exporter.providers.base import Customer
from exporter.samples import Family
from exporter.state import NOTHING_RARE, Kept, Rare, Scope, settings_digest
from exporter.store.deadlines import Deadlines
from exporter.store.drafts import Draft, Layouts, cleared
from exporter.store.places import Failure, Group, Layout, Notes, Record, Series, Shelf, SourceRecord


class Restoring:
    """Puts back what was kept of one collector of a source, in places that show nothing yet.

    Attributes:
        series: how many series are shown again.
        known: of how many places it is known how the last fetch went.
        changed: the families of each group that are to be rendered.
    """

    def __init__(
        self,
        scope: Scope,
        source: SourceRecord,
        interval: float,
        room: int,
        *,
        layouts: Layouts,
        deadlines: Deadlines,
        clock: Clock,
    ) -> None:
        """Prepare to put back what is fetched each ``interval``, with ``room`` for so many series."""
        self.series = 0
        self.known = 0
        self.changed: dict[Group, set[Family]] = {}
        self._scope = scope
        self._youngest = -inf if source.last_success is None else source.last_success
        self._stale_after, self._drop_after = deadlines.ages(interval)
        self._source = source
        self._room = room
        self._layouts = layouts
        self._deadlines = deadlines
        self._now, self._today = clock.monotonic(), clock.time()
        # Of the last customer: most have the same.
        self._zone: object = None
        self._settings: object = None
        self._digest = b""
        self._keys: tuple[Series, ...] = ()
        self._layout: Layout | None = None
        self._marked: set[tuple[Group, Layout | None]] = set()

    def put(self, pairs: Iterable[tuple[Record, Kept]], key: tuple[str, float]) -> None:
        """Put back what was kept of customers; ``key`` is that of their shelves."""
        now, nothing, marked, room = self._now, NOTHING_RARE, self._marked, self._room
        for record, kept in pairs:
            group, row = record.group, record.row
            shelf = group.shelves.get(key)
            if shelf is None or isnan(shelf.since[row]) or not isnan(shelf.last_attempt[row]) or row in shelf.notes:
                # Not this collector's, or not new: of those it is known already.
                continue
            series = kept.series
            if series is not self._keys:
                self._keys, self._layout = series, self._layouts.of(series)
            layout, customer = self._layout, record.customer
            if customer is None or customer.zone is not self._zone or customer.settings is not self._settings:
                self._expect(customer)
            if kept.settings != self._digest:
                # Other things were asked for then; of that, only where counters go on is still true.
                self._put_draft(shelf, row, cleared(Draft(layout, kept.numbers, _notes(kept.rare))))
                continue
            since = self._put_times(shelf, row, kept)
            stale_at, drop_at = since + self._stale_after, since + self._drop_after
            if kept.rare is nothing and now < stale_at and self.series + len(series) <= room:
                shelf.layouts[row], shelf.values[row] = layout, kept.numbers
                self.series += len(series)
                if (group, layout) not in marked:
                    self._mark(group, layout)
                if shelf.deadline is None or stale_at < shelf.deadline:
                    self._deadlines.look_at(shelf, stale_at)
            else:
                self._put_old(shelf, record, kept, stale_at, drop_at)

    def _put_times(self, shelf: Shelf, row: int, kept: Kept) -> float:
        """Put back when a place was fetched last; return the monotonic time of its last success, or of its making."""
        # What a clock that was set back makes the future is now.
        today, success, attempt = self._today, kept.last_success, kept.last_attempt
        age = today - kept.since
        since = shelf.since[row] = self._now - age if age > 0 else self._now
        if not isnan(success):
            shelf.last_success[row] = min(today, success)
            if since > self._youngest:
                self._youngest = self._source.last_success = since
        if not isnan(attempt):
            shelf.last_attempt[row] = min(today, attempt)
            self.known += 1
        return since

    def _put_old(self, shelf: Shelf, record: Record, kept: Kept, stale_at: float, drop_at: float) -> None:
        """Put back what is stale, or failed the last time, or has anything else to say."""
        row, rare = record.row, kept.rare
        draft = Draft(self._layout, kept.numbers, _notes(rare))
        if self._now >= drop_at or self.series + draft.size > self._room:
            draft = cleared(draft)
        self._put_draft(shelf, row, draft)
        shelf.is_stale[row] = self._now >= stale_at
        self._deadlines.look_at(shelf, drop_at if shelf.is_stale[row] else stale_at)
        shelf.reasons[row], shelf.errors[row] = rare.reason, rare.error
        last = self._source.last_failure
        if rare.reason is not None and (last is None or last.at < kept.last_attempt):
            self._source.last_failure = Failure(
                kept.last_attempt, record.name, shelf.collector, rare.reason, rare.error
            )
        if rare.memory and self._scope.collector and record.customer:
            self._scope.collector.recall(record.customer, rare.memory)

    def _put_draft(self, shelf: Shelf, row: int, draft: Draft) -> None:
        shelf.layouts[row], shelf.values[row] = draft.layout, draft.values
        self.series += draft.size
        if draft.notes is not None:
            shelf.notes[row] = draft.notes
            self._source.left_out.update(draft.notes.left_out)
        self._mark(shelf.group, draft.layout)

    def _mark(self, group: Group, layout: Layout | None) -> None:
        self._marked.add((group, layout))
        self.changed.setdefault(group, set()).update(layout.parts if layout else ())

    def _expect(self, customer: Customer | None) -> None:
        self._zone, self._settings = (customer.zone, customer.settings) if customer else (None, None)
        self._digest = settings_digest(self._scope, customer)


def _notes(rare: Rare) -> Notes | None:
    if rare.marks or rare.held or rare.corrections or rare.left_out:
        return Notes(dict(rare.marks), dict(rare.held), dict(rare.corrections), dict(rare.left_out))
    return None
