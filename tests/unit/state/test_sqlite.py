"""The state in a file: what is written is read again, and nothing else ever is."""

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.errors import StartError
from exporter.state import SqliteState, file
from tests.fake_clock import FakeClock
from tests.unit.state.samples import CATEGORY, NOON, PLAIN, RARE, SCOPE, A, B, found, row

SCHEMAS = Path(__file__).parent / "schemas"


def test_what_is_written_is_read_again_by_the_next_process(path, opened):
    first = opened(path)
    assert first.is_empty
    assert first.write([row(PLAIN, A), row(RARE, B)], {"budget:1": b"\x00\xff"}).wait()
    assert not first.is_empty
    first.close()

    second = opened(path)

    assert found(second) == {"a": PLAIN, "b": RARE}
    assert second.fact("budget:1") == b"\x00\xff"
    assert second.fact("budget:2") is None
    assert (second.is_up, second.failures) == (True, 0)


def test_the_last_word_counts(path, opened):
    state = opened(path)
    state.write([row(PLAIN)], {"list": b"old"})
    state.write([row(RARE)], {"list": b"new"}).wait()

    assert found(state) == {"a": RARE}
    assert state.fact("list") == b"new"


def test_rows_of_another_scope_are_not_found(path, opened):
    state = opened(path)
    state.write([row(PLAIN)]).wait()

    assert found(state, replace(SCOPE, number=1)) == {}


@pytest.mark.parametrize("others", [1, 300], ids=["one by one", "in one walk"])
def test_of_many_customers_those_are_found_who_are_asked_for(path, opened, others):
    state = opened(path)
    strangers = [number.to_bytes(16) for number in range(400)]
    state.write([row(PLAIN, A), *(row(PLAIN, stranger) for stranger in strangers)]).wait()

    asked = {A: "a", B: "b"} | dict.fromkeys(strangers[:others], "stranger")

    assert sorted(whose for whose, _ in state.rows(SCOPE, asked)) == sorted(["a", *["stranger"] * others])


def test_series_that_this_version_does_not_know_are_left_out(path, opened):
    state = opened(path)
    state.write([row(PLAIN), row(RARE, B)]).wait()

    kept = found(state, replace(SCOPE, families={CATEGORY.name: CATEGORY}))

    assert kept["a"].series == ((CATEGORY, ("é\n",)),)
    assert kept["a"].numbers == PLAIN.numbers[8:]
    assert kept["b"].rare.marks == {}


