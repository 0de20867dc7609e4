"""Everything that the exporter ever asks a vendor for, one turn after another, of a vendor that misbehaves.

Turns are found, not listed: each collector of each type in each of its ways, the list of customers and the probe. A
collector that joins a provider is among them by itself, and so is each request that it makes.
"""

import re
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from exporter.app import App
from exporter.config import Config
from exporter.demo import StandIn, World
from exporter.demo.wire import Call
from exporter.errors import FetchError, Reason
from exporter.exposition import Exposition, Format
from exporter.fetch import Fetch
from exporter.providers import discover
from tests.fake_clock import FakeClock
from tests.faults.vendor import Vendor

PASSWORD = "correct-horse-battery"
# What a vendor says, and nobody may be shown.
CANARY = "canary-5d1f"
MOST_BYTES = 2 * 1024 * 1024
DISCOVERY, PROBE = "discovery", "probe"
# What is fetched there needs to know where a customer is, and nothing of which day it is there.
ZONE, _ZONED = "timezone", "limits"
# Time enough for a machine that has other things to do.
PATIENCE = 30.0
_A_DAY = 86_400.0
# Longer than lists of segments and time zones last, which are to be read at each turn.
_LONG = _A_DAY + 1
_FIRST, _SECOND = "info@old-town-museum.example", "hello@green-grocer.example"
_NAMES = ("first", "second")
_NUMBER_OF_A_NAME = re.compile("/subusers/[^/]+/credits")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of turn: what is fetched, of what type of source, in which of its ways."""

    type: str
    way: str
    what: str

    def __str__(self) -> str:
        """Return it as the name of a test's case."""
        return "-".join(filter(None, (self.type.removeprefix("sendgrid_"), self.way, self.what)))

    @property
    def format(self) -> str:
        """What its answers are written in."""
        return "xml" if self.way == "xml" else "json"

    def section(self, base_url: str, ca_file: Path) -> dict[str, Any]:
        """Return the configuration of a source of two customers, with one collector, the list, or nothing."""
        of_type, names = discover()[self.type].config, _collectors(self.type)
        wanted = _ZONED if self.what == ZONE else self.what
        collectors: dict[str, dict[str, Any]] = {name: {"enabled": name == wanted} for name in names}
        if self.type == "sendgrid_v3":
            collectors["totals"]["since"] = "2026-02-20"
        # As few fields as can be, for speed; the required ones are looked at all the same.
        listed = {"interval": "1h", "include": "^nobody$", **({"of": "accounts"} if self.way == "account" else {})}
        return {
            "name": "acme",
            "type": self.type,
            "base_url": base_url,
            "allow_http": True,
            "http": {"ca_file": str(ca_file)},
            "rate_limit": {"calls": 1_000_000, "per": 1.0},
            "collectors": collectors,
            **({"format": self.way} if "format" in of_type.model_fields else {}),
            **({"discovery": listed} if self.what == DISCOVERY else {}),
            **({"timezone": "vendor"} if self.what == ZONE else {}),
            **_access(self.type),
            "customers": [{**each, "name": name} for each, name in zip(_customers(self), _NAMES, strict=True)],
        }


def _collectors(type_: str) -> Sequence[str]:
    collectors = discover()[type_].config.model_fields["collectors"].get_default()
    return tuple(type(collectors).model_fields)


def _access(type_: str) -> Mapping[str, Any]:
    ways: Mapping[str, Sequence[str]] = {"bento": ("publishable_key", "secret_key"), "sendgrid_v3": ("api_key",)}
    names = ways.get(type_, ("username", "password"))
    return {"credentials": dict(zip(names[::-1], (PASSWORD, "demo"), strict=False))}


