"""A reseller's account of any size: its configuration, a vendor that never answers, and what fetches bring."""

import json
import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exporter.app import App
from exporter.samples import Family, Sample
from exporter.store import Record

# Series of a customer by collector: twenty in all.
_SERIES = {"totals": 6, "daily": 7, "credits": 7}
COLLECTORS = tuple(_SERIES)
FAMILIES = sum(_SERIES.values())
_TIERS = ("gold", "silver", "free")


@contextmanager
def silent_vendor() -> Iterator[str]:
    """Yield the address of a vendor that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def write_configuration(folder: Path, customers: int, vendor: str, **settings: Any) -> Path:
    """Write the configuration of an account with so many customers in a JSON file; return its path.

    ``settings`` are further keys of the source, and ``polling`` and ``state`` those of their sections.
    """
    sections = {name: settings.pop(name) for name in ("polling", "state") if name in settings}
    entries = [
        {"user": f"customer{number}@example.com", "name": f"customer-{number}", "labels": {"tier": _TIERS[number % 3]}}
        for number in range(customers)
    ]
    (folder / "customers.json").write_text(json.dumps(entries), encoding="utf-8")
    source = {
        "name": "acme",
        "type": "sendgrid_reseller",
        "base_url": vendor,
        "credentials": {"username": "acme", "password": "sesame"},
        "rate_limit": {"calls": 1_000_000, "per": "1m"},
        "customer_files": ["customers.json"],
        **settings,
    }
    file = folder / "config.json"
    file.write_text(json.dumps({**sections, "sources": [source]}), encoding="utf-8")
    return file


def value_of(family: int, customer: int) -> int:
    """Return the number that the peers show for a customer; promhttp.go has the same rule."""
    return family * 1_000_003 + customer * 7919


class Fetches:
    """Hands in what fetches bring, straight to the store: what a vendor's wire would cost is measured elsewhere."""

    def __init__(self, app: App) -> None:
        """Make ready for the only source of a program."""
        [self._source] = app.sources
        self._store = app.store
        self._clock = app.clock
        self._numbers = random.Random(1)  # noqa: S311 - the same numbers in each run, not secret ones
        self._families: dict[str, Sequence[Family]] = {}
        for collector in self._source.collectors:
            plain = [family for family in collector.families if not family.labels]
            self._families[collector.name] = plain[: _SERIES[collector.name]]

    def all(self) -> Sequence[Record]:
        """Return the records of all customers."""
        return list(self._store.sources[self._source.name].records.values())

    def bring(self, records: Sequence[Record]) -> float:
        """Hand in a good fetch of every collector for these customers; return the CPU seconds that it took."""
        began = self._clock.time()
        spent = 0.0
        for number, record in enumerate(records):
            outcomes = [(place, self._samples(place.collector)) for place in record.places if place.collector]
            moment = began + number * 0.0031
            before = time.thread_time()
            for outcome in outcomes:
                self._store.commit([outcome], moment, moment + 0.1371)
            spent += time.thread_time() - before
        return spent

    def bring_at_once(self) -> None:
        """Hand in a good fetch of every collector for all customers, a thousand at a time as if they were one."""
        records = self.all()
        for start in range(0, len(records), 1000):
            places = [place for record in records[start : start + 1000] for place in record.places if place.collector]
            now = self._clock.time()
            self._store.commit([(place, self._samples(place.collector)) for place in places], now - 0.1371, now)

    def _samples(self, collector: str) -> Sequence[Sample]:
        draw = self._numbers.randrange
        return [family.sample(10**7 + draw(10 ** draw(1, 7))) for family in self._families[collector]]
