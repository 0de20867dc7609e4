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
from tests.small_disk import fill, mounted

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
    with mounted(machine.folder / "disk", "size=1m") as folder:
        yield folder


def on_disk(machine: Machine, *sources: Mapping[str, Any]) -> None:
    file = machine.configure(sources)
    file.write_text(file.read_text().replace("kept.db", "disk/kept.db"))


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


@pytest.mark.parametrize(
    ("number", "lost"),
    [(signal.SIGTERM, ""), (signal.SIGKILL, ""), (signal.SIGKILL, "kept.db-shm")],
    ids=["stopped", "killed", "killed, and no room to share the log"],
)
def test_what_was_kept_is_shown_even_if_the_disk_is_full_at_the_start(machine, disk, running, number, lost):
    customer = World(SystemClock()).customers[0]
    on_disk(machine, source(running, World(SystemClock()).customers[:3], interval="1h"))
    first = machine.run()
    eventually(lambda: is_tried(first))
    before = kept(first.values())
    stop(first, number)
    if lost:
        (disk / lost).unlink()
    filler = fill(disk)

    second = machine.run()

    assert kept(second.values()) == before
    assert is_tried(second)
    # One who is new has to be written.
    on_disk(machine, source(running, World(SystemClock()).customers[:4], interval="1h"))
    second.process.send_signal(signal.SIGHUP)
    new = World(SystemClock()).customers[3]
    eventually(lambda: value_of(second, "sendgrid_credits_remaining", new.name)() is not None)
    assert second.value(OWN + "state_up") == 0
    assert second.value(OWN + "state_write_failures_total") >= 1
    assert value_of(second, "sendgrid_requests_total", new.name)() is None
    assert value_of(second, "sendgrid_requests_total", customer.name)() is not None
    filler.unlink()
    on_disk(machine, source(running, World(SystemClock()).customers[:5], interval="1h"))
    second.process.send_signal(signal.SIGHUP)
    eventually(value_of(second, "sendgrid_requests_total", World(SystemClock()).customers[4].name))
    assert second.value(OWN + "state_up") == 1


def test_a_disk_that_can_only_be_read_is_said_with_its_remedy(machine, disk, running):
    on_disk(machine, source(running, World(SystemClock()).customers[:1], interval="1h"))
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    assert f"let this user write to {disk}" in machine.refuse()
