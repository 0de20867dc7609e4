"""An exporter, whole but for its web server, that lives through days in seconds."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exporter.app import App
from exporter.config import load
from exporter.exposition import Format
from exporter.providers import discover
from exporter.state import SqliteState
from tests.e2e.sources import write_configuration
from tests.simulation.clock import SimulatedClock

_PATIENCE = 60.0
_LOOK_AGAIN = 0.002
_PROCESS_BEGAN = re.compile(rb"^process_start_time_seconds .*$", re.MULTILINE)


class SimulatedExporter:
    """A real poller with its threads, a real store and real pages, in simulated time; ends with the block."""

    def __init__(
        self, configuration: Mapping[str, Any], folder: Path, clock: SimulatedClock, *, state: Path | None = None
    ) -> None:
        """Load a configuration, whose ``sources`` and ``polling`` are given as in its file, and begin to poll.

        With a file for its state, it goes on from what an earlier one has kept there.
        """
        polling = {**configuration.get("polling", {}), "concurrency": 1}
        file = write_configuration(folder / "config.yaml", configuration["sources"], **polling)
        offered = discover()
        config = load(file, {name: provider.config for name, provider in offered.items()})
        self._clock = clock
        self._began = clock.time()
        self._app = App(config, offered, clock, state=None if state is None else SqliteState(state, clock))

    def __enter__(self) -> Self:
        self._app.start()
        self._clock.advance(0)
        self._settle()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._app.stop()

    def live(self, seconds: float) -> None:
        """Let time pass; when this returns, all that was to happen until then has happened."""
        self._clock.advance(seconds)
        self._settle()
        # For the calling thread time is now as late as for those whose work is done.
        self._clock.spend(self._clock.horizon - self._clock.monotonic())

    def page(self) -> bytes:
        """Return the page that a scrape would see now, in the text format."""
        # The process is that of the tests; what it stands for began when the simulated time says so.
        began = b"process_start_time_seconds %d" % self._began
        poller = self._app.poller
        with poller._changed:
            # The scheduler looked at the beginning of the time that has passed, and did not stand still since.
            poller._moved = self._clock.horizon
            page = self._app.exposition.render(Format.TEXT)
        return _PROCESS_BEGAN.sub(began, page)

    def _settle(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._is_settled():
            assert time.monotonic() < deadline, "the poller does not come to rest"
            time.sleep(_LOOK_AGAIN)

    def _is_settled(self) -> bool:
        poller, now = self._app.poller, self._clock.common
        assert poller.failure is None, poller.failure
        with poller._changed:
            if poller._moved < now or (poller._heap and poller._heap[0][0] <= now):
                poller._changed.notify_all()
                return False
        busy = 0
        for lane in poller._lanes.values():
            with lane.changed:
                if lane.idle and lane.claims < len(lane.queue):
                    return False
                busy += lane.threads - lane.idle
        return busy == self._clock.held()
