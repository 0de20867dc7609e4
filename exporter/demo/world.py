"""The truth behind the stand-in vendors: what each customer has sent by any moment."""

import threading
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import isqrt
from operator import sub
from typing import Any, Protocol

from exporter.clock import Clock
from exporter.demo.accounts import ACCOUNTS, RESELLER, Account
from exporter.demo.categories import CATEGORIES
from exporter.demo.sites import SITES, Site
from exporter.demo.traffic import FIELDS, LATE_DAYS, NOTHING, Counters, day_of, total

_ONE_DAY = timedelta(days=1)


class Story(Protocol):
    """What a stand-in vendor tells of its customers: the world's truth, or a scenario's version of it."""

    @property
    def world(self) -> "World":
        """Return the truth, for all that a scenario leaves as it is."""

    def totals(self, user: str, at: float) -> dict[str, int]:
        """Return the all-time totals at a Unix time, by the vendor's field names."""

    def overview(self, user: str, at: float) -> dict[str, str | int]:
        """Return the account overview, as the vendor prints it."""


class World:
    """A dozen customers whose numbers depend on nothing but their names and the time.

    Every method that takes a ``user`` raises KeyError for one that is neither a customer's nor the reseller's own.

    Attributes:
        customers: whose numbers the vendors tell.
        reseller: the account that they belong to; it sends mails of its own.
        sites: those of the other vendor, Bento.
    """

    def __init__(self, clock: Clock) -> None:
        """Go by this clock; a test's may stand still."""
        self.clock = clock
        self.customers: Sequence[Account] = ACCOUNTS
        self.reseller = RESELLER
        self.sites: Sequence[Site] = SITES
        self._accounts = {account.user: account for account in (*ACCOUNTS, RESELLER)}
        self._day = lru_cache(maxsize=512)(day_of)
        self._lock = threading.Lock()
        # By customer: the sum of all days before the n-th since the account began. Grows with the years only.
        self._history: dict[str, list[Counters]] = {user: [NOTHING] for user in self._accounts}

    def find(self, user: str) -> Account | None:
        """Return the customer of that id, None where there is none."""
        return next((account for account in self.customers if account.user == user), None)

    def today(self, user: str, at: float) -> date:
        """Return the date that a Unix time has for a customer."""
        # Down to the second, for a float would be rounded up into the next day.
        return datetime.fromtimestamp(int(at), self._accounts[user].zone).date()

    def totals(self, user: str, at: float) -> dict[str, int]:
        """Return the all-time totals at a Unix time: the sum of all days, late opens and clicks included."""
        return self.sums(user, self._accounts[user].since, self.today(user, at), at)

    def sums(self, user: str, first: date, last: date, at: float) -> dict[str, int]:
        """Return the sums of the days from one date to another, as far as the account lived."""
        account, today, moment = self._accounts[user], self.today(user, at), int(at * 1000)
        first, end = max(first, account.since), min(last, today) + _ONE_DAY
        # What is older than this no longer changes.
        settled = max(first, min(end, today - LATE_DAYS * _ONE_DAY))
        past = map(sub, self._before(account, settled), self._before(account, first))
        live = [self._day(account, settled + n * _ONE_DAY).counters(moment) for n in range((end - settled).days)]
        return dict(zip(FIELDS, total([tuple(past), *live]), strict=True))

    def days(self, user: str, n: int, at: float) -> list[dict[str, Any]]:
        """Return the rows of the last ``n`` days, today among them, newest last."""
        today = self.today(user, at)
        # A day is not a date before the year 1, however many a request names.
        first = today - min(n - 1, (today - self._accounts[user].since).days + 1) * _ONE_DAY
        return self.between(user, first, today, at)

    def between(self, user: str, first: date, last: date, at: float) -> list[dict[str, Any]]:
        """Return the rows from one date to another, both included, newest last, as far as the account lived."""
        account, moment = self._accounts[user], int(at * 1000)
        first, last = max(first, account.since), min(last, self.today(user, at))
        rows = []
        for back in range((last - first).days, -1, -1):
            day = self._day(account, last - back * _ONE_DAY)
            counters = day.counters(moment)
            if counters[0] or not account.skips_idle_days:
                rows.append({"date": day.date.isoformat(), **dict(zip(FIELDS, counters, strict=True))})
        return rows

    def calendar(self, user: str, first: date, last: date, at: float) -> list[dict[str, Any]]:
        """Return a row for every date from one to another that has come, zeros where nothing was sent, newest last."""
        today = self.today(user, at)
        told = {row["date"]: row for row in self.between(user, first, last, at)}
        dates = [str(first + n * _ONE_DAY) for n in range((min(last, today) - first).days + 1)]
        return [told.get(day) or {"date": day, **dict.fromkeys(FIELDS, 0)} for day in dates]

    def categories(self, user: str) -> Sequence[str]:
        """Return the names of the categories that a customer has ever used, in alphabetical order."""
        return sorted(category.name for category in CATEGORIES.get(user, ()))

    def category_rows(
        self, user: str, names: Collection[str], first: date, last: date, at: float
    ) -> list[dict[str, Any]]:
        """Return a row for each of these categories and each date on which it was used, newest last."""
        return [
            {"date": row["date"], "category": category.name, **parts}
            for row in self.between(user, first, last, at)
            for category in CATEGORIES.get(user, ())
            if category.name in names
            and (parts := {name: category.part(row[name], date.fromisoformat(row["date"])) for name in FIELDS})
            and parts["requests"]
        ]

    def suppressed(self, user: str, field: str, at: float) -> int:
        """Return how many addresses are on the list of those who once did what a counter counts.

        Far fewer than it counts: most addresses that bounce, bounce often.
        """
        return isqrt(self.totals(user, at)[field])

    def overview(self, user: str, at: float) -> dict[str, str | int]:
        """Return the account overview: strings, and one number among them, as the vendor prints it."""
        account = self._accounts[user]
        used, allowed = self.credits(user, at)
        start, following = _billing_period(account, self.today(user, at))
        return {
            "reputation": f"{_reputation(account, at) / 10:g}",
            "requests": str(self.totals(user, at)["requests"]),
            "package": account.package,
            **printed_credits(used, allowed),
            "billing_start_date": str(start),
            "billing_end_date": str(following - _ONE_DAY),
            "billing_process_date": str(following),
        }

    def credits(self, user: str, at: float) -> tuple[int, int]:
        """Return the credits used in the running billing period, and the credits allowed in it."""
        account, today = self._accounts[user], self.today(user, at)
        before = self._before(account, _billing_period(account, today)[0])[0]
        bought = self._before(account, today)[0] - before if account.tops_up else 0
        return self.totals(user, at)["requests"] - before, bought + account.credits

    def _before(self, account: Account, day: date) -> Counters:
        """Return the sum of all days before one, each as it ends up after its last late click."""
        history, index = self._history[account.user], max(0, (day - account.since).days)
        with self._lock:
            while len(history) <= index:
                following = day_of(account, account.since + (len(history) - 1) * _ONE_DAY)
                history.append(total([history[-1], following.final()]))
            return history[index]


def printed_credits(used: int, allowed: int) -> dict[str, str | int]:
    """Return the credits as the vendor prints them: what remains is a bare number among strings."""
    return {
        "credits_allowed": str(allowed),
        "credits_used": str(used),
        "credits_remain": max(0, allowed - used),
        "credits_overage": str(max(0, used - allowed)),
    }


def _billing_period(account: Account, today: date) -> tuple[date, date]:
    start = today.replace(day=account.billing_day)
    if start > today:
        start = (today.replace(day=1) - _ONE_DAY).replace(day=account.billing_day)
    return start, (start.replace(day=1) + 31 * _ONE_DAY).replace(day=account.billing_day)


def _reputation(account: Account, at: float) -> int:
    if not account.sinking:
        return account.reputation
    # 50 tenths a day, counted from Mondays (the Unix epoch was a Thursday).
    into_week = (int(at) - int(datetime(1970, 1, 5, tzinfo=UTC).timestamp())) % (7 * 86_400)
    return account.reputation - into_week * 50 // 86_400
