"""Files that are deleted or replaced under a running program: noticed, said, and where it can be made good again."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.errors import StartError
from exporter.state import SqliteState, file
from tests.e2e.waiting import eventually
from tests.fake_clock import FakeClock
from tests.small_disk import fill, mounted
from tests.unit.state.samples import PLAIN, RARE, A, B, found, row

NOT_WRITTEN = "state can't be written; counters keep their stored values until it can"


@pytest.fixture
def state(path, opened):
    state = opened(path)
    assert state.write([row(RARE, A)], {"list": b"whole"}).wait()
    state.begin()
    return state


def another(path: Path, opened) -> Path:
    """Return a whole file with something else in it."""
    other = opened(path.with_name("other.db"))
    other.write([row(PLAIN, B)]).wait()
    other.close()
    return other.path


@pytest.mark.parametrize("ends", [[""], ["", "-wal", "-shm"], ["", "-wal", "-shm", ".lock"]], ids=" ".join)
def test_a_deleted_file_is_made_again_with_all_that_was_in_it(path, opened, state, ends):
    for end in ends:
        path.with_name(f"state.db{end}").unlink()

    with capture_logs() as logs:
        assert state.write([row(PLAIN, B)]).wait()

    made_again = [line for line in logs if line["event"].startswith("state was deleted")]
    assert [(line["log_level"], line["file"]) for line in made_again] == [("warning", str(path))]
    assert (state.is_up, state.failures) == (True, 0)
    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == dict.fromkeys(
        ("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600
    )
    assert state.write([row(PLAIN, A)]).wait()
    state.close()
    second = opened(path)
    assert found(second) == {"a": PLAIN, "b": PLAIN}
    assert second.fact("list") == b"whole"


def test_what_was_in_a_deleted_file_is_read_as_if_nothing_had_happened(path, state):
    path.unlink()

    with capture_logs():
        assert found(state) == {"a": RARE}
        assert state.fact("list") == b"whole"
    assert state.failures == 0


def test_a_deleted_file_is_noticed_though_nothing_is_written(path, state):
    path.unlink()

    with capture_logs():
        eventually(path.exists)
    assert found(state) == {"a": RARE}


def test_a_file_that_is_made_again_is_read_as_soon_as_it_is_there(path, state, monkeypatch):
    """Until its folder is on the disk too, which on a busy one takes seconds, the writer has the old one open."""
    seen = []
    monkeypatch.setattr(file, "_sync", lambda _: seen.append(found(state)))
    path.unlink()

    with capture_logs():
        assert state.write([row(PLAIN, B)]).wait()
    assert seen == [{"a": RARE}]
    assert state.failures == 0


def test_a_file_that_was_deleted_on_a_full_disk_is_made_again_once_there_is_room(tmp_path, opened):
    with mounted(tmp_path / "disk", "size=1m") as disk:
        path = disk / "state.db"
        state = opened(path)
        assert state.write([row(RARE, A)]).wait()
        # Its room is not given back before it is closed.
        path.unlink()
        filler = fill(disk)
        with capture_logs() as logs:
            for _ in range(3):
                assert not state.write([row(PLAIN, B)]).wait()
            assert not path.exists()
            assert (state.is_up, state.failures) == (False, 3)
            assert [line["event"] for line in logs] == [NOT_WRITTEN]
            assert "was deleted while it was open, and can't be made again" in logs[0]["error"]
            filler.unlink()
            assert state.write([row(PLAIN, B)]).wait()
        assert (state.is_up, found(state)) == (True, {"a": RARE, "b": PLAIN})
        state.close()
        assert sorted(file.name for file in disk.iterdir()) == ["state.db", "state.db.lock"]


def test_a_file_that_was_replaced_is_neither_read_nor_written_until_it_is_removed(path, state, opened):
    backup = another(path, opened)
    content = backup.read_bytes()
    backup.rename(path)

    with capture_logs() as logs:
        assert not state.write([row(PLAIN, A)]).wait()
        assert not state.write([row(PLAIN, A)]).wait()
        assert (state.is_up, state.failures) == (False, 2)
        assert found(state) == {}
        assert path.read_bytes() == content
    assert [line["event"] for line in logs] == [NOT_WRITTEN, "state is corrupt; part of it is not used"]
    assert f"{path} was replaced by another file while it was open; restart to begin with that one" in logs[0]["error"]
    path.unlink()
    with capture_logs():
        assert state.write([row(PLAIN, B)]).wait()
    assert (state.is_up, found(state)) == (True, {"a": RARE, "b": PLAIN})


def test_what_was_put_in_the_place_of_the_file_is_what_the_next_process_begins_with(path, state, opened):
    another(path, opened).rename(path)
    for end in ("-wal", "-shm"):
        path.with_name(f"state.db{end}").unlink()
    with capture_logs():
        assert not state.write([row(PLAIN, A)]).wait()
        state.close()

        second = opened(path)

    assert found(second) == {"b": PLAIN}
    assert second.write([row(PLAIN, A)]).wait()
    assert found(second) == {"a": PLAIN, "b": PLAIN}


def test_a_file_that_is_deleted_while_it_is_not_open_is_begun_afresh_which_is_said(tmp_path, opened):
    with mounted(tmp_path / "disk", "size=1m") as disk:
        path = disk / "state.db"
        state = opened(path)
        assert state.write([row(RARE, A)]).wait()
        filler = fill(disk)
        with capture_logs() as logs:
            assert not state.write([row(PLAIN, number.to_bytes(16)) for number in range(9_000)]).wait()
            filler.unlink()
            path.unlink()
            assert state.write([row(PLAIN, B)]).wait()
        assert [line["event"] for line in logs] == [
            NOT_WRITTEN,
            "state was deleted while it could not be written; begun afresh",
            "state is written again",
        ]
        assert (state.is_up, found(state)) == (True, {"b": PLAIN})
        state.close()


# The lock


def test_a_deleted_lock_is_made_again_so_that_a_second_process_is_refused(path, state):
    path.with_name("state.db.lock").unlink()

    with capture_logs() as logs:
        assert state.write([row(PLAIN, B)]).wait()

    assert [line["event"] for line in logs] == ["lock of the state was deleted; made again"]
    with pytest.raises(StartError, match="another process holds"):
        SqliteState(path, FakeClock())


def test_a_process_that_took_the_file_meanwhile_is_not_written_over(path, state):
    beside = path.with_name("state.db.lock")
    beside.unlink()
    other = os.open(beside, os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)

    with capture_logs() as logs:
        assert not state.write([row(PLAIN, A)]).wait()
        assert found(state) == {"a": RARE}
        os.close(other)
        assert state.write([row(PLAIN, B)]).wait()

    assert f"another process holds {path}; stop it" in logs[0]["error"]
    assert (state.is_up, state.failures) == (True, 1)
    assert found(state) == {"a": RARE, "b": PLAIN}


def test_a_lock_that_there_was_no_room_for_is_taken_once_there_is(tmp_path, opened):
    with mounted(tmp_path / "disk", "size=1m,nr_inodes=2") as disk:
        (disk / "state.db").touch()
        with capture_logs():
            state = opened(disk / "state.db")
            assert not state.write([row()]).wait()
            subprocess.run(["mount", "-o", "remount,nr_inodes=9", disk], check=True)
            assert state.write([row()]).wait()

        with pytest.raises(StartError, match="another process holds"):
            SqliteState(disk / "state.db", FakeClock())
        state.close()
