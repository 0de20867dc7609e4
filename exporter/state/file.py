"""The file of the state: who holds it, whether it can be trusted, and which schema it has."""

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import structlog

from exporter.errors import CorruptState, StartError

log = structlog.get_logger(__name__)

# "mail" in ASCII; tells this program's files from all other databases.
_APPLICATION_ID = 0x6D61696C
# Less than any fetch waits for its ticket, so that a backup that takes long is told from a disk that hangs.
_BUSY_SECONDS = 4.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What a disk that is full or broken makes of opening a file; anything else that is no fault of SQL is corruption.
_NO_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_BESIDE = ("", "-wal", "-shm")
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


def hold(path: Path) -> int | None:
    """Take a file for this process alone, until it ends; None if the disk is too full to say so.

    Raises:
        StartError: another process holds it, or it can't be written.
    """
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise StartError(f"state.path: the folder {path.parent} does not exist; create it") from None
    except OSError as error:
        if error.errno in _FULL:
            return None
        raise StartError(
            f"state.path: {path}.lock can't be written ({error.strerror}); let this user write to {path.parent}, "
            "or name a file in another folder"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StartError(f"state.path: another process holds {path}; stop it, or give each a file of its own") from None
    return lock


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a file that can be written, made if it is not there.

    Raises:
        sqlite3.Error, UnicodeDecodeError: it can't be opened.
        CorruptState: it is no database.
        OSError: it can't be made.
    """
    # Whoever can read the file can read the names of customers.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with suppress(PermissionError):
        path.chmod(0o600)
    if 0 < path.stat().st_size < _SHORTEST:
        raise CorruptState("file is not a database")
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _refuse_strangers(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        # In a container, nothing but the folder of the file can be written.
        connection.execute("PRAGMA temp_store = MEMORY")
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, even from a disk on which there is no room for a byte.

    Raises:
        sqlite3.Error: it can't be opened.
    """
    try:
        return _reading(f"{path.absolute().as_uri()}?mode=ro")
    except sqlite3.OperationalError:
        # After a clean stop all is in the one file, and nothing need be written to read it.
        wal = Path(f"{path}-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        return _reading(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


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


def is_full(error: sqlite3.Error | OSError) -> bool:
    """Return whether there is no room on the disk, as far as that can be told."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def _reading(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
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
