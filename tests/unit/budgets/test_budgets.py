"""Who draws from which rate limit, and who goes on from whose window."""

from collections.abc import Mapping

import pytest

from exporter.budgets import Budgets
from exporter.config import Credentials, Secret
from exporter.state import ForgetfulState
from exporter.upstream import Limiter
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToySource, limit, source


class Account(Credentials):
    username: str
    password: Secret


class Keyed(ToySource):
    credentials: Account


def keyed(name, username="anna", **settings):
    account = Account(username=username, password=Secret("hunter2"))
    return Keyed(name=name, customers=(), credentials=account, **settings)


class Office:
    """Budgets with a clock, whose sources follow one another."""

    def __init__(self):
        self.clock = FakeClock(auto=True)
        self.budgets = Budgets(self.clock, ForgetfulState())
        self.limiters: Mapping[str, Limiter] = {}

    def take(self, *sources, staying=(), pauses=None):
        self.limiters = self.budgets.plan(sources, staying)
        pauses = self.budgets.take(sources, self.limiters, staying, pauses or {})
        self.budgets.settle()
        return pauses

    def use(self, name, times):
        for _ in range(times):
            with self.limiters[name].acquire(lambda: False).spent():
                pass

    def used(self, name):
        return self.limiters[name].used


@pytest.fixture
def office():
    return Office()


def test_a_source_draws_from_a_budget_of_its_own_unless_it_shares_one(office):
    alone, other = (source(name, "a", rate_limit=limit(10, 60)) for name in ("alone", "other"))
    shared = [source(name, "a", rate_limit=limit(30, 3_600, "bento")) for name in ("x", "y")]
    apart = source("z", "a", rate_limit=limit(30, 3_600, "else"))
    office.take(alone, other, *shared, apart)
    found = office.limiters

    assert found["alone"] is not found["other"]
    assert found["x"] is found["y"]
    assert found["x"] is not found["z"]
    assert (found["x"].calls, found["x"].per) == (30, 3_600)
    assert len(office.budgets.limiters) == 4


def test_what_stays_keeps_its_limiter(office):
    office.take(source("a", "a"), source("b", "b"))
    before = dict(office.limiters)
    office.take(source("a", "a"), source("b", "b"), staying=["a"])

    assert office.limiters["a"] is before["a"]
    assert office.limiters["b"] is not before["b"]


def test_a_source_that_begins_anew_goes_on_from_its_own_window(office):
    office.take(source("a", "a", rate_limit=limit(600, 60)))
    office.use("a", 20)
    office.take(source("a", "a", rate_limit=limit(30, 60)))

    assert office.used("a") == 20


def test_a_source_that_joins_a_shared_budget_brings_its_window_along(office):
    office.take(source("a", "a", rate_limit=limit(30, 60, "x")), source("b", "b", rate_limit=limit(30, 60)))
    office.use("a", 3)
    office.use("b", 4)
    office.take(
        source("a", "a", rate_limit=limit(30, 60, "x")), source("b", "b", rate_limit=limit(30, 60, "x")), staying=["a"]
    )

    assert office.limiters["a"] is office.limiters["b"]
    assert office.used("a") == 7


def test_who_leaves_a_shared_budget_takes_all_of_it_along_since_nobody_knows_whose_it_was(office):
    shared = limit(30, 60, "x")
    office.take(source("a", "a", rate_limit=shared), source("b", "b", rate_limit=shared))
    office.use("a", 3)
    office.use("b", 4)
    office.take(source("a", "a", rate_limit=shared), source("b", "b", rate_limit=limit(30, 60)), staying=["a"])
    office.use("a", 1)

    assert (office.used("a"), office.used("b")) == (8, 7)


def test_two_that_begin_anew_in_one_budget_count_its_window_once(office):
    shared = limit(30, 60, "x")
    office.take(source("a", "a", rate_limit=shared), source("b", "b", rate_limit=shared))
    office.use("a", 3)
    office.take(source("a", "a", rate_limit=limit(20, 60, "x")), source("b", "b", rate_limit=limit(20, 60, "x")))

    assert office.used("a") == office.used("b") == 3


def test_a_shared_budget_goes_on_when_none_of_its_sources_does(office):
    office.take(source("a", "a", rate_limit=limit(30, 60, "x")))
    office.use("a", 3)
    office.take(source("b", "b", rate_limit=limit(30, 60, "x")))

    assert office.used("b") == 3


def test_an_account_under_another_name_goes_on_from_its_window(office):
    office.take(keyed("a"), keyed("b", "berta"))
    office.use("a", 3)
    office.use("b", 4)
    office.take(keyed("c"), keyed("b", "berta"), staying=["b"])

    assert (office.used("c"), office.used("b")) == (3, 4)


def test_a_second_source_of_an_account_that_keeps_its_name_begins_with_an_empty_window(office):
    office.take(keyed("a"))
    office.use("a", 3)
    office.take(keyed("a", rate_limit=limit(20, 60)), keyed("b"))

    assert (office.used("a"), office.used("b")) == (3, 0)


def test_a_source_that_comes_back_finds_its_window_as_it_left_it(office):
    office.take(source("a", "a"), source("b", "b"))
    office.use("a", 3)
    office.take(source("b", "b"), staying=["b"])
    office.take(source("b", "b"), staying=["b"])
    office.clock.advance(10)
    office.take(source("a", "a"), source("b", "b"), staying=["b"])

    assert (office.used("a"), office.used("b")) == (3, 0)


def test_nothing_is_counted_twice_however_often_a_source_begins_anew(office):
    office.take(source("a", "a"))
    office.use("a", 3)
    for calls in (100, 200, 300):
        office.take(source("a", "a", rate_limit=limit(calls, 60)))
        office.take(source("a", "a", rate_limit=limit(calls, 60, "x")))

    assert office.used("a") == 3


def test_what_the_vendor_has_forgotten_is_forgotten(office):
    office.take(source("a", "a"))
    office.use("a", 3)
    office.take(source("b", "b"))
    assert len(office.budgets._past) == 1
    office.clock.advance(26 * 3_600)
    office.take(source("b", "b"), staying=["b"])

    assert office.budgets._past == []


def test_a_pause_goes_on_for_the_source_and_for_its_account_and_for_nobody_else(office):
    office.take(keyed("a"), keyed("b", "berta", rate_limit=limit(30, 60, "x")))
    pauses = office.take(
        keyed("renamed"),
        keyed("b", "berta"),
        keyed("c", "carla", rate_limit=limit(30, 60, "x")),
        pauses={"a": 100.0, "b": 50.0},
    )

    assert pauses == {"renamed": 100.0, "b": 50.0, "c": 0.0}


def test_a_pause_is_as_long_for_one_that_comes_back(office):
    office.take(source("a", "a"))
    office.use("a", 1)
    office.take(pauses={"a": 100.0})
    office.clock.advance(40)

    assert office.take(source("a", "a")) == {"a": pytest.approx(60.0)}
