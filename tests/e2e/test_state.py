"""What outlives the process: a restart shows the same, asks for nothing early, and never an older counter."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from exporter.clock import SystemClock
from exporter.demo import StandIn, World
from tests.e2e.programs import Exporter, Program, Values, labels_of, series
from tests.e2e.shell import Shell
from tests.e2e.sources import PASSWORD, only, source, write_configuration
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

OWN = "email_stats_exporter_"
# What a restart has to show as it was: every series of a vendor, and the health of every fetch.
HEALTH = tuple(OWN + name for name in ("up", "stale", "last_success_", "last_attempt_", "fetch_failing", "counter_"))
NO_RETRY = {"retry": {"attempts": 1, "initial_backoff": 0, "max_backoff": 0}}


@dataclass
class Machine:
    """A place where the exporter is started, stopped and killed with one configuration and one state."""

    shell: Shell
    folder: Path
    polling: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "kept.db"

    def configure(self, sources: Sequence[Mapping[str, Any]]) -> Path:
        file = write_configuration(self.folder / "config.yaml", sources, **self.polling)
        written = json.loads(file.read_text())
        file.write_text(json.dumps({**written, "state": {"path": "kept.db"}}))
        return file

    def run(self, *arguments: str) -> Exporter:
        return self.shell.serve("run", f"--config.file={self.folder / 'config.yaml'}", *arguments)

    def refuse(self) -> str:
        """Start the exporter where it can't be started, and return what it says."""
        program = self.shell.start("run", f"--config.file={self.folder / 'config.yaml'}", "--web.listen-address=:0")
        assert program.wait() == 1
        assert "Traceback" not in program.stderr
        return program.stderr


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


def stop(program: Program, number: int = signal.SIGTERM) -> None:
    program.process.send_signal(number)
    program.wait()


def kept(values: Values) -> Values:
    return {
        found: value
        for found, value in values.items()
        if found[0].startswith((*HEALTH, "sendgrid_", "bento_")) and labels_of(found).get("collector") != "extra"
    }


def counters(values: Values) -> Values:
    return {
        found: value
        for found, value in values.items()
        if found[0].startswith("sendgrid_") and found[0].endswith("_total")
    }


def changed_counters(exporter: Exporter, before: Values) -> Values | None:
    now = counters(exporter.values())
    return now if now and now != before else None


def is_tried(exporter: Exporter) -> bool:
    return exporter.ask("/-/ready").status_code == 200


def test_a_restart_shows_everything_at_once_and_asks_for_nothing_early(machine, running):
    customers = World(SystemClock()).customers[:5]
    slow = source(running, [*customers, "nobody@example.com"], interval="1h")
    machine.configure([slow])
    first = machine.run()
    eventually(lambda: is_tried(first))
    before = kept(first.values())
    stop(first)
    asked = len(running.requests)
    # When this one has been fetched, everything else that is due has been as well.
    machine.configure([slow, source(running, customers[:1], "later", interval="1h")])

    second = machine.run()
    after = {found: value for found, value in kept(second.values()).items() if labels_of(found)["source"] == "acme"}

    assert after == before
    assert after[series(OWN + "up", source="acme", customer="nobody@example.com", collector="totals")] == 0
    eventually(lambda: second.value(OWN + "up", source="later", customer=customers[0].name, collector="credits") == 1)
    assert [arrival.form["user"] for arrival in list(running.requests)[asked:]] == [customers[0].user] * 3
    assert second.value(OWN + "state_up") == 1
    assert second.value(OWN + "state_write_failures_total") == 0
    assert is_tried(second)


def test_what_was_restored_turns_stale_by_its_own_age(machine, running):
    machine.configure([source(running, World(SystemClock()).customers[:1], collectors=only("credits", "1s"))])
    first = machine.run()
    name = World(SystemClock()).customers[0].name
    eventually(lambda: first.value(OWN + "up", source="acme", customer=name, collector="credits") == 1)
    stop(first, signal.SIGKILL)
    with closing(sqlite3.connect(machine.state)) as database:
        assert database.execute("SELECT count(*) FROM places").fetchone() == (1,)
    running.stop()
    try:
        # An interval is a second, so by now it was due, and nobody answers.
        second = machine.run()
        eventually(lambda: second.value(OWN + "stale", source="acme", customer=name, collector="credits") == 1)
        assert second.value("sendgrid_credits_remaining", source="acme", customer=name) is not None
    finally:
        running.start()


def test_no_kill_ever_shows_an_older_counter(machine, running):
    customers = World(SystemClock()).customers
    machine.polling = {"concurrency": 4}
    machine.configure([source(running, customers, collectors=only("totals", "250ms"))])
    seen: dict[Any, float] = {}
    for _ in range(5):
        exporter = machine.run()
        first = counters(exporter.values())
        assert {found: first.get(found) for found in seen if first.get(found, -1) < seen[found]} == {}
        # The last look before the kill is what must not be fallen below.
        seen = eventually(partial(changed_counters, exporter, first))
        stop(exporter, signal.SIGKILL)

    assert len(seen) >= len(customers)


def test_a_limit_holds_over_kills(machine, new_vendor):
    calls, per = 40, 6.0
    vendor = new_vendor(world=World(SystemClock()), limit=(calls, per))
    customers = World(SystemClock()).customers
    limit = {"calls": calls, "per": f"{per:g}s"}
    machine.configure([source(vendor, customers, interval=limit["per"], rate_limit=limit)])
    for number in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        before = len(vendor.requests)
        exporter = machine.run()
        eventually(lambda before=before: len(vendor.requests) >= before + 8)
        stop(exporter, number)

    assert vendor.overruns == 0
    assert {arrival.status for arrival in vendor.requests} == {200}


