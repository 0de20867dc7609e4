"""What is kept of places over restarts: of those that a fetch is for, and of those whose customer leaves."""

from collections.abc import Sequence

from exporter.errors import Reason
from exporter.providers.base import Customer
from exporter.state import NOTHING_RARE, Kept, Rare, Row, Scope, customer_digest, settings_digest
from exporter.store.drafts import Coming, Draft, marks_of, present
from exporter.store.places import Notes, Record


def coming_row(scope: Scope, coming: Coming, began: float, ended: float, lead: float) -> Row:
    """Return what is to be kept of a place once a fetch is shown; ``lead`` is Unix time less monotonic time."""
    shelf, record = coming.place.shelf, coming.place.record
    times = ended, ended, began
    if coming.reason is not None:
        times = shelf.since[record.row] + lead, shelf.last_success[record.row], began
    memory = scope.collector.memory(record.customer) if scope.collector and record.customer else ""
    return _row(scope, record.customer, _kept(coming.draft, times, coming.reason, coming.error, memory))


def parting_rows(record: Record, lead: float) -> Sequence[Row]:
    """Return what is to be kept of a customer who leaves, where no more is kept anyway: its counters."""
    rows = []
    for place in record.places:
        shelf, row, draft = place.shelf, record.row, present(place.shelf, record.row)
        if shelf.scope is not None and (marks_of(draft) or draft.notes):
            times = shelf.since[row] + lead, shelf.last_success[row], shelf.last_attempt[row]
            rows.append(_row(shelf.scope, record.customer, _kept(draft, times, place.reason, place.last_error, "")))
    return rows


def _kept(draft: Draft, times: tuple[float, float, float], reason: Reason | None, error: str, memory: str) -> Kept:
    rare = NOTHING_RARE
    if draft.notes or reason or memory:
        notes = draft.notes or Notes()
        rare = Rare(reason, error, notes.marks, notes.held, notes.corrections, notes.left_out, memory)
    return Kept(draft.layout.keys if draft.layout else (), draft.values, *times, b"", rare)


def _row(scope: Scope, customer: Customer | None, kept: Kept) -> Row:
    return Row(scope.number, customer_digest(customer), kept._replace(settings=settings_digest(scope, customer)))
