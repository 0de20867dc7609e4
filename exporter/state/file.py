"""The file of the state: whether it can be trusted, which schema it has, and how it is read and made again."""

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import structlog

from exporter.errors import CorruptState, StartError
from exporter.state.lock import FULL

log = structlog.get_logger(__name__)

# "mail" in ASCII; tells this program's files from all other databases.
_APPLICATION_ID = 0x6D61696C
# Less than any fetch waits for its ticket, so that a backup that takes long is told from a disk that hangs.
_BUSY_SECONDS = 4.0
# What a disk that is full or broken makes of opening a file; anything else that is no fault of SQL is corruption.
_NO_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_BESIDE = ("", "-wal", "-shm")
# Pages of 4 KiB that the log beside the file may grow to. Fewer take more CPU where many rows are written at once.
_LOG_PAGES = (100, 1_000)
# What a connection needs beside the file, to tell others what is in the log.
_ROOM = 32_768
# SQLite takes a shorter file for an empty one, and would write over what is in it.
_SHORTEST = 512
# What reading a file that is not whole ends in; its words may be no text.
BROKEN = (sqlite3.Error, UnicodeDecodeError, CorruptState)


def _first_schema(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE layouts (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, content BLOB NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE places (scope INTEGER, customer BLOB, attempted REAL NOT NULL, layout INTEGER NOT NULL,"
        " content BLOB NOT NULL, PRIMARY KEY (scope, customer)) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID")


# What leads from each schema to the next; they only ever grow in number.
_MIGRATIONS: Sequence[Callable[[sqlite3.Connection], None]] = (_first_schema,)
SCHEMA = len(_MIGRATIONS)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a file that can be written, made if it is not there.

    Raises:
        sqlite3.Error, UnicodeDecodeError: it can't be opened.
        CorruptState: it is no database.
        OSError: it can't be made.
    """
    # Whoever can read the file can read the names of customers.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    # To open it here, only to see, would end what SQLite's locks on it say to others when it is closed.
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with suppress(PermissionError):
        path.chmod(0o600)
    if 0 < path.stat().st_size < _SHORTEST:
        raise CorruptState("file is not a database")
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _refuse_strangers(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # In a container, nothing but the folder of the file can be written.
        connection.execute("PRAGMA temp_store = MEMORY")
        bound_log(connection)
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def bound_log(connection: sqlite3.Connection) -> None:
    """Let the log beside the file grow about as large as the file: a small disk has to hold both.

    Raises:
        sqlite3.Error: the file can't be read.
    """
    [(pages,)], [(size,)] = (connection.execute(f"PRAGMA page_{what}").fetchall() for what in ("count", "size"))
    least, most = _LOG_PAGES
    pages = min(most, max(least, pages))
    connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
    # What a long backup has made of it is given back.
    connection.execute(f"PRAGMA journal_size_limit = {2 * pages * size}")


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection to read with, even from a disk on which there is no room for a byte.

    Raises:
        sqlite3.Error: it can't be opened.
    """
    uri = path.absolute().as_uri()
    try:
        return _reading(f"{uri}?mode=ro")
    except sqlite3.OperationalError:
        wal = Path(f"{path}-wal")
        if wal.exists() and wal.stat().st_size:
            # Nobody else can read it either, so that what is in the log need be known in memory alone.
            return _reading(f"{uri}?mode=rw", "PRAGMA locking_mode = EXCLUSIVE")
        # After a clean stop all is in the one file, and nothing need be written to read it.
        return _reading(f"{uri}?mode=ro&immutable=1")


@contextmanager
def made_again(path: Path, connection: sqlite3.Connection) -> Iterator[Path]:
    """Put a file that was deleted while it was open back in its place, with all that the connection still sees.

    What comes in its place at the end of the block is yielded under the name that it has before.

    Raises:
        StartError: that can't be done; nothing has changed.
    """
    half = Path(f"{path}.again")
    try:
        half.unlink(missing_ok=True)
        os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(half, isolation_level=None)) as copy:
            connection.backup(copy)
        yield half
        # What is left of the old file says nothing of the new one.
        for end in _BESIDE[1:]:
            Path(f"{path}{end}").unlink(missing_ok=True)
        half.rename(path)
        _sync(path.parent)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            half.unlink()
        raise StartError(
            f"state.path: {path} was deleted while it was open, and can't be made again ({error}); see to its disk"
        ) from None
    log.warning("state was deleted while it was open; made again with all that was in it", file=str(path))


def check(connection: sqlite3.Connection) -> None:
    """See to it that a file is whole.

    Raises:
        CorruptState: it is not.
    """
    try:
        [(answer,), *_] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        if is_disk_s_fault(error):
            raise
        raise CorruptState(str(error)) from None
    if answer != "ok":
        raise CorruptState(answer)


def set_aside(path: Path, why: str, now: float) -> None:
    """Move a file that can't be trusted out of the way, and say so in the log.

    Raises:
        StartError: it can't be moved.
    """
    aside = f"{path}.corrupt-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}"
    try:
        for end in _BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{path}{end}").rename(f"{aside}{end}")
    except OSError as error:
        raise StartError(
            f"state.path: {path} is corrupt and can't be moved aside ({error.strerror}); move it yourself"
        ) from None
    log.error("state is corrupt; set aside, and started afresh", file=str(path), kept_as=aside, error=why)


def is_disk_s_fault(error: Exception) -> bool:
    """Return whether it is the disk that failed, rather than what is in the file."""
    # The lower eight bits are the error, the others say more of it.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _NO_DISK


def is_full(error: Exception) -> bool:
    """Return whether there is no room on the disk, so that there may be some once the log is no more."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_FULL


def has_no_room(path: Path, error: sqlite3.Error | OSError) -> bool:
    """Return whether it is for want of room that a file could not be opened, as far as that can be told."""
    if isinstance(error, OSError):
        return error.errno in FULL
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} or (
        code == sqlite3.SQLITE_CANTOPEN and _is_full(path.parent)
    )


def _sync(folder: Path) -> None:
    """Let a new name outlive a crash, where the disk has such a promise."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)


def _is_full(folder: Path) -> bool:
    try:
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(_ROOM))
    except OSError as error:
        return error.errno in FULL
    return False


def _reading(uri: str, first: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(first)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_strangers(path: Path, connection: sqlite3.Connection) -> None:
    """See to it that a file is this program's, and not of a later schema.

    Raises:
        StartError: it is not.
    """
    [(application,)] = connection.execute("PRAGMA application_id")
    [(schema,)] = connection.execute("PRAGMA user_version")
    with closing(connection.execute("SELECT count(*) FROM sqlite_schema")) as counted:
        [(tables,)] = counted
    if application != _APPLICATION_ID and tables:
        raise StartError(f"state.path: {path} is a database of another program; name another file")
    if application == _APPLICATION_ID and schema > SCHEMA:
        raise StartError(
            f"state.path: {path} has schema {schema}, and this version knows those up to {SCHEMA}; run the version "
            "that wrote it, or name another file"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    [(schema,)] = connection.execute("PRAGMA user_version")
    for number, migrate in enumerate(_MIGRATIONS[schema:], start=schema + 1):
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
