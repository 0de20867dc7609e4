"""The store: the last good samples and the health of every fetch, each replaced as a whole.

One lock guards it. A writer commits a fetch in one step, a reader holds the lock while it looks,
so nobody ever sees half a fetch. Time acts here too: a fetch without success turns stale, and later
its samples leave, exactly when their deadlines pass and without waiting for another fetch.

How a commit goes: of what a fetch brought, a ``Draft`` of the place is made beside it, with the counters that are held
(``drafts``). It is written to the state as a ``Kept`` (``keeping``), which is waited for without the lock, and then
shown (``store``): whole, or, where it could not be written, with the counters as they were. ``Notes`` are what few
places have beside numbers, and ``Rare`` is the same as it is kept. A restart goes the other way (``restoring``).
"""

from exporter.store import health
from exporter.store.foreseen import Foreseen
from exporter.store.places import GROUP_SIZE, Failure, Group, Layout, Place, Record, Shelf, SourceRecord
from exporter.store.store import Change, Outcome, Store

__all__ = [
    "GROUP_SIZE",
    "Change",
    "Failure",
    "Foreseen",
    "Group",
    "Layout",
    "Outcome",
    "Place",
    "Record",
    "Shelf",
    "SourceRecord",
    "Store",
    "health",
]
