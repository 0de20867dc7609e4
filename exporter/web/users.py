"""Users and their passwords, checked against bcrypt hashes without letting a flood of wrong ones do harm.

A hash takes its 60 ms and more on purpose. What was right once is remembered for a while, so that a scraper pays
for its first scrape only; and only so many others may wait at a time, of one network no more than leave room for
another.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from exporter.clock import Clock

# So long a right password is taken without another look, from its last use on.
_REMEMBERED = 600.0
# More than these needn't wait: at 60 ms each, the last of them would have given up.
_MOST_WAITING = 16
# As Go's bcrypt, which made most of the hashes there are.
_LONGEST = 72
# Of a hash that belongs to no password: two characters of cost come between the two.
_NOBODY = ("$2b$", "$UgZ5y0mN4VqYxkGJ3dUqUe8xV0bJmH3r2hGm9mVvS5sQ7lQKJ2y9u")


class Busy(Exception):
    """Too many passwords wait to be checked."""


class Users:
    """Tells whether a request comes from a user who knows the password."""

    def __init__(self, clock: Clock) -> None:
        """Know nobody yet."""
        self._clock = clock
        self._hashes: Mapping[str, str] = {}
        self._nobody = b""
        # Passwords are remembered as a keyed hash, whose key is nowhere but here.
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, float] = {}
        # One thread: hashing may take one core, and never all of them.
        self._hashing = ThreadPoolExecutor(1, "password")
        self._waiting: Counter[str] = Counter()

    def replace(self, hashes: Mapping[str, str]) -> None:
        """Take the bcrypt hashes of all users, by their names."""
        self._hashes = hashes
        # A stranger's password is hashed like the most costly of those we know, so that time tells nothing.
        cost = max((hashed.split("$")[2] for hashed in hashes.values()), default="10")
        self._nobody = cost.join(_NOBODY).encode()

    def __bool__(self) -> bool:
        """Return whether a password is asked for at all."""
        return bool(self._hashes)

    async def admit(self, authorization: str, network: str = "") -> bool:
        """Return whether the value of an Authorization header names a user and the right password.

        ``network`` is where it comes from.

        Raises:
            Busy: too many others wait to be checked; nothing is known of this one.
        """
        user, password = _read(authorization)
        hashed = self._hashes.get(user)
        mark = self._mark(user, hashed or "", password)
        now = self._clock.monotonic()
        if hashed is not None and self._remembered.get(mark, 0.0) > now:
            self._remembered[mark] = now + _REMEMBERED
            return True
        is_right = await self._check(password, hashed.encode() if hashed else self._nobody, network)
        if hashed is None or not is_right:
            return False
        self._remembered = {mark: until for mark, until in self._remembered.items() if until > now}
        self._remembered[mark] = now + _REMEMBERED
        return True

    async def _check(self, password: bytes, hashed: bytes, network: str) -> bool:
        # Whoever has none waiting gets the last place; a flood from one network takes half of all, and no more.
        if self._waiting[network] >= _MOST_WAITING - self._waiting.total():
            raise Busy
        self._waiting[network] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, _is_right, password, hashed)
        finally:
            # Only those that are above zero stay, so that no crowd of networks is remembered.
            self._waiting -= Counter([network])

    def _mark(self, user: str, hashed: str, password: bytes) -> bytes:
        # The hash is part of it, so that a new one makes the old password strange again.
        parts = (user.encode(errors="surrogatepass"), hashed.encode(), password)
        return hmac.digest(self._key, b"".join(hashlib.sha256(part).digest() for part in parts), "sha256")


def _is_right(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password[:_LONGEST], hashed)
    except ValueError:
        # A password that bcrypt can't take is nobody's.
        return False


def _read(authorization: str) -> tuple[str, bytes]:
    """Return user and password of an Authorization header; empty ones where it holds none, which fit nobody."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
        user, _, password = decoded.partition(b":")
        return user.decode(), password
    except (binascii.Error, ValueError):
        return "", b""
