"""The pictures in docs/status: ``python -m tests.e2e.pictures`` takes them anew, which needs Chromium and some minutes.

They are of the demo, in which time passes faster, so that the charts have an hour to show.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from exporter.app import App
from exporter.config import Config, load
from exporter.demo import SCENARIOS, StandIn, World, configuration
from exporter.logs import configure
from exporter.overview import Overview
from exporter.providers import discover
from exporter.web import Address, Server, View, listen, pages
from exporter.web.status import Query, Report, State
from tests.e2e.browsing import Visit, chromium

FOLDER = Path(__file__).parents[2] / "docs/status"
FACTOR = 20
# Vendors are asked as often as in a demo that is watched.
_SLOWER = 6
_HOUR = 3_600
_DESK = {"viewport": {"width": 1_280, "height": 1_180}}
_PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}


class QuickClock:
    """Implements ``exporter.clock.Clock`` with time that passes so many times faster."""

    def __init__(self) -> None:
        """Begin so that it will be now in an hour."""
        self._began, self._first = time.monotonic(), time.time() - _HOUR

    def time(self) -> float:
        """Return Unix time in seconds."""
        return self._first + self.monotonic()

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return (time.monotonic() - self._began) * FACTOR

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that the caller holds."""
        condition.wait(None if seconds is None else seconds / FACTOR)


@contextmanager
def demo(scenario: str | None, timeout: float) -> Iterator[tuple[str, Callable[[], Report]]]:
    """Run the demo while the block does; yield where its page is, and what gives the report that it shows.

    ``timeout`` is in the machine's seconds, of which vendors need as many as ever.
    """
    clock = QuickClock()
    world = World(clock)
    with StandIn(world, username="demo", password="demo", scenario=SCENARIOS.get(scenario or "")) as vendor:
        app = App(_config(configuration(vendor.base_url, "demo", world), timeout), discover(), clock)
        overview = Overview(app)
        view = View(
            exposition=app.exposition,
            status=overview.report,
            ailments=lambda: app.ailments,
            is_ready=app.is_ready,
        )
        socket = listen(Address("127.0.0.1", 0))
        server = Server(pages(view), [socket], app.stopping.set)
        server.start()
        app.start()
        try:
            yield f"http://127.0.0.1:{socket.getsockname()[1]}", lambda: overview.report(Query())
        finally:
            app.stop()
            server.stop()


def _config(text: str, timeout: float) -> Config:
    slower = re.sub(r"interval: (\d+)s", lambda found: f"interval: {int(found[1]) * _SLOWER}s", text)
    patient = slower.replace("timeout: 5s", f"timeout: {timeout * 1000:.0f}ms")
    models = {type_: provider.config for type_, provider in discover().items()}
    return load(Path("demo.yaml"), models, patient)


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    configure("error", "logfmt")
    with demo(None, 5.0) as (calm, _), demo("outage", 10 / FACTOR) as (outage, report), chromium() as browser:
        time.sleep(_HOUR / FACTOR)
        _take(browser, calm, "light", color_scheme="light", **_DESK)
        _take(browser, calm, "dark", color_scheme="dark", **_DESK)
        _take(browser, calm, "phone", color_scheme="light", **_PHONE)
        while sum(source.states[State.FAILING] for source in report().sources) < 100:
            time.sleep(1 / FACTOR)
        _take(browser, outage, "outage", color_scheme="light", **_DESK)
        _take(browser, outage, "outage-phone", color_scheme="dark", **_PHONE)


def _take(browser: Browser, address: str, name: str, **options: object) -> None:
    visit = Visit(browser, address, **options).open()
    visit.page.screenshot(path=FOLDER / f"{name}.png")
    visit.page.context.close()


if __name__ == "__main__":
    main()
