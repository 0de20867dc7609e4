"""A vendor whose customers send a mail a minute, so that a day's number says how long the day was, or is by now."""

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import requests
import responses

from exporter.clock import Clock

_A_DAY = timedelta(days=1)
_REST = dict.fromkeys(("bounces", "clicks", "opens"), 0)
Row = dict[str, Any]


def midnight(day: date, zone: ZoneInfo) -> float:
    """Return the Unix time at which a day begins somewhere."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


@dataclass(frozen=True, slots=True)
class Teller:
    """What the vendor knows of one customer.

    Attributes:
        zone: where the vendor counts its days, which need not be where it is configured to be.
    """

    zone: ZoneInfo

    def today(self, at: float) -> date:
        """Return the vendor's date at a Unix time."""
        return datetime.fromtimestamp(at, self.zone).date()

    def minutes(self, day: date, at: float) -> int:
        """Return how much of a day is over at a Unix time."""
        end = min(at, midnight(day + _A_DAY, self.zone))
        return max(0, int(end - midnight(day, self.zone)) // 60)

    def rows(self, days: int, at: float) -> list[Row]:
        """Return the rows of the last days, today's at the end."""
        newest = self.today(at)
        return self.between(newest - (days - 1) * _A_DAY, newest, at)

    def between(self, first: date, last: date, at: float) -> list[Row]:
        """Return the rows from one day to another, as far as they have come."""
        last = min(last, self.today(at))
        days = (first + number * _A_DAY for number in range((last - first).days + 1))
        return [{"date": str(day), "requests": self.minutes(day, at), **_REST} for day in days]


@dataclass(slots=True)
class Almanac:
    """Answers the calls of two APIs about daily statistics, and where customers are.

    Attributes:
        tellers: by the customers' ids.
        edit: what the vendor makes of its rows before it sends them, at which Unix time.
    """

    clock: Clock
    tellers: dict[str, Teller]
    edit: Callable[[Sequence[Row], float], Sequence[Row]] = lambda rows, _: rows
    asked: list[str] = field(default_factory=list)

    def answer(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], str]:
        """Answer a request at once: it takes no time at all."""
        url = urlsplit(request.url or "")
        if url.path == "/v3/subusers/stats":
            return 200, {}, json.dumps([*self._periods(parse_qs(str(url.query)))])
        body = request.body or ""
        form = parse_qs(body if isinstance(body, str) else body.decode())
        [user], [method] = form["user"], form["method"]
        self.asked.append(f"{method} {user}")
        teller, now = self.tellers[user], self.clock.time()
        if method == "timezone":
            return 200, {}, json.dumps({"timezone": teller.zone.key.replace("/", "\\/")})
        if "days" in form:
            rows = teller.rows(int(form["days"][0]), now)
        else:
            first, last = (date.fromisoformat(form[name][0]) for name in ("start_date", "end_date"))
            rows = teller.between(first, last, now)
        return 200, {}, json.dumps([{**row, "spamreports": 0} for row in self.edit(rows, now)])

    def _periods(self, query: Mapping[str, Sequence[str]]) -> Iterator[Row]:
        now, first = self.clock.time(), date.fromisoformat(query["start_date"][0])
        told: dict[str, list[Row]] = {}
        for user in query["subusers"]:
            teller = self.tellers[user]
            for row in self.edit(teller.between(first, teller.today(now), now), now):
                counters = {"requests": row["requests"], **_REST, "spam_reports": 0}
                told.setdefault(row["date"], []).append({"name": user, "type": "subuser", "metrics": counters})
        return ({"date": day, "stats": rows} for day, rows in told.items())


@contextmanager
def consulted(almanac: Almanac) -> Generator[None]:
    """Hand every request that this process sends to the vendor, as long as the block lasts."""

    def answer(request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], str]:
        # They would be kept by the thousand.
        for log in (network.calls, *(way.calls for way in ways)):
            log.reset()
        return almanac.answer(request)

    ways = [responses.CallbackResponse(verb, re.compile("http"), answer) for verb in ("GET", "POST")]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for way in ways:
            network.add(way)
        yield
