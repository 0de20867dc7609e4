"""The store: the last good samples and the health of every fetch, each replaced as a whole.

One lock guards it. A writer commits a fetch in one step, a reader holds the lock while it looks,
so nobody ever sees half a fetch. Time acts here too: a fetch without success turns stale, and later
its samples leave, exactly when their deadlines pass and without waiting for another fetch.
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
