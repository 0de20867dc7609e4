"""Windows and pauses of sources that have another name, or another budget, after a restart."""

from pathlib import Path

import pytest

from exporter.app import App
from exporter.config import Config, Credentials, PollingConfig, Secret
from exporter.state import SqliteState
from exporter.succession import Succession
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToySource, app_of, limit


class Account(Credentials):
    username: str
    password: Secret


class Keyed(ToySource):
    credentials: Account


def keyed(name, username="anna", shared=None, **settings):
    account = Account(username=username, password=Secret("hunter2"))
    return Keyed(name=name, customers=(), credentials=account, rate_limit=limit(10, 60, shared), **settings)


class Runs:
    """One run of the program after another, with the same state."""

    def __init__(self, path):
        self.clock = FakeClock()
        self._path = path
        self._apps: list[App] = []

    def run(self, *sources):
        self.end()
        self._apps.append(app_of(*sources, clock=self.clock, state=SqliteState(self._path, self.clock)))

    def reload(self, *sources):
        Succession(self._apps[0], Config(polling=PollingConfig(), sources=sources), Path("config.yaml")).apply()

    def source(self, name):
        return next(each for each in self._apps[0].sources if each.name == name)

    def send(self, name, times):
        for _ in range(times):
            with self.source(name).limiter.acquire(lambda: False).spent():
                pass

    def used(self, name):
        return self.source(name).limiter.used

    def pause(self, name, seconds):
        self.source(name).upstream.pause(seconds)

    def pause_left(self, name):
        return max(0, self.source(name).upstream.pause_left())

    def end(self):
        for app in self._apps:
            app.stop()
        self._apps = []

    def kill(self):
        self._apps.pop().state.close()


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path / "state.db")
    yield runs
    runs.end()


def test_a_source_that_was_renamed_goes_on_from_its_window_and_its_pause(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 5)
    runs.pause("acme", 600)
    runs.run(keyed("acme-eu"))

    assert runs.used("acme-eu") == 5
    assert runs.pause_left("acme-eu") == 600
    runs.clock.advance(61)
    assert runs.used("acme-eu") == 0


def test_so_does_one_whose_program_was_killed_before_and_after(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 5)
    runs.pause("acme", 600)
    runs.kill()
    runs.run(keyed("acme-eu"))
    runs.kill()
    runs.run(keyed("acme-eu"))

    assert runs.used("acme-eu") == 5
    assert runs.pause_left("acme-eu") == 600


def test_a_source_that_joins_a_shared_budget_brings_its_window_along(runs):
    runs.run(keyed("acme"), keyed("shop", "ben", "pool"))
    runs.send("acme", 5)
    runs.send("shop", 2)
    runs.run(keyed("acme", shared="pool"), keyed("shop", "ben", "pool"))

    assert runs.used("acme") == 7


def test_who_leaves_a_shared_budget_takes_all_of_it_along(runs):
    runs.run(keyed("acme", shared="pool"), keyed("shop", "ben", "pool"))
    runs.send("shop", 5)
    runs.run(keyed("acme"), keyed("shop", "ben", "pool"))

    assert (runs.used("acme"), runs.used("shop")) == (5, 5)


def test_a_shared_budget_of_another_name_counts_the_window_of_the_old_one_once(runs):
    runs.run(keyed("acme", shared="pool"), keyed("shop", "ben", "pool"))
    runs.send("acme", 5)
    runs.run(keyed("acme", shared="all"), keyed("shop", "ben", "all"))

    assert runs.used("shop") == 5


def test_nothing_is_counted_twice_by_one_that_keeps_its_new_name(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 3)
    runs.run(keyed("acme-eu"))
    runs.send("acme-eu", 2)
    runs.run(keyed("acme-eu"))

    assert runs.used("acme-eu") == 5


def test_nor_by_one_that_a_reload_has_renamed(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 3)
    runs.reload(keyed("acme-eu"))
    runs.send("acme-eu", 2)
    runs.run(keyed("acme-eu"))

    assert runs.used("acme-eu") == 5


@pytest.mark.parametrize(
    "other", [keyed("shop", "ben"), keyed("shop", base_url="http://127.0.0.1:10")], ids=["username", "address"]
)
def test_another_account_begins_with_an_empty_window(runs, other):
    runs.run(keyed("acme"))
    runs.send("acme", 5)
    runs.pause("acme", 600)
    runs.run(other)

    assert runs.used("shop") == 0
    assert runs.pause_left("shop") == 0


def test_a_second_source_of_an_account_whose_first_one_stays_begins_with_an_empty_window(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 5)
    runs.pause("acme", 600)
    runs.run(keyed("acme"), keyed("second"))

    assert (runs.used("acme"), runs.used("second")) == (5, 0)
    assert (runs.pause_left("acme"), runs.pause_left("second")) == (600, 0)


def test_one_that_stays_is_not_held_up_by_another_of_its_account_that_goes(runs):
    runs.run(keyed("acme"), keyed("second"))
    runs.send("acme", 1)
    runs.send("second", 5)
    runs.run(keyed("acme"))

    assert runs.used("acme") == 1


def test_one_that_a_reload_gave_its_former_name_is_known_by_it_after_the_next_stop(runs):
    runs.run(keyed("acme"))
    runs.run(keyed("acme-eu"))
    runs.reload(keyed("acme"))
    runs.send("acme", 5)
    runs.pause("acme", 600)
    runs.run(keyed("acme-us"))

    assert runs.used("acme-us") == 5
    assert runs.pause_left("acme-us") == 600


def test_one_that_a_reload_renamed_is_known_by_its_new_name_though_the_program_was_killed(runs):
    runs.run(keyed("acme"))
    runs.reload(keyed("acme-eu"))
    runs.send("acme-eu", 5)
    runs.pause("acme-eu", 600)
    runs.kill()
    runs.run(keyed("acme-us"))

    assert runs.used("acme-us") == 5
    assert runs.pause_left("acme-us") == 600


def test_names_that_come_and_go_count_each_request_once(runs):
    runs.run(keyed("acme"))
    runs.send("acme", 3)
    for name in ("acme-eu", "acme") * 4:
        runs.run(keyed(name))

    assert runs.used("acme") == 3


def test_the_longer_pause_is_heeded(runs):
    runs.run(keyed("first"), keyed("second"))
    runs.pause("first", 600)
    runs.pause("second", 20)
    runs.run(keyed("both"))

    assert runs.pause_left("both") == 600
