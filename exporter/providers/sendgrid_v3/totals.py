"""Totals, which the v3 API does not have: the sum of all months since a configured date.

The vendor's newest answer about a month counts, and a month that vanishes from the answers keeps its sum. The month
before the newest still gets late events, so both are asked for anew; an older one is closed: its sum is kept, and it
is never asked for again. Which month is the newest the vendor's rows say, never a clock alone, which may be wrong for
a while: what was closed too early would be too low for good. What becomes of a total that falls is the store's
business.
"""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar, Protocol

from exporter.errors import NotFound
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
    """What is kept of one customer's months.

    Attributes:
        until: first day of the first month that is still asked for.
        closed: the sums of all months before it; None where they have no row.
        open: the counters of the later ones, by their first days, as the vendor last had them.
    """

    until: date
    closed: Counters | None = None
    open: Mapping[date, Counters] = field(default_factory=dict)


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
        months = {month.isoformat(): counters for month, counters in ledger.open.items()}
        written = {"until": ledger.until.isoformat(), "closed": ledger.closed, "open": months}
        return json.dumps(written, separators=(",", ":"))

    def recall(self, customer: Customer, memory: str) -> None:
        """Keep what ``memory`` once returned; the months that are closed need not be asked for again."""
        written = json.loads(memory)
        # States of before the first release have no open months; these are asked for anyway.
        months = {date.fromisoformat(month): counters for month, counters in written.get("open", {}).items()}
        self.ledgers.put(customer, Ledger(date.fromisoformat(written["until"]), written["closed"], months))

    def _ask(self, customers: Sequence[Customer]) -> Shown:
        todays = {customer: customer.today() for customer in customers}
        kept = {customer: self._kept(customer, todays[customer]) for customer in customers}
        start = min(ledger.until for ledger in kept.values())
        answers = self.api.statistics(customers, windows(start, max(todays.values())), self.settings.fields)
        # Who has closed months is known to the vendor, and merely has no row in those that are still asked for.
        tables = {
            who: {} if isinstance(answer, NotFound) and kept[who].closed is not None else answer
            for who, answer in answers.items()
        }
        newest = max(
            (max(table, default=date.min) for table in tables.values() if not isinstance(table, NotFound)),
            default=date.min,
        )

        def show(customer: Customer, table: Table) -> Iterable[Sample]:
            ledger = kept[customer]
            months = _by_month(table, ledger.until, self.settings.fields)
            # An answer without a row says nothing of what is over.
            if months:
                ledger = _settle(ledger, months, min(newest, todays[customer]), self.settings.fields)
                self.ledgers.put(customer, ledger)
            return self._samples(ledger)

        return shown(tables, show)

    def _kept(self, customer: Customer, today: date) -> Ledger:
        """Return what is kept of a customer, or a new ledger where a clock that was ahead has closed too much."""
        ledger = self.ledgers.get(customer)
        latest = max(self.settings.first_day, _months_later(today, -1))
        return ledger if ledger and ledger.until <= latest else Ledger(self.settings.first_day)

    def _samples(self, ledger: Ledger) -> Iterable[Sample]:
        total = _added([ledger.closed, *ledger.open.values()], self.settings.fields)
        return () if total is None else samples(metrics.TOTALS, total, self.settings.fields)


def windows(start: date, today: date) -> Sequence[Window]:
    """Return the calls that bring all months from ``start`` on; the last one has no end.

    A first month that is not asked for from its first day is asked for by day: whether a row of a whole month
    begins with it is nowhere said. Before ``start`` has come today is asked for, since no success goes without an
    answer, and an answer shows whether it is the clock that is wrong.
    """
    if start > today:
        return (Window(today),)
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
    """Return the sums of a table's rows by the first day of their month, from ``since`` on."""
    rows: dict[date, list[Counters]] = {}
    for day, counters in table.items():
        if day >= since:
            rows.setdefault(day.replace(day=1), []).append(counters)
    return {month: sums(several, fields) for month, several in rows.items()}


def _settle(kept: Ledger, months: Mapping[date, Counters], newest: date, fields: Sequence[str]) -> Ledger:
    """Return what to keep now that ``months`` are known; those before the one before ``newest`` are closed."""
    known = {**kept.open, **months}
    # The first day of all is where the asking goes on for as long as its month is not closed.
    until = max(kept.until, _months_later(newest, -1))
    first = until.replace(day=1)
    closed = _added([kept.closed, *(known[month] for month in known if month < first)], fields)
    return Ledger(until, closed, {month: known[month] for month in known if month >= first})


def _added(parts: Iterable[Counters | None], fields: Sequence[str]) -> Counters | None:
    rows = [part for part in parts if part is not None]
    return sums(rows, fields) if rows else None


def _key(customer: Customer) -> tuple[str, str]:
    return customer.settings, customer.id
