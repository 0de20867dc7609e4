"""The state in an SQLite file beside the exporter: nothing to install, one file to keep."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import structlog

from exporter.clock import Clock
from exporter.errors import CorruptState, StartError
from exporter.state import file
from exporter.state.kept import Kept, Row, Scope, Ticket, Whose
from exporter.state.lock import Lock
from exporter.state.rows import RowReader, unpack_series, unseal
from exporter.state.writer import Writer

log = structlog.get_logger(__name__)

# For more customers than this, one walk through all of a scope is quicker than a look for each.
_WALK = 200
# The program has 5 s to stop in, and closes what serves pages besides.
_CLOSED_WITHIN = 2.0

_ALL = "SELECT customer, layout, content FROM places WHERE scope = ?"
_ONE = "SELECT customer, layout, content FROM places WHERE scope = ? AND customer = ?"
_LAYOUT = "SELECT content FROM layouts WHERE id = ?"
_FACT = "SELECT content FROM facts WHERE name = ?"


class SqliteState:
    """Keeps everything in one file that this process alone writes; implements ``State``.

    Attributes:
        path: the file.
        is_lasting: True.
    """

    is_lasting = True

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open a file, made if it is not there; one that is corrupt is set aside.

        Raises:
            StartError: another process holds it, a later version wrote it, or it can't be written.
        """
        self.path = path
        self._clock = clock
        self._lock = Lock(path)
        self._set_aside = 0
        self._has_begun = False
        self._writer = self._open()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is kept of any fetch, or nothing that can be read."""
        try:
            with self._reading() as connection:
                return connection is None or connection.execute("SELECT 1 FROM places LIMIT 1").fetchone() is None
        except CorruptState as error:
            self._leave_out(error)
            return True

    @property
    def is_up(self) -> bool:
        """Return whether it could be written the last time, and does not hang."""
        return self._writer.is_good and not self._writer.is_hung

    @property
    def failures(self) -> int:
        """Return how many writes have failed so far; a file that was set aside counts as one."""
        return self._writer.failures + self._set_aside

    @property
    def is_hung(self) -> bool:
        """Return whether the thread that writes is stuck in the disk."""
        return self._writer.is_hung

    @property
    def is_stuck(self) -> bool:
        """Return whether it has been in the middle of a write for a minute."""
        return self._writer.is_stuck

    def write(self, rows: Sequence[Row] = (), facts: Mapping[str, bytes] | None = None) -> Ticket:
        """Begin to write all of this at once, after all that was begun before; never waits."""
        return self._writer.put(rows, facts or {})

    def rows(self, scope: Scope, customers: Mapping[bytes, Whose]) -> Iterator[tuple[Whose, Kept]]:
        """Yield what is kept of these customers, who are named by digests.

        Raises:
            CorruptState: what is there can't be trusted.
        """
        try:
            with self._reading() as connection:
                if connection is not None:
                    yield from _read(connection, scope, customers)
        except CorruptState as error:
            self._leave_out(error)

    def begin(self) -> None:
        """Note that the program runs: from now on, what can't be trusted is left out and counted, never raised."""
        self._has_begun = True

    def part(self, rows: Sequence[Row]) -> None:
        """Do nothing: what belongs to those who leave is kept already."""

    def fact(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was.

        Raises:
            CorruptState: what is there can't be trusted.
        """
        try:
            with self._reading() as connection:
                found = connection.execute(_FACT, (name,)).fetchone() if connection else None
            return None if found is None else unseal(found[0])
        except CorruptState as error:
            self._leave_out(error)
            return None

    def begin_anew(self, why: str) -> None:
        """Set the file aside, which turned out to be corrupt, and go on with an empty one."""
        failures = self._writer.failures
        self._writer.close(_CLOSED_WITHIN)
        self._put_aside(why)
        self._writer = self._open()
        self._writer.failures += failures

    def close(self) -> None:
        """Write what is left, and let others have the file; if the disk hangs, they have it when this process ends."""
        if self._writer.close(_CLOSED_WITHIN):
            self._lock.release()

    def _open(self) -> Writer:
        """Return what writes to the file; it may only be read on a disk that is full."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._sound()
        except CorruptState as error:
            self._put_aside(str(error))
            connection = self._sound()
        except (sqlite3.Error, OSError) as error:
            self._begin_without_room(error)
        writer = Writer(self.path, self._lock, connection, self._clock)
        writer.start()
        return writer

    def _sound(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            connection = file.connect(self.path)
            file.check(connection)
        except file.BROKEN as error:
            if connection is not None:
                connection.close()
            if isinstance(error, CorruptState) or file.is_disk_s_fault(error):
                raise
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                raise StartError(f"state.path: another program is writing to {self.path}; wait until it ends") from None
            raise CorruptState(str(error)) from None
        return connection

    def _put_aside(self, why: str) -> None:
        self._set_aside += 1
        file.set_aside(self.path, why, self._clock.time())

    def _begin_without_room(self, error: sqlite3.Error | OSError) -> None:
        """Begin with what can be read of the file.

        Raises:
            StartError: there may be counters in it that can't be read, or it is not for lack of room.
        """
        if not file.has_no_room(self.path, error):
            remedy = f"let this user write to it and to {self.path.parent}"
            raise StartError(f"state.path: {self.path} can't be written ({error}); {remedy}") from None
        try:
            if self._has_content():
                with closing(file.connect_to_read(self.path)) as connection:
                    file.check(connection)
        except (*file.BROKEN, OSError):
            raise StartError(
                f"state.path: {self.path} can't be read on a full disk ({error}); make room on it"
            ) from None
        log.error(
            "state can't be written; counters that it does not hold are not shown",
            file=str(self.path),
            error=str(error),
        )

    def _leave_out(self, error: CorruptState) -> None:
        """Go on without what can't be trusted, and count it; before the program runs, raise the error instead."""
        if not self._has_begun:
            raise error
        self._writer.failures += 1
        log.warning("state is corrupt; part of it is not used", file=str(self.path), error=str(error))

    def _has_content(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def _find(self) -> None:
        """See to it that what is read is what was written.

        Raises:
            OSError: it would not be.
        """
        if self._writer.is_astray and not self.path.exists():
            # The next write makes it again.
            self.write().wait()
        if self._writer.is_astray:
            raise FileNotFoundError("it was deleted or replaced while it was open")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection to read with; None as long as nothing was ever written.

        Raises:
            CorruptState: reading failed.
            StartError: it failed before the program ran, and what is in the file is not at fault.
        """
        try:
            self._find()
            if not self._has_content():
                yield None
                return
            with closing(file.connect_to_read(self.path)) as connection:
                [(schema,)] = connection.execute("PRAGMA user_version")
                yield connection if schema else None
        except (*file.BROKEN, OSError) as error:
            if not self._has_begun and (isinstance(error, OSError) or file.is_disk_s_fault(error)):
                raise StartError(f"state.path: {self.path} can't be read ({error}); see to its disk") from None
            raise CorruptState(str(error)) from None


def _read(
    connection: sqlite3.Connection, scope: Scope, customers: Mapping[bytes, Whose]
) -> Iterator[tuple[Whose, Kept]]:
    # What rows refer to is read once.
    readers = {0: RowReader(scope.number, 0, (), scope.families)}
    for customer, number, content in _walk(connection, scope.number, customers):
        whose = customers.get(customer)
        if whose is None:
            continue
        reader = readers.get(number)
        if reader is None:
            found = connection.execute(_LAYOUT, (number,)).fetchone()
            if found is None:
                raise CorruptState("a row refers to series that are not there")
            reader = readers[number] = RowReader(scope.number, number, unpack_series(found[0]), scope.families)
        yield whose, reader.read(customer, content)


def _walk(
    connection: sqlite3.Connection, scope: int, customers: Mapping[bytes, object]
) -> Iterable[tuple[bytes, int, bytes]]:
    if len(customers) > _WALK:
        return connection.execute(_ALL, (scope,))
    return (row for customer in customers for row in connection.execute(_ONE, (scope, customer)))
