"""Budgets, pauses and lists over restarts: the vendor goes on counting, whatever became of us."""

import hashlib
import struct
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import Credentials, Secret
from exporter.config.comparison import digest_of
from exporter.errors import Stopped
from exporter.providers.base import Found
from exporter.state import Acceptance, Budget, ForgetfulState, KeptList, Lists, Missing, Pause, SqliteState
from exporter.upstream import Limiter
from tests.fake_clock import FakeClock

HOUR = 3600.0


class Book:
    """What an SQLite file would keep of a budget, without the disk; a kill leaves what was written last."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._kept: tuple[list[float], int] = ([], 0)

    def read(self):
        answered, leased = self._kept
        return [*answered, *[self._clock.monotonic()] * leased]

    def write(self, answered, leased):
        self._kept = (list(answered), leased)
        return True

    def end(self, answered, leased):
        self.write(answered, leased)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def state(tmp_path, clock):
    state = SqliteState(tmp_path / "state.db", clock)
    yield state
    state.close()


def never():
    return False


def send(limiter, count=1):
    for _ in range(count):
        with limiter.acquire(never).spent():
            pass


def limiter_of(state, clock, calls, per):
    limiter = Limiter(calls, per, clock, Budget(state, clock, "budget:acme"))
    limiter.recall()
    return limiter


def test_a_clean_stop_keeps_what_was_sent_to_the_last_request(state, clock):
    first = limiter_of(state, clock, 600, 60)
    send(first, 7)
    first.settle()
    state.write().wait()
    clock.advance(20)

    second = limiter_of(state, clock, 600, 60)

    assert second.used == 7
    clock.advance(41)
    assert second.used == 0


def test_after_a_kill_no_more_than_a_twentieth_counts_that_was_not_sent(state, clock):
    first = limiter_of(state, clock, 600, 60)
    send(first, 37)
    clock.advance(20)

    second = limiter_of(state, clock, 600, 60)

    # Lots of thirty: one was used up and then another one begun, of which nothing more is known.
    assert second.used == 60
    clock.advance(41)
    assert second.used == 30
    clock.advance(20)
    assert second.used == 0


def test_of_a_small_budget_each_request_is_kept_before_it_is_sent(state, clock):
    first = limiter_of(state, clock, 30, HOUR)
    send(first, 12)

    assert limiter_of(state, clock, 30, HOUR).used == 12


def test_a_request_under_way_at_a_kill_counts_from_the_restart(state, clock):
    first = limiter_of(state, clock, 30, HOUR)
    permit = first.acquire(never)
    with permit.spent():
        clock.advance(60)
        second = limiter_of(state, clock, 30, HOUR)

    assert second.used == 1
    clock.advance(HOUR - 60)
    assert second.used == 1
    clock.advance(64)
    assert second.used == 0


def test_a_permit_that_was_given_back_costs_nothing(state, clock):
    first = limiter_of(state, clock, 30, HOUR)
    for _ in range(100):
        first.acquire(never).give_back()

    assert limiter_of(state, clock, 30, HOUR).used <= 1


def test_a_wall_clock_that_was_set_back_keeps_no_place_taken_for_longer_than_a_period(state, clock):
    first = limiter_of(state, clock, 30, HOUR)
    send(first, 30)
    first.settle()
    state.write().wait()
    clock.jump(-24 * HOUR)

    second = limiter_of(state, clock, 30, HOUR)

    assert second.used == 30
    clock.advance(HOUR + 4)
    assert second.used == 0


actions = st.lists(
    st.one_of(st.integers(1, 9), st.floats(0.1, 25), st.sampled_from(["kill", "stop", "kill in the middle"])),
    max_size=40,
)


@settings(deadline=None)
@given(st.integers(1, 60), actions)
def test_no_window_ever_holds_too_many_whatever_ends_the_program(calls, story):
    clock, per = FakeClock(auto=True), 60.0
    book = Book(clock)
    sent: list[float] = []
    limiter = Limiter(calls, per, clock, book)
    for action in story:
        if isinstance(action, int):
            for _ in range(action):
                with suppress(Stopped), limiter.acquire(never).spent():
                    sent.append(clock.monotonic())
        elif isinstance(action, float):
            clock.advance(action)
        else:
            if action == "stop":
                limiter.settle()
            elif action == "kill in the middle":
                # Sent, and nobody lives to see the answer.
                limiter.acquire(never)
                sent.append(clock.monotonic())
            limiter = Limiter(calls, per, clock, book)
            limiter.recall()

    assert max((sum(at <= each < at + per for each in sent) for at in sent), default=0) <= calls


def test_a_pause_goes_on_after_a_restart(state, clock):
    Pause(state, clock, "pause:acme").begin(600)
    state.write().wait()
    clock.advance(200)

    assert Pause(state, clock, "pause:acme").left() == 400
    assert Pause(state, clock, "pause:shop").left() == 0


def test_a_wall_clock_that_was_set_back_makes_no_pause_longer_than_the_vendor_asked_for(state, clock):
    Pause(state, clock, "pause:acme").begin(20)
    state.write().wait()
    clock.jump(-24 * HOUR)

    assert Pause(state, clock, "pause:acme").left() == 20


def test_a_pause_that_was_kept_without_its_length_lasts_an_hour_at_most(state, clock):
    state.write(facts={"pause:acme": struct.pack("<d", clock.time() + 30 * HOUR)}).wait()

    assert Pause(state, clock, "pause:acme").left() == HOUR


class Login(Credentials):
    username: str
    password: Secret


def login(password: str = "correct horse", username: str = "acme") -> Login:
    return Login.model_validate({"username": username, "password": password})


def taken(state, credentials, name="accepted:acme"):
    Acceptance(state, name, credentials).keep()
    state.write().wait()


def test_credentials_that_were_taken_are_known_after_a_restart_and_no_others(state):
    taken(state, login())

    assert Acceptance(state, "accepted:acme", login()).holds()
    assert not Acceptance(state, "accepted:acme", login("correct hors")).holds()
    assert not Acceptance(state, "accepted:acme", login(username="shop")).holds()
    assert not Acceptance(state, "accepted:shop", login()).holds()


def test_a_secret_that_is_new_inherits_nothing_until_it_is_taken_too(state):
    credentials = login()
    acceptance = Acceptance(state, "accepted:acme", credentials)
    acceptance.keep()

    credentials.password.renew("battery staple")
    assert not acceptance.holds()
    acceptance.keep()

    state.write().wait()
    assert Acceptance(state, "accepted:acme", login("battery staple")).holds()
    assert not Acceptance(state, "accepted:acme", login()).holds()


def test_what_is_kept_of_credentials_is_a_slow_hash_with_a_salt_of_its_own(state):
    taken(state, login(), "accepted:acme")
    taken(state, login(), "accepted:shop")

    kept = [state.fact("accepted:acme"), state.fact("accepted:shop")]
    assert kept[0] != kept[1]
    for each in kept:
        assert len(each) == 16 + 32
        assert each[16:] == hashlib.pbkdf2_hmac("sha256", digest_of(login()), each[:16], 250_000)
    assert repr(kept[0]) not in repr(Acceptance(state, "accepted:acme", login()))


def test_a_hash_that_tells_so_already_stays(state):
    taken(state, login())
    before = state.fact("accepted:acme")

    taken(state, login())

    assert state.fact("accepted:acme") == before


def test_credentials_in_doubt_are_unknown_after_a_restart(state):
    taken(state, login())

    Acceptance(state, "accepted:acme", login()).drop()
    state.write().wait()

    assert not Acceptance(state, "accepted:acme", login()).holds()


def test_what_is_no_hash_proves_nothing(state):
    state.write(facts={"accepted:acme": b"$2b$10$"}).wait()

    assert not Acceptance(state, "accepted:acme", login()).holds()


def test_a_list_is_kept_with_what_customers_are_made_of(state):
    lists = Lists(state, "list:acme", {"subuser": "a kind"}.get)
    found = [Found("a", "a@example.com", "#1", None, "a kind", "subuser"), Found("b", "b", "#2", None)]
    missing = Missing(Found("c", "c@example.com", "#3", is_active=False, settings="a kind", option="subuser"), 1, 2)
    lists.write(KeptList(found, 1_000.5, [missing]))
    lists.attempt(1_001.0)
    state.write().wait()

    assert lists.read() == KeptList([found[0], Found("b", "b", "#2", None, None, "user")], 1_000.5, [missing])
    assert lists.attempted() == 1_001.0


def test_a_list_that_was_kept_without_who_stays_besides_is_read_too(state):
    state.write(facts={"list:acme": b'{"found":[["a","a","#1",true,"user"]],"read":1000.5}'}).wait()

    assert Lists(state, "list:acme", str).read() == KeptList([Found("a", "a", "#1", True, "user")], 1_000.5, [])  # noqa: FBT003 - a row


def test_of_a_list_that_was_never_read_nothing_is_known(state):
    lists = Lists(state, "list:acme", str)

    assert (lists.read(), lists.attempted()) == (None, None)


def test_without_a_state_nothing_is_kept_and_nothing_is_waited_for(clock):
    state = ForgetfulState()
    Pause(state, clock, "pause:acme").begin(600)
    lists = Lists(state, "list:acme", str)
    lists.write(KeptList([Found("a", "a", "#1", None)], 1_000))

    assert Pause(state, clock, "pause:acme").left() == 0
    assert lists.read() is None
    assert Budget(state, clock, "budget:acme").write([1.0], 5)
    assert Budget(state, clock, "budget:acme").read() == ()


# Disks that hang


class HangingBook(Book):
    """One whose disk hangs until it is let go."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.hangs = threading.Event()
        self.ends = threading.Event()

    def read(self):
        self._hang()
        return super().read()

    def write(self, answered, leased):
        self._hang()
        return super().write(answered, leased)

    def end(self, answered, leased):
        super().write(answered, leased)

    def _hang(self):
        self.hangs.set()
        assert self.ends.wait(10)


def while_it_hangs(book, work):
    thread = threading.Thread(target=work)
    thread.start()
    assert book.hangs.wait(10)

    def go_on():
        book.ends.set()
        thread.join()

    return go_on


def test_a_program_that_stops_does_not_wait_for_a_disk_that_hangs(clock):
    book = HangingBook(clock)
    limiter = Limiter(20, HOUR, clock, book)
    go_on = while_it_hangs(book, lambda: limiter.acquire(never))
    began = time.monotonic()

    limiter.settle(0.05)

    assert time.monotonic() - began < 5
    # The request whose place waits for the disk counts as sent.
    assert book._kept == ([], 1)
    go_on()


def test_who_waits_is_sent_away_while_what_was_kept_is_read_from_a_disk_that_hangs(clock):
    book = HangingBook(clock)
    limiter = Limiter(20, HOUR, clock, book)
    go_on = while_it_hangs(book, limiter.recall)

    waking = threading.Thread(target=limiter.wake)
    waking.start()
    waking.join(5)

    assert not waking.is_alive()
    go_on()
    waking.join()
