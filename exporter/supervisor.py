"""What started the program and watches over it, such as systemd: it is told when the program serves, and that it lives.

Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import os
import socket
from collections.abc import Callable, Mapping

import structlog

from exporter.clock import Clock

log = structlog.get_logger(__name__)

_MICROSECONDS = 1_000_000
# A supervisor that does not read must not keep the program from its work.
_SEND_WITHIN = 1.0


class Supervisor:
    """Takes notes on the state of the program, where the environment says that somebody wants them; else none is sent.

    Any thread may tell it something; ``watch`` is for one alone.
    """

    def __init__(self, environ: Mapping[str, str], clock: Clock) -> None:
        """Find out from the environment where notes go, and how often a sign of life is expected."""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._clock = clock
        self._every = _watchdog_seconds(environ) / 2
        self._said = -float("inf")

    def ready(self, status: str = "") -> None:
        """Say that the program serves, at the start or after a reload; ``status`` is a line for a person."""
        self._send("READY=1", f"STATUS={' '.join(status.split())}")

    def reloading(self) -> None:
        """Say that the configuration is read anew; ``ready`` says when that is done, or was given up."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(self._clock.monotonic() * _MICROSECONDS)}")

    def stopping(self) -> None:
        """Say that the program is about to end."""
        self._send("STOPPING=1", "STATUS=")

    def watch(self, is_healthy: Callable[[], bool]) -> None:
        """Give a sign of life if one is due and the program is healthy; to be called far more often than that.

        Without one for twice the time that lies between them, systemd ends the program and starts it again.
        """
        now = self._clock.monotonic()
        if self._every and now - self._said >= self._every and is_healthy():
            self._said = now
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_SEND_WITHIN)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("could not notify the service manager", note=lines[0], error=str(error))


def _address(text: str) -> bytes | None:
    """Return what a socket is named by: a path, or after an @ an abstract name; None where there is neither."""
    if text.startswith("@"):
        return b"\0" + os.fsencode(text[1:])
    return os.fsencode(text) if text.startswith("/") else None


def _watchdog_seconds(environ: Mapping[str, str]) -> float:
    """Return the longest time that may pass between two signs of life; 0 where none is expected of this process."""
    text = environ.get("WATCHDOG_USEC", "")
    is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(text) / _MICROSECONDS if is_ours and text.isascii() and text.isdecimal() else 0.0
