"""Where samples and health are kept: sources, groups of customers, customers, and a place for each collector.

Plain mutable records, written for the memory of millions of series; only the store changes them, under its lock.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from exporter.errors import Reason
from exporter.samples import Family

# Exposition renders so many customers of one family at once: few blocks to join at
# a scrape, few customers to render again when one of them changes.
GROUP_SIZE = 100

Series: TypeAlias = tuple[Family, tuple[str, ...]]


class Layout:
    """Which series a place holds, in order; shared by all places that hold the same."""

    __slots__ = ("__weakref__", "keys", "parts")

    def __init__(self, keys: tuple[Series, ...]) -> None:
        """Keep the series; ``parts`` maps a family to its slice of the values and its label values."""
        self.keys = keys
        self.parts: dict[Family, tuple[int, tuple[tuple[str, ...], ...]]] = {}
        for start, (family, _) in enumerate(keys):
            if family not in self.parts:
                self.parts[family] = (start, tuple(labels for other, labels in keys if other is family))


class Place:
    """Where one collector's samples of one customer are kept, with the health of its fetches.

    Attributes:
        collector: the value of the label ``collector``; empty for what comes from the configuration.
        interval: seconds between two fetches.
        layout, values: the series shown, and their numbers; no layout means none.
        marks: the last exposed values of counters that are not shown now, by series: where they go on.
        held: how far each held counter is above the vendor's value, by family name.
        corrections: falls of the vendor's counters so far, by family name.
        up: whether the last fetch succeeded; None until one ended.
        reason: why the last fetch failed; None if it did not.
        last_success, last_attempt: Unix times; None until there is one.
        since: monotonic time of the last success, or of when the place was made.
        deadline: monotonic time at which age is looked at again; None if there is nothing to see.
    """

    __slots__ = (
        "collector",
        "corrections",
        "deadline",
        "held",
        "interval",
        "is_gone",
        "is_stale",
        "last_attempt",
        "last_error",
        "last_success",
        "layout",
        "left_out",
        "marks",
        "reason",
        "record",
        "since",
        "up",
        "values",
    )

    def __init__(self, record: "Record", collector: str, interval: float, since: float) -> None:
        """Make an empty place of a customer."""
        self.record = record
        self.collector = collector
        self.interval = interval
        self.since = since
        self.layout: Layout | None = None
        self.values: array[float] = array("d")
        self.marks: dict[Series, float] | None = None
        self.held: dict[str, float] | None = None
        self.corrections: dict[str, int] | None = None
        self.left_out: Mapping[str, int] | None = None
        self.up: bool | None = None
        self.reason: Reason | None = None
        self.last_error = ""
        self.last_success: float | None = None
        self.last_attempt: float | None = None
        self.is_stale = False
        self.is_gone = False
        self.deadline: float | None = None


class Record:
    """One customer of a source: the value of its label, and its places."""

    __slots__ = ("group", "name", "places")

    def __init__(self, group: "Group", name: str) -> None:
        """Make a customer without places; an empty name stands for the source itself."""
        self.group = group
        self.name = name
        self.places: list[Place] = []


class Group:
    """Up to ``GROUP_SIZE`` customers of a source, whose series are rendered together."""

    __slots__ = ("changed", "records", "source")

    def __init__(self, source: str) -> None:
        """Make an empty group."""
        self.source = source
        self.records: list[Record] = []
        self.changed: set[Family] = set()


class SourceRecord:
    """What the store knows of one source: its groups, and counts kept as things happen."""

    __slots__ = ("groups", "last_success", "left_out", "records", "roomy", "series", "shortest_interval")

    def __init__(self) -> None:
        """Make a source without customers."""
        self.groups: list[Group] = []
        self.roomy: list[Group] = []
        self.records: dict[str, Record] = {}
        self.series = 0
        self.left_out: Counter[str] = Counter()
        self.last_success: float | None = None
        self.shortest_interval = float("inf")
