"""What an account of 1,000, 10,000 and 100,000 customers costs: memory, cold start, updates and scrapes.

``python -m tests.bench.scale [CUSTOMERS …]`` runs each size in processes of their own and prints a table. The cold
start is that of the real command; the rest is the same program, whose fetches are handed in beside the wire.
"""

import gc
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.app import App
from exporter.clock import SystemClock
from exporter.config import Watch, load
from exporter.memory import use_one_arena
from exporter.overview import Overview
from exporter.providers import discover
from exporter.web import Address, Server, View, listen, pages
from tests.bench.account import Fetches, silent_vendor, write_configuration

SIZES = (1_000, 10_000, 100_000)
_SERIES = 20
_SCRAPES = 9
# A scrape every 15 s meets as many customers with new numbers as are fetched in that time.
_CHANGED = 15 / 900
_LARGEST_PLAIN = 10_000
_PIECE = 64 * 1024


def cold_start(file: Path) -> Mapping[str, float]:
    """Return what the real command takes from its start to the first page."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "exporter", "run", f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = next(found[1] for line in process.stderr if (found := re.search(r"address=\S+?:(\d+)", line)))
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        page = connection.getresponse().read()
        seconds = time.perf_counter() - began
        ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        spent = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        memory = resident(process.pid)
        process.kill()
    return {"cold start, s": seconds, "… CPU s": spent, "first page, bytes": len(page), "RSS then, MB": memory["VmRSS"]}


def resident(process: int | str = "self") -> Mapping[str, float]:
    """Return the memory of a process and the most that it has ever had, in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return {name: int(size) / 1024 for name, size in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}


def built(file: Path) -> tuple[App, float]:
    """Return the program of a configuration, built as the command does it, and the CPU seconds of that."""
    use_one_arena()
    began = time.thread_time()
    gc.disable()
    models = {type_: provider.config for type_, provider in discover().items()}
    app = App(load(file, models), discover(), SystemClock())
    gc.freeze()
    gc.enable()
    return app, time.thread_time() - began


class Site:
    """The program's pages on a real server in this process, and a client that keeps nothing of them."""

    def __init__(self, app: App) -> None:
        """Begin to answer."""
        view = View(exposition=app.exposition, status=Overview(app).report, ailments=tuple, is_ready=bool)
        socket = listen(Address("127.0.0.1", 0))
        self._port = socket.getsockname()[1]
        self._server = Server(pages(view), [socket], app.stopping.set)
        self._server.start()

    def scrape(self, encoding: str = "gzip") -> float:
        """Ask for the page once; return the CPU seconds that this took, the client's own among them."""
        began = time.process_time()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
        reply = connection.getresponse()
        while reply.readinto(bytearray(_PIECE)):
            pass
        connection.close()
        return time.process_time() - began


def measured(file: Path, customers: int) -> Mapping[str, float]:
    """Return what an account costs in this process."""
    app, build = built(file)
    site = Site(app)
    app.follow(Watch(app.config, file))
    first = site.scrape()
    fetches = Fetches(app)
    records = fetches.all()
    commit = fetches.bring(records)
    full = site.scrape()
    idle = _median([site.scrape() for _ in range(_SCRAPES)])
    count = max(1, round(customers * _CHANGED))
    updates, busy = [], []
    for number in range(_SCRAPES):
        start = number * count % customers
        updates.append(fetches.bring(records[start : start + count]))
        busy.append(site.scrape())
    memory = resident()
    result = {
        "load and build, CPU s": build,
        "first page, CPU s": first,
        "first commit of a fetch, µs": commit / customers / 3 * 1e6,
        "page of all, CPU s": full,
        "RSS, MB": memory["VmRSS"],
        "peak RSS, MB": memory["VmHWM"],
        "commit of a fetch, µs": _median(updates) / count / 3 * 1e6,
        "gzip scrape, ms": idle * 1e3,
        "gzip scrape, ns a series": idle / customers / _SERIES * 1e9,
        "gzip scrape with changes, ms": _median(busy) * 1e3,
        "… of which a changed fetch, µs": (_median(busy) - idle) / count / 3 * 1e6,
    }
    if customers <= _LARGEST_PLAIN:
        result["plain scrape, ms"] = _median([site.scrape("identity") for _ in range(_SCRAPES)]) * 1e3
    return result


def main(sizes: Sequence[int]) -> None:
    """Measure each size in processes of its own, and print what they cost side by side."""
    columns: list[Mapping[str, float]] = []
    for customers in sizes:
        with silent_vendor() as vendor, tempfile.TemporaryDirectory() as folder:
            file = write_configuration(Path(folder), customers, vendor)
            command = [sys.executable, "-m", __spec__.name, "--child", str(file), str(customers)]
            rest: Any = json.loads(subprocess.check_output(command, env={**os.environ, "PYTHONPATH": "."}))
            columns.append({**cold_start(file), **rest})
    print(f"{'':32}", *(f"{size:>12,}" for size in sizes))  # noqa: T201 - a report
    for name in dict.fromkeys(name for column in columns for name in column):
        cells = (f"{column[name]:12,.1f}" if name in column else f"{'':12}" for column in columns)
        print(f"{name:32}", *cells)  # noqa: T201 - a report


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--child", file, customers]:
            print(json.dumps(measured(Path(file), int(customers))))  # noqa: T201 - for the process that asked
        case sizes:
            main([int(size) for size in sizes] or SIZES)
