"""A vendor at the end of a real connection, who answers what a test puts into its mouth."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import trustme

PAYLOADS = Path(__file__).parent / "payloads"


@dataclass
class Asked:
    """One request as the vendor got it."""

    verb: str
    path: str
    headers: dict[str, str]
    form: list[tuple[str, str]]


@dataclass
class Vendor:
    """What is answered to every request, and what was asked."""

    url: str
    body: bytes = b""
    status: int = 200
    is_cut: bool = False
    asked: list[Asked] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None

    def replies(self, body: bytes | str, status: int = 200, *, is_cut: bool = False) -> None:
        """Answer this from now on; where it is cut, the connection ends before the announced length."""
        self.body = body if isinstance(body, bytes) else body.encode()
        self.status = status
        self.is_cut = is_cut


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out in two pieces, which Nagle's algorithm would keep apart for 40 ms.
    disable_nagle_algorithm = True
    vendor: Vendor

    def do_POST(self):
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.vendor.asked.append(
            Asked(self.command, self.path, dict(self.headers), parse_qsl(form, keep_blank_values=True))
        )
        self.vendor.on_request()
        self.send_response(self.vendor.status)
        self.send_header("Content-Length", str(len(self.vendor.body) + 10 * self.vendor.is_cut))
        self.end_headers()
        self.wfile.write(self.vendor.body)
        self.close_connection = self.vendor.is_cut

    do_GET = do_POST

    def log_message(self, format, *args):  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="session")
def server():
    handler = type("Handler", (_Handler,), {})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield listening
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def vendor(server):
    """Give a vendor with no answer yet."""
    server.RequestHandlerClass.vendor = vendor = Vendor(f"http://127.0.0.1:{server.server_port}")
    return vendor


@pytest.fixture(scope="session")
def ca_file(tmp_path_factory):
    """Give one certificate authority: to load all that the machine trusts takes longer than a whole test."""
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def payload():
    """Return a function that reads a recorded payload."""
    return lambda name: (PAYLOADS / name).read_bytes()
