"""An account whose customers come, go and come back, and whose configuration is never long the same."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_FILE_HOLDS = 1_000
_TIERS = ("gold", "silver", "free")
# Of all customers, so many in a hundred are exchanged for others at each turn, but one at least.
_LEAVE = 1
# Of those who come, one in so many was never there before.
_STRANGERS = 10


class Account:
    """Writes the configuration and the customer files of one account, anew at each turn.

    Most who come have been there before: the pool of those who take turns is a tenth larger than the account.
    Beside it there is a small source that begins anew with each reload, and at every third one is not there at all.
    """

    def __init__(self, folder: Path, vendor: str, customers: int, interval: float) -> None:
        """Write it for the first time; ``interval`` is that of totals and days, categories take twice as long."""
        self.file = folder / "config.json"
        self._folder, self._vendor, self._interval = folder, vendor, interval
        self._dice = random.Random(customers)  # noqa: S311 - the same turns in each run, not secret ones
        self._present = [_user(number) for number in range(customers)]
        self._absent = [_user(number) for number in range(customers, customers + max(2, customers // 10))]
        self._strangers = 0
        self._turns = 0
        for first in range(0, customers, _FILE_HOLDS):
            self._write_customers(first)
        self._write_configuration()

    @property
    def customers(self) -> int:
        """Return how many there are at any time, those of the small source left out."""
        return len(self._present)

    def turn(self) -> None:
        """Exchange some customers of one file, and change what else may change at a reload."""
        self._turns += 1
        first = self._turns % -(-len(self._present) // _FILE_HOLDS) * _FILE_HOLDS
        places = range(first, min(first + _FILE_HOLDS, len(self._present)))
        leaving = min(len(places), max(1, len(self._present) * _LEAVE // 100))
        for place in self._dice.sample(places, leaving):
            self._absent.append(self._present[place])
            self._present[place] = self._someone()
        self._write_customers(first)
        self._write_configuration()

    def _someone(self) -> str:
        if self._dice.randrange(_STRANGERS) == 0:
            self._strangers += 1
            # Whoever was away longest is never seen again, so that the pool stays as it is.
            self._absent.pop(0)
            return f"stranger{self._strangers}@example.com"
        return self._absent.pop(self._dice.randrange(len(self._absent) // 2 + 1))

    def _write_customers(self, first: int) -> None:
        users = self._present[first : first + _FILE_HOLDS]
        entries = [
            {"user": user, "name": user.partition("@")[0], "labels": {"tier": _TIERS[(self._turns + n) % 3]}}
            for n, user in enumerate(users)
        ]
        _replace(self._folder / f"customers-{first // _FILE_HOLDS}.json", entries)

    def _write_configuration(self) -> None:
        # Twice what is needed, for categories take two calls, and who joins or fails is fetched besides.
        main = self._source("main", self._interval, {"calls": 12_000, "per": "1m"})
        main["customer_files"] = ["customers-*.json"]
        side = self._source("side", self._interval, {"calls": 600 + self._turns, "per": "1m"})
        side["customers"] = [{"user": f"side{number}@example.com"} for number in range(20)]
        _replace(
            self.file,
            {
                "polling": {"timeout": f"{10 + self._turns % 2}s"},
                "state": {"path": "state.db"},
                "sources": [main] if self._turns % 3 == 2 else [main, side],
            },
        )

    def _source(self, name: str, interval: float, limit: Mapping[str, Any]) -> dict[str, Any]:
        short, long = f"{interval:g}s", f"{2 * interval:g}s"
        return {
            "name": name,
            "type": "sendgrid_reseller",
            "base_url": self._vendor,
            "credentials": {"username": "demo", "password": "sesame"},
            "rate_limit": limit,
            "collectors": {
                "totals": {"interval": short},
                "daily": {"interval": short, "fields": ["requests", "delivered"]},
                "categories": {"enabled": True, "interval": long, "fields": ["requests"]},
                "credits": {"enabled": False},
            },
        }


def _user(number: int) -> str:
    return f"customer{number}@example.com"


def _replace(file: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write a file as a careful program does: it is there whole, or as it was."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps(content), encoding="utf-8")
    new.replace(file)