def test_listed_customers_are_there_at_once_and_the_list_is_not_asked_for_early(machine, new_vendor):
    vendor = new_vendor(world=World(SystemClock()))
    machine.configure([source(vendor, [], interval="1h", discovery={"interval": "1h", "label": "user"})])
    first = machine.run()
    eventually(lambda: is_tried(first))
    before = kept(first.values())
    stop(first)
    asked = len(vendor.requests)

    second = machine.run()

    assert len(before) > 100
    assert kept(second.values()) == before
    assert is_tried(second)
    assert second.value(OWN + "discovery_up", source="acme") == 1
    assert len(vendor.requests) == asked


def test_a_second_process_is_refused_and_once_is_not(machine, running):
    file = machine.configure([source(running, World(SystemClock()).customers[:1], interval="1h")])
    machine.run()

    assert f"another process holds {machine.state}; stop it, or give each a file of its own" in machine.refuse()
    assert machine.shell.start("once", f"--config.file={file}").wait() == 0


def test_a_state_of_a_newer_schema_is_refused(machine, running):
    machine.configure([source(running, World(SystemClock()).customers[:1], interval="1h")])
    stop(machine.run())
    with closing(sqlite3.connect(machine.state)) as database:
        database.execute("PRAGMA user_version = 99")

    assert "has schema 99, and this version knows those up to 1" in machine.refuse()


def test_a_database_of_another_program_is_left_alone(machine, running):
    machine.configure([source(running, World(SystemClock()).customers[:1], interval="1h")])
    with closing(sqlite3.connect(machine.state)) as database:
        database.execute("CREATE TABLE dashboards (title TEXT)")

    assert "is a database of another program; name another file" in machine.refuse()
    with closing(sqlite3.connect(machine.state)) as database:
        assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("dashboards",)]


def test_a_corrupt_state_is_kept_aside_and_said(machine, running):
    customer = World(SystemClock()).customers[0]
    machine.configure([source(running, [customer], interval="1h")])
    machine.state.write_bytes(b"no database at all, but long enough to be taken for one" * 100)

    exporter = machine.run()

    [aside] = machine.folder.glob("kept.db.corrupt-*Z")
    assert aside.read_bytes().startswith(b"no database")
    assert "state is corrupt; set aside, and started afresh" in exporter.stderr
    assert exporter.value(OWN + "state_write_failures_total") == 1
    assert exporter.value(OWN + "state_up") == 1
    eventually(lambda: exporter.value("sendgrid_requests_total", source="acme", customer=customer.name))


def test_a_row_that_was_tampered_with_is_found_before_it_is_shown(machine, running):
    machine.configure([source(running, World(SystemClock()).customers[:2], interval="1h")])
    first = machine.run()
    eventually(lambda: is_tried(first))
    stop(first)
    with closing(sqlite3.connect(machine.state)) as database:
        database.execute("UPDATE places SET content = substr(content, 1, 40) || x'7f' || substr(content, 42)")
        database.commit()

    second = machine.run()

    assert len(list(machine.folder.glob("kept.db.corrupt-*Z"))) == 1
    assert second.value(OWN + "state_write_failures_total") == 1
    eventually(lambda: is_tried(second))
    assert second.value(OWN + "state_up") == 1


def test_a_missing_folder_is_said_with_its_remedy(machine, running):
    file = machine.configure([source(running, World(SystemClock()).customers[:1], interval="1h")])
    file.write_text(file.read_text().replace("kept.db", "nowhere/kept.db"))

    assert f"the folder {machine.folder / 'nowhere'} does not exist; create it" in machine.refuse()


def test_without_a_state_it_says_so_and_shows_nothing_of_one(machine, running):
    exporter = machine.shell.run([source(running, World(SystemClock()).customers[:1], interval="1h")])

    assert "no state is kept" in exporter.stderr
    assert exporter.value(OWN + "state_up") is None
    assert exporter.value(OWN + "state_write_failures_total") is None


def test_a_backup_can_be_taken_while_it_runs(machine, running):
    machine.configure([source(running, World(SystemClock()).customers, interval="250ms")])
    exporter = machine.run()
    eventually(lambda: is_tried(exporter))
    copy = machine.folder / "copy.db"
    with closing(sqlite3.connect(machine.state)) as database, closing(sqlite3.connect(copy)) as backup:
        database.backup(backup)
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert backup.execute("SELECT count(*) FROM places").fetchone() == (36,)

    assert exporter.value(OWN + "state_up") == 1
    assert machine.state.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in machine.state.read_bytes()


# Disks


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


def value_of(exporter: Exporter, name: str, customer: str, collector: str = "") -> Callable[[], float | None]:
    labels = {"collector": collector} if collector else {}
    return lambda: exporter.value(name, source="acme", customer=customer, **labels)


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


def test_a_locked_database_is_waited_for_and_written_later(machine, running):
    """Another program that writes to the file holds it up; nothing is shown that is not kept."""
    customer = World(SystemClock()).customers[0]
    machine.configure([source(running, [customer], interval="250ms")])
    exporter = machine.run()
    number = value_of(exporter, "sendgrid_requests_total", customer.name)
    eventually(number)
    with closing(sqlite3.connect(machine.state, isolation_level=None)) as database:
        eventually(lambda: database.execute("BEGIN IMMEDIATE") or True)
        eventually(lambda: exporter.value(OWN + "state_up") == 0)
        stored = number()
        assert exporter.ask("/metrics").elapsed.total_seconds() < 2
        database.execute("COMMIT")

    eventually(lambda: exporter.value(OWN + "state_up") == 1)
    eventually(lambda: number() > stored)
