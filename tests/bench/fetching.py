"""What fetches cost beside a bare call of requests, how many go at once, and how well a rate limit is used."""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import requests

from exporter.app import App
from exporter.exposition import Format
from exporter.fetch import Fetch
from tests.bench.account import write_configuration
from tests.bench.finding import Extent, Finding, middle
from tests.bench.programs import Program
from tests.bench.subject import built

_CUSTOMERS = 400
_FORM = {"method": "stats", "aggregate": "1", "api_user": "acme", "api_key": "sesame"}
_WAIT = 0.05
_IN_FLIGHT = 64
_USE = 0.98


@contextmanager
def account(customers: int, wait: float, **settings: object) -> Iterator[tuple[App, Program]]:
    """Yield a program that nothing has started yet, and the vendor that it asks."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = stack.enter_context(Program.of_module("vendor", wait))
        file = write_configuration(folder, customers, f"http://127.0.0.1:{vendor.port}", **settings)
        app, _ = built(file)
        yield app, vendor
        app.stop()


class Bare:
    """A call as it is made without us: a session of requests, deaf to its environment, and a POST."""

    def __init__(self, vendor: Program) -> None:
        """Make ready to ask a vendor."""
        self._session = requests.Session()
        self._session.trust_env = False
        vendor.ending.callback(self._session.close)
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_IN_FLIGHT))
        self._url = f"http://127.0.0.1:{vendor.port}/apiv2/reseller.manage.json"

    def call(self, number: int) -> None:
        """Ask once."""
        form = {**_FORM, "user": f"customer{number}@example.com"}
        assert self._session.post(self._url, data=form, timeout=10).content

    def cpu(self, calls: int) -> float:
        """Return the CPU seconds of a call."""
        began = time.thread_time()
        for number in range(calls):
            self.call(number)
        return (time.thread_time() - began) / calls


def fetch(extent: Extent) -> Iterator[Finding]:
    """Yield what one fetch costs beside its call: limit, retry, parse, validate, store, and render."""
    with account(_CUSTOMERS, 0) as (app, vendor):
        [source] = app.sources
        bare, fetches = Bare(vendor), source.fetches
        _run(app, fetches)
        app.exposition.page(Format.TEXT, is_compressed=True)
        ratios, calls, works = [], [], []
        rendering = _rendered(app, fetches)
        for number in range(extent.rounds):
            some = fetches[number * 100 % len(fetches) :][:200]
            call, work = bare.cpu(len(some)), _run(app, some)
            calls.append(call)
            works.append(work + rendering - call)
            ratios.append(works[-1] / call)
    ours, peer = f"{middle(works) * 1e3:.3f} ms", f"bare requests: {middle(calls) * 1e3:.3f} ms"
    ratio = middle(ratios)
    what = "CPU of a fetch beside its call, rendering included"
    yield Finding(what, None, ours, peer, f"{ratio:.2f} ×", "≤ 0.5 ×", ratio <= 0.5)


def _run(app: App, fetches: Sequence[Fetch]) -> float:
    """Return the CPU seconds of a fetch, all made on this thread."""
    [source] = app.sources
    began = time.thread_time()
    for each in fetches:
        with source.upstream.admitted():
            assert each.run(source.upstream)
    return (time.thread_time() - began) / len(fetches)


def _rendered(app: App, fetches: Sequence[Fetch]) -> float:
    """Return the CPU seconds of rendering what one fetch changed, where all are fetched in their order."""
    _run(app, fetches)
    began = time.thread_time()
    app.exposition.page(Format.TEXT, is_compressed=True)
    return (time.thread_time() - began) / len(fetches)


def throughput(extent: Extent) -> Iterator[Finding]:
    """Yield how many calls a second go to a vendor that takes 50 ms for each, 64 of them in flight."""
    possible = _IN_FLIGHT / _WAIT
    customers = round(possible * extent.seconds / 9)
    polling = {"concurrency": _IN_FLIGHT}
    with account(customers, _WAIT, polling=polling) as (app, vendor):
        app.start()
        rate = _rate(vendor, extent)
    with Program.of_module("vendor", _WAIT) as vendor:
        bare = Bare(vendor)
        over = threading.Event()
        threads = [threading.Thread(target=_call_until, args=(bare, over), daemon=True) for _ in range(_IN_FLIGHT)]
        for thread in threads:
            thread.start()
        theirs = _rate(vendor, extent)
        over.set()
        for thread in threads:
            thread.join()
    what = f"calls a second at {_WAIT * 1000:g} ms, {_IN_FLIGHT} in flight"
    share, goal = rate / possible, 0.9
    peer = f"possible: {possible:,.0f}; bare requests: {theirs:,.0f}"
    yield Finding(what, None, f"{rate:,.0f}", peer, f"{share:.1%}", "≥ 90%", share >= goal)


def _call_until(bare: Bare, over: threading.Event) -> None:
    while not over.is_set():
        bare.call(0)


def _rate(vendor: Program, extent: Extent) -> float:
    """Return the requests a second that a vendor sees, once they are under way."""
    time.sleep(extent.seconds / 9)
    vendor.ask("arrivals")
    time.sleep(extent.seconds / 9)
    arrivals = vendor.ask("arrivals")
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def limit(extent: Extent) -> Iterator[Finding]:
    """Yield how much of a rate limit is used while there is more to fetch than it allows."""
    period = min(3.0, extent.seconds / 4)
    calls, periods = round(100 * period), 6
    rate_limit = {"calls": calls, "per": f"{round(period * 1000)}ms"}
    with account(calls * (periods + 2) // 3, 0.002, rate_limit=rate_limit) as (app, vendor):
        app.start()
        time.sleep((periods + 0.8) * period)
        arrivals = vendor.ask("arrivals")
    starts = arrivals[::calls]
    use = period / middle([later - earlier for earlier, later in pairwise(starts)])
    closest = min(later - earlier for earlier, later in zip(arrivals, arrivals[calls:], strict=False))
    what, allowed = f"calls in {period:g} s, where a limit allows {calls}", f"allowed: {calls}"
    yield Finding(what, None, f"{use * calls:.1f}", allowed, f"{use:.1%}", "≥ 98%", use >= _USE)
    what, ours = f"the shortest time that {calls + 1} calls took", f"{closest:.3f} s"
    yield Finding(what, None, ours, f"period: {period:g} s", "", f"> {period:g} s", closest > period)
