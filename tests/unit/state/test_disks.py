"""Disks that are small, or that others have filled: what fits is kept, and what is kept can be read."""

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.state import Row
from tests.small_disk import fill, mounted
from tests.unit.state.samples import NOON, PLAIN, SCOPE, B, found, row


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk", "size=3m") as folder:
        yield folder


def customer(number: int) -> bytes:
    return number.to_bytes(16)


def rows(moment: int, customers: Sequence[int]) -> list[Row]:
    return [row(PLAIN._replace(since=NOON + moment), customer(number)) for number in customers]


def log_of(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def left_by_a_kill(path: Path, opened, folder: Path) -> Path:
    """Put into a folder what a process leaves that is killed, but for what SQLite shares while it runs."""
    state = opened(path)
    assert state.write([row()]).wait()
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", folder)
    return folder / path.name


def test_what_fits_on_a_small_disk_stays_healthy_over_thousands_of_commits(disk, opened):
    state = opened(disk / "state.db")
    draw = random.Random(1)  # noqa: S311 - the same customers in each run
    last: dict[int, float] = {}
    for moment in range(4_000):
        some = draw.sample(range(3_000), 2)
        assert state.write(rows(moment, some)).wait()
        last.update((number, NOON + moment) for number in some)

    assert (state.is_up, state.failures) == (True, 0)
    kept = {number: kept.since for number, kept in state.rows(SCOPE, {customer(number): number for number in last})}
    assert kept == last


def test_a_commit_that_the_log_alone_leaves_no_room_for_is_made_after_the_log_is_emptied(disk, opened):
    path = disk / "state.db"
    state = opened(path)
    assert state.write(rows(0, range(50))).wait()
    # All is in the file itself now.
    state.close()
    state = opened(path)
    for moment in range(20):
        assert state.write(rows(moment, range(50))).wait()
    assert log_of(path) > 65_536
    fill(disk)

    with capture_logs() as logs:
        for moment in range(20, 60):
            assert state.write(rows(moment, range(50))).wait()

    assert (state.is_up, state.failures, logs) == (True, 0, [])


def test_a_disk_that_others_filled_is_written_again_once_there_is_room(disk, opened):
    state = opened(disk / "state.db")
    assert state.write([row()]).wait()
    for _ in range(3):
        filler = fill(disk)
        with capture_logs() as logs:
            assert not state.write(rows(0, range(9_000))).wait()
            assert not state.is_up
            filler.unlink()
            assert state.write([row(PLAIN, B)]).wait()
        assert state.is_up
        assert [line["event"] for line in logs] == [
            "state can't be written; counters keep their stored values until it can",
            "state is written again",
        ]
    assert state.failures == 3
    assert found(state) == {"a": PLAIN, "b": PLAIN}


@pytest.mark.parametrize(("customers", "most"), [(10, 0.6), (2_000, 1.5)], ids=["few", "many"])
def test_the_log_is_about_as_large_as_the_file(path, opened, customers, most):
    state = opened(path)
    state.write(rows(0, range(customers))).wait()
    state.close()
    state = opened(path)
    for moment in range(600):
        state.write(rows(moment, [moment % customers])).wait()

    assert log_of(path) <= max(600_000, most * path.stat().st_size)


def test_what_a_long_backup_made_of_the_log_is_given_back(path, opened):
    state = opened(path)
    state.write(rows(0, range(500))).wait()
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM places").fetchone()
        for moment in range(60):
            state.write(rows(moment, range(500))).wait()
        assert log_of(path) > 2_000_000
    for moment in range(60):
        state.write(rows(moment, [1])).wait()

    assert log_of(path) < 1_000_000


# What a kill leaves


@pytest.mark.parametrize("is_locked", [True, False], ids=["with a lock", "no lock either"])
def test_what_was_kept_is_read_even_if_there_is_no_room_to_share_it(path, opened, disk, is_locked):
    left = left_by_a_kill(path, opened, disk)
    if is_locked:
        Path(f"{left}.lock").touch()
    filler = fill(disk)

    with capture_logs() as logs:
        state = opened(left)
        assert found(state) == {"a": PLAIN}
        assert not state.is_up
        assert [line["event"] for line in logs] == [
            "state can't be written; counters that it does not hold are not shown"
        ]
        assert not state.write([row(PLAIN, B)]).wait()
        assert state.failures == 1
        assert found(state) == {"a": PLAIN}
        filler.unlink()
        assert state.write([row(PLAIN, B)]).wait()
    assert state.is_up
    assert found(state) == {"a": PLAIN, "b": PLAIN}


def test_a_disk_that_has_no_room_for_another_name_is_taken_for_a_full_one(path, opened, tmp_path):
    # The folder itself, the file, its log and its lock.
    with mounted(tmp_path / "disk", "size=3m,nr_inodes=4") as disk:
        left = left_by_a_kill(path, opened, disk)
        lock = Path(f"{left}.lock")
        lock.touch()

        with capture_logs():
            state = opened(left)
            assert found(state) == {"a": PLAIN}
            assert not state.write([row(PLAIN, B)]).wait()
            subprocess.run(["mount", "-o", "remount,nr_inodes=9", disk], check=True)
            assert state.write([row(PLAIN, B)]).wait()
        assert (state.is_up, found(state)) == (True, {"a": PLAIN, "b": PLAIN})
        state.close()
