"""What an account sends on a day, and what has become of it by a moment: integers that never go back.

Nothing here is random: a day's character is read from a hash of the account and the date, so that
a restarted demo, and a test, see the same world again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate
from operator import add
from types import MappingProxyType
from typing import Any, TypeAlias

from exporter.demo.accounts import Account

FIELDS = (
    "requests",
    "delivered",
    "bounces",
    "repeat_bounces",
    "unsubscribes",
    "repeat_unsubscribes",
    "clicks",
    "opens",
    "spamreports",
    "repeat_spamreports",
    "invalid_email",
    "blocks",
    "unique_clicks",
    "unique_opens",
)
"""The vendor's names of the counters, in the order of its documentation."""

V3_FIELDS = (
    "blocks",
    "bounce_drops",
    "bounces",
    "clicks",
    "deferred",
    "delivered",
    "invalid_emails",
    "opens",
    "processed",
    "requests",
    "spam_report_drops",
    "spam_reports",
    "unique_clicks",
    "unique_opens",
    "unsubscribe_drops",
    "unsubscribes",
)
"""The names of the counters in the vendor's v3 API."""

V3_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "bounce_drops": "repeat_bounces",
        "invalid_emails": "invalid_email",
        "spam_report_drops": "repeat_spamreports",
        "spam_reports": "spamreports",
        "unsubscribe_drops": "repeat_unsubscribes",
    }
)
"""What ``FIELDS`` calls a counter of ``V3_FIELDS``, where it has another name."""

Counters: TypeAlias = tuple[int, ...]
"""One number for each of ``FIELDS``."""

NOTHING: Counters = (0,) * len(FIELDS)

LATE_DAYS = 4
"""After so many days a past day's numbers rise no more."""

_MILLION = 1_000_000
_HOUR = 3_600_000
_DAY = 24 * _HOUR
# A mail is accepted, bounced or dropped a little after the customer asked for it.
_SENDING = 15_000
# When readers get round to a mail: milliseconds after delivery, and how many per cent of them.
_READING = (
    (20_000, 4),
    (120_000, 8),
    (900_000, 14),
    (_HOUR, 18),
    (4 * _HOUR, 20),
    (12 * _HOUR, 16),
    (_DAY, 12),
    (2 * _DAY, 6),
    (3 * _DAY, 2),
)


