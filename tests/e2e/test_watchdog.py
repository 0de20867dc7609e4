"""A program that hangs where no deadline reaches: metrics show it, /-/healthy says it, its supervisor hears of it."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from exporter.demo import StandIn
from tests.e2e.programs import Exporter, free_port, parsed, series
from tests.e2e.shell import Shell
from tests.e2e.sources import only, source
from tests.e2e.waiting import eventually

# Each waits for the minute that has to pass.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TWO_MINUTES = 120.0
OWN = "email_stats_exporter_"
# Seconds within which a sign of life is wanted.
WATCHDOG = 1.0
# Becomes the program, of which by its number a sign of life is wanted.
SYSTEMD = 'WATCHDOG_PID=$$ exec "$@"'


@pytest.fixture
def systemd(tmp_path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        yield listener


@pytest.fixture
def environment(systemd) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": str(int(WATCHDOG * 1_000_000))}


@pytest.fixture
def log() -> Iterator[int]:
    """A pipe for the log, with room for one page, that nobody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    yield writer
    os.close(writer)
    os.close(reader)


@pytest.fixture
def speechless(
    shell: Shell, new_vendor, environment, log
) -> Iterator[tuple[StandIn, Callable[[str], requests.Response]]]:
    """A vendor, and an exporter that writes its log to the pipe."""
    vendor = new_vendor()
    config = shell.configure([source(vendor, ["hello@green-grocer.example"], collectors=only("totals", "5s"))])
    port = free_port()
    flags = (f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    command = ("/bin/sh", "-c", SYSTEMD, "sh", *shell.script, "run", *flags)
    with subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environment}, stderr=log) as program:
        yield vendor, lambda path: requests.get(f"http://127.0.0.1:{port}{path}", timeout=5)
        # It can't say good-bye.
        program.send_signal(signal.SIGKILL)


def test_a_log_that_nobody_reads_stops_the_poll_and_is_seen(speechless, systemd, log):
    """As where the one who collects the logs hangs: whoever writes a line waits for ever."""
    vendor, ask = speechless
    eventually(lambda: ask("/-/ready").ok)
    healthy = ask("/-/healthy").text

    fill(log)
    vendor.fault(status=400)
    began = time.monotonic()
    eventually(lambda: lag(ask("/metrics").text) > 6, TWO_MINUTES)
    seen = time.monotonic() - began
    eventually(lambda: len(ask("/-/healthy").text.splitlines()) == 2, TWO_MINUTES)

    assert healthy == "the poller moves\n"
    assert seen < 60
    assert ask("/-/healthy").status_code == 503
    assert ask("/-/healthy").text == "the poller has not moved for a minute\na fetch of source acme is stuck\n"
    assert not is_alive(systemd)


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A disk that can be frozen: whoever writes to it then waits for ever."""
    if missing := [name for name in ("mkfs.ext4", "fsfreeze", "mount") if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, folder], check=False, capture_output=True).returncode:
        pytest.skip("a disk can be mounted by root alone, and where there are loop devices")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def frozen(disk) -> Iterator[Callable[[], None]]:
    """Freeze the disk; it thaws with the test, before the programs on it end."""
    is_frozen = []

    def freeze() -> None:
        subprocess.run(["fsfreeze", "-f", disk], check=True)
        is_frozen.append(disk)

    yield freeze
    for each in is_frozen:
        subprocess.run(["fsfreeze", "-u", each], check=False)


@pytest.fixture
def writing(shell: Shell, new_vendor, environment, disk) -> Exporter:
    config = shell.configure([source(new_vendor(), ["hello@green-grocer.example"], collectors=only("totals"))])
    config.write_text(json.dumps({**json.loads(config.read_text()), "state": {"path": str(disk / "kept.db")}}))
    flags = (f"--config.file={config}", "--web.listen-address=127.0.0.1:0")
    command = ("/bin/sh", "-c", SYSTEMD, "sh", *shell.script, "run", *flags)
    return shell.stack.enter_context(Exporter(command, shell.new_folder(), environment))


def test_a_disk_that_hangs_is_seen_at_once_and_stops_the_signs_of_life(writing, frozen, systemd):
    eventually(lambda: writing.ask("/-/ready").ok and writing.value(f"{OWN}state_up") == 1)

    frozen()
    began = time.monotonic()
    eventually(lambda: writing.value(f"{OWN}state_up") == 0, TWO_MINUTES)
    seen = time.monotonic() - began
    eventually(lambda: writing.ask("/-/healthy").status_code == 503, TWO_MINUTES)

    assert seen < 60
    assert writing.ask("/-/healthy").text == "the state has been in the middle of a write for a minute\n"
    assert not is_alive(systemd)


def fill(pipe: int) -> None:
    """Leave no room in a pipe, not even for a line."""
    with closing(os.fdopen(os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK), "wb", 0)) as raw:
        while raw.write(b"x"):
            pass


def lag(page: str) -> float:
    """Return by how many seconds the most overdue fetch is late."""
    return time.time() - parsed(page)[series(f"{OWN}oldest_due_timestamp_seconds", source="acme")]


def is_alive(systemd: socket.socket) -> bool:
    """Return whether another sign of life comes, beside those that were not read yet."""
    systemd.settimeout(0)
    try:
        while systemd.recv(4096):
            pass
    except BlockingIOError:
        systemd.settimeout(3 * WATCHDOG)
    try:
        return systemd.recv(4096) == b"WATCHDOG=1"
    except TimeoutError:
        return False
