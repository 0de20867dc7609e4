"""The one thread that writes: all that waits goes into one transaction, whose end is told to everyone who waits."""

import sqlite3
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path

import structlog

from exporter.clock import Clock
from exporter.errors import StartError
from exporter.state import file
from exporter.state.kept import Row, Series, Ticket
from exporter.state.lock import Lock, identity
from exporter.state.rows import pack_row, pack_series, seal

log = structlog.get_logger(__name__)

# Far more than all threads of all sources can have in hand.
_MOST_WAITING = 10_000
# So long a write may take before others no longer wait behind it.
_HUNG_AFTER = 5.0
# And so long until it is not taken to end any more; a thread that died in the middle of it shows like this, too.
_STUCK_AFTER = 60.0
_MOST_LAYOUTS = 10_000
# Between two looks whether the file and its lock are still there, if nothing is written.
_LOOK_EACH = 5.0
# Between two looks how large the file is.
_MEASURE_EACH = 60.0
_HOUR = 3600.0
_DAY = 24 * _HOUR
_PRUNED_AFTER = 30 * _DAY

_PUT_PLACE = "INSERT OR REPLACE INTO places (scope, customer, attempted, layout, content) VALUES (?, ?, ?, ?, ?)"
_PUT_FACT = "INSERT OR REPLACE INTO facts (name, content) VALUES (?, ?)"
_FIND_LAYOUT = "SELECT id FROM layouts WHERE digest = ?"
_PUT_LAYOUT = "INSERT INTO layouts (digest, content) VALUES (?, ?)"
_PRUNE = (
    "DELETE FROM places WHERE attempted < ?",
    "DELETE FROM layouts WHERE id NOT IN (SELECT layout FROM places)",
)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be written whole."""

    ticket: Ticket
    rows: Sequence[Row]
    facts: Mapping[str, bytes]


class Writer:
    """Writes to one file, in the order in which it is told to, from ``start`` until ``close``.

    Attributes:
        is_good: whether the last transaction succeeded.
        failures: how many writes failed.
    """

    def __init__(self, path: Path, lock: Lock, connection: sqlite3.Connection | None, clock: Clock) -> None:
        """Prepare to write to a file that the lock is of; without a connection, each write tries to make one."""
        self.is_good = connection is not None
        self.failures = 0
        self._path = path
        self._lock = lock
        self._connection = connection
        self._identity = identity(path) if connection else None
        self._has_been_there = path.exists()
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._busy_since: float | None = None
        self._is_closing = False
        self._layouts: OrderedDict[tuple[Series, ...], int] = OrderedDict()
        self._prune_at = clock.monotonic() + _HOUR
        self._measure_at = 0.0
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def is_hung(self) -> bool:
        """Whether a write takes so long that nobody waits for it any more."""
        return self._busy_seconds() > _HUNG_AFTER

    @property
    def is_stuck(self) -> bool:
        """Whether a write takes so long that it will hardly end."""
        return self._busy_seconds() > _STUCK_AFTER

    @property
    def is_astray(self) -> bool:
        """Whether the file that is open is not the one under its name."""
        return self._identity is not None and self._identity != identity(self._path)

    def put(self, rows: Sequence[Row], facts: Mapping[str, bytes]) -> Ticket:
        """Queue something to be written; refuse it at once where it would wait in vain."""
        ticket = Ticket(self._given_up)
        with self._changed:
            if self._is_closing or len(self._jobs) >= _MOST_WAITING or self.is_hung:
                self.failures += 1
                ticket.end(is_kept=False)
            else:
                self._jobs.append(Job(ticket, rows, facts))
                self._changed.notify()
        return ticket

    def close(self, seconds: float) -> bool:
        """Write what waits, for so long at most, and take nothing more; return whether nothing is written any more."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _given_up(self) -> None:
        with self._changed:
            self.failures += 1
        self._note("the disk hangs")

    def _busy_seconds(self) -> float:
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    # The thread

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._is_closing:
                    if not self._changed.wait(_LOOK_EACH) or self._clock.monotonic() >= self._prune_at:
                        break
                jobs = [job for job in self._jobs if not job.ticket.is_given_up]
                self._jobs.clear()
                if not jobs and self._is_closing:
                    break
                self._busy_since = time.monotonic()
            if jobs:
                self._settle(jobs)
            else:
                self._watch()
            self._prune()
            self._busy_since = None
        if self._connection is not None:
            self._connection.close()

    def _settle(self, jobs: Sequence[Job]) -> None:
        is_kept = self._try(lambda connection: self._write(connection, jobs))
        for job in jobs:
            job.ticket.end(is_kept=is_kept)

    def _try(self, write: Callable[[sqlite3.Connection], None]) -> bool:
        """Make a transaction; return whether it will survive a crash."""
        for is_last in (False, True):
            try:
                self._transact(write)
            except StartError as error:
                # The open file may be all that there is of it.
                self._fail(str(error))
                return False
            except (*file.BROKEN, OSError) as error:
                self._disconnect()
                # The end of a connection empties its log, which may have taken the room.
                if is_last or not file.is_full(error):
                    self._fail(str(error))
                    return False
            else:
                break
        self._note("")
        return True

    def _transact(self, write: Callable[[sqlite3.Connection], None]) -> None:
        self._find()
        connection = self._connection = self._connection or self._reconnect()
        connection.execute("BEGIN IMMEDIATE")
        if time.monotonic() >= self._measure_at:
            self._measure_at = time.monotonic() + _MEASURE_EACH
            file.bound_log(connection)
        write(connection)
        connection.execute("COMMIT")

    def _reconnect(self) -> sqlite3.Connection:
        is_lost = self._has_been_there and not self._path.exists()
        connection = file.connect(self._path)
        self._identity, self._has_been_there = identity(self._path), True
        if is_lost:
            log.warning("state was deleted while it could not be written; begun afresh", file=str(self._path))
        return connection

    def _find(self) -> None:
        """See to it that what is written is found by the next process, and by no other meanwhile.

        Raises:
            StartError: it would not be.
        """
        self._lock.keep()
        if self._connection is None or not self.is_astray:
            return
        if self._path.exists():
            raise StartError(
                f"state.path: {self._path} was replaced by another file while it was open; restart to begin with that "
                "one, or remove it, and the one that was open is put back"
            )
        with file.made_again(self._path, self._connection) as half:
            # Whoever reads it as soon as it is there finds that it is the right one.
            self._identity = identity(half)
        self._disconnect()

    def _watch(self) -> None:
        """Say in the log if the file is no more what it was."""
        try:
            self._find()
        except (StartError, OSError) as error:
            self._note(str(error))

    def _disconnect(self) -> None:
        # What was numbered in this transaction is not there.
        self._layouts.clear()
        connection, self._connection, self._identity = self._connection, None, None
        if connection is not None:
            # A connection that met a broken disk may not find back; one to the mended disk does.
            connection.close()

    def _fail(self, why: str) -> None:
        with self._changed:
            self.failures += 1
        self._note(why)

    def _note(self, why: str) -> None:
        """Say in the log when writing fails, and when that ends."""
        was_good, self.is_good = self.is_good, not why
        if was_good and why:
            log.error(
                "state can't be written; counters keep their stored values until it can",
                file=str(self._path),
                error=why,
            )
        elif not was_good and not why:
            log.info("state is written again", file=str(self._path))

    def _write(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
        rows = [row for job in jobs for row in job.rows]
        facts = {name: content for job in jobs for name, content in job.facts.items()}
        connection.executemany(_PUT_PLACE, (self._place(connection, row) for row in rows))
        connection.executemany(_PUT_FACT, ((name, seal(content)) for name, content in facts.items()))

    def _place(self, connection: sqlite3.Connection, row: Row) -> tuple[int, bytes, float, int, bytes]:
        layout = self._layout(connection, row.kept.series) if row.kept.series else 0
        return row.scope, row.customer, row.kept.last_attempt, layout, pack_row(row, layout)

    def _layout(self, connection: sqlite3.Connection, series: tuple[Series, ...]) -> int:
        """Return the number of these series, which are written once for all places that have them."""
        known = self._layouts.get(series)
        if known is not None:
            self._layouts.move_to_end(series)
            return known
        content = pack_series(series)
        digest = blake2s(content, digest_size=16).digest()
        found = connection.execute(_FIND_LAYOUT, (digest,)).fetchone()
        number = int(found[0] if found else connection.execute(_PUT_LAYOUT, (digest, content)).lastrowid or 0)
        self._layouts[series] = number
        if len(self._layouts) > _MOST_LAYOUTS:
            self._layouts.popitem(last=False)
        return number

    def _prune(self) -> None:
        """Once a day, forget who has not been asked for in a month; the first time once all have been asked for."""
        if self._clock.monotonic() < self._prune_at or self._is_closing:
            return
        self._prune_at = self._clock.monotonic() + _DAY
        self._layouts.clear()
        before = self._clock.time() - _PRUNED_AFTER

        def prune(connection: sqlite3.Connection) -> None:
            connection.execute(_PRUNE[0], (before,))
            connection.execute(_PRUNE[1])

        self._try(prune)
