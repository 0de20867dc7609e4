"""A relay between a scraper and the exporter, which remembers the last page."""

import gzip
import http.client
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from tests.e2e.programs import Values, parsed, series


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


class Relay:
    """Hands each request on to the exporter, and the answer back, byte for byte."""

    def __init__(self, exporter_port: int) -> None:
        """Listen on a free port."""
        self.last: Scrape | None = None
        relay = self

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
                    given = answer.headers
                    relay.last = Scrape(given["Content-Type"], given["Content-Encoding"], body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
