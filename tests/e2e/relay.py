"""A relay between a scraper and the exporter, which remembers the last page.

``python -m tests.e2e.relay EXPORTER_PORT FILE`` prints its own port, and leaves the last page in the file. It is a
process of its own, since one that has run thousands of tests stands still for seconds when it collects garbage.
"""

import gzip
import http.client
import json
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from tests.e2e.programs import Program, Values, parsed, series


@dataclass(frozen=True)
class Scrape:
    """A page as a scraper got it."""

    content_type: str
    encoding: str | None
    body: bytes

    def values(self) -> Values:
        """Return every sample on the page."""
        page = (gzip.decompress(self.body) if self.encoding == "gzip" else self.body).decode()
        if self.content_type.startswith("text/plain"):
            return parsed(page)
        return {
            series(sample.name, **sample.labels): sample.value
            for family in parse_openmetrics(page)
            for sample in family.samples
        }


class Relay(Program):
    """Hands each request on to the exporter, and the answer back, byte for byte."""

    def __init__(self, folder: Path, exporter_port: int) -> None:
        """Start it and wait until it listens, on a free port."""
        self._last = folder / "last"
        root = str(Path(__file__).parents[2])
        command = [sys.executable, "-m", "tests.e2e.relay", str(exporter_port), str(self._last)]
        super().__init__(command, folder, {"PYTHONPATH": root})
        try:
            self.port = int(self.eventually(lambda: re.findall(r"(\d+)\n", self.stdout))[0])
        except BaseException:
            super().__exit__(None, None, None)
            raise

    @property
    def last(self) -> Scrape | None:
        """The last page that was handed on whole, None before the first."""
        try:
            head, _, body = self._last.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        content_type, encoding = json.loads(head)
        return Scrape(content_type, encoding, body)


def _relay(exporter_port: int, last: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", exporter_port, timeout=10)
            try:
                connection.request("GET", self.path, headers=dict(self.headers))
                answer = connection.getresponse()
                body = answer.read()
            finally:
                connection.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            # A scraper that is told to end does not wait for the rest.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(body)
                head = json.dumps([answer.headers["Content-Type"], answer.headers["Content-Encoding"]])
                new = last.with_suffix(".new")
                new.write_bytes(head.encode() + b"\n" + body)
                new.replace(last)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    # One scraper asks at a time.
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)  # noqa: T201 - for the process that asked
        server.serve_forever()


if __name__ == "__main__":
    _relay(int(sys.argv[1]), Path(sys.argv[2]))
