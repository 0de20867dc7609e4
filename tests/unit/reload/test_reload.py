"""Reloads on request: one after the other, and each tells everybody who asked for it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from exporter.config import Config
from exporter.errors import ConfigError, Problem, Stopped
from exporter.reload import Reloads
from exporter.succession import Outcome
from tests.unit.app.toys import app_of, source

FILE = Path("config.yaml")
BROKEN = Problem("config.yaml", 3, "sources[0].name", "is missing")
WEB = Problem("web.yml", 1, "tls_server_config", "is wrong")
SOON = 10


class Desk:
    """A program and what it is told to load next."""

    def __init__(self) -> None:
        self.app = app_of(source("acme", "a"))
        self.next: Callable[[], Config] = self.says("a")
        self.reloads = Reloads(self.app, self.load, FILE)
        self.told: list[str] = []
        self.reloads.began = lambda: self.told.append("began")
        self.reloads.ended = lambda: self.told.append("ended")

    def load(self) -> Config:
        return self.next()

    def says(self, customers: str) -> Callable[[], Config]:
        return lambda: Config(sources=(source("acme", customers),))

    def refuses(self, *problems: Problem) -> Callable[[], Config]:
        def refuse() -> Config:
            raise ConfigError(problems)

        return refuse

    def reload(self) -> Any:
        return self.reloads.ask().result(SOON)

    def gauge(self, name: str) -> float | None:
        return self.app.instruments.registry.get_sample_value(f"email_stats_exporter_config_last_reload_{name}")


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.app.stop()


def test_a_good_configuration_is_in_use_and_logged(desk):
    desk.next = desk.says("ab")
    desk.app.clock.advance(100)
    with capture_logs() as logged:
        outcome = desk.reload()

    assert outcome == Outcome(joined=1)
    assert [each.name for each in desk.app.sources[0].customers] == ["a", "b"]
    assert (desk.gauge("successful"), desk.gauge("success_timestamp_seconds")) == (1, 1_773_403_300)
    assert logged == [
        {
            "event": "configuration reloaded",
            "log_level": "info",
            "sources_added": "",
            "sources_changed": "",
            "sources_removed": "",
            "customers_joined": 1,
            "customers_left": 0,
        }
    ]
    assert desk.told == ["began", "ended"]


def test_a_broken_one_is_shown_until_a_good_one_comes(desk):
    desk.app.clock.advance(100)
    desk.next = desk.refuses(BROKEN)
    with capture_logs() as logged, pytest.raises(ConfigError) as raised:
        desk.reload()

    assert str(raised.value) == "config.yaml:3: sources[0].name: is missing"
    assert (desk.gauge("successful"), desk.gauge("success_timestamp_seconds")) == (0, 1_773_403_200)
    assert [line["event"] for line in logged] == ["configuration not in use", "configuration not reloaded"]
    assert list(desk.app.problems) == [BROKEN]
    assert desk.told == ["began", "ended"]

    desk.next = desk.says("a")
    assert desk.reload() == Outcome()
    assert desk.gauge("successful") == 1
    assert list(desk.app.problems) == []


def test_a_broken_file_beside_it_refuses_it_too_and_all_errors_are_told(desk):
    def check() -> None:
        raise ConfigError([WEB])

    desk.reloads.check = check
    desk.next = desk.says("b")
    with pytest.raises(ConfigError) as raised:
        desk.reload()
    assert list(raised.value.problems) == [WEB]

    desk.next = desk.refuses(BROKEN)
    with pytest.raises(ConfigError) as raised:
        desk.reload()
    assert list(raised.value.problems) == [BROKEN, WEB]
    assert [each.name for each in desk.app.sources[0].customers] == ["a"]


def test_a_fault_of_this_program_is_an_error_and_the_next_reload_is_tried(desk):
    def fail() -> Config:
        raise RuntimeError("a bug")

    desk.next = fail
    with capture_logs() as logged, pytest.raises(RuntimeError):
        desk.reload()
    assert logged[0]["event"] == "internal error in a reload"
    assert desk.gauge("successful") == 0

    desk.next = desk.says("ab")
    assert desk.reload() == Outcome(joined=1)
    assert desk.gauge("successful") == 1


def test_who_asks_while_one_is_under_way_shares_the_next(desk):
    """The file may have changed after the first one has read it."""
    reading, go_on = threading.Event(), threading.Event()
    read: list[int] = []

    def load() -> Config:
        read.append(len(read))
        reading.set()
        assert go_on.wait(SOON)
        return desk.says("ab"[: len(read)])()

    desk.next = load
    first = desk.reloads.ask()
    assert reading.wait(SOON)
    second, third = desk.reloads.ask(), desk.reloads.ask()
    assert second is third is not first
    assert not second.cancel()
    go_on.set()

    assert (first.result(SOON), second.result(SOON)) == (Outcome(), Outcome(joined=1))
    assert read == [0, 1]


def test_files_are_not_followed_while_a_configuration_is_loaded(desk):
    held = []

    def load() -> Config:
        held.append(desk.app.changing.locked())
        return desk.says("a")()

    desk.next = load
    desk.reload()

    assert held == [True]
    assert not desk.app.changing.locked()


def test_a_program_that_stops_reloads_no_more(desk):
    desk.app.stop()
    desk.next = desk.says("ab")

    with pytest.raises(Stopped):
        desk.reload()
    assert [each.name for each in desk.app.sources[0].customers] == ["a"]