def _customers(kind: "Kind") -> Sequence[Mapping[str, Any]]:
    world = World(FakeClock())
    match kind.type, kind.way:
        case "bento", _:
            # The first has a segment whose id is a number, and with another number it would be another segment.
            return [_site(each) for each in (world.sites[1::-1] if kind.what == "segments" else world.sites[:2])]
        case "sendgrid_v3", "account":
            return [
                {"account": next(each for each in world.customers if each.user == _FIRST).partner_id},
                {"subuser": _SECOND},
            ]
        case "sendgrid_v3", "own":
            return [{"own": True}, {"subuser": _SECOND}]
        case "sendgrid_v3", _:
            return [{"subuser": _FIRST}, {"subuser": _SECOND}]
        case _:
            return [{"user": _FIRST}, {"user": _SECOND}]


def _site(site: Any) -> Mapping[str, Any]:
    return {
        "site_uuid": site.uuid,
        "segments": "all",
        "reports": [{"id": each.id, "fields": ["sent", "rate.open"] * each.is_table} for each in site.reports],
        "ads": [{"name": "by-source", "dimension": "source", "start_date": "30 days ago", "breakdown": True}],
    }


_ZONES = ("sendgrid_reseller", "sendgrid_distributor")


def kinds() -> Sequence[Kind]:
    """Return every kind of turn."""
    ways: Mapping[str, Sequence[str]] = {"sendgrid_v3": ("subuser", "account", "own"), "bento": ("",)}
    return [
        Kind(type_, way, what)
        for type_, provider in discover().items()
        for way in ways.get(type_, ("json", "xml"))
        for what in (
            *_collectors(type_),
            *([ZONE] if type_ in _ZONES else []),
            *([DISCOVERY] if "discovery" in provider.config.model_fields else []),
            PROBE,
        )
        # Whoever's list it is, subusers are on it; and of the own account there is none.
        if (way, what) != ("own", DISCOVERY)
    ]


@dataclass(frozen=True, slots=True)
class Result:
    """How a turn ended: why it failed, and what is said of that; neither, if it did not."""

    reason: Reason | None
    words: str = ""


