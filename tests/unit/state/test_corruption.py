"""Files that are not what was written: found before anything of them is shown, and never in the way of what runs."""

import random
import sqlite3
from contextlib import closing, suppress

import pytest
from structlog.testing import capture_logs

from exporter.errors import CorruptState, StartError
from exporter.state import SqliteState
from tests.fake_clock import FakeClock
from tests.unit.state.samples import NOON, PLAIN, RARE, SCOPE, A, B, found, row


@pytest.mark.parametrize("garbage", [b"x", b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_kept_aside(path, opened, garbage):
    path.write_bytes(garbage)
    with capture_logs() as logs:
        state = opened(path)

    aside = path.with_name("state.db.corrupt-20260313T120000Z")
    assert aside.read_bytes() == garbage
    assert [(line["event"], line["kept_as"]) for line in logs] == [
        ("state is corrupt; set aside, and started afresh", str(aside))
    ]
    assert (state.is_up, state.failures) == (True, 1)
    assert state.write([row()]).wait()


def test_an_empty_file_is_a_new_one(path, opened):
    path.write_bytes(b"")
    state = opened(path)

    assert (state.is_empty, state.failures) == (True, 0)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_are_found_or_change_nothing(path, seed):
    """Whatever a disk does to the file, no other number than the one that was written comes out of it."""
    written = {bytes([number]) * 16: PLAIN._replace(since=NOON + number) for number in range(200)}
    state = SqliteState(path, FakeClock())
    state.write([row(kept, customer) for customer, kept in written.items()], {"list": b"whole"}).wait()
    state.close()
    draw = random.Random(seed)  # noqa: S311 - the same bytes in each run, not secret ones
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice([1, 1, 1, 20, 500])):
        content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content)

    with capture_logs(), suppress(StartError):
        state = SqliteState(path, FakeClock())
        with suppress(CorruptState):
            for customer, kept in state.rows(SCOPE, {each: each for each in written}):
                assert kept == written[customer]
        with suppress(CorruptState):
            assert state.fact("list") in {b"whole", None}
        state.begin_anew("found while reading")
        assert state.write([row()]).wait()
        assert found(state) == {"a": PLAIN}
    state.close()


def test_what_is_found_corrupt_while_the_program_runs_is_left_out_and_counted(path, opened):
    state = opened(path)
    state.write([row()]).wait()
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE places SET content = zeroblob(100)")
        database.commit()
    with pytest.raises(CorruptState):
        found(state)
    state.begin()

    with capture_logs() as logs:
        assert found(state) == {}
    assert [line["event"] for line in logs] == ["state is corrupt; part of it is not used"]
    assert state.failures == 1


def test_a_value_that_is_found_corrupt_while_the_program_runs_is_as_good_as_none_and_counted(path, opened):
    state = opened(path)
    state.write(facts={"budget:1": b"\x00\xff"}).wait()
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE facts SET content = zeroblob(6)")
        database.commit()
    with pytest.raises(CorruptState):
        state.fact("budget:1")
    state.begin()

    with capture_logs():
        assert state.fact("budget:1") is None
    assert state.failures == 1


@pytest.mark.parametrize("is_folder", [False, True], ids=["overwritten", "a folder in its place"])
def test_a_file_that_breaks_while_the_program_runs_raises_nothing(path, opened, is_folder):
    """A reload that is half done, or a worker in the middle of a list, must not end by it."""
    state = opened(path)
    state.write([row()], {"budget:1": b"\x00\xff"}).wait()
    state.begin()
    path.with_name("state.db-wal").unlink()
    if is_folder:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(b"x" * 8_192)

    with capture_logs():
        assert state.is_empty
        assert state.fact("budget:1") is None
        assert found(state) == {}
    assert state.failures == 3


def test_a_file_that_can_not_be_read_at_the_start_is_not_taken_for_a_corrupt_one(path, opened):
    """It would be set aside, with all counters in it, for the fault of a disk or of too many open files."""
    state = opened(path)
    state.write([row()], {"budget:1": b"\x00\xff"}).wait()
    path.rename(path.with_name("elsewhere.db"))
    path.mkdir()

    for read in (lambda: state.is_empty, lambda: state.fact("budget:1"), lambda: found(state)):
        with pytest.raises(StartError, match=r"^state.path: .*state.db can't be read"):
            read()


def test_a_row_that_was_put_in_another_s_place_is_found(path, opened):
    state = opened(path)
    state.write([row(PLAIN, A), row(RARE, B)]).wait()
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "UPDATE places SET (layout, content) = (SELECT layout, content FROM places WHERE customer = ?)", (A,)
        )
        database.commit()

    with pytest.raises(CorruptState, match="a row is not what was written"):
        found(state)