def test_the_file_is_for_its_user_alone_and_whole_while_it_is_written(path, opened):
    opened(path).write([row()]).wait()

    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == dict.fromkeys(
        ("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600
    )
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_others_could_read_is_closed_to_them(path, opened):
    opened(path).close()
    path.chmod(0o644)
    opened(path)

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_state_on_the_same_file_is_refused_until_the_first_one_ends(path, opened):
    first = opened(path)
    with pytest.raises(StartError, match="another process holds .*state.db; stop it, or give each a file of its own"):
        SqliteState(path, FakeClock())
    first.close()

    opened(path).write([row()]).wait()


# Disks that hang


def test_a_write_that_takes_too_long_is_given_up_and_others_do_not_wait_behind_it(path, opened):
    state = opened(path)
    state.write([row()]).wait()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with capture_logs() as logs:
            assert not state.write([row(RARE)]).wait(0.05)
            assert (state.is_up, state.failures) == (False, 1)
            given_up = state.write([row(RARE, B)])
            assert not given_up.wait(0.05)
        other.execute("COMMIT")
    assert [line["event"] for line in logs] == [
        "state can't be written; counters keep their stored values until it can"
    ]

    assert state.write([row(PLAIN, A)]).wait()
    assert state.is_up
    # Nobody was told that this one is kept, so that it would be wrong to begin it later.
    assert found(state) == {"a": PLAIN}


def test_writes_are_gathered_into_few_transactions(path, opened):
    """A disk that needs a while for each transaction keeps up with any number of threads."""
    state = opened(path)
    state.write([row()]).wait()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        tickets = [state.write([row(PLAIN, number.to_bytes(16))]) for number in range(500)]
        [(before,)] = other.execute("PRAGMA data_version")
        other.execute("COMMIT")
        assert all(ticket.wait() for ticket in tickets)
        [(after,)] = other.execute("PRAGMA data_version")

    assert after - before <= 2


def test_any_number_of_threads_can_write(path, opened):
    state = opened(path)
    kept: list[bool] = []

    def write(number: int) -> None:
        customers = ((number * 20 + other).to_bytes(16) for other in range(20))
        kept.extend(state.write([row(PLAIN, customer)]).wait() for customer in customers)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kept == [True] * 160
    assert len(list(state.rows(SCOPE, {number.to_bytes(16): number for number in range(160)}))) == 160


def test_after_the_end_nothing_is_written(path, opened):
    state = opened(path)
    state.write([row()])
    state.close()

    assert not state.write([row(RARE)]).wait()
    assert found(opened(path)) == {"a": PLAIN}


def test_closing_does_not_wait_for_a_disk_that_hangs(path):
    state = SqliteState(path, FakeClock())
    state.write([row()]).wait()
    with closing(sqlite3.connect(path, isolation_level=None)) as other, capture_logs():
        other.execute("BEGIN IMMEDIATE")
        state.write([row(RARE)])
        began = time.monotonic()
        state.close()
        assert time.monotonic() - began < 3
        # What hangs may be written yet, so that nobody else may have the file before this process has ended.
        with pytest.raises(StartError, match="another process holds"):
            SqliteState(path, FakeClock())
        other.execute("COMMIT")


# Schemas


@pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.sql")), ids=lambda file: file.stem)
def test_a_file_of_every_schema_so_far_opens_with_all_that_is_in_it(path, opened, schema):
    with closing(sqlite3.connect(path)) as database:
        database.executescript(schema.read_text())

    state = opened(path)

    assert found(state) == {"a": PLAIN, "b": RARE}
    assert state.fact("list") == b'{"found":[],"read":1773403200.0}'
    assert (state.is_up, state.failures) == (True, 0)


def test_there_is_a_file_of_every_schema_so_far(path, opened):
    opened(path).close()
    with closing(sqlite3.connect(path)) as database:
        [(newest,)] = database.execute("PRAGMA user_version")

    assert sorted(int(file.stem) for file in SCHEMAS.glob("*.sql")) == list(range(1, newest + 1))


def test_a_newer_schema_is_refused_and_left_as_it_is(path, opened):
    opened(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    before = path.read_bytes()

    with pytest.raises(
        StartError, match="has schema 2, and this version knows those up to 1; run the version that wrote"
    ):
        SqliteState(path, FakeClock())
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE dashboards (title TEXT)")

    with pytest.raises(StartError, match="is a database of another program; name another file"):
        SqliteState(path, FakeClock())


def test_nothing_is_written_outside_of_its_folder(path):
    """SQLite puts what is too much for its cache into a file in /tmp, where a container may let nobody write."""
    with closing(file.connect(path)) as connection:
        assert connection.execute("PRAGMA temp_store").fetchone() == (2,)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StartError, match="the folder .*nowhere does not exist; create it"):
        SqliteState(tmp_path / "nowhere" / "state.db", FakeClock())


def test_a_copy_of_the_files_at_any_moment_is_whole(path, opened, tmp_path):
    """What a kill leaves behind has every write that was told to be kept."""
    state = opened(path)
    for number in range(20):
        assert state.write([row(PLAIN._replace(since=NOON + number))]).wait()
        folder = tmp_path / str(number)
        folder.mkdir()
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", folder)
        copy = opened(folder / path.name)
        assert found(copy)["a"].since == NOON + number
        copy.close()
    assert Path(f"{path}-wal").stat().st_size


# What nobody asks for any more


def test_who_has_not_been_asked_for_in_a_month_is_forgotten_and_nobody_else(path, opened):
    clock = FakeClock(NOON)
    state = opened(path, clock)
    month = 30 * 86_400
    old, new = PLAIN._replace(last_attempt=NOON - month - 1), PLAIN._replace(last_attempt=NOON - month + 3_601)
    assert state.write([row(old, A), row(new, B)], {"list": b"whole"}).wait()
    # Not before everybody who is configured has had time to be asked for.
    assert found(state) == {"a": old, "b": new}
    clock.advance(3_600)

    state.write([row(PLAIN, b"c" * 16)]).wait()
    state.write().wait()

    assert found(state) == {"b": new}
    assert state.fact("list") == b"whole"
    clock.advance(2)
    state.write([row(PLAIN, b"c" * 16)]).wait()
    assert found(state) == {"b": new}
    clock.advance(86_400)
    state.write([row(PLAIN, b"c" * 16)]).wait()
    state.write().wait()
    assert found(state) == {}


def test_series_that_no_row_refers_to_are_forgotten_and_can_come_back(path, opened):
    clock = FakeClock(NOON)
    state = opened(path, clock)
    state.write([row(PLAIN)]).wait()
    state.write([row(RARE)]).wait()
    clock.advance(3_600)
    state.write([row(RARE, B)]).wait()
    state.write().wait()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM layouts").fetchone() == (0,)

    state.write([row(PLAIN)]).wait()

    assert found(state) == {"a": PLAIN, "b": RARE}