@dataclass(frozen=True, slots=True)
class Day:
    """One account's day: when it is, how much is sent in it, and how its mails fare.

    Attributes:
        begin: Unix time of midnight in the account's zone, in milliseconds.
        length: in milliseconds; 23 or 25 hours where clocks are changed.
        volume: mails of the whole day.
        hours: running sum of the weights of the 24 hours, from 0.
        dice: numbers below a million that shift roundings, so that small counts add up over days.
    """

    date: date
    begin: int
    length: int
    volume: int
    hours: tuple[int, ...]
    failed: int
    opened: int
    clicked: int
    unsubscribed: int
    complained: int
    dice: tuple[int, ...]

    def requests(self, moment: int) -> int:
        """Return how many mails were asked for until a Unix time in milliseconds."""
        elapsed = min(max(0, (moment - self.begin) * _DAY // self.length), _DAY)
        if elapsed == _DAY:
            return self.volume
        hour, rest = divmod(elapsed, _HOUR)
        weight = self.hours[hour] * _HOUR + (self.hours[hour + 1] - self.hours[hour]) * rest
        return self.volume * weight // (self.hours[24] * _HOUR)

    def counters(self, moment: int) -> Counters:
        """Return all counters of this day as they stand at a Unix time in milliseconds."""
        if moment < self.begin:
            return NOTHING
        attended = sum(part * self._delivered(self.requests(moment - lag)) for lag, part in _READING) // 100
        return self._outcome(self.requests(moment), self.requests(moment - _SENDING), attended)

    def final(self) -> Counters:
        """Return all counters of this day once the last late click has come."""
        return self._outcome(self.volume, self.volume, self._delivered(self.volume))

    def _delivered(self, sent: int) -> int:
        return sent - _share(sent, self.failed, self.dice[0])

    def _outcome(self, requests: int, sent: int, attended: int) -> Counters:
        # Each count is a share of one that never falls, or what such a share leaves; so none ever falls,
        # and the parts of a whole add up to it.
        dice = self.dice
        failed = _share(sent, self.failed, dice[0])
        bounces = _share(failed, 450_000, dice[1])
        blocks = _share(failed - bounces, 400_000, dice[2])
        dropped = failed - bounces - blocks
        repeat_bounces = _share(dropped, 600_000, dice[3])
        invalid = _share(dropped - repeat_bounces, 500_000, dice[4])
        refused = dropped - repeat_bounces - invalid
        repeat_unsubscribes = _share(refused, 700_000, dice[5])
        unique_opens = _share(attended, self.opened, dice[6])
        unique_clicks = _share(unique_opens, self.clicked, dice[7])
        return (
            requests,
            sent - failed,
            bounces,
            repeat_bounces,
            _share(attended, self.unsubscribed, dice[8]),
            repeat_unsubscribes,
            unique_clicks + _share(unique_clicks, 250_000, dice[9]),
            unique_opens + _share(unique_opens, 380_000, dice[10]),
            _share(attended, self.complained, dice[11]),
            refused - repeat_unsubscribes,
            invalid,
            blocks,
            unique_clicks,
            unique_opens,
        )


def day_of(account: Account, day: date) -> Day:
    """Return what an account does on a date; always the same for the same account and date."""
    throw = blake2b(f"{account.user} {day}".encode(), digest_size=64).digest()
    begin = midnight(account, day)
    rates = account.rates
    return Day(
        date=day,
        begin=begin,
        length=midnight(account, day + timedelta(days=1)) - begin,
        volume=_volume(account, day, int.from_bytes(throw[:4])),
        hours=tuple(
            accumulate((w * (85 + b % 31) for w, b in zip(account.hours, throw[4:28], strict=True)), initial=0)
        ),
        failed=_vary(rates.failed, throw[28]),
        opened=_vary(rates.opened, throw[29]),
        clicked=_vary(rates.clicked, throw[30]),
        unsubscribed=_vary(rates.unsubscribed, throw[31]),
        complained=_vary(rates.complained, throw[32]),
        dice=tuple(int.from_bytes(throw[i : i + 4]) % _MILLION for i in range(33, 45)),
    )


def midnight(account: Account, day: date) -> int:
    """Return the Unix time, in milliseconds, at which a date begins for an account."""
    return int(datetime(day.year, day.month, day.day, tzinfo=account.zone).timestamp()) * 1000


def total(counters: Sequence[Counters]) -> Counters:
    """Return the sum of days, counter by counter."""
    result = NOTHING
    for each in counters:
        result = tuple(map(add, result, each))
    return result


def v3_counters(row: Mapping[str, Any]) -> dict[str, int]:
    """Return the sixteen counters of SendGrid's v3 API for a row of ``FIELDS``, in the order of its pages.

    What the Web API calls repeated, v3 calls dropped; what was not dropped is processed. A mail that bounces was
    put off once before, one that is blocked twice; so these two are sums of counters as well, for days and months.
    """
    renamed = {name: row[V3_NAMES.get(name, name)] for name in V3_FIELDS if name not in {"processed", "deferred"}}
    processed = row["delivered"] + row["bounces"] + row["blocks"]
    counters = {**renamed, "processed": processed, "deferred": row["bounces"] + 2 * row["blocks"]}
    return {name: counters[name] for name in V3_FIELDS}


def _volume(account: Account, day: date, dice: int) -> int:
    if day < account.since or (account.suspended and day >= account.suspended):
        return 0
    low, high = account.spread
    part = low * 10_000 + dice % ((high - low) * 10_000 + 1)
    # Rounded, not cut off: a customer with 3 mails a day has days of 0 to 6.
    return (account.volume * account.week[day.weekday()] * part + 50_000_000) // 100_000_000


def _share(count: int, per_million: int, shift: int) -> int:
    """Return a part of a count that never falls, nor outgrows it, while the count rises."""
    return (count * per_million + shift) // _MILLION


def _vary(rate: int, dice: int) -> int:
    return rate * (85 + dice % 31) // 100
