"""What is kept beside fetches: used budgets, pauses, which credentials were taken, and lists of customers."""

import hashlib
import hmac
import json
import secrets
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from struct import Struct
from typing import Any

from exporter.clock import Clock
from exporter.config import Credentials
from exporter.config.comparison import digest_of
from exporter.providers.base import Found
from exporter.state.kept import State

# No vendor is heeded for longer.
_LONGEST_PAUSE = 3600.0
# Some 60 ms for each guess. scrypt would leave its 16 MB behind as a hole; bcrypt's Rust aborts a process that ends
# meanwhile.
_ROUNDS, _SALT = 250_000, 16
_LEASED = Struct("<Q")
_MOMENT = Struct("<d")


@dataclass(frozen=True, slots=True)
class Budget:
    """Keeps which requests of a budget were sent; a ``Book`` for the budget's limiter.

    Attributes:
        name: what it is kept under.
    """

    state: State
    clock: Clock
    name: str

    def read(self) -> Sequence[float]:
        """Return the monotonic moments by which requests had been answered, the first one first.

        What was set aside for requests of which nothing more is known counts as answered now.
        """
        content = self.state.fact(self.name)
        if content is None:
            return ()
        moments = array("d", content[_LEASED.size :])
        now, lead = self.clock.monotonic(), self.clock.monotonic() - self.clock.time()
        # A wall clock that was set back would keep places taken for long.
        return [*sorted(min(now, moment + lead) for moment in moments), *[now] * _LEASED.unpack_from(content)[0]]

    def write(self, answered: Sequence[float], leased: int) -> bool:
        """Keep the moments of requests that were answered, and how many more may have been sent when next asked.

        Returns whether that will survive a crash; waits until it is known.
        """
        return self.state.write(facts={self.name: self._content(answered, leased)}).wait()

    def end(self, answered: Sequence[float], leased: int) -> None:
        """Keep the same for the last time; waits for nothing."""
        self.state.write(facts={self.name: self._content(answered, leased)})

    @staticmethod
    def joined(contents: Sequence[bytes]) -> bytes:
        """Return what would be kept, had all of these budgets been one."""
        moments = sorted(chain.from_iterable(array("d", each[_LEASED.size :]) for each in contents))
        return _LEASED.pack(sum(_LEASED.unpack_from(each)[0] for each in contents)) + array("d", moments).tobytes()

    def _content(self, answered: Sequence[float], leased: int) -> bytes:
        lead = self.clock.time() - self.clock.monotonic()
        return _LEASED.pack(leased) + array("d", [moment + lead for moment in answered]).tobytes()


@dataclass(frozen=True, slots=True)
class Pause:
    """Keeps until when a vendor wants no request.

    Attributes:
        name: what it is kept under.
    """

    state: State
    clock: Clock
    name: str

    def left(self) -> float:
        """Return how many seconds of it are left; 0 or less if it is over.

        A wall clock that was set back makes it no longer than the vendor asked for.
        """
        content = self.state.fact(self.name)
        if content is None:
            return 0.0
        # The first versions kept no length.
        until, *length = array("d", content)
        return min(_LONGEST_PAUSE, *length, until - self.clock.time())

    def begin(self, seconds: float) -> None:
        """Keep that the vendor wants no request for so long; waits for nothing."""
        self.state.write(facts={self.name: array("d", (self.clock.time() + seconds, seconds)).tobytes()})

    @staticmethod
    def longest(contents: Sequence[bytes]) -> bytes:
        """Return that of several pauses which ends last."""
        return max(contents, key=lambda content: array("d", content)[0])


@dataclass(slots=True)
class Acceptance:
    """Keeps that a vendor has taken the credentials of a source; a ``Proof`` for the source's circuit.

    It is a PBKDF2 hash of them: others are told from them, and who has a copy has to compute it for each guess.

    Attributes:
        name: what it is kept under.
        credentials: those in use, which follow their files.
    """

    state: State
    name: str
    credentials: Credentials
    _kept: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read what is kept, while somebody can wait for the disk."""
        self._kept = self.state.fact(self.name) or b""

    def holds(self) -> bool:
        """Return whether the vendor has taken the credentials in use."""
        return bool(self._kept) and hmac.compare_digest(self._kept, self._hash(self._kept[:_SALT]))

    def keep(self) -> None:
        """Keep that it has taken those in use; the hash that tells so already stays as it is."""
        if not self.holds():
            self._write(self._hash(secrets.token_bytes(_SALT)))

    def drop(self) -> None:
        """Keep no longer that it has taken any."""
        if self._kept:
            self._write(b"")

    def _hash(self, salt: bytes) -> bytes:
        return salt + hashlib.pbkdf2_hmac("sha256", digest_of(self.credentials), salt, _ROUNDS)

    def _write(self, content: bytes) -> None:
        self._kept = content
        self.state.write(facts={self.name: content})


@dataclass(frozen=True, slots=True)
class Missing:
    """A customer that takes part although the last list lacked it: too few in a row have.

    Attributes:
        found: the customer, as a list had it.
        lists: so many lists have lacked it since, short ones left out.
        short_lists: so many short ones in a row have lacked it.
    """

    found: Found
    lists: int
    short_lists: int


@dataclass(frozen=True, slots=True)
class KeptList:
    """A vendor's list of customers as it was last read.

    Attributes:
        found: who was on it.
        read: Unix time at which it was read.
        missing: who was not, and takes part all the same.
    """

    found: Sequence[Found]
    read: float
    missing: Sequence[Missing] = ()


@dataclass(frozen=True, slots=True)
class Lists:
    """Keeps a vendor's list of customers, and when it was last asked for.

    Attributes:
        name: what it is kept under.
        settings: what ``Found.settings`` is for one that a configuration would have under this key.
    """

    state: State
    name: str
    settings: Callable[[str], Any]

    def read(self) -> KeptList | None:
        """Return the list as it was last read; None if it never was."""
        content = self.state.fact(self.name)
        if content is None:
            return None
        written = json.loads(content)
        found = [self._found(*row) for row in written["found"]]
        # The first versions kept the list alone.
        missing = [Missing(self._found(*row), *lists) for row, lists in written.get("missing", ())]
        return KeptList(found, written["read"], missing)

    def attempted(self) -> float | None:
        """Return the Unix time at which it was last asked for, in vain or not; None if it never was."""
        content = self.state.fact(f"{self.name}:attempted")
        return None if content is None else float(_MOMENT.unpack(content)[0])

    def attempt(self, moment: float) -> None:
        """Keep the Unix time at which it was asked for; waits for nothing."""
        self.state.write(facts={f"{self.name}:attempted": _MOMENT.pack(moment)})

    def write(self, kept: KeptList) -> None:
        """Keep a list as it was read; waits for nothing."""
        if not self.state.is_lasting:
            return
        missing = [(_row(each.found), (each.lists, each.short_lists)) for each in kept.missing]
        written = {"found": [_row(each) for each in kept.found], "read": kept.read, "missing": missing}
        self.state.write(facts={self.name: json.dumps(written, separators=(",", ":")).encode()})

    def _found(self, key: str, user: str, id_: str, is_active: bool | None, option: str) -> Found:  # noqa: FBT001 - a row
        return Found(key, user, id_, is_active, self.settings(option), option)


def _row(found: Found) -> Sequence[str | bool | None]:
    return found.key, found.user, found.id, found.is_active, found.option