class Stage:
    """A program with one source that takes the turns of one kind, for one of its customers or the other.

    Attributes:
        clock: the program's own, which only a pause moves.
        seen: the requests of one good turn, in order, each with the body of its answer.
        calls: what they ask for, with the same bodies.
        taken: how many turns ended for each reason, or without one.
        page: what was shown of the vendor after both customers' first turns.
    """

    def __init__(self, kind: Kind, vendor: Vendor, ca_file: Path, base_url: str = "") -> None:
        """Take a good turn for each customer."""
        self.kind = kind
        self.vendor = vendor
        self.clock = FakeClock(auto=True)
        offered = discover()
        section = offered[kind.type].config.model_validate(kind.section(base_url or vendor.url, ca_file))
        polling = {"timeout": PATIENCE, "retry": {"attempts": 1}, "drop_after": 365 * _A_DAY}
        limits = {"max_response_bytes": MOST_BYTES}
        config = Config.model_validate({"polling": polling, "limits": limits, "sources": (section,)})
        self.app = App(config, offered, self.clock)
        [self.source] = self.app.sources
        self._page = Exposition(self.app.store, self.app.sources[0].provider.families, CollectorRegistry())
        self._fetches = self._turns()
        self.taken: Counter[Reason | None] = Counter()
        self._began = self.clock.monotonic()
        vendor.strike(None)
        first = self.take()
        assert first == Result(None), first
        self.seen = tuple(vendor.asked)
        self.calls = [(call_name(each.call), each.body) for each in self.seen]
        assert self.take(second=True) == Result(None)
        self.page = self.shown()

    @property
    def upstream(self) -> Any:
        """The way to the vendor."""
        return self.source.upstream

    def tune(self, timeout: float) -> None:
        """Let each request take so many seconds from now on."""
        upstream, source = self.upstream, self.source
        upstream.tune(
            authorize=source.provider.authorize(source.config),
            retry=self.app.config.polling.retry,
            timeout=timeout,
            max_response_bytes=MOST_BYTES,
            concurrency=self.app.config.polling.concurrency,
        )

    def take(self, *, second: bool = False) -> Result:
        """Take the turn of a customer, as a thread of the poller does, and return how it ended."""
        if self.kind.what in {"segments", ZONE} and not second:
            self.clock.advance(_LONG)
            self._began += _LONG
        self.vendor.asked.clear()
        with self.upstream.admitted():
            result = self._take(int(second))
        self.taken[result.reason] += 1
        return result

    @property
    def waited(self) -> float:
        """How many seconds it has waited for a pause to end, so far."""
        return self.clock.monotonic() - self._began

    def shown(self) -> bytes:
        """Return the lines of the page that show what the vendor said."""
        lines = self._page.render(Format.TEXT).splitlines()
        return b"\n".join(line for line in lines if line.startswith((b"sendgrid_", b"bento_")))

    def counted(self) -> Mapping[str, float]:
        """Return how many fetches the program's own metrics have counted, in all and by the reason they failed for."""
        labels = {"source": "acme", "collector": _ZONED if self.kind.what == ZONE else self.kind.what}
        value = self.app.instruments.registry.get_sample_value
        counts: dict[str, float | None] = {"": value("email_stats_exporter_fetches_total", labels)}
        for reason in Reason:
            counts[reason.value] = value("email_stats_exporter_fetch_failures_total", {**labels, "reason": reason})
        return {name: count for name, count in counts.items() if count}

    def _turns(self) -> Sequence[Fetch]:
        """Return a fetch for each customer alone, or the only one of the source as a whole."""
        return [replace(fetch, members=(member,)) for fetch in self.source.fetches for member in fetch.members]

    def _take(self, number: int) -> Result:
        if self.kind.what == PROBE:
            return self._probe(number)
        if self.kind.what == DISCOVERY:
            return self._read_list()
        fetch = self._fetches[number % len(self._fetches)]
        fetch.run(self.upstream)
        [member] = fetch.members
        place = fetch.place(member)
        assert place.up is (place.reason is None)
        return Result(place.reason, place.last_error)

    def _probe(self, number: int) -> Result:
        try:
            self.source.probe(number)
        except FetchError as error:
            return Result(error.reason, str(error))
        return Result(None)

    def _read_list(self) -> Result:
        listing = self.source.listing
        assert listing is not None
        listing.run(self.upstream)
        return Result(Reason(listing._failure) if listing._failure else None, listing.error)


def call_name(call: Call) -> str:
    """Return what a request asks for, whoever it is about."""
    if call.path.startswith("/v3/"):
        return _NUMBER_OF_A_NAME.sub("/subusers/{}/credits", call.path)
    if call.path.startswith("/api/v1/"):
        return call.path
    method, task = (call.form.get(name, "") for name in ("method", "task"))
    # The prefix tells the dialects apart; where it is not one of theirs, it is a part of the call's name.
    action = call.path.rpartition("/")[2].rpartition(".")[0]
    action = re.sub("^(?:reseller|distributor|customer)[.](?:manage$)?", "", action)
    if "stats" in (method, action):
        return next((name for name in ("aggregate", "list", "category[]", "start_date") if name in call.form), "days")
    return " ".join(filter(None, (action, method, task)))


@contextmanager
def staged(
    kind: Kind, ca_file: Path, prepare: Callable[[Vendor], str] | None = None, **of_vendor: Any
) -> Generator[Stage]:
    """Set the stage for one kind of turn; ``prepare`` returns where the vendor is asked, if not at its address."""
    vendor = Vendor(StandIn(World(FakeClock()), password=PASSWORD), **of_vendor)
    try:
        stage = Stage(kind, vendor, ca_file, prepare(vendor) if prepare else "")
        try:
            yield stage
        finally:
            stage.upstream.close()
    finally:
        vendor.close()


EVERY = kinds()
# Before anyone looks at a body, its format makes no difference.
CALLS = [kind for kind in EVERY if kind.format == "json"]
