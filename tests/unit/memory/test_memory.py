"""One heap for all threads."""

import ctypes
import platform
import subprocess
import sys

import pytest

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
