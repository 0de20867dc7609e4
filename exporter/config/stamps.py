"""Whether a file may have changed, told without reading it."""

import os
from pathlib import Path
from typing import TypeAlias

Stamp: TypeAlias = tuple[str | int, ...]


def stamp_of(file: Path) -> Stamp | None:
    """Return what a file can't keep when its content changes, links on the way included; None if it can't be seen."""
    try:
        found = file.stat()
        target = os.path.realpath(file)
    except (OSError, ValueError):
        return None
    return target, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
