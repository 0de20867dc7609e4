"""A server behind a web configuration file that tests write, and clients with certificates of their own."""

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import SystemClock
from exporter.errors import Problem
from exporter.web import Address, Guard, Server, Settings, listen

# Of "secret", at the lowest cost that bcrypt has.
HASH = "$2b$04$acn/lmN1zzrlgLkPepEX8O3AVx0lThbO1NAony28rk1wPE28uj5gK"
AUTHORITY, STRANGE_AUTHORITY = trustme.CA(), trustme.CA()


class ProtectedSite:
    """One page on a real server, with the web configuration of a file."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.file = folder / "web.yml"
        self.problems: list[str] = []
        write_certificate(folder, "localhost")
        AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
        self.file.write_text(text)
        clock = SystemClock()
        self.settings = Settings(self.file, self._tell, clock)
        page = Starlette(routes=[Route("/", _page)])
        self._socket = listen(Address("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._server = Server(Guard(page, self.settings, clock), [self._socket], lambda: None, self.settings.tls)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._socket.close()

    def write(self, text: str) -> None:
        """Write the file anew; two that follow each other at once still differ in their times."""
        time.sleep(0.01)
        self.file.write_text(text)

    def ask(
        self, *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        if login:
            headers["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode()
        if tls:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=10, context=tls
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/", headers=headers)
            reply = connection.getresponse()
            reply.read()
            return reply
        finally:
            connection.close()

    def _tell(self, problems: Sequence[Problem]) -> None:
        self.problems = [str(problem).replace(f"{self.folder}/", "") for problem in problems]


def _page(_: Request) -> Response:
    return PlainTextResponse("here\n", headers={"X-Frame-Options": "deny"})


def write_certificate(folder: Path, name: str, authority: trustme.CA = AUTHORITY) -> None:
    """Write server.pem and server.key."""
    issued = authority.issue_cert(name)
    issued.private_key_pem.write_to_path(folder / "server.key")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")


def client(*names: str, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    """Return the TLS of a client that trusts the server, with a certificate of its own if it has names."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    if names:
        authority.issue_cert(*names).configure_cert(context)
    return context
