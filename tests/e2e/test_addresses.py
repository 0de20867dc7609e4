"""Where the pages are: behind a proxy, on sockets of systemd's, and on every address that was asked for."""

import re
import socket
import sys

import pytest

pytestmark = pytest.mark.e2e

# Opens a socket as the descriptor 3, then becomes the program that is to find it there.
SYSTEMD = """
import ast, os, socket, sys
listener = socket.socket(int(sys.argv[1]))
listener.bind(ast.literal_eval(sys.argv[2]))
listener.listen()
os.set_inheritable(listener.fileno(), True)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[3], sys.argv[3:])
"""


def test_pages_stand_below_the_path_of_the_external_url(shell):
    exporter = shell.serve("demo", "--web.external-url=https://example.com/mail/")

    assert exporter.ask("/mail/-/healthy").status_code == 200
    assert "process_cpu_seconds_total" in exporter.ask("/mail/metrics").text
    assert 'href="/mail/metrics"' in exporter.ask("/mail/").text
    assert exporter.ask("/metrics").status_code == 404
    for path in ("/", "/mail"):
        home = exporter.ask(path, allow_redirects=False)
        assert (home.status_code, home.headers["Location"]) == (302, "/mail/")
    assert exporter.eventually(lambda: "Open https://example.com/mail/ for the status page" in exporter.stdout)


def test_a_proxy_may_take_the_prefix_off(shell):
    exporter = shell.serve("demo", "--web.external-url=https://example.com/mail/", "--web.route-prefix=/")

    assert exporter.ask("/metrics").status_code == 200
    assert exporter.ask("/mail/metrics").status_code == 404
    # Where the browser sees the page at /mail/, none of its links or forms may lead out of there.
    addresses = re.findall(r'(?:href|action)="([^"]*)"', exporter.ask("/").text)
    assert {"./metrics", "./api/v1/status", "./"} <= set(addresses)
    assert [address for address in addresses if not address.startswith(("./", "?", "#", "data:"))] == []


@pytest.mark.parametrize(
    ("prefix", "host", "labels"),
    [
        ([], "example.com", {"__metrics_path__": "/mail/metrics", "__scheme__": "https"}),
        (["--web.route-prefix=/"], "example.com", {"__metrics_path__": "/mail/metrics", "__scheme__": "https"}),
        (["--web.route-prefix=/"], "example.com:443", {"__metrics_path__": "/mail/metrics", "__scheme__": "https"}),
        (["--web.route-prefix=/"], "example.com:10587", {}),
        ([], "10.0.0.7:10587", {"__metrics_path__": "/mail/metrics"}),
    ],
)
def test_targets_are_found_in_the_way_in_which_they_were_asked_for(shell, prefix, host, labels):
    """A proxy takes off TLS, and the prefix too if it likes; Prometheus scrapes through it if it asked through it."""
    exporter = shell.serve("demo", "--web.external-url=https://example.com/mail/", *prefix)
    path = "/sd" if prefix else "/mail/sd"

    target = exporter.ask(path, headers={"Host": host}).json()[0]

    assert target["targets"] == [host]
    way = ("__metrics_path__", "__scheme__")
    assert {name: text for name, text in target["labels"].items() if name in way} == labels


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_sockets_can_come_from_systemd(shell, tmp_path, family):
    """What systemd does for a socket unit: the socket is open before the program starts, and is its descriptor 3."""
    address = ("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "socket")
    program = shell.start_other(
        sys.executable, "-c", SYSTEMD, str(int(family)), repr(address), *shell.script, "demo", "--web.systemd-socket"
    )
    (where,) = program.eventually(lambda: re.findall(r"msg=listening .*?address=(\S+)", program.stderr))
    with socket.socket(family) as client:
        client.connect(("127.0.0.1", int(where.rpartition(":")[2])) if family == socket.AF_INET else address)
        client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_without_systemd_the_flag_is_an_error_in_words(shell):
    program = shell.start("demo", "--web.systemd-socket")

    assert program.wait() == 1
    assert "systemd has handed over no socket" in program.stderr


def test_every_address_answers_and_one_in_use_ends_the_program(shell):
    exporter = shell.serve("demo", "--web.listen-address=[::1]:0", "--web.listen-address=127.0.0.1:0")
    exporter.eventually(lambda: len(exporter.ports) == 2)
    assert "address=[::1]:" in exporter.stderr

    second = shell.start("demo", f"--web.listen-address=127.0.0.1:{exporter.port}")
    assert second.wait() == 1
    assert f"can't listen on 127.0.0.1:{exporter.port}: Address already in use" in second.stderr
