"""Ninety days of a dozen customers: what happens in them, what an exporter shows of it, and the vendor's truth.

They begin on the first of February. By days from there

- 5, 33, 61 and 82: the exporter is started anew, on day 33 after four hours in which nothing was shown;
- 12: the vendor fails for three hours of an afternoon;
- 24: it fails from the evening to the next morning;
- 36 and 57: daylight saving begins in America and in Europe;
- 41: the totals of northwind-saas are corrected, by more than it sends in three days;
- 50: the account of pixelforge-games begins anew;
- 70: the totals of aurora-retail fall by a little for six hours.

Late opens and clicks come every day, for up to four days; some customers are idle for days, and one has been
suspended since last summer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from exporter.demo import Account, Scenario, StandIn, World
from tests.simulation.archive import add
from tests.simulation.clock import SimulatedClock
from tests.simulation.exporter import SimulatedExporter
from tests.simulation.recording import Recording
from tests.simulation.wire import wired

STEP = 900.0
# Scrapes don't fall on midnight in real life either.
BEGIN = datetime(2026, 2, 1, 0, 4, tzinfo=UTC)
_HOUR = 3_600.0
_DAY = 24 * _HOUR
FIELDS = ("requests", "delivered", "bounces", "opens")
_PREFIX = b"sendgrid_"


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another, in days since the beginning."""

    begin: float
    end: float

    def has(self, day: float) -> bool:
        """Return whether a moment lies in it."""
        return self.begin <= day < self.end


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, by days since the beginning.

    Attributes:
        days: how many there are.
        outages: when the vendor fails.
        restarts: when the exporter is gone.
        taken_back: which customer's totals fall, when, and by how many mails.
        anew: whose totals begin again from 0, and when.
        begin: when it all begins.
    """

    days: int
    outages: tuple[Span, ...]
    restarts: tuple[Span, ...]
    taken_back: tuple[tuple[str, Span, int], ...]
    anew: tuple[str, float]
    begin: datetime = BEGIN

    def day(self, at: float) -> float:
        """Return a Unix time in days since the beginning."""
        return (at - self.begin.timestamp()) / _DAY

    def totals(self, world: World, user: str, _: float, at: float) -> dict[str, int]:
        """Return what the vendor says of a customer's totals."""
        totals, day = world.totals(user, at), self.day(at)
        name, since = self.anew
        if user == name and day >= since:
            before = world.totals(user, self.begin.timestamp() + since * _DAY)
            totals = {field: value - before[field] for field, value in totals.items()}
        for name, span, count in self.taken_back:
            if user == name and span.has(day):
                totals = {**totals, "requests": totals["requests"] - count, "delivered": totals["delivered"] - count}
        return totals


NINETY = Story(
    days=90,
    outages=(Span(12.6, 12.725), Span(24.75, 25.4)),
    restarts=(Span(5.3, 5.31), Span(33.45, 33.62), Span(61.0, 61.02), Span(82.5, 82.51)),
    taken_back=(
        ("billing@northwind-saas.example", Span(41.4, 1e9), 300_000),
        ("mail@aurora-retail.example", Span(70.2, 70.45), 400_000),
    ),
    anew=("noreply@pixelforge-games.example", 50.5),
)


@dataclass(frozen=True, slots=True)
class Lived:
    """Days that were lived through: the archive that they left, and the truth."""

    story: Story
    world: World
    folder: Path

    @property
    def end(self) -> float:
        """Unix time at which they end."""
        return self.story.begin.timestamp() + self.story.days * _DAY

    def ended(self, account: Account) -> Iterator[date]:
        """Yield the days of a customer's zone of which the last complete day was shown for a whole day."""
        day = self.story.begin.astimezone(account.zone).date() + timedelta(days=1)
        while midnight(account, day + timedelta(days=2)) <= self.end:
            yield day
            day += timedelta(days=1)

    def row(self, account: Account, day: date, at: float) -> Mapping[str, int] | None:
        """Return the vendor's row of a day as it stood at a Unix time; None where it has none."""
        rows = self.world.between(account.user, day, day, at)
        return rows[0] if rows else None


def midnight(account: Account, day: date) -> float:
    """Return the Unix time at which a day begins for a customer."""
    return datetime(day.year, day.month, day.day, tzinfo=account.zone).timestamp()


def live(
    story: Story, folder: Path, accounts: Callable[[World], list[Account]], tell: Callable[[int], None] = lambda _: None
) -> Lived:
    """Live through the days with the real poller, store, state and pages; ``tell`` is told the number of each day."""
    clock = SimulatedClock(story.begin.timestamp())
    world = World(clock)
    scenario = Scenario("ninety days", "What months bring.", totals=story.totals)
    vendor = StandIn(world, password="demo", scenario=scenario)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "days.om"
    lived = Lived(story, world, folder)
    configuration = _configuration(accounts(world))
    with wired(vendor, clock), file.open("wb") as stream:
        recording = Recording(stream, "10.1.0.7:10587")
        for _ in range(len(story.restarts) + 1):
            with SimulatedExporter(configuration, folder, clock, state=folder / "state.db") as exporter:
                _run(lived, clock, vendor, exporter, recording, tell)
            # Nobody polls, and nobody scrapes.
            while _is_gone(story, clock.time()):
                clock.advance(STEP)
                clock.spend(clock.horizon - clock.monotonic())
        stream.write(b"# EOF\n")
    add(folder, file)
    file.unlink()
    return lived


def _is_gone(story: Story, at: float) -> bool:
    return any(span.has(story.day(at)) for span in story.restarts)


def _run(
    lived: Lived,
    clock: SimulatedClock,
    vendor: StandIn,
    exporter: SimulatedExporter,
    recording: Recording,
    tell: Callable[[int], None],
) -> None:
    """Poll and scrape until the exporter is started anew, or all days are over."""
    story = lived.story
    while clock.time() < lived.end and not _is_gone(story, clock.time()):
        day = story.day(clock.time())
        tell(int(day))
        vendor.clear()
        if any(span.has(day) for span in story.outages):
            vendor.fault(status=503)
        exporter.live(STEP)
        recording.add(_vendors(exporter.page()), clock.time())


def _vendors(page: bytes) -> bytes:
    """Return the lines of a page that are the vendor's numbers: the others are not asked for here."""
    return b"\n".join(line for line in page.splitlines() if line.startswith(_PREFIX))


def _configuration(accounts: list[Account]) -> Mapping[str, Any]:
    collectors = {
        "totals": {"interval": "30m", "fields": list(FIELDS)},
        "daily": {"interval": "1h", "fields": list(FIELDS)},
        "credits": {"interval": "1h"},
    }
    source = {
        "name": "acme",
        "type": "sendgrid_reseller",
        "base_url": "http://127.0.0.1:1",
        "credentials": {"username": "demo", "password": "demo"},
        "rate_limit": {"calls": 60, "per": "1m"},
        "collectors": collectors,
        "customers": [
            {"user": account.user, "name": account.name, "timezone": account.zone.key} for account in accounts
        ],
    }
    return {"sources": [source], "polling": {"drop_after": "2d"}}
