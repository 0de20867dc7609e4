"""What a backfill costs beside the vendor's limit: ``python -m tests.bench.backfill [CUSTOMERS [DAYS [STEP]]]``.

A vendor that answers at once, with a row for each day, in a process of its own; the command as users give it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

_ROOT = Path(__file__).parents[2]
_COUNTERS = ("requests", "delivered", "bounces", "clicks", "opens", "spamreports")
_DAY = timedelta(days=1)


class _Handler(BaseHTTPRequestHandler):
    """Answers statistics of any customer: a hundred of everything on each day."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    today = datetime.now(UTC).date()

    def do_POST(self) -> None:
        """Answer a call of the Web API."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        text = _row(None, 1_000_000) if "aggregate" in form else f"[{','.join(_rows(form, self.today))}]"
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


def _rows(form: dict[str, list[str]], today: date) -> list[str]:
    if "days" in form:
        first, last = today - (int(form["days"][0]) - 1) * _DAY, today
    else:
        first, last = (date.fromisoformat(form[name][0]) for name in ("start_date", "end_date"))
    return [_row(first + number * _DAY, 100) for number in range((last - first).days + 1)]


def _row(day: date | None, count: int) -> str:
    counters = dict.fromkeys(_COUNTERS, count)
    return json.dumps(counters if day is None else {"date": str(day), **counters})


def measure(customers: int, days: int, step: str, folder: Path) -> str:
    """Return in words what so many customers and days take."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = {
        "name": "acme",
        "type": "sendgrid_reseller",
        "base_url": f"http://127.0.0.1:{server.server_port}",
        "credentials": {"username": "acme", "password": "a word"},
        "rate_limit": {"calls": 1_000_000, "per": "1m"},
        "customers": [{"user": f"customer{number}@example.com"} for number in range(customers)],
    }
    file, output = folder / "config.yaml", folder / "history.om"
    file.write_text(json.dumps({"sources": [source]}), encoding="utf-8")
    first = datetime.now(UTC).date() - days * _DAY
    command = [sys.executable, "-m", "exporter", "backfill", f"--config.file={file}", f"--output={output}"]
    began = time.monotonic()
    with subprocess.Popen(
        [*command, f"--from={first}", f"--step={step}"], cwd=_ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = (process.stdout or sys.stdin).read().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        raise SystemExit(f"the command failed: {lines}")
    return (
        f"{customers:,} customers, {days} days, a sample every {step}: {time.monotonic() - began:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of a processor, {used.ru_maxrss / 1000:.0f} MB of memory; "
        f"{next(line for line in lines if line.startswith(str(output))).partition(': ')[2]}"
    )


def main(arguments: list[str]) -> None:
    """Measure what the arguments say, or a year of 1,000 customers, hour by hour."""
    customers, days, step = [*arguments, *("1000", "365", "1h")[len(arguments) :]]
    with tempfile.TemporaryDirectory() as folder:
        print(measure(int(customers), int(days), step, Path(folder)))  # noqa: T201 - a report


if __name__ == "__main__":
    main(sys.argv[1:])
