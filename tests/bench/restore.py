"""What the state costs: a start with it beside one without, each commit of a fetch, and scrapes meanwhile.

``python -m tests.bench.restore [CUSTOMERS]`` fills a state, then builds the same program without it and with it,
each in a process of its own, hands in fetches beside the wire, and prints a table.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exporter.app import App
from exporter.clock import SystemClock
from exporter.config import load
from exporter.exposition import Format
from exporter.memory import use_one_arena
from exporter.providers import discover
from exporter.state import SqliteState
from tests.bench.account import Fetches, silent_vendor, write_configuration
from tests.bench.programs import resident

_CUSTOMERS = 100_000
_COMMITS = 200
_SCRAPES = 40
_THREADS = 8
_BETWEEN_SCRAPES = 0.05


def built(file: Path, path: Path | None) -> tuple[App, Mapping[str, float]]:
    """Return the program of a configuration, and what it takes to build it once its files are read."""
    use_one_arena()
    config = load(file, {type_: provider.config for type_, provider in discover().items()})
    gc.collect()
    gc.disable()
    began = time.thread_time()
    state = SqliteState(path, SystemClock()) if path else None
    opened = time.thread_time()
    app = App(config, discover(), SystemClock(), state=state)
    ended = time.thread_time()
    gc.freeze()
    gc.enable()
    return app, {
        "open and check the file, CPU s": opened - began,
        "build, CPU s": ended - opened,
        "fetches that are due at once": app.store.untried,
        "RSS then, MB": resident()["VmRSS"],
    }


def commits(app: App) -> Mapping[str, float]:
    """Hand in fetches of some customers on one thread, and return what each costs all threads."""
    fetches = Fetches(app)
    records = fetches.all()[:_COMMITS]
    fetches.bring(records)
    cpu, wall = time.process_time(), time.perf_counter()
    fetches.bring(records)
    each = 1e6 / (3 * len(records))
    return {
        "commit alone, CPU µs": (time.process_time() - cpu) * each,
        "commit alone, µs": (time.perf_counter() - wall) * each,
    }


@contextmanager
def busy(app: App) -> Iterator[list[int]]:
    """Hand in fetches on as many threads as a source has, for as long as the block lasts; count them in a list."""
    stopped = threading.Event()
    counts = [0] * _THREADS
    fetches = [Fetches(app) for _ in counts]
    records = fetches[0].all()

    def bring(number: int) -> None:
        while not stopped.is_set():
            fetches[number].bring(records[number * 10 : number * 10 + 10])
            counts[number] += 30

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(_THREADS)]
    for thread in threads:
        thread.start()
    yield counts
    stopped.set()
    for thread in threads:
        thread.join()


def scrapes(app: App) -> tuple[float, float]:
    """Return the median and the longest of some pages one after the other, in milliseconds."""
    times = []
    for _ in range(_SCRAPES):
        began = time.perf_counter()
        app.exposition.render(Format.TEXT, is_compressed=True)
        times.append((time.perf_counter() - began) * 1e3)
        time.sleep(_BETWEEN_SCRAPES)
    return statistics.median(times), max(times)


def measured(file: Path, path: Path | None) -> Mapping[str, float]:
    """Return what the program costs in this process."""
    app, costs = built(file, path)
    began = time.thread_time()
    app.exposition.render(Format.TEXT, is_compressed=True)
    first = time.thread_time() - began
    alone = commits(app)
    idle, idle_most = scrapes(app)
    began, spent = time.perf_counter(), time.process_time()
    with busy(app) as counts:
        loaded, loaded_most = scrapes(app)
    rate = sum(counts) / (time.perf_counter() - began)
    spent = time.process_time() - spent
    app.stop()
    return {
        **costs,
        "first page, CPU s": first,
        **alone,
        "scrape while nothing is fetched, ms": idle,
        "… at most": idle_most,
        "commits/s of eight threads": rate,
        "… CPU µs each, scrapes included": spent / sum(counts) * 1e6,
        "scrape meanwhile, ms": loaded,
        "… at most, ms": loaded_most,
    }


def filled(file: Path, path: Path) -> Mapping[str, float]:
    """Let the state have a row of each fetch; return how large it is."""
    app, _ = built(file, path)
    Fetches(app).bring_at_once()
    app.stop()
    return {"file, MB": path.stat().st_size / 1e6}


def main(customers: int) -> None:
    """Measure with and without, and print both side by side."""
    with silent_vendor() as vendor, tempfile.TemporaryDirectory(dir=".") as folder:
        file = write_configuration(Path(folder), customers, vendor)
        path = str(Path(folder) / "state.db")

        def child(*words: str) -> Any:
            command = [sys.executable, "-m", __spec__.name, *words]
            return json.loads(subprocess.check_output(command, env={**os.environ, "PYTHONPATH": "."}))

        size = child("--fill", str(file), path)
        columns = [child("--measure", str(file)), child("--measure", str(file), path)]
    lines = [f"{customers:,} customers, file of {size['file, MB']:.1f} MB", f"{'':36}{'without':>12}{'with':>12}"]
    lines += [f"{name:36}" + "".join(f"{each[name]:12,.2f}" for each in columns) for name in columns[0]]
    print("\n".join(lines))  # noqa: T201 - a report


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--fill", file, path]:
            print(json.dumps(filled(Path(file), Path(path))))  # noqa: T201 - for the process that asked
        case ["--measure", file, *path]:
            print(json.dumps(measured(Path(file), Path(path[0]) if path else None)))  # noqa: T201 - for the same
        case sizes:
            main(int(sizes[0]) if sizes else _CUSTOMERS)
