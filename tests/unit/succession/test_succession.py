"""One configuration in the place of another, in a program whose vendor answers at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from exporter.app import App
from exporter.config import Config, DiscoveryConfig, HttpConfig, LimitsConfig, PollingConfig, RetryConfig, Watch
from exporter.config.models import StateConfig
from exporter.errors import ConfigError, Reason
from exporter.exposition import Format
from exporter.fetch import Fetch
from exporter.listing import Listing
from exporter.providers.base import Found, Provider
from exporter.samples import Family, Kind
from exporter.state import Kept, Scope, SqliteState
from exporter.state.kept import Whose
from exporter.succession import Outcome, Succession
from tests.fake_clock import FakeClock
from tests.unit.app.toys import CREDITS, ToyCustomer, ToyProvider, ToySource, intervals, limit, source

FILE = Path("config.yaml")
ACTIVE = Family("sendgrid_customer_active", Kind.GAUGE, "Whether the account is active.", "")


class ListedSource(ToySource):
    customers: tuple[ToyCustomer, ...] = ()
    discovery: DiscoveryConfig | None = DiscoveryConfig()


@dataclass(frozen=True)
class ListingProvider(ToyProvider):
    active: Family | None = ACTIVE


class Play:
    """A program that is handed one configuration after the other."""

    def __init__(self, *sources: ToySource, provider: Any = None, **sections: Any) -> None:
        self.clock = FakeClock()
        self.app = App(
            Config(sources=sources, **sections), {"toy": cast(Provider, provider or ToyProvider())}, self.clock
        )

    def then(self, *sources: ToySource, **sections: Any) -> Outcome:
        return Succession(self.app, Config(sources=sources, **sections), FILE).apply()

    def refused(self, *sources: ToySource, **sections: Any) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            Succession(self.app, Config(sources=sources, **sections), FILE)
        return [str(problem) for problem in raised.value.problems]

    def fetches(self) -> list[Fetch]:
        turns = (turn for _, _, turns in self.app.poller._heap for turn in turns)
        return [turn for turn in turns if isinstance(turn, Fetch) and not turn.is_over()]

    def who(self) -> list[str]:
        return sorted(f"{fetch.source}/{fetch.members[0].record.name}" for fetch in self.fetches())

    def run(self, *names: str) -> None:
        """Let the fetches of these customers, or of all, succeed."""
        for fetch in self.fetches():
            name = fetch.members[0].record.name
            if not names or name in names:
                now = self.clock.time()
                outcomes = [(fetch.place(member), [CREDITS.sample(7)]) for member in fetch.members]
                self.app.store.commit(outcomes, now, now)

    def lines(self, start: str = "") -> list[str]:
        page = self.app.exposition.render(Format.TEXT).decode().splitlines()
        return [line for line in page if line.startswith(start) and not line.startswith("#")]

    def credits(self) -> list[str]:
        return sorted(line.split('customer="')[1].split('"')[0] for line in self.lines(CREDITS.name))


def test_a_configuration_that_says_the_same_changes_nothing():
    play = Play(source("acme", "ab"), source("shop", "x"))
    play.run()
    before = (play.lines("sendgrid_"), [id(fetch) for fetch in play.fetches()], [*play.app.sources])

    assert play.then(source("acme", "ab"), source("shop", "x")) == Outcome()
    assert (play.lines("sendgrid_"), [id(fetch) for fetch in play.fetches()], [*play.app.sources]) == before


def test_it_is_told_what_has_changed():
    play = Play(source("a", "ab"), source("b", "cd"), source("c", "e"))

    outcome = play.then(source("d", "fg"), source("b", "c", timezone="Europe/Berlin"), source("a", "bx"))

    assert outcome == Outcome(added=("d",), changed=("b",), removed=("c",), joined=3, left=3)
    assert str(outcome) == (
        "configuration reloaded\nsources added: d\nsources changed: b\nsources removed: c\ncustomers joined: 3, left: 3"
    )
    assert [each.name for each in play.app.sources] == ["d", "b", "a"]
    assert play.who() == ["a/b", "a/x", "b/c", "d/f", "d/g"]


def test_those_who_stay_keep_their_numbers_and_their_turns():
    play = Play(source("acme", "abc"))
    play.run()
    before = {fetch.members[0].record.name: (fetch, fetch.phase) for fetch in play.fetches()}

    play.then(source("acme", "bcd"))

    assert play.credits() == ["b", "c"]
    after = {fetch.members[0].record.name: (fetch, fetch.phase) for fetch in play.fetches()}
    assert {name: after[name] for name in "bc"} == {name: before[name] for name in "bc"}
    assert after["d"][0].due == play.clock.monotonic()


def test_a_source_that_asks_otherwise_begins_anew_with_nothing_of_before():
    play = Play(source("acme", "ab"), source("shop", "x"))
    play.run()
    old = play.fetches()
    play.app.instruments.for_source().fetched("acme", "totals", 0.1)

    play.then(source("acme", "ab", collectors=intervals(60)), source("shop", "x"))

    assert play.credits() == ["x"]
    assert play.who() == ["acme/a", "acme/b", "shop/x"]
    assert [fetch for fetch in play.fetches() if fetch in old and fetch.source == "acme"] == []
    registry = play.app.instruments.registry
    labels = {"source": "acme", "collector": "totals"}
    assert registry.get_sample_value("email_stats_exporter_fetches_total", labels) == 0
    assert registry.get_sample_value("email_stats_exporter_collector_interval_seconds", labels) == 60
    assert registry.get_sample_value("email_stats_exporter_customers", {"source": "acme"}) == 2


def test_what_was_under_way_for_an_old_self_changes_nothing():
    play = Play(source("acme", "a"))
    [fetch] = play.fetches()
    old = play.app.sources[0]
    play.then(source("acme", "a", timezone="Europe/Berlin"))
    before = play.lines("sendgrid_"), play.who(), play.app.store.untried

    assert fetch.run(old.upstream)
    play.app.store.commit([(fetch.place(fetch.members[0]), [CREDITS.sample(1)])], 0, 0)
    old.take_list([Found("z", "z", "z", None)])
    old.upstream.circuit.fetched([], [], 1)
    old.upstream.circuit.renew()

    assert (play.lines("sendgrid_"), play.who(), play.app.store.untried) == before


def test_a_probe_of_an_old_self_is_never_begun():
    play = Play(source("acme", "a"))
    circuit = play.app.sources[0].upstream.circuit
    play.then(source("acme", "a", timezone="Europe/Berlin"))
    for _ in range(3):
        circuit.fetched([Reason.AUTH], ["a"], 1)

    assert circuit.is_open
    assert len([turn for _, _, turns in play.app.poller._heap for turn in turns]) == 1
    circuit.renew()


def test_a_source_that_is_gone_leaves_nothing_behind():
    play = Play(source("acme", "ab"), source("shop", "x"))
    play.run()
    before = [line for line in play.lines() if 'source="shop"' in line and "_timestamp_" not in line]

    play.then(source("shop", "x"))

    assert [line for line in play.lines() if 'source="acme"' in line] == []
    assert [line for line in play.lines() if 'source="shop"' in line and "_timestamp_" not in line] == before
    assert list(play.app.store.sources) == ["shop"]
    assert play.who() == ["shop/x"]


def test_labels_are_described_anew_and_names_of_labels_for_all():
    def customer(name: str, **labels: str) -> ToyCustomer:
        return ToyCustomer(user=name, labels=labels)

    play = Play(source("acme", (customer("a", tier="gold"), customer("b"))), source("shop", (customer("x"),)))
    play.run()
    play.then(source("acme", (customer("a", tier="silver"), customer("b"))), source("shop", (customer("x"),)))
    assert play.lines("sendgrid_customer_info")[0] == (
        'sendgrid_customer_info{customer="a",source="acme",tier="silver"} 1.0'
    )

    play.then(source("shop", (customer("x", region="eu"),)), source("acme", (customer("a"), customer("b"))))

    assert play.lines("sendgrid_customer_info") == [
        'sendgrid_customer_info{customer="a",region="",source="acme"} 1.0',
        'sendgrid_customer_info{customer="b",region="",source="acme"} 1.0',
        'sendgrid_customer_info{customer="x",region="eu",source="shop"} 1.0',
    ]
    assert play.credits() == ["a", "b", "x"]
    page = play.app.exposition.render(Format.TEXT).decode()
    assert page.count("# TYPE sendgrid_customer_info ") == 1


def test_settings_of_polling_apply_to_what_is_there():
    play = Play(source("acme", "ab", collectors=intervals(100)))
    play.run()
    play.clock.advance(250)
    fetches = play.fetches()

    play.then(
        source("acme", "ab", collectors=intervals(100)),
        polling=PollingConfig(stale_after=2, concurrency=3, timeout=1, retry=RetryConfig(attempts=1)),
        limits=LimitsConfig(max_series=1),
    )

    assert play.lines("email_stats_exporter_stale") == [
        'email_stats_exporter_stale{collector="totals",customer="a",source="acme"} 1.0',
        'email_stats_exporter_stale{collector="totals",customer="b",source="acme"} 1.0',
    ]
    assert play.fetches() == fetches
    assert play.credits() == ["a", "b"]
    assert play.app.poller._lanes["acme"].concurrency == 3
    # What asks is another one now, within its other limits.
    assert {fetch.collector for fetch in fetches} == set(play.app.sources[0].collectors)


def test_once_ready_is_ready_for_good():
    play = Play(source("acme", "a"))
    assert not play.app.is_ready()
    play.run()

    play.then(source("acme", "ab"), source("shop", "x"))

    assert play.app.is_ready()
    assert not play.app.is_tried()


def test_who_was_not_ready_has_to_wait_for_those_who_come_too():
    play = Play(source("acme", "a"))
    play.then(source("acme", "ab"))
    play.run("a")
    assert not play.app.is_ready()
    play.run()
    assert play.app.is_ready()


def test_another_filter_lets_those_go_whom_it_does_not_want_and_reads_the_list_again():
    provider = ListingProvider()
    play = Play(ListedSource(name="acme"), provider=provider)
    only = play.app.sources[0]
    only.take_list([Found(name, name, name, None) for name in ("a1", "a2", "b1")])
    play.run()
    listing = only.listing
    assert listing is not None
    listing.due = play.clock.monotonic() + 1_000
    play.app.poller._heap.clear()
    play.app.poller.add([listing])

    outcome = play.then(ListedSource(name="acme", discovery=DiscoveryConfig(include=re.compile("^a"))))

    assert outcome == Outcome(left=1)
    assert play.credits() == ["a1", "a2"]
    assert play.app.sources[0] is only
    assert listing.due == play.clock.monotonic()
    only.take_list([Found(name, name, name, None) for name in ("a1", "a2", "b1")])
    assert play.credits() == ["a1", "a2"]


def test_a_source_without_its_discovery_begins_anew():
    play = Play(ListedSource(name="acme"), provider=ListingProvider())
    play.app.sources[0].take_list([Found("a", "a", "a", None)])
    own = (ToyCustomer(user="z"),)

    outcome = play.then(ListedSource(name="acme", discovery=None, customers=own))

    assert outcome == Outcome(changed=("acme",), joined=1, left=1)
    turns = [turn for _, _, turns in play.app.poller._heap for turn in turns]
    assert [turn for turn in turns if isinstance(turn, Listing)] == []


def test_what_can_not_be_built_is_told_whole_and_changes_nothing(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    http = HttpConfig(ca_file=tmp_path / "empty.pem")
    play = Play(source("acme", "ab"), source("shop", "x"))
    play.run()
    before = play.lines("sendgrid_"), play.who(), play.app.config

    problems = play.refused(
        source("acme", "c", http=http),
        source("good", "d"),
        source("bad", "e", http=http),
        state=StateConfig(path=tmp_path / "state.db"),
    )

    assert [problem.partition(";")[0].partition(": no ")[0] for problem in problems] == [
        "config.yaml: state.path: can't change while the program runs",
        "config.yaml: sources[0].http.ca_file",
        "config.yaml: sources[2].http.ca_file",
    ]
    assert (play.lines("sendgrid_"), play.who(), play.app.config) == before
    assert play.then(source("acme", "ab"), source("shop", "x")) == Outcome()


def test_a_window_is_taken_over_and_a_pause_too():
    play = Play(source("acme", "a", rate_limit=limit(100, 60)))
    old = play.app.sources[0]
    for _ in range(5):
        with old.limiter.acquire(lambda: False).spent():
            pass
    old.upstream.pause(300)

    play.then(source("acme", "a", rate_limit=limit(10, 60)))

    new = play.app.sources[0]
    assert new is not old
    assert (new.limiter.used, new.limiter.calls, new.upstream.pause_left()) == (5, 10, 300)


def test_the_files_of_the_new_configuration_are_followed():
    class Files:
        """Stands for the files of the configuration before."""

        every = Watch.every

    play = Play(source("acme", "a"))
    play.app._watch = cast(Watch, Files())
    play.then(source("acme", "b"))

    assert isinstance(play.app._watch, Watch)
    assert [each.id for each in cast(Sequence[Any], play.app._watch.config.sources[0].customers)] == ["b@example.com"]


def test_a_state_that_breaks_while_the_program_runs_leaves_no_reload_half_done(tmp_path):
    clock, path = FakeClock(), tmp_path / "state.db"
    state = SqliteState(path, clock)
    state.write(facts={"some": b"thing"}).wait()
    providers = {"toy": cast(Provider, ListingProvider())}
    app = App(Config(sources=(source("acme", "a"),)), providers, clock, state=state)
    path.with_name("state.db-wal").unlink()
    path.write_bytes(b"no database any more" * 400)

    outcome = Succession(app, Config(sources=(ListedSource(name="shop"), source("acme", "ab"))), FILE).apply()

    assert (outcome.added, outcome.joined) == (("shop",), 1)
    assert [each.name for each in app.sources] == ["shop", "acme"]
    assert state.failures > 0
    state.close()


class WatchedState(SqliteState):
    """A state that notes, whenever it is read, whether a page would have to wait meanwhile."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        super().__init__(path, clock)
        self.lock: Any = None
        self.waits: list[bool] = []

    def rows(self, scope: Scope, customers: Mapping[bytes, Whose]) -> Iterator[tuple[Whose, Kept]]:
        if self.lock:
            with ThreadPoolExecutor(1) as other:
                self.waits.append(not other.submit(self._is_free).result())
        return super().rows(scope, customers)

    def _is_free(self) -> bool:
        is_free: bool = self.lock.acquire(blocking=False)
        if is_free:
            self.lock.release()
        return is_free


class LastingPlay(Play):
    """A program with a state, in which those are known who were fetched before it began."""

    def __init__(self, path: Path, *known: ToySource) -> None:
        super().__init__(*known)
        for keep in (True, False):
            self.state = WatchedState(path, self.clock)
            self.app = App(
                Config(sources=known if keep else (source("acme", "a"),)),
                {"toy": cast(Provider, ToyProvider())},
                self.clock,
                state=self.state,
            )
            if keep:
                self.run()
                self.app.stop()


def test_no_page_waits_while_it_is_read_what_is_kept_of_those_who_join(tmp_path):
    play = LastingPlay(tmp_path / "state.db", source("acme", "abc"))
    play.state.lock = play.app.store.lock
    assert play.credits() == ["a"]

    play.then(source("acme", "abc"))

    assert play.credits() == ["a", "b", "c"]
    assert play.state.waits
    assert not any(play.state.waits)
    play.app.stop()
