"""How the process takes memory, and looks for what is free again, set where the usual way wastes it."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# In glibc's malloc.h.
_ARENA_MAX = -8
# So many objects are walked within some hundredths of a second.
_MANY = 100_000


def use_one_arena() -> None:
    """Let all threads share one heap, where the C library can be told so.

    By default glibc gives each thread a heap of its own. Pages are rendered by whichever worker thread is free, and of
    blocks that come and go in a dozen heaps a tenth of the program's memory would stay behind as holes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Stop the garbage collector: it would walk a growing tree again and again, and find nothing to free.

    Nor is it to walk very much that was made meanwhile, once it is on again: everybody would wait for that.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if gc.get_count()[0] > _MANY:
                gc.freeze()
            gc.enable()
