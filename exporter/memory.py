"""How the process takes memory from the system, set where the usual way wastes it."""

import ctypes

# In glibc's malloc.h.
_ARENA_MAX = -8


def use_one_arena() -> None:
    """Let all threads share one heap, where the C library can be told so.

    By default glibc gives each thread a heap of its own. Pages are rendered by whichever worker thread is free, and of
    blocks that come and go in a dozen heaps a tenth of the program's memory would stay behind as holes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
