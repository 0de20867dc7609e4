"""What was fetched so far, in a file beside the output: whatever ends the program, nothing is asked for twice."""

import json
import sqlite3
import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from exporter.errors import StartError
from exporter.providers.base import Customer, Figures
from exporter.samples import Family
from exporter.state import Kept, Row, Scope, Ticket, customer_digest

# As the file's purpose, so that one that an older version has begun is not gone on with.
_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE fact (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE customer (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL,
    zone TEXT NOT NULL, last INTEGER NOT NULL, UNIQUE (source, name)
);
CREATE TABLE done (
    customer INTEGER NOT NULL, history TEXT NOT NULL, step TEXT NOT NULL, PRIMARY KEY (customer, history, step)
) WITHOUT ROWID;
CREATE TABLE series (
    id INTEGER PRIMARY KEY, family TEXT NOT NULL, customer INTEGER NOT NULL, history TEXT NOT NULL,
    labels TEXT NOT NULL, total REAL, UNIQUE (family, customer, labels)
);
CREATE TABLE figure (series INTEGER, day INTEGER, value REAL, PRIMARY KEY (series, day)) WITHOUT ROWID;
CREATE TABLE later (series INTEGER, day INTEGER, value REAL, PRIMARY KEY (series, day)) WITHOUT ROWID;
"""
# Stands among the steps of a customer when there are no more.
WHOLE = "whole"

Whose = TypeVar("Whose")


@dataclass(frozen=True, slots=True)
class KeptCustomer:
    """A customer as the file has it.

    Attributes:
        number: what it is found by there.
        last: the last day that is written of it.
    """

    number: int
    source: str
    name: str
    zone: str
    last: date


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """One series that there are figures of.

    Attributes:
        number: what it is found by.
        labels: the values of its family's labels.
        total: of a counter, the total at the time when ``later`` figures were asked for; None where there is none.
    """

    number: int
    customer: KeptCustomer
    labels: tuple[str, ...]
    total: float | None


class Journal:
    """Keeps figures, and which calls brought them; to be used by many threads.

    Attributes:
        began: Unix time at which the command was first given.
    """

    def __init__(self, path: Path | None, purpose: Mapping[str, object], now: float) -> None:
        """Go on with a file, or begin one; without a path nothing outlives the process.

        Args:
            path: where the file is.
            purpose: what the command asks for; a file that was begun for something else is refused.
            now: Unix time.

        Raises:
            StartError: the file is another command's, another process has it, or it can't be used.
        """
        self._path = path
        self._lock = threading.RLock()
        # Of the customers that are asked for at the moment; each answer has the same series for hundreds of days.
        self._numbers: dict[tuple[Family, int, tuple[str, ...]], int] = {}
        with self._translated():
            if path is not None:
                path.touch(0o600)
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path, timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                self._begin(json.dumps({"version": _VERSION, **purpose}, sort_keys=True), now)
            except BaseException:
                self._connection.close()
                raise
        self.began = float(self._meta("began"))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def remove(self) -> None:
        """Take the file away after it was closed: what it has is written."""
        if self._path is not None:
            self._path.unlink()

    @property
    def facts(self) -> "Facts":
        """What limits and lists are kept in."""
        return Facts(self)

    # What there is to ask for

    def enlist(self, source: str, customers: Iterable[tuple[Customer, date]]) -> Sequence[KeptCustomer]:
        """Return customers, each with the last day to be written, as they were first enlisted or are enlisted now.

        Another customer who had the name of one of them is forgotten.
        """
        with self._transaction():
            return [self._enlist(source, customer, last) for customer, last in customers]

    def is_done(self, customer: int, history: str, step: str) -> bool:
        """Return whether a step was made for a customer."""
        what = "SELECT 1 FROM done WHERE customer = ? AND history = ? AND step = ?"
        return self._one(what, customer, history, step) is not None

    # What comes in

    def keep_days(self, history: str, step: str, answers: Mapping[int, Mapping[date, Figures]]) -> None:
        """Keep days' figures by the number of their customer, and that the step was made."""
        with self._transaction():
            self._put_days("INSERT OR REPLACE INTO figure VALUES (?, ?, ?)", history, answers)
            self._mark(history, step, answers)

    def keep_totals(self, history: str, step: str, answers: Mapping[int, Figures]) -> None:
        """Keep totals by the number of their customer, and that the step was made."""
        with self._transaction():
            for customer, figures in answers.items():
                self._run("UPDATE series SET total = NULL WHERE customer = ? AND history = ?", customer, history)
                self._run(
                    "DELETE FROM later WHERE series IN (SELECT id FROM series WHERE customer = ? AND history = ?)",
                    *(customer, history),
                )
                for sample in figures:
                    number = self._series(sample.family, customer, history, sample.labels)
                    self._run("UPDATE series SET total = ? WHERE id = ?", sample.value, number)
            self._mark(history, step, answers)

    def keep_later(self, history: str, step: str, answers: Mapping[int, Mapping[date, Figures]]) -> None:
        """Keep figures of days that are not written, as they were after the totals, and that the step was made."""
        with self._transaction():
            self._put_days("INSERT OR REPLACE INTO later VALUES (?, ?, ?)", history, answers)
            self._mark(history, step, answers)

    def complete(self, history: str, customers: Collection[int]) -> None:
        """Keep that there is nothing more to ask for of customers."""
        with self._transaction():
            self._mark(history, WHOLE, customers)
            self._numbers = {key: number for key, number in self._numbers.items() if key[1] not in customers}

    # What goes out

    def count(self) -> int:
        """Return how many series there are figures of."""
        return int(self._one("SELECT count(*) FROM series")[0])

    def series(self, family: Family) -> Iterator[KeptSeries]:
        """Yield the series of a family, those of one customer in a row, of customers of whom all is there.

        Raises:
            StartError: the file can't be read; so below.
        """
        what = (
            "SELECT series.id, labels, total, customer.id, source, name, zone, last "
            "FROM series JOIN customer ON customer.id = series.customer "
            "JOIN done ON done.customer = series.customer AND done.history = series.history AND step = ? "
            "WHERE family = ? ORDER BY customer.id, labels"
        )
        for number, labels, total, *row, last in self._all(what, WHOLE, family.name):
            customer = KeptCustomer(row[0], row[1], row[2], row[3], date.fromordinal(last))
            yield KeptSeries(number, customer, tuple(json.loads(labels)), total)

    def forward(self, series: int, first: date, last: date) -> Iterator[tuple[date, float | None]]:
        """Yield the figures of a series from one day to another; None where only the number is missing on a day."""
        what = "SELECT day, value FROM figure WHERE series = ? AND day BETWEEN ? AND ? ORDER BY day"
        return self._figures(what, series, first, last)

    def backward(self, series: int, first: date, last: date) -> Iterator[tuple[date, float | None]]:
        """Yield the same from the last day to the first."""
        what = "SELECT day, value FROM figure WHERE series = ? AND day BETWEEN ? AND ? ORDER BY day DESC"
        return self._figures(what, series, first, last)

    def after(self, series: int, last: date) -> tuple[float, float]:
        """Return what the days after one have added: as it was before the total was asked for, and after that."""
        where = (series, last.toordinal())
        before = self._sum("SELECT total(value) FROM figure WHERE series = ? AND day > ?", *where)
        newer = self._sum("SELECT total(value) FROM later WHERE series = ? AND day > ?", *where)
        # Days that were not asked for once more are too old to have changed.
        older = self._sum(
            "SELECT total(value) FROM figure WHERE series = ? AND day > ? "
            "AND NOT EXISTS (SELECT 1 FROM later WHERE later.series = figure.series AND later.day = figure.day)",
            *where,
        )
        return before, newer + older

    # Facts

    def fact(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was."""
        found = self._one("SELECT content FROM fact WHERE name = ?", name)
        return None if found is None else bytes(found[0])

    def keep_facts(self, facts: Mapping[str, bytes]) -> None:
        """Keep something else under each of these names."""
        with self._transaction():
            for name, content in facts.items():
                self._run("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, content)

    # How

    def _enlist(self, source: str, customer: Customer, last: date) -> KeptCustomer:
        digest, zone = customer_digest(customer), customer.zone.key
        what = "SELECT id, digest, zone, last FROM customer WHERE source = ? AND name = ?"
        found = self._one(what, source, customer.name)
        if found is not None and (found[1], found[2]) != (digest, zone):
            self._forget(found[0])
            found = None
        if found is None:
            row = (source, customer.name, digest, zone, last.toordinal())
            self._run("INSERT INTO customer (source, name, digest, zone, last) VALUES (?, ?, ?, ?, ?)", *row)
            return self._enlist(source, customer, last)
        return KeptCustomer(found[0], source, customer.name, found[2], date.fromordinal(found[3]))

    def _begin(self, purpose: str, now: float) -> None:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "cache_size = -4000"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self._transaction():
            if self._one("SELECT 1 FROM sqlite_master WHERE name = 'meta'") is None:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._run(statement)
                self._run("INSERT INTO meta VALUES ('purpose', ?), ('began', ?)", purpose, repr(now))
        if self._meta("purpose") != purpose:
            raise StartError(
                f"{self._path} holds what another command has fetched, for other days, sources, collectors or fields; "
                "give that command again, or remove the file, or choose another --output"
            )

    def _meta(self, name: str) -> str:
        return str(self._one("SELECT content FROM meta WHERE name = ?", name)[0])

    def _forget(self, customer: int) -> None:
        for statement in (
            "DELETE FROM figure WHERE series IN (SELECT id FROM series WHERE customer = ?)",
            "DELETE FROM later WHERE series IN (SELECT id FROM series WHERE customer = ?)",
            "DELETE FROM series WHERE customer = ?",
            "DELETE FROM done WHERE customer = ?",
            "DELETE FROM customer WHERE id = ?",
        ):
            self._run(statement, customer)
        self._numbers.clear()

    def _put_days(self, statement: str, history: str, answers: Mapping[int, Mapping[date, Figures]]) -> None:
        rows = [
            (
                self._series(sample.family, customer, history, sample.labels),
                day.toordinal(),
                None if isnan(sample.value) else sample.value,
            )
            for customer, days in answers.items()
            for day, figures in days.items()
            for sample in figures
        ]
        self._connection.executemany(statement, rows)

    def _mark(self, history: str, step: str, customers: Iterable[int]) -> None:
        rows = [(customer, history, step) for customer in customers]
        self._connection.executemany("INSERT OR IGNORE INTO done VALUES (?, ?, ?)", rows)

    def _series(self, family: Family, customer: int, history: str, labels: tuple[str, ...]) -> int:
        key = (family, customer, labels)
        number = self._numbers.get(key)
        if number is None:
            row = (family.name, customer, json.dumps(labels))
            self._run(
                "INSERT OR IGNORE INTO series (family, customer, labels, history) VALUES (?, ?, ?, ?)", *row, history
            )
            what = "SELECT id FROM series WHERE family = ? AND customer = ? AND labels = ?"
            number = self._numbers[key] = int(self._one(what, *row)[0])
        return number

    def _figures(self, what: str, series: int, first: date, last: date) -> Iterator[tuple[date, float | None]]:
        rows = self._all(what, series, first.toordinal(), last.toordinal())
        return ((date.fromordinal(day), value) for day, value in rows)

    def _sum(self, what: str, *values: int) -> float:
        return float(self._one(what, *values)[0])

    def _all(self, what: str, *values: Any) -> Iterator[Any]:
        # Without the lock: nothing is fetched any more when the output is written.
        with self._translated():
            yield from self._connection.execute(what, values)

    def _one(self, what: str, *values: Any) -> Any:
        with self._lock, self._translated():
            return self._connection.execute(what, values).fetchone()

    def _run(self, what: str, *values: Any) -> None:
        with self._translated():
            self._connection.execute(what, values)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            where = self._path or "memory"
            raise StartError(f"{where}: what was fetched can't be kept or read there ({error})") from None


@dataclass(frozen=True, slots=True)
class Facts:
    """Keeps used budgets, pauses and lists in the journal; implements ``State`` for a program that polls nothing."""

    journal: Journal
    is_lasting: bool = True
    is_empty: bool = True
    is_up: bool = True
    is_stuck: bool = False
    failures: int = 0

    def write(self, rows: Sequence[Row] = (), facts: Mapping[str, bytes] | None = None) -> Ticket:  # noqa: ARG002 - no fetch of the poller's has rows
        """Write facts, and return the ticket of something that is safe."""
        self.journal.keep_facts(facts or {})
        ticket = Ticket()
        ticket.end(is_kept=True)
        return ticket

    def rows(self, scope: Scope, customers: Mapping[bytes, Whose]) -> Iterator[tuple[Whose, Kept]]:  # noqa: ARG002 - nothing is kept
        """Yield nothing."""
        return iter(())

    def begin(self) -> None:
        """Do nothing: there are facts only."""

    def part(self, rows: Sequence[Row]) -> None:
        """Do nothing: nobody leaves."""

    def fact(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was."""
        return self.journal.fact(name)

    def close(self) -> None:
        """Do nothing: the journal is closed by whoever opened it."""
