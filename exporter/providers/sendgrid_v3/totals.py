"""Totals, which the v3 API does not have: the sum of all months since a configured date.

A month that is over and whose successor is over too is never asked for again: its sum is kept. The month before
the current one still gets late events, so it is asked for anew and kept at its largest. A total therefore never
falls because the vendor corrects, or forgets, an old month; the current month is shown as the vendor has it, and
what becomes of a total that falls is the store's business.
"""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar, Protocol

from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.sendgrid_statistics import Counters, samples, sums
from exporter.providers.sendgrid_v3.api import BATCH_SIZE, MOST_PERIODS, V3Api
from exporter.providers.sendgrid_v3.collectors import Shown, ask_together, shown
from exporter.providers.sendgrid_v3.config import TotalsConfig
from exporter.providers.sendgrid_v3.metrics import TOTALS_FAMILIES
from exporter.providers.sendgrid_v3.statistics import Table, Window
from exporter.samples import Family, Sample


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is kept of one customer's months; None stands for months without a row.

    Attributes:
        until: first day of the first month that is still asked for.
        closed: the sums of all months before it.
        ended: the counters of that month at their largest, once it is over.
    """

    until: date
    closed: Counters | None = None
    ended: Counters | None = None


class Ledgers(Protocol):
    """Keeps what is known for good of customers' months."""

    def get(self, customer: Customer) -> Ledger | None:
        """Return what is kept of a customer; None if nothing is."""

    def put(self, customer: Customer, ledger: Ledger) -> None:
        """Keep this of a customer from now on."""


@dataclass(frozen=True, slots=True)
class LedgersInMemory:
    """Keeps months until the program ends or its configuration changes; implements ``Ledgers``."""

    _kept: dict[tuple[str, str], Ledger] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, customer: Customer) -> Ledger | None:
        """Return what is kept of a customer; None if nothing is."""
        with self._lock:
            return self._kept.get(_key(customer))

    def put(self, customer: Customer, ledger: Ledger) -> None:
        """Keep this of a customer from now on."""
        with self._lock:
            self._kept[_key(customer)] = ledger


@dataclass(frozen=True, slots=True)
class TotalsCollector:
    """Collects each customer's counters since the configured date."""

    api: V3Api
    settings: TotalsConfig
    ledgers: Ledgers = field(default_factory=LedgersInMemory)
    name: ClassVar[str] = "totals"
    families: ClassVar[Sequence[Family]] = TOTALS_FAMILIES
    batch_size: ClassVar[int] = BATCH_SIZE

    def fetch_batch(self, customers: Sequence[Customer]) -> Shown:
        """Return a sample for each configured counter that all months have.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        return ask_together(customers, self._ask)

    def memory(self, customer: Customer) -> str:
        """Return what is kept of a customer's months as text; empty if nothing is."""
        ledger = self.ledgers.get(customer)
        if ledger is None:
            return ""
        written = {"until": ledger.until.isoformat(), "closed": ledger.closed, "ended": ledger.ended}
        return json.dumps(written, separators=(",", ":"))

    def recall(self, customer: Customer, memory: str) -> None:
        """Keep what ``memory`` once returned; the months that are over need not be asked for again."""
        written = json.loads(memory)
        ledger = Ledger(date.fromisoformat(written["until"]), written["closed"], written["ended"])
        self.ledgers.put(customer, ledger)

    def _ask(self, customers: Sequence[Customer]) -> Shown:
        todays = {customer: customer.today() for customer in customers}
        kept = {customer: self.ledgers.get(customer) or Ledger(self.settings.first_day) for customer in customers}
        start = min(ledger.until for ledger in kept.values())
        asked = windows(start, max(todays.values()))
        tables = self.api.statistics(customers, asked, self.settings.fields)

        def show(customer: Customer, table: Table) -> Iterable[Sample]:
            months = _by_month(table, kept[customer].until, self.settings.fields)
            ledger = _settle(kept[customer], months, todays[customer], self.settings.fields)
            self.ledgers.put(customer, ledger)
            return self._samples(ledger, months)

        return shown(tables, show)

    def _samples(self, ledger: Ledger, months: Mapping[date, Counters]) -> Iterable[Sample]:
        open_from = ledger.until.replace(day=1) if ledger.ended is None else next_month(ledger.until)
        parts = [ledger.closed, ledger.ended, *(counters for month, counters in months.items() if month >= open_from)]
        total = _added(parts, self.settings.fields)
        return () if total is None else samples(metrics.TOTALS, total, self.settings.fields)


def windows(start: date, today: date) -> Sequence[Window]:
    """Return the calls that bring all months from ``start`` on; the last one has no end.

    A first month that is not asked for from its first day is asked for by day: whether a row of a whole month
    begins with it is nowhere said.
    """
    if start > today:
        return ()
    asked: list[Window] = []
    if start.day > 1:
        following = next_month(start)
        if following > today:
            return (Window(start),)
        asked.append(Window(start, following - timedelta(days=1)))
        start = following
    # The vendor's today may be in the month after ours.
    while (further := _months_later(start, MOST_PERIODS - 1)) <= today:
        asked.append(Window(start, further - timedelta(days=1), "month"))
        start = further
    return (*asked, Window(start, None, "month"))


def next_month(day: date) -> date:
    """Return the first day of the month after a day's."""
    return _months_later(day, 1)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _by_month(table: Table, since: date, fields: Sequence[str]) -> Mapping[date, Counters]:
    """Return the sums of a table's rows by the first day of their month, from the month of ``since`` on."""
    rows: dict[date, list[Counters]] = {}
    for day, counters in table.items():
        if (month := day.replace(day=1)) >= since.replace(day=1):
            rows.setdefault(month, []).append(counters)
    return {month: sums(several, fields) for month, several in sorted(rows.items())}


def _settle(kept: Ledger, months: Mapping[date, Counters], today: date, fields: Sequence[str]) -> Ledger:
    """Return what to keep now that ``months`` are known, from the first that was still asked for."""
    current = today.replace(day=1)
    previous = _months_later(current, -1)
    first = kept.until.replace(day=1)
    known = dict(months)
    if kept.ended is not None:
        known[first] = _largest(kept.ended, known.get(first, {}))
    # ``since`` itself is where the asking goes on for as long as its month is not closed.
    until = kept.until if first >= previous else previous
    closed = _added([kept.closed, *(known[month] for month in known if month < until.replace(day=1))], fields)
    ended = known.get(until.replace(day=1)) if until.replace(day=1) < current else None
    return Ledger(until, closed, ended)


def _largest(one: Counters, other: Counters) -> Counters:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {**one, **other}}


def _added(parts: Iterable[Counters | None], fields: Sequence[str]) -> Counters | None:
    rows = [part for part in parts if part is not None]
    return sums(rows, fields) if rows else None


def _key(customer: Customer) -> tuple[str, str]:
    return customer.settings, customer.id
