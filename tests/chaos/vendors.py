"""The vendors of a chaos run: a stand-in that remembers how it met each request, and the sources that ask it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from exporter.config import format_duration, parse_duration
from exporter.demo import StandIn, World, configuration
from exporter.demo.wire import Answer, Call, Manner
from tests.chaos.mischief import BODIES
from tests.chaos.story import HastyClock, Plot

PASSWORD = "open sesame"
# What each API allows, counted at its own end; the busiest source needs four fifths of it.
CALLS, PER = 24, 3.0
# How often collectors ask; counters are what matters most here.
_INTERVALS = {"totals": "5s", "daily": "10s", "credits": "15s"}
_INTERVAL = "30s"
# Lists of many thousand addresses: they would keep the machine busy with nothing but them.
_LEFT_OUT = "suppressions"
# Two sources of one account share its budget.
_SHARED = "v3"
# The APIs that one source alone asks, and for one customer at a time.
APIS = {"reseller": "sendgrid_reseller", "distributor": "sendgrid_distributor", "customer": "sendgrid_customer"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the vendor met it.

    Attributes:
        at: monotonic time of its arrival.
        key: what tells it from other requests; those of one key ask for the same.
        collector: whose call it is, or discovery; None for others.
        is_good: whether it was answered truly.
        pause: for how many seconds the answer asked for no request; 0 if it did not.
    """

    at: float
    api: str
    key: tuple[str, ...]
    collector: str | None
    is_good: bool
    pause: float


class Vendors(StandIn):
    """Stands in for all vendors, with a limit of calls; a context manager."""

    def __init__(self, clock: HastyClock, story: Plot, world: World) -> None:
        """Prepare to serve a world of this clock."""
        super().__init__(world, password=PASSWORD, scenario=story.scenario, limit=(CALLS, PER))
        self.seen: list[Seen] = []
        self._monotonic = clock.monotonic

    def respond(self, call: Call) -> Answer:
        """Answer a call, and remember it."""
        at = self._monotonic()
        answer = super().respond(call)
        dialect = next(each for each in self._dialects if each.owns(call.path))
        form = sorted(dialect.public_form(call).items())
        self.seen.append(
            Seen(
                at=at,
                api=dialect.name,
                key=(dialect.name, call.path, *(f"{name}={value}" for name, value in form)),
                collector=dialect.kind(call),
                is_good=answer.status == 200 and answer.manner is Manner.WHOLE and answer.body not in BODIES,
                pause=float(answer.headers.get("Retry-After", 0)),
            )
        )
        return answer


def sources(vendors: Vendors, world: World) -> Sequence[Mapping[str, Any]]:
    """Return the sections of all sources: the demo's, in a hurry."""
    text = configuration(vendors.base_url, PASSWORD, world)
    return [_hurried(source) for source in yaml.safe_load(text)["sources"]]


def _hurried(source: Mapping[str, Any]) -> Mapping[str, Any]:
    limit: dict[str, Any] = {"calls": CALLS, "per": format_duration(PER)}
    if source["type"] == "sendgrid_v3":
        limit["shared"] = _SHARED
    collectors = {
        name: {**options, "interval": _INTERVALS.get(name, _INTERVAL), "enabled": name != _LEFT_OUT}
        for name, options in source["collectors"].items()
    }
    found = source.get("discovery")
    listing = {"discovery": {**found, "interval": _INTERVAL}} if found else {}
    return {**source, "rate_limit": limit, "collectors": collectors, **listing}


def interval_of(sections: Sequence[Mapping[str, Any]], api: str, collector: str) -> float:
    """Return the seconds between two fetches of a collector from one of ``APIS``."""
    [section] = [each for each in sections if each["type"] == APIS[api]]
    return parse_duration(section["collectors"][collector]["interval"])
