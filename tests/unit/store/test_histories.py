"""Whatever becomes of a vendor's total, of the disk and of the process, PromQL's ``increase`` never tells too much."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.store.kept_scene import KeptScene, broken_disk
from tests.unit.store.scene import CREDITS, REQUESTS

TOTAL = "sendgrid_requests_total"
DAY = 86_400


@dataclass
class Vendor:
    """A vendor's total, and what was truly sent since anybody looked.

    Attributes:
        total: what it says.
        sent: by how much it has truly grown.
    """

    total: int
    sent: int = 0

    def grow(self, number: int) -> None:
        self.total += number
        self.sent += number

    def fall(self, number: int) -> None:
        """Correct the total; a large enough fall looks like an account that began anew, and is shown as one."""
        self.total = max(0, self.total - number)


@dataclass
class Model:
    """What may be shown, by the contract's words alone.

    Attributes:
        shown: the counter; None as long as nothing can be.
        is_there: whether it is on the page.
        is_kept_there: whether it was when that was last kept: after a restart it is there again as it was then.
        begun: the values at which it began anew.
    """

    shown: int | None = None
    is_there: bool = False
    is_kept_there: bool = False
    begun: list[int] = field(default_factory=list)

    def see(self, total: int, *, is_kept: bool) -> None:
        if is_kept and (self.shown is None or total >= self.shown):
            self.shown = total
        elif is_kept and self.shown is not None and self.shown - total >= 100 and 2 * total < self.shown:
            self.shown = total
            self.begun.append(total)
        self.is_there = self.shown is not None
        if is_kept:
            self.keep()

    def keep(self) -> None:
        self.is_kept_there = self.is_there

    def leave(self) -> None:
        self.is_there = self.is_kept_there = False

    def begin_again(self) -> None:
        self.is_there = self.is_kept_there


class Prometheus:
    """A server that scrapes the counter, and works out what ``increase`` does, resets included."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.increase = 0.0

    def scrape(self, value: float | None) -> None:
        if value is None:
            return
        if self.last is not None:
            self.increase += value - self.last if value >= self.last else value
        self.last = value


steps = st.one_of(
    st.tuples(st.just("grow"), st.one_of(st.integers(0, 50), st.integers(0, 5_000))),
    st.tuples(st.just("fall"), st.one_of(st.integers(1, 99), st.integers(100, 8_000))),
    st.tuples(st.sampled_from(["fetch", "fetch", "fetch", "fail", "forget", "remove", "gap"]), st.just(0)),
    st.tuples(st.sampled_from(["crash", "crash unseen", "crash unwritten", "stop", "full"]), st.just(0)),
)


class World:
    """A vendor, an exporter, a Prometheus, and the model to compare them with."""

    def __init__(self, folder: Path, first: int) -> None:
        self.scene = KeptScene(folder)
        self.scene.customer()
        self.vendor, self.model, self.prometheus = Vendor(first), Model(), Prometheus()

    def step(self, what: str, number: int) -> None:
        """Let something happen; a fetch brings a gauge and the counter."""
        match what:
            case "grow":
                self.vendor.grow(number)
            case "fall":
                self.vendor.fall(number)
            case "fetch":
                self.fetch()
            case "full":
                with broken_disk():
                    self.fetch(is_kept=False)
            case "fail":
                self.scene.fail(self.scene.places["a"])
                self.model.keep()
            case "forget":
                self.scene.succeed(self.scene.places["a"], CREDITS.sample(1))
                self.model.leave()
            case "gap":
                self.scene.clock.advance(2 * DAY)
                self.model.leave()
            case _:
                self.end(what)

    def fetch(self, *, is_kept: bool = True) -> None:
        self.scene.succeed(self.scene.places["a"], REQUESTS.sample(self.vendor.total), CREDITS.sample(1))
        self.model.see(self.vendor.total, is_kept=is_kept)

    def end(self, how: str) -> None:
        """Let the program, or the customer, end and begin again."""
        if how == "crash unseen":
            # Written, and killed before anybody could look.
            self.fetch()
        if how == "remove":
            self.scene.store.remove("acme", "a")
            self.scene.customer()
        elif how == "stop":
            self.scene.restart("a")
        else:
            # Killed, perhaps with an answer of the vendor's in hand that was not yet written.
            self.scene.crash("a")
        self.model.begin_again()

    def look(self) -> None:
        """Scrape, and compare."""
        shown = self.scene.series(TOTAL).get("a")
        assert shown == (self.model.shown if self.model.is_there else None)
        self.prometheus.scrape(shown)
        assert self.prometheus.increase <= self.vendor.sent + sum(self.model.begun)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(steps, max_size=16))
@example(0, [("fetch", 0), ("forget", 0), ("full", 0), ("remove", 0), ("fetch", 0)])
@example(5, [("fetch", 0), ("forget", 0), ("full", 0), ("fail", 0), ("crash", 0)])
def test_increase_never_exceeds_what_was_truly_sent_and_what_began_anew(first: int, story: list[tuple[str, int]]):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), first)
        for what, number in story:
            world.step(what, number)
            world.look()
        world.scene.state.close()
