"""Addresses as Prometheus' own programs take them, and sockets that listen there."""

import socket
import subprocess
import sys

import pytest

from exporter.errors import StartError
from exporter.web import Address, listen, parse_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":10587", "", 10587),
        (":0", "", 0),
        ("127.0.0.1:65535", "127.0.0.1", 65535),
        ("localhost:80", "localhost", 80),
        ("[::1]:10587", "::1", 10587),
        ("[::]:0", "::", 0),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_an_address_is_read_and_written_alike(text: str, host: str, port: int):
    address = parse_address(text)

    assert address == Address(host, port)
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "10587",
        "localhost",
        "localhost:",
        "localhost:http",
        ":65536",
        ":-1",
        ":+1",
        ": 1",
        ":1_0",
        ":٣",
        ":" + "9" * 5_000,
        "::1:80",
        "::",
        "[::1]",
        "[::1:80",
        "::1]:80",
        "[]:80",
    ],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError, match="is no address"):
        parse_address(text)


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def test_port_0_is_a_free_one():
    with listen(Address("127.0.0.1", 0)) as one, listen(Address("127.0.0.1", 0)) as other:
        assert 0 < port_of(one) != port_of(other) > 0


def test_an_address_in_use_is_said_in_words():
    with listen(Address("127.0.0.1", 0)) as taken:
        port = port_of(taken)
        with pytest.raises(StartError) as refused:
            listen(Address("127.0.0.1", port))

    assert str(refused.value) == (
        f"can't listen on 127.0.0.1:{port}: Address already in use; choose another one with --web.listen-address"
    )


@pytest.mark.parametrize(
    "host",
    ["192.0.2.1", "no-such-host.invalid", "a..b", "x" * 64 + ".example.com", ".", "::2", "1.2.3.4.5", "a b"],
)
def test_an_address_that_is_not_this_machines_is_refused_in_words(host: str):
    with pytest.raises(StartError, match=r"^can't listen on .+; choose another one with --web\.listen-address$"):
        listen(Address(host, 0))


def reaches(family: int, host: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        return client.connect_ex((host, port)) == 0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def test_no_host_is_every_ipv4_address():
    with listen(Address("", 0)) as listening:
        assert reaches(socket.AF_INET, "127.0.0.1", port_of(listening))


@needs_ipv6
def test_no_host_is_every_ipv6_address_as_well():
    with listen(Address("", 0)) as listening:
        assert reaches(socket.AF_INET6, "::1", port_of(listening))


@needs_ipv6
def test_an_ipv6_address_is_listened_on_alone():
    with listen(Address("::1", 0)) as listening:
        assert reaches(socket.AF_INET6, "::1", port_of(listening))
        assert not reaches(socket.AF_INET, "127.0.0.1", port_of(listening))


# In a process of its own, since the number of what is handed over is fixed.
_TAKES_A_PIPE = """
import os
from exporter.errors import StartError
from exporter.web import handed_over

os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.dup2(os.pipe()[0], 3)
try:
    handed_over()
except StartError as error:
    print(error)
"""


def test_what_is_handed_over_and_is_no_socket_is_refused_in_words():
    told = subprocess.run([sys.executable, "-c", _TAKES_A_PIPE], capture_output=True, text=True, check=True)

    words = "systemd has handed over what is no socket (Socket operation on non-socket); take it out of the unit\n"
    assert told.stdout == words
