"""How long the exporter takes to begin, and how much memory it has, with the largest account."""

import gzip
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.account import FAMILIES, silent_vendor, write_configuration
from tests.bench.finding import Extent, Finding, middle
from tests.bench.programs import ROOT, Program
from tests.bench.scraping import subject

_START_WITHIN = 3.0
_TIMES_BARE = 3.0
_MOST_MEMORY = 300.0


@dataclass(frozen=True, slots=True)
class Start:
    """What the real command took until its first page: seconds, CPU seconds, and the vendor's series on that page."""

    wall: float
    cpu: float
    vendor_series: int


def memory(extent: Extent) -> Iterator[Finding]:
    """Yield the memory of an account that has been fetched, scraped and changed for a while."""
    customers = extent.largest
    with subject(customers) as (program, scraper):
        for _ in range(max(3, extent.rounds)):
            program.ask("change", max(20, customers // 60))
            scraper.scrape("gzip")
        found = program.memory()
    what, peak = "memory (RSS), fetched, scraped and changed", f"most ever: {found['VmHWM']:.0f} MB"
    is_met = found["VmRSS"] <= _MOST_MEMORY
    yield Finding(what, customers, f"{found['VmRSS']:.0f} MB", peak, "", f"≤ {_MOST_MEMORY:.0f} MB", is_met)


def start(extent: Extent) -> Iterator[Finding]:
    """Yield how long the real command takes to its first page, and what a bare reading of its customers takes."""
    customers = extent.largest
    with silent_vendor() as vendor, tempfile.TemporaryDirectory() as folder:
        file = write_configuration(Path(folder), customers, vendor)
        rounds = range(max(1, extent.rounds // 2))
        starts, builds, bare = [], [], []
        for _ in rounds:
            bare.append(float(_printed("peers.parsing", Path(folder) / "customers.json")))
            builds.append(float(_printed("building", file)))
            starts.append(cold_start(file))
    wall, cpu = middle([each.wall for each in starts]), middle([each.cpu for each in starts])
    what = "cold start of the command, to the last byte of the first page"
    yield Finding(what, customers, f"{wall:.2f} s", f"its CPU: {cpu:.2f} s", "", "≤ 3 s", wall <= _START_WITHIN)
    ours, peer = middle(builds), middle(bare)
    what = "… of which to read the configuration and build everything, CPU"
    words = f"bare parse and validation: {peer:.2f} s"
    is_met = ours <= _TIMES_BARE * peer
    yield Finding(what, customers, f"{ours:.2f} s", words, f"{ours / peer:.2f} ×", f"≤ {_TIMES_BARE:g} ×", is_met)


def restart(extent: Extent) -> Iterator[Finding]:
    """Yield how long the real command takes to its first page where a state has all that was fetched before."""
    customers = extent.largest
    with Program.of_module("vendor", 0) as vendor, tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), f"http://127.0.0.1:{vendor.port}"
        cold = write_configuration(folder, customers, address)
        (folder / "warm").mkdir()
        warm = write_configuration(folder / "warm", customers, address, state={"path": "state.db"})
        _printed("restore", "--fill", warm, folder / "warm/state.db")
        rounds = range(max(1, extent.rounds // 2))
        colds, warms, calls = [], [], 0
        for _ in rounds:
            colds.append(cold_start(cold))
            vendor.ask("arrivals")
            warms.append(cold_start(warm))
            calls += len(vendor.ask("arrivals"))
    wall, cpu = middle([each.wall for each in warms]), middle([each.cpu for each in warms])
    what, times = "warm restart, to the last byte of the first page", wall / middle([each.wall for each in colds])
    words = f"its CPU: {cpu:.2f} s; a cold start: {wall / times:.2f} s"
    yield Finding(what, customers, f"{wall:.2f} s", words, f"{times:.2f} ×", "≤ 3 s", wall <= _START_WITHIN)
    series, kept = min(each.vendor_series for each in warms), customers * FAMILIES
    is_met = series >= kept
    yield Finding("… series on that page", customers, f"{series:,}", f"kept: {kept:,}", "", "all", is_met)
    yield Finding("… calls before it, none being due", customers, str(calls), "due: 0", "", "0", calls == 0)


def cold_start(file: Path) -> Start:
    """Return what the real command takes from its start to the last byte of its first page."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "exporter", "run", f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        ports = (found[1] for line in process.stderr if (found := re.search(r"address=\S+?:(\d+)", line)))
        port = next(ports, None)
        assert port, "the exporter ended before it listened"
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        with closing(connection):
            page = connection.getresponse().read()
        wall = time.perf_counter() - began
        cpu = time.clock_gettime(~process.pid << 3 | 2)
        process.kill()
    series = sum(line.startswith(b"sendgrid_") for line in gzip.decompress(page).splitlines())
    return Start(wall, cpu, series)


def _printed(module: str, *arguments: object) -> str:
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    return subprocess.check_output(command, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
