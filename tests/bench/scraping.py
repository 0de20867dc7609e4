"""What a scrape costs: beside prometheus_client, Go's promhttp and nginx, at rest and while fetches change values."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.account import COLLECTORS, FAMILIES, silent_vendor, write_configuration
from tests.bench.finding import Extent, Finding, less, middle, missing, more, most
from tests.bench.peers import starting
from tests.bench.programs import Cost, Program, Scraper

ENCODINGS = {"identity": "plain", "gzip": "gzip"}
# The goals are for this many customers, which are 200,000 series.
_JUDGED = 10_000
# Cheap scrapes are repeated within a round.
_AGAIN = 10
FETCHES = 300
# Seconds between two scrapes of which the slowest are looked for.
_PAUSE = 2.5
# Seconds between two scrapes, as Prometheus' own example has it.
_INTERVAL = 15.0
_CLIENT, _GO, _NGINX = "prometheus_client", "promhttp", "nginx"


@contextmanager
def subject(customers: int, **settings: object) -> Iterator[tuple[Program, Scraper]]:
    """Yield the exporter with an account that has been fetched once, and what scrapes it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = str(settings.pop("base_url", "")) or stack.enter_context(silent_vendor())
        file = write_configuration(folder, customers, vendor, **settings)
        program = stack.enter_context(Program.of_module("subject", file))
        program.ask("fill")
        yield program, Scraper(program)


@contextmanager
def polled_subject(customers: int, **settings: object) -> Iterator[tuple[Program, Scraper]]:
    """Yield the same with a vendor that takes 300 calls a second, once it is told to poll."""
    with (
        Program.of_module("vendor", 0) as vendor,
        subject(
            customers,
            base_url=f"http://127.0.0.1:{vendor.port}",
            rate_limit={"calls": FETCHES, "per": "1s"},
            # Three collectors, each so often that they take the whole limit together.
            collectors={key: {"interval": f"{max(1, customers * 3 // FETCHES)}s"} for key in COLLECTORS},
            **settings,
        ) as polled,
    ):
        yield polled


class Field:
    """The exporter and its peers, all serving the same account.

    Attributes:
        ours: what scrapes the exporter.
        peers: what scrapes each peer, by its name.
        lacking: what is missing on this machine, by the peer's name.
    """

    def __init__(self, customers: int, stack: ExitStack) -> None:
        """Start them all."""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.program, self.ours = stack.enter_context(subject(customers))
        self.peers: dict[str, Scraper] = {_CLIENT: starting.registry(customers, stack)}
        self.lacking: dict[str, str] = {}
        bodies = {encoding: self.ours.body(encoding) for encoding in ENCODINGS}
        starters = {
            _GO: lambda: starting.promhttp(customers, stack, folder),
            _NGINX: lambda: starting.nginx(bodies, stack, folder),
        }
        for name, start in starters.items():
            try:
                self.peers[name] = start()
            except starting.MissingPeerError as error:
                self.lacking[name] = str(error)

    def compare(self, encoding: str, rounds: int) -> Mapping[str, Sequence[Cost]]:
        """Return what scrapes cost by name; ours is the empty one. All take turns in each round."""
        costs: dict[str, list[Cost]] = {"": [], **{name: [] for name in self.peers}}
        for _ in range(rounds):
            for name, scraper in {"": self.ours, **self.peers}.items():
                times = _AGAIN if name in ("", _NGINX) else 1
                costs[name] += [scraper.scrape(encoding) for _ in range(times)]
        return costs


