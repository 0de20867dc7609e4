"""The console script as systemd runs it: what it tells on the socket that it was given."""

import os
import signal
import socket

import pytest

pytestmark = pytest.mark.e2e

# Seconds within which a sign of life is wanted.
WATCHDOG = 0.4
# Becomes the program, of which by its number a sign of life is wanted.
SYSTEMD = 'WATCHDOG_PID=$$ exec "$@"'


@pytest.fixture
def listener(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        yield listener


@pytest.fixture
def program(shell, listener):
    return shell.start_other(
        "/bin/sh", "-c", SYSTEMD, "sh", *shell.script, "demo", "--web.listen-address=127.0.0.1:0",
        NOTIFY_SOCKET=listener.getsockname(), WATCHDOG_USEC=str(int(WATCHDOG * 1_000_000)),
    )  # fmt: skip


def test_systemd_is_told_that_it_serves_that_it_lives_and_that_it_ends(program, listener):
    started = listener.recv(4096).decode()
    signs = [listener.recv(4096) for _ in range(5)]
    program.process.send_signal(signal.SIGTERM)
    status = program.wait()

    assert started.startswith("READY=1\nSTATUS=metrics on http://localhost:")
    assert "msg=listening" in program.stderr
    assert signs == [b"WATCHDOG=1"] * 5
    assert rest(listener)[-1] == b"STOPPING=1\nSTATUS="
    assert status == 0


def test_no_sign_of_life_comes_while_the_process_stands_still(program, listener):
    while listener.recv(4096) != b"WATCHDOG=1":
        pass
    program.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, program.process.pid, os.WSTOPPED | os.WNOWAIT)
    rest(listener)
    listener.settimeout(2 * WATCHDOG)
    with pytest.raises(TimeoutError):
        listener.recv(4096)

    program.process.send_signal(signal.SIGCONT)
    listener.settimeout(30)

    assert listener.recv(4096) == b"WATCHDOG=1"


def rest(listener):
    """Return what lies on the socket unread."""
    found = []
    listener.settimeout(0)
    while True:
        try:
            found.append(listener.recv(4096))
        except BlockingIOError:
            return found
