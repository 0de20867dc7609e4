"""The one way to a vendor: every request of every collector passes here."""

from contextlib import AbstractContextManager
from pathlib import Path

from exporter.clock import Clock
from exporter.instruments import Instruments
from exporter.upstream.allow_list import AllowList
from exporter.upstream.limiter import Limiter
from exporter.upstream.request import Authorize, Reply, Request
from exporter.upstream.retry import Retry


class Upstream:
    """The connection of one source to its vendor, shared by all of its collectors and threads."""

    def __init__(
        self,
        *,
        source: str,
        base_url: str,
        allow_list: AllowList,
        authorize: Authorize,
        limiter: Limiter,
        retry: Retry,
        timeout: float,
        max_response_bytes: int,
        concurrency: int,
        proxy_url: str | None,
        ca_file: Path | None,
        instruments: Instruments,
        clock: Clock,
    ) -> None:
        """Prepare to connect; nothing is sent yet."""

    def client(self, collector: str) -> "Client":
        """Return what a collector sends its requests with."""
        raise NotImplementedError

    def admitted(self) -> AbstractContextManager[None]:
        """Wait until one request may be sent, and keep its place for this thread's first one inside the block."""
        raise NotImplementedError

    def close(self) -> None:
        """Give up everything that waits, and close the idle connections."""
        raise NotImplementedError


class Client:
    """Sends the requests of one collector."""

    def send(self, request: Request) -> Reply:
        """Return the vendor's answer of status 200, whole, after as many attempts as the configuration allows."""
        raise NotImplementedError

    def rejected(self, fields: int = 1) -> None:
        """Count optional fields of the vendor that the collector left out because they were ill-formed."""
        raise NotImplementedError
