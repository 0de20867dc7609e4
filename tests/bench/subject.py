"""The exporter as a program under measurement: built and served as the command does it, and told what is fetched.

It prints its port, then answers lines of words with lines of JSON: ``fill``, ``change 100``, ``poll``, ``threads``.
"""

import gc
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from exporter import logs
from exporter.app import App
from exporter.clock import SystemClock
from exporter.config import Watch, load
from exporter.flags import parser
from exporter.memory import use_one_arena
from exporter.providers import discover
from exporter.reload import Reloads
from exporter.site import Site
from exporter.state import SqliteState
from tests.bench.account import Fetches


def built(file: Path) -> tuple[App, float]:
    """Return the program of a configuration, built as the command does it, and the CPU seconds of that."""
    use_one_arena()
    began = time.thread_time()
    gc.disable()
    models = {type_: provider.config for type_, provider in discover().items()}
    config = load(file, models)
    state = SqliteState(config.state.path, SystemClock()) if config.state else None
    app = App(config, discover(), SystemClock(), state=state)
    gc.freeze()
    gc.enable()
    return app, time.thread_time() - began


def serve(app: App, file: Path) -> int:
    """Begin to answer, and return the port."""
    command = ["run", f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    options = parser(version="", scenarios={}).parse_args(command)
    site = Site(app, options, Reloads(app, lambda: app.config, file))
    site.start()
    return int(site.addresses[0].rpartition(":")[2])


class Subject:
    """What the benchmarks may ask of the program."""

    def __init__(self, app: App) -> None:
        """Take a program that has been built."""
        self._app = app
        self._fetches = Fetches(app)
        self._records = self._fetches.all()
        self._next = 0
        self.orders: Mapping[str, Callable[..., Any]] = {
            "fill": self.fill,
            "change": self.change,
            "poll": self.poll,
            "threads": self.threads,
        }

    def fill(self) -> float:
        """Bring a good fetch of everything; return its CPU seconds."""
        return self._fetches.bring(self._records)

    def change(self, customers: str) -> float:
        """Bring new numbers for as many customers in a row; return the CPU seconds of their commits."""
        start, self._next = self._next, (self._next + int(customers)) % len(self._records)
        return self._fetches.bring(self._records[start : start + int(customers)])

    def poll(self) -> bool:
        """Begin to ask the vendor."""
        self._app.start()
        return True

    def threads(self) -> Mapping[str, float]:
        """Return the CPU seconds of each thread by its name."""
        spent: dict[str, float] = {}
        for thread in threading.enumerate():
            if thread.ident is not None:
                seconds = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
                spent[thread.name] = spent.get(thread.name, 0.0) + seconds
        return spent


def main(file: Path) -> None:
    """Serve until the pipe is closed."""
    logs.configure("error", "logfmt")
    app, _ = built(file)
    print(serve(app, file), flush=True)  # noqa: T201 - for the process that asked
    subject = Subject(app)
    app.follow(Watch(app.config, file))
    for line in sys.stdin:
        order, *words = line.split()
        print(json.dumps(subject.orders[order](*words)), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main(Path(sys.argv[1]))
