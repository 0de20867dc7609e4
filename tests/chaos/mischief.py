"""What befalls the vendors and the disk during a chaos run, at random."""

import contextlib
import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from exporter.demo import StandIn

_HTML = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
_WORDS = b'{"message": "error", "errors": ["try again later"]}'
# No answer of a vendor looks like one of these.
_MALFORMED = (
    b"",
    b"{",
    b"nothing of the kind",
    b"\xff\xfe\x00",
    b'{"requests": -1, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}',
    b'{"requests": 1e999, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}',
    b'[{"date": "2026-02-30", "requests": 1}]',
    b"[" * 100_000,
    b'{"requests": ' + b"9" * 5_000 + b"}",
    b'"' + b"x" * 1_000_000,
    _HTML,
)
BODIES = frozenset((*_MALFORMED, _WORDS, b"plain words"))
"""The bodies of all faults."""

# What befalls a vendor: its settings, and how many calls it may strike. Those of many calls open circuits.
_FAULTS: Sequence[tuple[Mapping[str, Any], int]] = (
    ({"drop": True}, 12),
    ({"cut": True}, 5),
    ({"drip": True}, 2),
    ({"hang": True}, 4),
    ({"status": 429, "body": _WORDS, "headers": {"Retry-After": "2"}}, 2),
    ({"status": 429, "body": _WORDS, "headers": {"Retry-After": "3"}}, 1),
    ({"status": 429, "body": _WORDS}, 2),
    ({"status": 500, "body": _HTML}, 3),
    ({"status": 503, "body": _WORDS}, 25),
    ({"status": 401, "body": _WORDS}, 2),
    ({"status": 404, "body": _HTML}, 2),
    ({"status": 302, "body": b"", "headers": {"Location": "http://127.0.0.1:1/"}}, 2),
    ({"status": 200, "body": _WORDS}, 3),
    ({"status": 200, "body": b"plain words", "headers": {"Content-Encoding": "gzip"}}, 2),
    *(({"status": 200, "body": body}, 2) for body in _MALFORMED),
)
_PAUSES = (0.05, 0.6)
_OF_ONE_CUSTOMER = 0.3
_CLEARED = 0.1


class Mischief:
    """Strikes the vendors now and then on a thread of its own; a context manager that lets all be well at its end."""

    def __init__(self, vendors: StandIn, users: Sequence[str], seed: int) -> None:
        """Strike any call, or those for one of these users."""
        self.faults = 0
        self._vendors, self._users = vendors, users
        self._dice = random.Random(f"{seed} faults")  # noqa: S311 - to be repeated, not to be secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._strike, name="mischief", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it all."""
        self._over.set()
        self._thread.join()
        self._vendors.clear()

    def _strike(self) -> None:
        while not self._over.wait(self._dice.uniform(*_PAUSES)):
            fault, most = self._dice.choice(_FAULTS)
            user = self._dice.choice(self._users) if self._dice.random() < _OF_ONE_CUSTOMER else None
            # Faults that nobody ran into would heap up.
            if self._dice.random() < _CLEARED:
                self._vendors.clear()
            self._vendors.fault(**fault, user=user, times=self._dice.randint(1, most))
            self.faults += 1


class FullDisk:
    """Leaves no byte free on a disk now and then; a context manager that frees it at its end."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Fill the disk that this folder is on."""
        self.times = 0
        self._filler = folder / "filler"
        self._dice = random.Random(f"{seed} disk")  # noqa: S311 - to be repeated, not to be secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="full disk", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._dice.uniform(1, 4)):
            until = time.monotonic() + self._dice.uniform(0.2, 3)
            with self._filler.open("wb", buffering=0) as file:
                # Again and again, for what the exporter gives up is taken at once.
                while time.monotonic() < until and not self._over.wait(0.01):
                    with contextlib.suppress(OSError):
                        file.write(b"x" * 4_096)
            self._filler.unlink()
            self.times += 1
