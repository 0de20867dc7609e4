"""What outlives the process: a restart shows the same, asks for nothing early, and never an older counter."""

import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import pytest

from exporter.clock import SystemClock
from exporter.demo import StandIn, World
from tests.e2e.machine import OWN, Machine, changed_counters, counters, is_tried, kept, stop, value_of
from tests.e2e.programs import labels_of, series
from tests.e2e.shell import Shell
from tests.e2e.sources import PASSWORD, only, source
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


def has_asked(vendor: StandIn, requests: int) -> bool:
    return len(vendor.requests) >= requests


def test_a_limit_holds_over_kills(machine, new_vendor):
    calls, per = 40, 6.0
    vendor = new_vendor(world=World(SystemClock()), limit=(calls, per))
    customers = World(SystemClock()).customers
    limit: Mapping[str, Any] = {"calls": calls, "per": f"{per:g}s"}
    machine.configure([source(vendor, customers, interval=limit["per"], rate_limit=limit)])
    for number in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        before = len(vendor.requests)
        exporter = machine.run()
        eventually(partial(has_asked, vendor, before + 8))
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


def test_a_locked_database_is_waited_for_and_written_later(machine, running):
    """Another program that writes to the file holds it up; nothing is shown that is not kept."""
    customer = World(SystemClock()).customers[0]
    machine.configure([source(running, [customer], interval="250ms")])
    exporter = machine.run()
    number = value_of(exporter, "sendgrid_requests_total", customer.name)
    eventually(number)
    with closing(sqlite3.connect(machine.state, isolation_level=None)) as database:
        eventually(lambda: database.execute("BEGIN IMMEDIATE") is not None)
        eventually(lambda: exporter.value(OWN + "state_up") == 0)
        stored = number()
        assert exporter.ask("/metrics").elapsed.total_seconds() < 2
        database.execute("COMMIT")

    eventually(lambda: exporter.value(OWN + "state_up") == 1)
    eventually(lambda: number() > stored)
