"""Secrets over reloads, of real types of sources: whoever asks has the newest, and nobody keeps the others."""

import gc
from pathlib import Path
from typing import Any

import pytest

from exporter.app import App
from exporter.config import Secret, Watch, load
from exporter.errors import Reason
from exporter.providers import discover
from exporter.state import SqliteState
from exporter.succession import Succession
from exporter.upstream import Circuit, Request
from tests.fake_clock import FakeClock

CONFIG = """
sources:
  - name: shop
    type: bento
    rate_limit: {calls: 1000}
    credentials: {publishable_key: pub, secret_key_file: secret}
    customers:
      - {site_uuid: a, name: a, labels: {tier: LABEL}}
      - {site_uuid: b, name: b, credentials: {publishable_key: pub-b, secret_key_file: secret-b}}
  - name: acme
    type: sendgrid_v3
    credentials: {api_key_file: secret}
    customers: [{subuser: x}]
"""


class Play:
    """A program that follows its files, and is told to read them anew."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"
        self.providers = discover()
        self.write("gold")
        self.app = App(self._load(), self.providers, FakeClock())
        self.app._watch = Watch(self.app.config, self.file)

    def write(self, label: str) -> None:
        self.file.write_text(CONFIG.replace("LABEL", label))

    def reload(self) -> Any:
        return Succession(self.app, self._load(), self.file).apply()

    def look(self) -> None:
        """Take what has changed in secret files, as the program does every few seconds."""
        self.app._look(self.app._watch)

    def sent(self, number: int, account: Any = None) -> str:
        """Return what stands in a request's header; of a Bento site's, the secret is decoded."""
        request = Request("GET", "/", account=account) if account else Request("GET", "/")
        return dict(self.app.sources[number].upstream._authorize(request).headers)["Authorization"]

    def _load(self) -> Any:
        return load(self.file, {name: each.config for name, each in self.providers.items()})


@pytest.fixture
def play(tmp_path):
    (tmp_path / "secret").write_text("first")
    (tmp_path / "secret-b").write_text("first-b")
    return Play(tmp_path)


def test_a_secret_that_changed_together_with_the_configuration_is_no_new_source(play, tmp_path):
    old = [*play.app.sources]
    (tmp_path / "secret").write_text("second")
    (tmp_path / "secret-b").write_text("second-b")
    play.write("silver")

    outcome = play.reload()

    assert (outcome.changed, outcome.joined, outcome.left) == ((), 0, 0)
    assert [*play.app.sources] == old
    assert play.sent(1) == "Bearer second"
    kept = {each.name: each for each in old[0].customers}["b"]
    assert kept.settings.credentials.secret_key.value() == "second-b"


def test_a_secret_that_changes_after_a_reload_is_taken_by_those_who_stayed(play, tmp_path):
    for label in ("silver", "gold", "silver"):
        play.write(label)
        play.reload()
    play.look()
    (tmp_path / "secret").write_text("third")
    (tmp_path / "secret-b").write_text("third-b")
    for _ in range(3):
        play.look()

    assert play.sent(1) == "Bearer third"
    fetch = next(each for each in play.app.sources[0].fetches if each.members[0].record.name == "b")
    credentials = fetch.members[0].customer.settings.credentials
    assert credentials.secret_key.value() == "third-b"


def test_new_secrets_close_the_circuit(play, tmp_path):
    circuit = play.app.sources[1].upstream.circuit
    for _ in range(3):
        circuit.fetched([Reason.AUTH], ["x"], 1)
    assert circuit.is_open
    play.reload()
    assert circuit.is_open

    (tmp_path / "secret").write_text("second")
    play.reload()

    assert not circuit.is_open


def refused(circuit: Circuit) -> int:
    """Let fetches be refused until the circuit opens; return how many."""
    for number in range(1, 100):
        circuit.fetched([Reason.AUTH], [f"customer-{number}"], 100)
        if circuit.is_open:
            return number
    return 0


ELSEWHERE = CONFIG.replace("credentials: {api_key_file", "timezone: Europe/Berlin\n    credentials: {api_key_file")


def test_credentials_that_were_taken_stay_so_in_a_source_that_begins_anew(play):
    play.app.sources[1].upstream.circuit.fetched([None], ["x"], 1)
    play.file.write_text(ELSEWHERE)

    assert play.reload().changed == ("acme",)

    assert refused(play.app.sources[1].upstream.circuit) == 20


def test_they_stay_so_over_two_reloads_and_under_another_name(play):
    play.app.sources[1].upstream.circuit.fetched([None], ["x"], 1)
    play.file.write_text(ELSEWHERE)
    play.reload()
    play.file.write_text(ELSEWHERE.replace("acme", "ajax"))

    assert play.reload().added == ("ajax",)

    assert refused(play.app.sources[1].upstream.circuit) == 20


def test_new_credentials_of_a_source_that_begins_anew_are_yet_to_be_taken(play, tmp_path):
    play.app.sources[1].upstream.circuit.fetched([None], ["x"], 1)
    (tmp_path / "secret").write_text("second")
    play.file.write_text(ELSEWHERE)

    assert play.reload().changed == ("acme",)

    assert refused(play.app.sources[1].upstream.circuit) == 3


def test_what_was_refused_at_last_is_tried_no_more_than_three_times_by_a_source_that_begins_anew(play):
    circuit = play.app.sources[1].upstream.circuit
    circuit.fetched([None], ["x"], 1)
    assert refused(circuit) == 20
    play.file.write_text(ELSEWHERE)

    play.reload()

    assert refused(play.app.sources[1].upstream.circuit) == 3


@pytest.mark.parametrize(("secret", "refusals"), [("first", 20), ("second", 3)])
def test_a_restart_knows_what_was_taken_before_unless_the_secret_is_new(play, tmp_path, secret, refusals):
    state = SqliteState(tmp_path / "state.db", FakeClock())
    app = App(play._load(), play.providers, FakeClock(), state=state)
    app.sources[1].upstream.circuit.fetched([None], ["x"], 1)
    app.stop()
    (tmp_path / "secret").write_text(secret)

    again = SqliteState(tmp_path / "state.db", FakeClock())
    app = App(play._load(), play.providers, FakeClock(), state=again)

    assert refused(app.sources[1].upstream.circuit) == refusals
    app.stop()


def test_no_secret_of_an_earlier_configuration_is_kept(play):
    def secrets() -> int:
        gc.collect()
        return sum(isinstance(each, Secret) for each in gc.get_objects())

    play.reload()
    before = secrets()
    for label in ("silver", "gold", "silver", "gold", "silver"):
        play.write(label)
        play.reload()

    assert secrets() <= before + 6
