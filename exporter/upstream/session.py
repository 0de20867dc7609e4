"""The only place that sends anything: the adapter of requests, with a pool of connections for each source.

A session of requests would add what is not wanted here: cookies, redirects, and settings from the environment.
"""

import logging
import ssl
from collections.abc import Callable, Generator, Mapping
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from socket import gaierror
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3.exceptions

from exporter import __version__
from exporter.errors import ConnectionFailed, FetchError, InvalidResponse, NotAllowed, RequestTimeout
from exporter.upstream.body import ENCODINGS, read_body, skim
from exporter.upstream.bounds import Bounds
from exporter.upstream.connection import BoundedAdapter
from exporter.upstream.limiter import Permit
from exporter.upstream.request import Reply, Request

# All that requests, urllib3, http.client, ssl and sockets raise at a vendor's or a network's misbehaviour.
_WIRE_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
# Not those of urllib3, which count a connection that was refused among them.
_TIMEOUTS = (TimeoutError, requests.Timeout)

Answered = Callable[[int | None, Mapping[str, str]], None]
"""Told the status and the headers of each request that was sent, as soon as they are there; None without an answer."""


class Session:
    """Sends requests to one vendor over connections that stay open, within bounds of time and size."""

    def __init__(
        self,
        *,
        base_url: str,
        timeout: float,
        max_response_bytes: int,
        concurrency: int,
        proxy_url: str | None,
        ca_file: Path | None,
    ) -> None:
        """Prepare to connect; nothing is sent yet."""
        # A vendor's broken header lines would otherwise be in our log, with a traceback.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self.host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._bounds = Bounds()
        self._proxies = {"http": proxy_url, "https": proxy_url} if proxy_url else {}
        self._concurrency = concurrency
        self._adapter = BoundedAdapter(self._bounds, ca_file, concurrency)

    def tune(self, *, timeout: float, max_response_bytes: int, concurrency: int) -> None:
        """Take other bounds for requests to come."""
        self._timeout, self._max_response_bytes = timeout, max_response_bytes
        if concurrency != self._concurrency:
            self._concurrency = concurrency
            self._adapter.resize(concurrency)

    def transmit(self, request: Request, permit: Permit, answered: Answered) -> Reply:
        """Send a request, use the permit up for it, and return the answer; its body only where the status is 200.

        Raises:
            FetchError: no whole answer came, or none that can be read.
            NotAllowed: the request can't be written as HTTP; nothing was sent.
        """
        prepared = self._prepared(request)
        try:
            return self._exchange(prepared, permit, answered)
        except _WIRE_ERRORS as error:
            failure = self._failure(error)
        # Raised out here, so that it is not chained to an exception that holds the request and its credentials.
        raise failure

    def close(self) -> None:
        """Close the idle connections; those in use are closed after it."""
        self._adapter.close()

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare(
                method=request.verb,
                url=self._base_url + request.path + (f"?{urlencode(request.query)}" if request.query else ""),
                headers={
                    "User-Agent": f"email-stats-exporter/{__version__}",
                    "Accept": "*/*",
                    "Accept-Encoding": ENCODINGS,
                    **({"Content-Type": "application/x-www-form-urlencoded"} if request.form else {}),
                    **dict(request.headers),
                },
                # As requests would write a list, in a third of the time.
                data=urlencode(request.form) or None,
            )
        except (requests.RequestException, ValueError):
            is_sendable = False
        else:
            is_sendable = True
        if not is_sendable:
            raise NotAllowed(f"{request} can't be written as HTTP")
        return prepared

    def _exchange(self, prepared: requests.PreparedRequest, permit: Permit, answered: Answered) -> Reply:
        with permit.spent():
            response = self._send(prepared, answered)
        try:
            answered(response.status_code, response.headers)
            if self._bounds.has_ended:
                # http.client takes the end of the connection for the end of the headers, and the body for empty.
                raise IncompleteRead(b"")
            if response.status_code == HTTPStatus.OK:
                body = read_body(response.raw, self._max_response_bytes, self._bounds)
            else:
                body = b""
                self._skim(response)
            return Reply(response.status_code, body, response.headers)
        finally:
            response.close()

    def _send(self, prepared: requests.PreparedRequest, answered: Answered) -> requests.Response:
        self._bounds.begin(self._timeout, self._max_response_bytes)
        try:
            return self._adapter.send(prepared, stream=True, timeout=self._timeout, proxies=self._proxies)
        except BaseException:
            answered(None, {})
            raise

    def _skim(self, response: requests.Response) -> None:
        try:
            skim(response.raw, self._bounds)
        except (*_WIRE_ERRORS, FetchError):
            # The status says all there is to say; the connection is closed.
            return

    def _failure(self, error: BaseException) -> FetchError:
        chain = list(_chain(error))
        if self._bounds.is_over() or any(isinstance(each, _TIMEOUTS) for each in chain):
            return RequestTimeout(f"no whole answer from {self.host} within {self._timeout:g} s")
        if any(isinstance(each, urllib3.exceptions.InvalidHeader) for each in chain):
            return InvalidResponse(f"the headers from {self.host} contradict each other")
        return ConnectionFailed(f"{_words(chain)}: {self.host}")


def _chain(error: BaseException) -> Generator[BaseException]:
    seen: set[int] = set()
    left: list[Any] = [error]
    while left:
        each = left.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [getattr(each, "reason", None), each.__cause__, each.__context__, *each.args]


def _words(chain: list[BaseException]) -> str:
    # Only words of ours, of OpenSSL and of the operating system: the others' quote what the vendor sent.
    for each in chain:
        match each:
            case urllib3.exceptions.ProxyError():
                return "the proxy can't be used"
            case gaierror():
                return "the host name can't be resolved"
            case ssl.SSLCertVerificationError():
                return f"the certificate is not trusted ({each.verify_message})"
            case IncompleteRead():
                return "the answer was cut"
            case OSError(errno=int(), strerror=str()) if not isinstance(each, ssl.SSLError):
                return str(each.strerror).lower()
    return "TLS failed" if any(isinstance(each, ssl.SSLError) for each in chain) else "the connection broke"
