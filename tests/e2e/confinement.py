"""Becomes another program, for which the kernel refuses all but some system calls, as it does for a unit of systemd's.

``python confinement.py CALL,CALL,… PROGRAM [ARGUMENT …]``; memory can't be made executable later either, where the
kernel knows that rule. Exit status 69 where filters can't be set on this machine.
"""

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Iterable

# From seccomp.h and prctl.h.
_REFUSE_WITH_EPERM = 0x00050001
_ALLOW = 0x7FFF0000
_SET_MEMORY_RULE = 65
_NEVER_EXECUTABLE_LATER = 1

UNAVAILABLE = 69


def allow_only(calls: Iterable[str]) -> None:
    """Let the kernel refuse every other system call from now on, with EPERM; names it doesn't know are skipped.

    Raises:
        OSError: filters can't be set here.
    """
    name = ctypes.util.find_library("seccomp")
    if name is None:
        raise OSError("libseccomp is not installed")
    library = ctypes.CDLL(name)
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(_REFUSE_WITH_EPERM))
    for call in calls:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            _check(library.seccomp_rule_add(filter_, _ALLOW, number, 0))
    _check(library.seccomp_load(filter_))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(-result, os.strerror(-result))


if __name__ == "__main__":
    try:
        ctypes.CDLL(None).prctl(_SET_MEMORY_RULE, _NEVER_EXECUTABLE_LATER, 0, 0, 0)
        allow_only(sys.argv[1].split(","))
    except OSError as error:
        sys.stderr.write(f"no filter can be set here: {error}\n")
        sys.exit(UNAVAILABLE)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the test names the program
