import os
import socket

import pytest
from structlog.testing import capture_logs

from exporter.supervisor import Supervisor
from tests.fake_clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    """Listen where systemd would; give the socket, and how the environment names it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@email-stats-exporter-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name if request.param == "path" else f"\0{name[1:]}")
        listener.settimeout(0)
        yield listener, name


@pytest.fixture
def supervised(systemd, clock):
    listener, name = systemd
    return listener, Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"}, clock)


def test_it_is_told_that_the_program_serves(supervised):
    listener, supervisor = supervised

    supervisor.ready("3 sources,\nmetrics on http://localhost:10587")

    assert notes(listener) == ["READY=1\nSTATUS=3 sources, metrics on http://localhost:10587"]


def test_it_is_told_of_a_reload_and_when_it_began(supervised):
    listener, supervisor = supervised

    supervisor.reloading()
    supervisor.ready()

    assert notes(listener) == ["RELOADING=1\nMONOTONIC_USEC=1000000000", "READY=1\nSTATUS="]


def test_it_is_told_of_the_end(supervised):
    listener, supervisor = supervised

    supervisor.stopping()

    assert notes(listener) == ["STOPPING=1\nSTATUS="]


def test_a_sign_of_life_comes_twice_in_the_time_within_which_one_is_wanted(supervised, clock):
    listener, supervisor = supervised

    for _ in range(120):
        supervisor.watch(lambda: True)
        clock.advance(1)

    assert notes(listener) == ["WATCHDOG=1"] * 4


def test_no_sign_of_life_comes_while_the_program_is_ill(supervised, clock):
    listener, supervisor = supervised

    supervisor.watch(lambda: False)
    clock.advance(40)
    supervisor.watch(lambda: False)
    assert notes(listener) == []

    supervisor.watch(lambda: True)
    assert notes(listener) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-1"}, {"WATCHDOG_USEC": "soon"},
     {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}],
)  # fmt: skip
def test_no_sign_of_life_comes_unless_one_is_wanted_of_this_process(systemd, clock, environ):
    listener, name = systemd

    Supervisor({"NOTIFY_SOCKET": name, **environ}, clock).watch(lambda: True)

    assert notes(listener) == []


def test_a_sign_of_life_is_wanted_of_this_process_by_its_number(systemd, clock):
    listener, name = systemd

    Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getpid())}, clock).watch(
        lambda: True
    )

    assert notes(listener) == ["WATCHDOG=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_nothing_is_sent_where_nobody_listens(clock, environ):
    with capture_logs() as lines:
        supervisor = Supervisor({**environ, "WATCHDOG_USEC": "1000"}, clock)
        supervisor.ready("serves")
        supervisor.watch(lambda: True)
        supervisor.stopping()

    assert lines == []


def test_a_supervisor_that_is_gone_is_a_line_in_the_log_and_no_more(tmp_path, clock):
    with capture_logs() as lines:
        Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}, clock).ready("serves")

    assert lines == [
        {
            "event": "could not notify the service manager",
            "note": "READY=1",
            "error": "[Errno 2] No such file or directory",
            "log_level": "warning",
        }
    ]


def notes(listener):
    """Return what was sent since the last look."""
    found = []
    while True:
        try:
            found.append(listener.recv(4096).decode())
        except BlockingIOError:
            return found
