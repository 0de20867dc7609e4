"""A poller with a clock of its own, collectors that do what a test says, and a stand-in for the way to the vendor."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from zoneinfo import ZoneInfo

from exporter.config import CollectorConfig
from exporter.errors import FetchError, Stopped
from exporter.fetch import Desk, Fetch, Member, Task
from exporter.instruments import Instruments
from exporter.poller import Poller
from exporter.providers.base import AnyCollector, Customer
from exporter.samples import Family, Kind, Sample
from exporter.store import Store
from exporter.upstream import Circuit, Upstream
from tests.fake_clock import FakeClock
from tests.places import place_of

CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")
START = 1_000.0


class Door:
    """Stands in for an ``Upstream``: lets so many fetches in, all of them unless told otherwise."""

    def __init__(self, places: float = float("inf")) -> None:
        self._changed = threading.Condition()
        self._places = places
        self._waiting = 0
        self._is_closed = False
        self.circuit = Circuit(60.0)
        self.is_stuck = False

    @contextmanager
    def admitted(self) -> Generator[None]:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._places > 0 or self._is_closed, 10)
            self._waiting -= 1
            if self._is_closed:
                raise Stopped("closed")
            self._places -= 1
        yield

    def blocked(self) -> int:
        """Return how many threads wait and have no place to hope for."""
        with self._changed:
            return 0 if self._places > 0 else self._waiting

    def admit(self, places: float) -> None:
        with self._changed:
            self._places += places
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Toy:
    """A collector whose answers a test writes; notes when it was asked, in seconds since the start, and for whom.

    An answer is samples, an exception to raise, or a function that gives the samples; by default one sample of 1.
    """

    families = (CREDITS,)

    def __init__(self, clock: FakeClock, name: str = "totals", interval: float = 100.0) -> None:
        self.name = name
        self.settings = CollectorConfig(interval=interval)
        self.clock = clock
        self.asked: list[tuple[float, Any]] = []
        self.answers: dict[Any, Any] = {}
        self.hanging: set[Any] = set()
        self._hung: dict[Any, threading.Event] = {}

    def hang(self, customer: str) -> None:
        """Let fetches of a customer hang until they are released."""
        self._hung[customer] = threading.Event()

    def release(self, *customers: str) -> None:
        for customer in customers or tuple(self._hung):
            self.hanging.discard(customer)
            self._hung.pop(customer).set()

    def names(self) -> list[Any]:
        return [name for _, name in self.asked]

    def times(self, customer: Any) -> list[float]:
        return [moment for moment, name in self.asked if name == customer]

    def answer(self, key: Any) -> Any:
        end = self._hung.get(key)
        if end is not None:
            self.hanging.add(key)
        self.asked.append((self.clock.monotonic() - START, key))
        if end is not None:
            end.wait(10)
        answer = self.answers.get(key, [CREDITS.sample(1)])
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer


class Single(Toy):
    """Asks for one customer at a time."""

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        return cast(Iterable[Sample], self.answer(customer.name))


class Batch(Toy):
    """Asks for several customers at once; ``alone`` holds what is said of single ones within a batch."""

    batch_size = 10

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.alone: dict[str, Iterable[Sample] | FetchError] = {}

    def fetch_batch(self, customers: Sequence[Customer]) -> Mapping[Customer, Iterable[Sample] | FetchError]:
        whole = self.answer(tuple(customer.name for customer in customers))
        return {customer: self.alone.get(customer.name, whole) for customer in customers}


class Stage:
    """Builds a poller, lets time pass, and waits until all that this caused has happened."""

    def __init__(self, *, is_repeating: bool = True) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, stale_after=3, drop_after=86_400, max_series=1_000)
        self.instruments = Instruments()
        self.died = threading.Event()
        self.poller = Poller(self.clock, self.died.set, is_repeating=is_repeating)
        self.desk = Desk(self.clock, self.store, self.instruments)
        self._threads = set(threading.enumerate())
        self._toys: list[Toy] = []
        self._doors: list[Door] = []

    def source(
        self,
        collector: Toy,
        customers: str | Sequence[Sequence[str]],
        *,
        name: str = "acme",
        concurrency: int = 8,
        door: Any = None,
        phases: Sequence[float] | None = None,
    ) -> Any:
        """Poll a source; ``customers`` are names of one letter, or the names of each batch."""
        self._toys.append(collector)
        interval = collector.settings.interval
        self.instruments.add_source(name, {collector.name: interval})
        phases = phases or [interval * index / len(customers) for index in range(len(customers))]
        fetches = [self.fetch(name, collector, batch, phase) for batch, phase in zip(customers, phases, strict=True)]
        door = door or Door()
        self._doors.append(door)
        self.poller.add_source(name, cast(Upstream, door), concurrency, interval, fetches)
        return door

    def fetch(self, source: str, collector: Toy, names: Sequence[str], phase: float) -> Fetch:
        customers = [Customer(each, each, ZoneInfo("UTC"), self.clock) for each in names]
        places = [place_of(self.store, source, each, collector.name, collector.settings.interval) for each in names]
        task = Task(source, cast(AnyCollector, collector), self.desk, lambda: (len(self.store.customers()),) * 2)
        members = tuple(Member(customer, place.record) for customer, place in zip(customers, places, strict=True))
        return Fetch(task, members, phase)

    def start(self, *, busy: int = 0) -> None:
        self.poller.start()
        self.settle(busy=busy)

    def step(self, seconds: float, *, busy: int = 0) -> None:
        """Let time pass; ``busy`` threads are expected to be held up by a collector or at a door in the end."""
        self.clock.advance(seconds)
        self.settle(busy=busy)

    def run(self, seconds: int, *, step: int = 1, busy: int = 0) -> None:
        for _ in range(0, seconds, step):
            self.step(step, busy=busy)

    def settle(self, *, busy: int = 0) -> None:
        until(lambda: self._is_settled(busy))

    def _is_settled(self, busy: int) -> bool:
        poller, now = self.poller, self.clock.monotonic()
        with poller._changed:
            if poller._moved < now or (poller._heap and poller._heap[0][0] <= now):
                poller._changed.notify_all()
                return False
        held = 0
        for lane in poller._lanes.values():
            with lane.changed:
                if lane.idle and lane.claims < len(lane.queue):
                    return False
                held += lane.threads - lane.idle
        blocked = sum(len(toy.hanging) for toy in self._toys) + sum(door.blocked() for door in self._doors)
        return held == blocked == busy

    def threads(self) -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread not in self._threads]

    def workers(self, source: str = "acme") -> list[str]:
        return sorted(thread.name for thread in self.threads() if thread.name.startswith(f"{source}-"))

    def count(self, name: str, **labels: str) -> float | None:
        labels = {"source": "acme", "collector": "totals", **labels}
        return self.instruments.registry.get_sample_value(f"email_stats_exporter_{name}", labels)

    def failures(self) -> dict[str, float]:
        """Return the failed fetches by reason, but for those of which there are none."""
        return {
            sample.labels["reason"]: sample.value
            for family in self.instruments.registry.collect()
            for sample in family.samples
            if sample.name == "email_stats_exporter_fetch_failures_total" and sample.value
        }

    def up(self) -> dict[str, bool | None]:
        sources = self.store.sources.values()
        return {
            place.record.name: place.up for s in sources for record in s.records.values() for place in record.places
        }

    def end(self) -> None:
        self.poller.stop()
        for toy in self._toys:
            toy.release()
        until(lambda: not self.threads())


def until(condition: Callable[[], bool]) -> None:
    """Wait for other threads, not for time to pass; a test that waits in vain fails."""
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "what the test waits for does not happen"
        time.sleep(0)


@contextmanager
def on_stage(**settings: Any) -> Iterator[Stage]:
    stage = Stage(**settings)
    try:
        yield stage
    finally:
        stage.end()
