"""Who holds the state's file: one process alone, told by a lock file beside it that no kill leaves locked."""

import errno
import fcntl
import os
from pathlib import Path
from typing import TypeAlias

import structlog

from exporter.errors import StartError

log = structlog.get_logger(__name__)

# What the system says when there is no room for a file, nor for a byte.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# The device and the number on it, which a file keeps under whatever name, and no other file has.
Identity: TypeAlias = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Return which file has this name; None if none has."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Lock:
    """Holds a file for this process alone, from when it is made until it is let go or the process ends."""

    def __init__(self, path: Path) -> None:
        """Take a file; on a disk that is full, as soon as there is room to say so.

        Raises:
            StartError: another process holds it, or it can't be written.
        """
        self._path = path
        self._beside = Path(f"{path}.lock")
        self._held = self._taken()
        self._identity = identity(self._beside)

    def keep(self) -> None:
        """Take the file again if its lock was deleted, or if there was no room for one.

        Raises:
            StartError: another process holds it meanwhile, or it can't be written.
        """
        if self._held is not None and identity(self._beside) == self._identity:
            return
        taken = self._taken()
        if taken is None:
            return
        if self._held is not None:
            os.close(self._held)
            log.warning("lock of the state was deleted; made again", file=str(self._beside))
        self._held, self._identity = taken, identity(self._beside)

    def release(self) -> None:
        """Let others have the file."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _taken(self) -> int | None:
        try:
            lock = os.open(self._beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            raise StartError(f"state.path: the folder {self._path.parent} does not exist; create it") from None
        except OSError as error:
            if error.errno in FULL:
                return None
            raise StartError(
                f"state.path: {self._beside} can't be written ({error.strerror}); let this user write to "
                f"{self._path.parent}, or name a file in another folder"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StartError(
                f"state.path: another process holds {self._path}; stop it, or give each a file of its own"
            ) from None
        return lock
