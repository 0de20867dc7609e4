"""Listening addresses in the form that Prometheus' own programs take them, and sockets that listen on them."""

import socket
from contextlib import suppress
from dataclasses import dataclass

from exporter.errors import StartError

_BACKLOG = 1024
_PORTS = range(65_536)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; an empty host is every address of the machine, port 0 a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``host:port``, with brackets around an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that ``:10587``, ``127.0.0.1:10587``, ``localhost:0`` or ``[::1]:10587`` names.

    Raises:
        ValueError: it names none.
    """
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) not in _PORTS:
        raise ValueError(f"{text!r} is no address: write host:port, :port or [IPv6]:port")
    if ":" in host and not is_bracketed:
        raise ValueError(f"{text!r} is no address: put the IPv6 address in brackets, as in [::1]:10587")
    return Address(host[1:-1] if is_bracketed else host, int(port))


def listen(address: Address) -> socket.socket:
    """Return a socket that listens.

    Raises:
        StartError: it can't, because the address is in use, not this machine's, or not allowed.
    """
    try:
        if not address.host:
            return _listen_everywhere(address.port)
        family, _, _, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(where, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StartError(
            f"can't listen on {address}: {error.strerror or error}; choose another one with --web.listen-address"
        ) from None


def _listen_everywhere(port: int) -> socket.socket:
    if _has_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True)
    return socket.create_server(("", port), backlog=_BACKLOG)


def _has_ipv6() -> bool:
    # A machine can have the protocol switched off although the system knows it.
    if not socket.has_dualstack_ipv6():
        return False
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::", 0))
        return True
    return False
