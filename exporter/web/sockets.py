"""Listening addresses in the form that Prometheus' own programs take them, and sockets that listen on them."""

import os
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from exporter.errors import StartError

_BACKLOG = 1024
_FIRST_HANDED_OVER = 3
_PORTS = range(65_536)
# A host without colons, or an IPv6 address in brackets, which has some; then a port.
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^]]*:[^]]*)\]|(?P<host>[^:[\]]*)):(?P<port>[0-9]{1,5})")


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
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) not in _PORTS:
        raise ValueError(f"{text!r} is no address: write host:port, :port or [IPv6]:port")
    return Address(match["ipv6"] or match["host"], int(match["port"]))


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
    except socket.gaierror as error:
        reason = str(error.strerror)
    except OSError as error:
        # Python adds to the system's words what the message has said already.
        reason = os.strerror(error.errno) if error.errno else str(error)
    except UnicodeError:
        # What Python says of a name with an empty or an overlong part.
        reason = "no such host name can be"
    raise StartError(f"can't listen on {address}: {reason}; choose another one with --web.listen-address")


def handed_over() -> Sequence[socket.socket]:
    """Return the sockets that systemd has opened for this process.

    Source: https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html

    Raises:
        StartError: there are none, or something else is among them.
    """
    is_ours = os.environ.get("LISTEN_PID") == str(os.getpid())
    count = os.environ.get("LISTEN_FDS", "")
    if not is_ours or not count.isdecimal() or int(count) == 0:
        raise StartError("systemd has handed over no socket; start the program by a .socket unit of systemd")
    try:
        sockets = [socket.socket(fileno=_FIRST_HANDED_OVER + number) for number in range(int(count))]
    except OSError as error:
        # Such as a FIFO, of which a .socket unit can have some too.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartError(f"systemd has handed over what is no socket ({reason}); take it out of the unit") from None
    for each in sockets:
        each.set_inheritable(False)
    return sockets


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
