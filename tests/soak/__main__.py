"""``python -m tests.soak`` runs the exporter for an hour with 10,000 customers who come and go, and says what grows.

``--minutes 10 --customers 1000`` takes less. The vendor and Prometheus are processes of their own; only the exporter
is measured. Ends with 1 if its memory, its files, its threads or the lag of its fetches grow.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.bench.programs import ROOT
from tests.bench.programs import Program as Pipe
from tests.e2e.programs import Exporter, Prometheus, free_port
from tests.soak.churn import Account
from tests.soak.judgement import Bounds, Finding, Sample, judged, table

_OWN = "email_stats_exporter_"
_ROWS = 12
_STAMPED = f"{_OWN}oldest_due_timestamp_seconds"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is run, for how long, and how often everything happens; all times in seconds.

    Attributes:
        customers: of the main source; a small one has twenty more.
        lasts: the whole run.
        warm_up: how much of it is not judged.
        interval: of totals and days; categories take twice as long.
        scrape: between two scrapes.
        turn: between two changes of customers and configuration, each with a reload.
        look: between two looks at the process.
    """

    customers: int = 10_000
    lasts: float = 3_600
    warm_up: float = 900
    interval: float = 300
    scrape: float = 5
    turn: float = 60
    look: float = 10


class Soak:
    """The exporter under measurement, with a vendor, a Prometheus, and customers who come and go."""

    def __init__(self, extent: Extent, folder: Path, stack: ExitStack) -> None:
        """Start all of it; it ends with the stack."""
        self._extent = extent
        self.vendor = stack.enter_context(Pipe([sys.executable, "-m", "tests.soak.vendor", str(5 * extent.turn)]))
        (folder / "account").mkdir()
        address = f"http://127.0.0.1:{self.vendor.port}"
        self._account = Account(folder / "account", address, extent.customers, extent.interval)
        command = [sys.executable, "-m", "exporter", "run", f"--config.file={self._account.file}"]
        self._began = time.monotonic()
        self.exporter = stack.enter_context(
            Exporter([*command, "--web.listen-address=127.0.0.1:0"], folder / "exporter", {"PYTHONPATH": str(ROOT)})
        )
        self._prometheus = stack.enter_context(
            Prometheus(
                folder / "prometheus",
                self.exporter.port,
                free_port(),
                scrape_interval=f"{extent.scrape:g}s",
                program=("prometheus", "--storage.tsdb.retention.time=2h", "--query.lookback-delta=1m"),
            )
        )
        self.reloads = 0

    def samples(self) -> Iterator[Sample]:
        """Yield a sample at each look for as long as it lasts, and let customers come and go meanwhile."""
        next_turn = self._extent.turn
        next_look = self._extent.look
        while (elapsed := time.monotonic() - self._began) < self._extent.lasts:
            if elapsed >= next_turn:
                next_turn += self._extent.turn
                self._account.turn()
                self.exporter.process.send_signal(signal.SIGHUP)
                self.reloads += 1
            if elapsed >= next_look:
                next_look += self._extent.look
                if (sample := self._sample()) is not None:
                    yield sample
            time.sleep(max(0.0, min(next_turn, next_look) - (time.monotonic() - self._began)))

    def _sample(self) -> Sample | None:
        """Look at the process, and at what Prometheus has of it; None while that is nothing yet, or too slow."""
        assert self.exporter.process.poll() is None, self.exporter.stderr[-2_000:]
        process = Path(f"/proc/{self.exporter.process.pid}")
        try:
            lag = self._prometheus.scalar(f"max(timestamp({_STAMPED}) - {_STAMPED})")
            scrape = self._prometheus.scalar("max(scrape_duration_seconds)")
            customers = self._prometheus.scalar(f'{_OWN}customers{{source="main"}}')
            fetches = self._prometheus.scalar(f'sum({_OWN}fetches_total{{source="main"}})')
            failures = self._prometheus.scalar(f'sum({_OWN}fetch_failures_total{{source="main"}})')
        except requests.RequestException:
            return None
        if lag is None or scrape is None or customers is None or fetches is None or failures is None:
            return None
        status = dict(line.split(":", 1) for line in (process / "status").read_text(encoding="utf-8").splitlines())
        return Sample(
            at=time.monotonic() - self._began,
            memory=1024 * float(status["VmRSS"].split()[0]),
            files=len(list((process / "fd").iterdir())),
            threads=float(status["Threads"]),
            lag=lag,
            scrape=scrape,
            customers=customers,
            fetches=fetches,
            failures=failures,
        )

    def ended(self) -> Iterator[Finding]:
        """Yield what else has to hold at the end: no scrape was refused, every reload was taken."""
        # Over the whole run; how a scrape went that was under way at its end is not known yet.
        scrapes = self._prometheus.scalar(f"sum(count_over_time(up[{int(self._extent.lasts)}s]))") or 0
        failed = scrapes - (self._prometheus.scalar(f"sum(sum_over_time(up[{int(self._extent.lasts)}s]))") or 0)
        yield Finding(
            "failed scrapes", "", f"{failed:g} of {scrapes:g}", "at most one in a thousand", failed <= scrapes / 1000
        )
        log = self.exporter.stderr
        taken = log.count("configuration reloaded")
        yield Finding("reloads", "", f"{taken} of {self.reloads}", "all", taken >= self.reloads > 0)
        complaints = log.count("Traceback") + log.count("level=critical") + log.count("internal")
        yield Finding("tracebacks and internal errors in the log", "", f"{complaints}", "none", complaints == 0)
        state = self._prometheus.scalar(f"{_OWN}state_write_failures_total")
        yield Finding("failed writes of the state", "", f"{state}", "none", state == 0)


def soak(extent: Extent, bounds: Bounds) -> bool:
    """Run it, print what was found, and return whether all is within bounds."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, ExitStack() as stack:
        run = Soak(extent, Path(folder), stack)
        samples: list[Sample] = []
        every = max(1, round(extent.lasts / extent.look / _ROWS))
        for sample in run.samples():
            samples.append(sample)
            if len(samples) % every == 0:
                _say(f"{sample.at / 60:.1f} min: {sample.memory / 1024**2:.1f} MB, {sample.fetches:,.0f} fetches")
        findings = [*judged(samples, extent.warm_up, bounds), *run.ended()]
        calls = run.vendor.ask("calls")
    _say(f"{extent.customers:,} customers, {extent.lasts / 60:g} minutes, {run.reloads} reloads, {calls:,} calls seen")
    for line in table(samples, _ROWS):
        _say(line)
    for finding in findings:
        verdict = "" if finding.is_good else " EXCEEDED"
        words = f"{finding.first} to {finding.last}" if finding.first else finding.last
        _say(f"{finding.what}: {words} ({finding.bound}){verdict}")
    return all(finding.is_good for finding in findings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 1 if anything grows."""
    usual = Extent()
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Finds out what grows in a long run.")
    parser.add_argument("--minutes", type=float, default=usual.lasts / 60, help="how long; 60 if nothing is said")
    parser.add_argument("--customers", type=int, default=usual.customers, help="how many; 10,000 if nothing is said")
    options = parser.parse_args(arguments)
    part = 60 * options.minutes / usual.lasts
    extent = Extent(
        customers=options.customers,
        lasts=60 * options.minutes,
        warm_up=usual.warm_up * part,
        interval=max(10, usual.interval * min(1, options.customers / usual.customers)),
        turn=max(5, usual.turn * min(1, part)),
        look=max(1, usual.look * min(1, part)),
    )
    return 0 if soak(extent, Bounds()) else 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a report


if __name__ == "__main__":
    sys.exit(main())
