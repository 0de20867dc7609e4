"""Eight days and a half of the demo's customers, with mishaps in the last two: what the dashboards' pictures show.

They end on a Thursday afternoon. So many hours before the end

- 50: the exporter is started anew, and its pod has a new name;
- 19: the museum's account is gone, and nobody takes it out of the configuration;
- 12 to 11: SendGrid fails;
- 9: the credits of lucky-coupons run out;
- 6: the totals of northwind-saas are corrected, by more than it sends until the end;
- 5 to 4.5: the vendors allow one call a minute;
- 3: Bento refuses the keys of one site.

For two hours after the end there are two replicas, which show the same.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from exporter.demo import Scenario, StandIn, World, configuration
from exporter.demo.world import printed_credits
from tests.simulation.clock import SimulatedClock
from tests.simulation.exporter import SimulatedExporter
from tests.simulation.recording import Recording
from tests.simulation.wire import wired

END = datetime(2026, 3, 26, 15, tzinfo=UTC)
BEGIN = END - timedelta(days=8.5)
AFTER_END = END + timedelta(hours=2)
# From then on less is asked for: later days are compared with the days before, and with the same day last week.
QUIET = END - timedelta(days=7)
RESTART = END - timedelta(hours=50)
STEP = timedelta(minutes=5)
# Of the week that later days are only compared with, fewer scrapes are kept.
STEP_OF_WEEK = timedelta(minutes=15)

_HOUR = 3600.0
_EXHAUSTED_AT = (END - timedelta(hours=9)).timestamp()
_CORRECTED_AT = (END - timedelta(hours=6)).timestamp()
_EXHAUSTED = "offers@lucky-coupons.example"
_CORRECTED, _TAKEN_BACK = "billing@northwind-saas.example", 60_000
_GONE = "info@old-town-museum.example"
_REFUSED = "quiet-harbour"
_NOBODY = b'{"errors":["User does not exist"],"message":"error"}'

_FIELDS = [
    *("requests", "delivered", "bounces", "clicks", "opens", "spam_reports"),
    *("unsubscribes", "blocks", "invalid_emails"),
]
_DAILY = [*_FIELDS, "unique_opens", "unique_clicks"]
# By source: where it differs from the demo's, whose intervals are of seconds.
_SOURCES: Mapping[str, Mapping[str, Any]] = {
    "demo": {
        "rate_limit": {"calls": 12, "per": "1m"},
        "collectors": {
            "totals": {"interval": "15m", "fields": _FIELDS},
            "daily": {"interval": "15m", "fields": _DAILY},
            "credits": {"interval": "1h"},
            "categories": {"enabled": True, "interval": "3h"},
            "month": {"enabled": True, "interval": "2h"},
        },
        "discovery": {"interval": "1h"},
    },
    "subusers": {
        "rate_limit": {"calls": 60, "per": "1m"},
        "collectors": {
            "daily": {"interval": "15m"},
            "credits": {"interval": "1h"},
            "reputation": {"interval": "1h"},
            "totals": {"enabled": True, "interval": "1h", "since": "2026-01-01"},
        },
        "discovery": {"interval": "1h", "include": "^(hello|contact)@", "label": "user"},
    },
    "shops": {
        "rate_limit": {"calls": 30, "per": "1h"},
        "collectors": {},
    },
}
# What is asked for less often between the days that are compared.
_QUIETLY = {"totals": "1h", "daily": "1h", "credits": "4h", "categories": "12h", "month": "12h"}


def record(file: Path) -> None:
    """Live through the days, and write what a Prometheus would have scraped every five minutes."""
    clock = SimulatedClock(BEGIN.timestamp())
    world = World(clock)
    vendor = StandIn(world, password="demo", scenario=_SCENARIO)
    with wired(vendor, clock), file.open("wb") as stream:
        old, new, second = (Recording(stream, f"10.1.0.{number}:10587") for number in (7, 9, 8))
        for until, step, intervals, replica in (
            (QUIET, STEP_OF_WEEK, {}, old),
            (RESTART, STEP_OF_WEEK, _QUIETLY, old),
            (AFTER_END, STEP, {}, new),
        ):
            with SimulatedExporter(_configuration(world, intervals), file.parent, clock) as exporter:
                for at in _moments(exporter, clock, vendor, until, step):
                    for each in (replica, second) if at > END.timestamp() else (replica,):
                        each.add(exporter.page(), at)
        stream.write(b"# EOF\n")


def _moments(
    exporter: SimulatedExporter, clock: SimulatedClock, vendor: StandIn, until: datetime, step: timedelta
) -> Iterator[float]:
    """Let time pass and things happen; yield the Unix time of each scrape."""
    while clock.time() < until.timestamp():
        for _ in range(step // STEP):
            _let_happen(vendor, (END.timestamp() - clock.time()) / _HOUR)
            exporter.live(STEP.total_seconds())
        yield clock.time()


def _let_happen(vendor: StandIn, hours: float) -> None:
    """Let the calls fail that are to fail so many hours before the end."""
    vendor.clear()
    if hours <= 19:
        vendor.fault(api="reseller", user=_GONE, status=404, body=_NOBODY)
    if hours <= 3:
        [site] = [site for site in vendor.story.world.sites if site.name == _REFUSED]
        vendor.fault(api="bento", user=site.uuid, status=401, body=b'{"error":"Unauthorized"}')
    if 11 < hours <= 12:
        vendor.fault(api="reseller", status=503)
        vendor.fault(api="v3", status=503)


def _configuration(world: World, intervals: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the demo's configuration, some of its sources, with intervals of users."""
    demo = yaml.safe_load(configuration("http://127.0.0.1:1", "demo", world))
    sources = [{**each, **_SOURCES[each["name"]]} for each in demo["sources"] if each["name"] in _SOURCES]
    for source in sources:
        chosen = {name: {"interval": interval} for name, interval in intervals.items() if name in source["collectors"]}
        source["collectors"] = {name: {**each, **chosen.get(name, {})} for name, each in source["collectors"].items()}
    return {"sources": sources}


def _totals(world: World, user: str, _: float, at: float) -> dict[str, int]:
    totals = world.totals(user, at)
    if user == _CORRECTED and at >= _CORRECTED_AT:
        totals["requests"] -= _TAKEN_BACK
        totals["delivered"] -= _TAKEN_BACK
    return totals


def _overview(world: World, user: str, _: float, at: float) -> dict[str, str | int]:
    overview = world.overview(user, at)
    if user != _EXHAUSTED:
        return overview
    used, _ = world.credits(user, at)
    allowed = used + world.totals(user, _EXHAUSTED_AT)["requests"] - world.totals(user, at)["requests"]
    return {**overview, **printed_credits(used, allowed)}


def _limit(elapsed: float) -> tuple[int, float]:
    hours = (END - BEGIN).total_seconds() / _HOUR - elapsed / _HOUR
    return (1, 60.0) if 4.5 < hours <= 5 else (600, 60.0)


_SCENARIO = Scenario("nine days", "What days bring.", limit=_limit, totals=_totals, overview=_overview)