def scrape(extent: Extent) -> Iterator[Finding]:
    """Yield what a scrape costs while nothing changes."""
    for customers in extent.sizes:
        with ExitStack() as stack:
            field = Field(customers, stack)
            for encoding, name in ENCODINGS.items():
                # The largest peers take a minute for a scrape.
                rounds = extent.rounds if customers <= _JUDGED else max(1, extent.rounds // 3)
                costs = field.compare(encoding, rounds)
                yield from _judged(name, customers, costs, field.lacking)


def _judged(
    name: str, customers: int, costs: Mapping[str, Sequence[Cost]], lacking: Mapping[str, str]
) -> list[Finding]:
    cpu = {peer: middle([cost.cpu for cost in each]) for peer, each in costs.items()}
    wall = {peer: middle([cost.wall for cost in each]) for peer, each in costs.items()}
    goals = {_CLIENT: 150.0, _GO: 40.0, _NGINX: 1.5} if customers == _JUDGED else {}
    what, how_long = f"CPU of a scrape, {name}", f"time of a scrape, {name}"
    found = [
        less(what, customers, cpu[""], (peer, cpu[peer]), goals.get(peer)) for peer in (_CLIENT, _GO) if peer in cpu
    ]
    if _NGINX in wall:
        found.append(more(how_long, customers, wall[""], (_NGINX, wall[_NGINX]), goals.get(_NGINX)))
    return [*found, *(missing(what, customers, peer, lacks) for peer, lacks in lacking.items())]


def changes(extent: Extent) -> Iterator[Finding]:
    """Yield what a scrape costs while a vendor's answers change 300 places a second."""
    for customers in extent.sizes:
        with polled_subject(customers) as (program, scraper):
            yield from _under_changes(customers, program, scraper, extent)


def _under_changes(customers: int, program: Program, scraper: Scraper, extent: Extent) -> Iterator[Finding]:
    peer = Program.of_module("peers.registry", customers) if customers <= _JUDGED else None
    idle = [scraper.scrape("gzip") for _ in range(_AGAIN * extent.rounds)]
    at_rest = _at_rest(program, min(4.0, extent.seconds))
    program.ask("poll")
    pause, scrapes = min(_PAUSE, extent.seconds / 8), int(extent.seconds * 2)
    time.sleep(pause)
    busy = []
    for number in range(scrapes if customers == _JUDGED else scrapes // 3):
        # Not in step with anything that happens once a second.
        time.sleep(pause * (0.8 + 0.4 * (number % 7) / 7))
        busy.append(scraper.scrape("gzip"))
    calm, slowest = middle([cost.wall for cost in idle]), most([cost.wall for cost in busy])
    goal = 3.0 if customers == _JUDGED else None
    yield more(f"p99 of a scrape's time, gzip, at {FETCHES} fetches/s", customers, slowest, ("idle median", calm), goal)
    if peer is not None:
        spent = _per_scrape(program, scraper, extent, at_rest)
        with peer:
            theirs = middle([Scraper(peer).scrape("gzip").cpu for _ in range(max(1, extent.rounds // 2))])
        goal = 30.0 if customers == _JUDGED else None
        what = f"CPU of a scrape each {_INTERVAL:g} s with all rendering, gzip, at {FETCHES} fetches/s"
        yield less(what, customers, spent, (_CLIENT, theirs), goal)


def _per_scrape(program: Program, scraper: Scraper, extent: Extent, at_rest: float) -> float:
    """Return the CPU for each scrape of all threads but those that fetch, less what they take ``at_rest`` a second."""
    scraper.scrape("gzip")
    pause, scrapes = min(_INTERVAL, extent.seconds), max(1, round(extent.seconds / _INTERVAL))
    spent = -_rendering(program)
    for _ in range(scrapes):
        time.sleep(pause)
        scraper.scrape("gzip")
    spent += _rendering(program)
    return spent / scrapes - at_rest * pause


def _at_rest(program: Program, seconds: float) -> float:
    """Return the CPU a second of the same threads while nothing is asked of them."""
    before = _rendering(program)
    time.sleep(seconds)
    return (_rendering(program) - before) / seconds


def _rendering(program: Program) -> float:
    return sum(spent for name, spent in program.ask("threads").items() if _renders(name))


def _renders(thread: str) -> bool:
    return thread in ("web", "renderer") or thread.startswith("AnyIO")


def growth(extent: Extent) -> Iterator[Finding]:
    """Yield what a series costs in accounts of different sizes, for a scrape and for an update."""
    with ExitStack() as stack:
        subjects = {customers: stack.enter_context(subject(customers)) for customers in extent.sizes}
        scrapes: dict[int, list[float]] = {customers: [] for customers in extent.sizes}
        updates: dict[int, list[float]] = {customers: [] for customers in extent.sizes}
        for _ in range(extent.rounds):
            for customers, (program, scraper) in subjects.items():
                idle = middle([scraper.scrape("gzip").cpu for _ in range(_AGAIN)])
                # As many as are fetched between two scrapes of 15 s, where each is fetched each 15 minutes.
                changed = max(20, customers // 60)
                committed = program.ask("change", changed)
                rendered = scraper.scrape("gzip").cpu - idle
                scrapes[customers].append(idle / customers / FAMILIES)
                updates[customers].append((committed + rendered) / changed / FAMILIES)
    yield from _growth("a series of a scrape, gzip", {size: middle(each) for size, each in scrapes.items()})
    yield from _growth("a series of an update, stored and rendered", {n: middle(each) for n, each in updates.items()})


def _growth(what: str, costs: Mapping[int, float]) -> Iterator[Finding]:
    *smaller, (largest, cost) = costs.items()
    for customers, less_cost in smaller:
        ratio = cost / less_cost
        peer = f"{customers:,} customers: {less_cost * 1e9:,.0f} ns"
        yield Finding(
            f"CPU of {what}", largest, f"{cost * 1e9:,.0f} ns", peer, f"{ratio:.2f} ×", "≤ 1.5 ×", ratio <= 1.5
        )
