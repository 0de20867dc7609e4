import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.samples import Family, Kind
from exporter.store import Place, Store
from exporter.web import Address, Server, View, listen, pages
from tests.fake_clock import FakeClock
from tests.places import place_of
from tests.unit.web.reporting import report_on

CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Site:
    """Pages on a real server, over a store that a test fills."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ailments: list[str] = []
        self.is_ready = True
        self.store = Store(self.clock, stale_after=3, drop_after=86_400, max_series=1_000)
        view = View(
            exposition=Exposition(self.store, (CREDITS,), CollectorRegistry()),
            status=lambda query: report_on(self.store, self.clock, query),
            ailments=lambda: self.ailments,
            is_ready=lambda: self.is_ready,
        )
        socket = listen(Address("127.0.0.1", 0))
        self.port = socket.getsockname()[1]
        self.server = Server(pages(view), [socket], lambda: None)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def place(self, customer: str = "a", collector: str = "credits", source: str = "acme") -> Place:
        return place_of(self.store, source, customer, collector, 900)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = Site()
    site.server.start()
    yield site
    site.server.stop()


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """A server that is healthy, ready, and knows no source yet."""
    running.ailments, running.is_ready = [], True
    yield running
    for source, record in running.store.sources.items():
        for customer in tuple(record.records):
            running.store.remove(source, customer)
    running.store.sources.clear()


@pytest.fixture
def credit(site: Site) -> Callable[..., None]:
    """Show credits of a customer."""

    def commit(place: Place, value: float) -> None:
        now = site.clock.time()
        site.store.commit([(place, [CREDITS.sample(value)])], now, now)

    return commit
