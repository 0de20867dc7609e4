"""A store with a clock of its own, looked at as a scrape sees it."""

import re
from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from exporter.errors import Reason, ServerFailed
from exporter.exposition import Exposition, Format
from exporter.samples import Family, Kind
from exporter.store import Change, Outcome, Place, Store
from tests.fake_clock import FakeClock
from tests.places import place_of

REQUESTS = Family("sendgrid_requests_total", Kind.COUNTER, "Requests.", "")
OPENS = Family("sendgrid_opens_total", Kind.COUNTER, "Opens.", "")
CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits.", "")
CATEGORY = Family("sendgrid_category_latest_day_requests", Kind.GAUGE, "By category.", "", ("category",))
INFO = Family("sendgrid_customer_info", Kind.GAUGE, "Labels.", "", ("tier",))
FAMILIES = (REQUESTS, OPENS, CREDITS, CATEGORY, INFO)

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Scene:
    """What a test does to a store, and what it then sees on the page."""

    def __init__(self, *, stale_after: float = 3, drop_after: float = 86_400, max_series: int = 1_000) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, stale_after=stale_after, drop_after=drop_after, max_series=max_series)
        self.exposition = Exposition(self.store, FAMILIES, CollectorRegistry())

    def place(
        self, customer: str = "a", collector: str = "totals", interval: float = 900, source: str = "acme"
    ) -> Place:
        return place_of(self.store, source, customer, collector, interval)

    def commit(self, place: Place, outcome: Outcome) -> list[Change]:
        now = self.clock.time()
        return self.store.commit([(place, outcome)], now - 1, now)

    def succeed(self, place: Place, *items: Any) -> None:
        self.commit(place, items)
        assert place.reason is None

    def fail(self, place: Place) -> None:
        self.commit(place, ServerFailed("503 from api.sendgrid.com"))
        assert place.reason is Reason.SERVER_ERROR

    def lines(self) -> list[str]:
        page = self.exposition.render(Format.TEXT).decode()
        return [line for line in page.splitlines() if not line.startswith("#")]

    def series(self, name: str, *labels: str) -> dict[Any, float]:
        """Return the values of a metric by customer; by customer and these labels, if any are named."""
        found = {}
        for line in self.lines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name:
                pairs = dict(_LABEL.findall(series))
                key = pairs.get("customer", "")
                found[(key, *(pairs[label] for label in labels)) if labels else key] = float(value)
        return found

    def vendor_lines(self) -> list[str]:
        return [line for line in self.lines() if not line.startswith("email_stats_exporter_")]

    def changed(self) -> set[str]:
        """Return the names of the families that are to be rendered again since this was last asked."""
        with self.store.lock:
            changes = self.store.changes
            changed = [(group, family) for group, families in changes.all() for family in families]
            return {family.name for group, family in changed if changes.take(group, family)}


def left_out(scene: Scene, source: str = "acme") -> dict[str, int]:
    """Return what the last fetches of a source left out, by reason."""
    return {reason: count for reason, count in scene.store.sources[source].left_out.items() if count}


def names(lines: Sequence[str]) -> list[str]:
    return [line.partition("{")[0] for line in lines]
