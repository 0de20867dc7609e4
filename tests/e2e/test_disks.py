"""What becomes of the state on a disk that is full or can only be read: a small one, mounted for the test."""

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from exporter.clock import SystemClock
from exporter.demo import StandIn, World
from tests.e2e.machine import OWN, Machine, is_tried, kept, stop, value_of
from tests.e2e.shell import Shell
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def machine(console_script, tmp_path) -> Iterator[Machine]:
    folder = tmp_path / "machine"
    folder.mkdir()
    with ExitStack() as stack:
        yield Machine(Shell(console_script, tmp_path / "shell", stack), folder)


@pytest.fixture(scope="module")
def running(new_vendor) -> StandIn:
    """Serve a world in which time goes on."""
    return new_vendor(world=World(SystemClock()))


@pytest.fixture
def disk(machine) -> Iterator[Path]:
    """Give a disk of a megabyte, mounted where the state is to be."""
    folder = machine.folder / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    mounted = subprocess.run(command, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def on_disk(machine: Machine, *sources: Mapping[str, Any]) -> None:
    file = machine.configure(sources)
    file.write_text(file.read_text().replace("kept.db", "disk/kept.db"))


def fill(disk: Path) -> Path:
    """Leave not a byte free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return filler


def test_on_a_full_disk_gauges_go_on_and_counters_wait_for_room(machine, disk, running):
    customer = World(SystemClock()).customers[0]
    on_disk(machine, source(running, [customer], interval="250ms"))
    exporter = machine.run()
    number = value_of(exporter, "sendgrid_requests_total", customer.name)
    eventually(number)
    filler = fill(disk)
    eventually(lambda: exporter.value(OWN + "state_up") == 0)
    stored, attempts = number(), value_of(exporter, OWN + "last_attempt_timestamp_seconds", customer.name, "totals")
    began = attempts()

    eventually(lambda: attempts() > began + 1)

    assert number() == stored
    assert exporter.value(OWN + "up", source="acme", customer=customer.name, collector="totals") == 1
    assert exporter.value(OWN + "state_write_failures_total") > 1
    assert exporter.stderr.count("state can't be written") == 1
    filler.unlink()
    eventually(lambda: exporter.value(OWN + "state_up") == 1)
    eventually(lambda: number() > stored)
    assert "state is written again" in exporter.stderr
    last = number()
    stop(exporter, signal.SIGKILL)
    assert value_of(machine.run(), "sendgrid_requests_total", customer.name)() >= last


def test_on_a_disk_that_is_full_from_the_start_counters_are_not_shown_until_there_is_room(machine, disk, running):
    customer = World(SystemClock()).customers[0]
    on_disk(machine, source(running, [customer], interval="250ms"))
    filler = fill(disk)

    exporter = machine.run()

    eventually(value_of(exporter, "sendgrid_credits_remaining", customer.name))
    assert exporter.value(OWN + "state_up") == 0
    assert value_of(exporter, "sendgrid_requests_total", customer.name)() is None
    filler.unlink()
    eventually(value_of(exporter, "sendgrid_requests_total", customer.name))
    assert exporter.value(OWN + "state_up") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_what_was_kept_is_shown_even_if_the_disk_is_full_at_the_start(machine, disk, running, number):
    on_disk(machine, source(running, World(SystemClock()).customers[:3], interval="1h"))
    first = machine.run()
    eventually(lambda: is_tried(first))
    before = kept(first.values())
    stop(first, number)
    fill(disk)

    second = machine.run()

    assert kept(second.values()) == before
    assert is_tried(second)


def test_a_disk_that_can_only_be_read_is_said_with_its_remedy(machine, disk, running):
    on_disk(machine, source(running, World(SystemClock()).customers[:1], interval="1h"))
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    assert f"let this user write to {disk}" in machine.refuse()
