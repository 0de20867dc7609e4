"""Connections that keep a request's deadline to the last byte.

The timeouts of requests and urllib3 are for each read, so a server that drips a byte now and then outlasts them, and
the lookup of a name has none at all. Here every operation on a socket is given what is left of the whole request.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from exporter.errors import StartError
from exporter.upstream.bounds import Bounds

# family, type, protocol, canonical name, socket address: what getaddrinfo gives.
_Address = tuple[int, int, int, str, Any]


class BoundedSocket(socket.socket):
    """A TCP socket on which no operation lasts longer than the request."""

    bounds: Bounds

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive what is there, within the bounds."""
        self.settimeout(self.bounds.seconds_left())
        return self.bounds.count(super().recv_into(buffer, nbytes, flags))

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receive what is there, within the bounds."""
        self.settimeout(self.bounds.seconds_left())
        data = super().recv(bufsize, flags)
        self.bounds.count(len(data))
        return data

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send everything before the deadline."""
        self.settimeout(self.bounds.seconds_left())
        super().sendall(data, flags)


class BoundedTLSSocket(ssl.SSLSocket):
    """A TLS socket on which no operation lasts longer than the request, the handshake included."""

    @property
    def bounds(self) -> Bounds:
        """Return the bounds, which the context holds: nobody else is asked when a TLS socket is made."""
        return cast("BoundedContext", self.context).bounds

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class has it so
        """Shake hands before the deadline."""
        self.settimeout(self.bounds.seconds_left())
        super().do_handshake(block)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive what is there, within the bounds."""
        self.settimeout(self.bounds.seconds_left())
        return self.bounds.count(super().recv_into(buffer, nbytes, flags))

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Receive what is there, within the bounds."""
        self.settimeout(self.bounds.seconds_left())
        data = super().recv(buflen, flags)
        self.bounds.count(len(data))
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        """Send a part before the deadline; ``sendall`` is a row of these."""
        self.settimeout(self.bounds.seconds_left())
        return super().send(data, flags)


class BoundedContext(ssl.SSLContext):
    """Trust in a file of certificate authorities, for sockets that keep the bounds.

    Nothing of it comes from environment variables, as it does in Python's own default context.
    """

    bounds: Bounds
    sslsocket_class = BoundedTLSSocket

    @classmethod
    def trusting(cls, ca_file: Path | None, bounds: Bounds) -> "BoundedContext":
        """Return a context that trusts the authorities in a file alone, by default the usual ones.

        Raises:
            StartError: the file can't be read, or holds no certificate.
        """
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.bounds = bounds
        file = ca_file or DEFAULT_CA_BUNDLE_PATH
        try:
            context.load_verify_locations(file)
        except OSError as error:
            # A file without any certificate is an SSLError, with OpenSSL's words.
            raise StartError(f"no certificate authorities can be read from {file}: {error.strerror}") from None
        return context


class _Response(HTTPResponse):
    def begin(self) -> None:
        super().begin()
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
            # What comes next on the connection is no HTTP.
            self.will_close = True

    def _read_status(self) -> tuple[str, int, str]:
        # RFC 9110: any number of interim answers may come before the one that counts. http.client skips one kind alone.
        version, status, reason = super()._read_status()  # type: ignore[misc]  # in no stub, but called by begin()
        is_interim = status // 100 == 1 and status != HTTPStatus.SWITCHING_PROTOCOLS
        return version, HTTPStatus.CONTINUE if is_interim else status, reason


class _Bounded(HTTPConnection):
    response_class = _Response

    def __init__(self, *args: Any, bounds: Bounds, **options: Any) -> None:
        super().__init__(*args, **options)
        self._bounds = bounds

    def _new_conn(self) -> socket.socket:
        try:
            addresses = _resolve(self._dns_host.strip("[]"), self.port, self._bounds)
            return _connect(addresses, self._bounds)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error.strerror}") from error


class _BoundedTLS(_Bounded, HTTPSConnection):
    pass


def _resolve(host: str, port: int, bounds: Bounds) -> Sequence[_Address]:
    # The system's resolver takes no deadline, so it works on a thread that can be left behind; it gives up by itself.
    outcome: list[Sequence[_Address] | Exception] = []

    def look_up() -> None:
        try:
            outcome.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=look_up, name="upstream-resolver", daemon=True)
    thread.start()
    thread.join(bounds.seconds_left())
    if not outcome:
        raise TimeoutError("looking up the name took too long")
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _connect(addresses: Sequence[_Address], bounds: Bounds) -> BoundedSocket:
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = BoundedSocket(family, kind, protocol)
        opened.bounds = bounds
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # An address that swallows everything must leave time for the next one.
            opened.settimeout(bounds.seconds_left() / (len(addresses) - tried))
            opened.connect(address)
        except OSError as error:
            opened.close()
            failure = error
        else:
            return opened
    try:
        raise failure
    finally:
        # Otherwise the traceback holds the error and the error its traceback.
        del failure


def _pool(pool_type: Any, connection_type: Any, bounds: Bounds) -> Callable[..., HTTPConnectionPool]:
    def make(*args: Any, **options: Any) -> HTTPConnectionPool:
        pool: HTTPConnectionPool = pool_type(*args, **options)
        pool.ConnectionCls = partial(connection_type, bounds=bounds)  # type: ignore[assignment]  # called, never inspected
        return pool

    return make


class BoundedAdapter(HTTPAdapter):
    """The adapter of requests for one vendor, with connections that keep the bounds and trust what they are told to."""

    def __init__(self, bounds: Bounds, ca_file: Path | None, concurrency: int) -> None:
        """Keep up to ``concurrency`` idle connections."""
        self._context = BoundedContext.trusting(ca_file, bounds)
        self._pools = {
            "http": _pool(HTTPConnectionPool, _Bounded, bounds),
            "https": _pool(HTTPSConnectionPool, _BoundedTLS, bounds),
        }
        self._pool: Any = None
        # One connection too many for a moment is better than a thread that waits for one beyond its deadline.
        super().__init__(pool_connections=2, pool_maxsize=concurrency, max_retries=0, pool_block=False)

    def resize(self, concurrency: int) -> None:
        """Keep up to so many idle connections from now on; the present ones are given up."""
        self._pool_maxsize, self._pool = concurrency, None
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            manager.connection_pool_kw["maxsize"] = concurrency
            manager.clear()

    def close(self) -> None:
        """Give up the idle connections."""
        self._pool = None
        super().close()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the pool of the vendor's connections: the same for all requests, but not found at once."""
        if (pool := self._pool) is None:
            pool = self._pool = super().get_connection_with_tls_context(*args, **options)
        return pool

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._context, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[Any, Any]:
        """Return where a request goes and how TLS is verified: always, and by our context."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the trust to our context; requests would add its own authorities to a configured file's."""
