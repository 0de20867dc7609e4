"""One heap for all threads, and a garbage collector that is kept from walking what nobody will free."""

import ctypes
import gc
import platform
import subprocess
import sys

import pytest

from exporter.memory import without_garbage_collection

_PROGRAM = """
import threading
from exporter.memory import use_one_arena

use_one_arena()
taken = []
for _ in range(4):
    thread = threading.Thread(target=lambda: taken.append([bytes(1_000) for _ in range(2_000)]))
    thread.start()
    thread.join()
import ctypes
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_the_one_arena():
    assert hasattr(ctypes.CDLL(None), "malloc_stats")
    told = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)

    assert "Arena 0:" in told.stderr
    assert "Arena 1:" not in told.stderr


def test_very_many_new_objects_are_not_walked_by_the_garbage_collector():
    """Everybody would have to wait, right after a large configuration was loaded anew."""
    frozen = gc.get_freeze_count()
    with without_garbage_collection():
        few = [list[int]() for _ in range(100)]
    assert gc.get_freeze_count() <= frozen
    with without_garbage_collection():
        many = [list[int]() for _ in range(100_001)]

    assert gc.get_freeze_count() > frozen + len(few) + len(many)
    gc.unfreeze()
