"""Customers that come and go while their source is polled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import pytest
from structlog.testing import capture_logs

from exporter.app import App
from exporter.config import Config, DiscoveryConfig, PollingConfig
from exporter.errors import ServerFailed, Stopped
from exporter.exposition import Format
from exporter.fetch import Fetch
from exporter.listing import Listing
from exporter.providers.base import Found, Provider
from exporter.samples import Family, Kind
from exporter.source import Source
from exporter.state import SqliteState, State
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToyBatchCollector, ToyCollector, ToyCustomer, ToyProvider, ToySource

ACTIVE = Family("sendgrid_customer_active", Kind.GAUGE, "Whether the account is active.", "")
TOTAL = Family("sendgrid_requests_total", Kind.COUNTER, "Requests.", "")
ANYONE = DiscoveryConfig()


class ListedSource(ToySource):
    customers: tuple[ToyCustomer, ...] = ()
    discovery: DiscoveryConfig | None = ANYONE


@dataclass(frozen=True)
class ListingProvider(ToyProvider):
    active: Family | None = ACTIVE
    answers: tuple[Any, ...] = ()

    def discover(self, source, client):
        answer = self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


def found(*users, is_active=True):
    return [Found(user, user, f"#{user}", is_active) for user in users]


def app_with(
    *configured: str, collector: Any = None, answers: tuple[Any, ...] = (), state: State | None = None, **settings: Any
) -> App:
    customers = tuple(ToyCustomer(user=user) for user in configured)
    source = ListedSource(name="acme", customers=customers, **settings)
    provider = ListingProvider(answers=answers, **({"collector": collector} if collector else {}))
    config = Config(polling=PollingConfig(), sources=(source,))
    return App(config, {"toy": cast(Provider, provider)}, FakeClock(), state=state)


def fetches(app: App) -> list[Fetch]:
    turns = (turn for _, _, turns in app.poller._heap for turn in turns)
    return [turn for turn in turns if isinstance(turn, Fetch) and not turn.is_over()]


def fetched(app: App) -> set[tuple[str, ...]]:
    return {tuple(str(each.customer and each.customer.name) for each in turn.present) for turn in fetches(app)}


def customers_on_page(app: App) -> set[str]:
    page = app.exposition.render(Format.TEXT).decode().splitlines()
    return {line.split('customer="')[1].split('"')[0] for line in page if 'customer="' in line}


def only(app: App) -> Source:
    (source,) = app.sources
    return source


def test_a_listed_customer_is_fetched_at_once_and_described():
    app = app_with()
    only(app).take_list(found("a", "b"))

    assert fetched(app) == {("a",), ("b",)}
    assert {turn.due for turn in fetches(app)} == {app.clock.monotonic()}
    assert 'sendgrid_customer_active{customer="b",source="acme"} 1.0' in app.exposition.render(Format.TEXT).decode()


def test_a_customer_that_leaves_takes_its_series_its_health_and_its_turns_along():
    app = app_with()
    only(app).take_list(found("a", "b", "c"))
    only(app).take_list(found("a", "b"))
    only(app).take_list(found("a", "b"))

    assert customers_on_page(app) == {"a", "b"}
    assert fetched(app) == {("a",), ("b",)}


@dataclass(frozen=True)
class CountingCollector(ToyCollector):
    """Brings a vendor's total of each customer."""

    totals: ClassVar[dict[str, int]] = {}
    families: ClassVar[Sequence[Family]] = (TOTAL,)

    def fetch(self, customer):
        return [TOTAL.sample(self.totals[customer.id])]


def test_a_customer_that_comes_back_goes_on_with_its_counters():
    app = app_with("a", collector=CountingCollector)
    for total in (100, 90, 95):
        CountingCollector.totals["a"] = total
        [fetch] = fetches(app)
        assert fetch.run(only(app).upstream)
        customer = only(app).customers
        only(app).configure([])
        assert customers_on_page(app) == set()
        only(app).configure(customer)

    lines = app.exposition.render(Format.TEXT).decode().splitlines()
    assert 'sendgrid_requests_total{customer="a",source="acme"} 100.0' in lines
    corrections = 'counter_corrections_total{customer="a",metric="sendgrid_requests_total",source="acme"} 1.0'
    assert [line for line in lines if "counter_corrections_total{" in line] == [f"email_stats_exporter_{corrections}"]


def test_include_and_exclude_choose_who_joins():
    app = app_with(discovery=DiscoveryConfig(include=re.compile("^eu-"), exclude=re.compile("-test$")))
    only(app).take_list(found("eu-a", "eu-b-test", "us-c"))

    assert fetched(app) == {("eu-a",)}


def test_the_label_can_be_the_vendors_number():
    app = app_with(discovery=DiscoveryConfig(label="id"))
    only(app).take_list(found("a"))

    assert customers_on_page(app) == {"#a"}


def test_a_configured_customer_shows_whether_it_is_active_too():
    app = app_with("a")
    only(app).take_list(found("a", is_active=False))
    page = app.exposition.render(Format.TEXT).decode()

    assert 'sendgrid_customer_active{customer="a",source="acme"} 0.0' in page
    assert page.count("sendgrid_customer_info{") == 1


def test_those_who_join_fill_the_batches_that_have_room():
    app = app_with("a", collector=ToyBatchCollector)
    only(app).take_list(found("b", "c", "d", "e"))

    assert fetched(app) == {("a", "b"), ("c", "d"), ("e",)}


def test_a_batch_does_not_ask_for_one_that_left():
    app = app_with(collector=ToyBatchCollector)
    only(app).take_list(found("a", "b", "c", "d"))
    for _ in range(2):
        only(app).take_list(found("a", "c", "d"))

    assert fetched(app) == {("a",), ("c", "d")}


def phases(app: App) -> dict[str, float]:
    return {str(turn.present[0].customer and turn.present[0].customer.name): turn.phase for turn in fetches(app)}


def test_who_stays_keeps_its_turn():
    app = app_with("a")
    only(app).take_list(found("b"))
    before = phases(app)
    only(app).take_list(found("b", "c"))
    after = phases(app)

    assert {name: after[name] for name in before} == before


def test_counts_follow():
    app = app_with("a")
    assert (only(app).size, only(app).planned) == (1, 1 / 900 + 1 / 3600)

    only(app).take_list(found("b", "c"))

    assert (only(app).size, only(app).planned) == (3, 3 / 900 + 1 / 3600)


def test_a_new_configuration_of_customers_leaves_the_others_alone():
    app = app_with("a", "b")
    customers = {each.name: each for each in only(app).customers}
    only(app).configure([customers["b"]])

    assert fetched(app) == {("b",)}
    assert customers_on_page(app) == {"b"}


def gauge(app: App, name: str) -> float | None:
    return app.instruments.registry.get_sample_value(f"email_stats_exporter_discovery_{name}", {"source": "acme"})


def listing(app: App) -> Listing:
    return next(turn for _, _, turns in app.poller._heap for turn in turns if isinstance(turn, Listing))


def test_a_list_is_read_on_its_interval_before_anything_else():
    app = app_with("a", answers=(found("b"),))

    assert isinstance(app.poller._heap[0][2][0], Listing)
    assert listing(app).interval == 3600.0


def test_a_good_list_says_when_it_was_read():
    app = app_with(answers=(found("b"),))
    assert not app.is_tried()

    assert listing(app).run(cast(Any, None))

    assert (gauge(app, "up"), gauge(app, "last_success_timestamp_seconds")) == (1, 1_773_403_200)
    assert fetched(app) == {("b",)}


@pytest.mark.parametrize("error", [ServerFailed("503 from api.example.com"), RuntimeError("a bug")])
def test_a_list_that_can_not_be_read_moves_nobody_and_is_logged_once(error):
    app = app_with(answers=(error,))
    only(app).take_list(found("a"))
    with capture_logs() as logged:
        for _ in range(3):
            assert not listing(app).run(cast(Any, None))

    assert gauge(app, "up") == 0
    assert fetched(app) == {("a",)}
    assert [line["event"] for line in logged].count("discovery failed") == 1


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        (["abcdef", ""], [], ""),
        (["abcdef", "abcde"], [], ""),
        (["abcdef", "abcde"], ["abcde"], "f"),
        (["abcdef", "a"], ["a"], ""),
        (["abcdef", "a", "a"], ["a"], "bcdef"),
        (["abcdef", "abcde"], ["abcdef", "abcde"], ""),
    ],
)
def test_a_list_before_a_restart_counts_as_without_the_restart(tmp_path, before, after, left):
    for lists in (before, after):
        state = SqliteState(tmp_path / "state.db", FakeClock())
        app = app_with(answers=cast(Any, answers := [()]), state=state)
        for users in lists:
            answers[0] = cast(Any, found(*users))
            assert listing(app).run(cast(Any, None))
        remaining = {each.name for each in only(app).customers}
        app.stop()

    assert remaining == set("abcdef") - set(left)


def test_a_list_that_was_under_way_for_a_source_that_is_gone_is_not_kept(tmp_path):
    state = SqliteState(tmp_path / "state.db", FakeClock())
    app = app_with(answers=cast(Any, answers := [found("a", "b")]), state=state)
    turn = listing(app)
    turn.run(cast(Any, None))
    only(app).close()
    answers[0] = []
    turn.run(cast(Any, None))
    app.stop()

    again = app_with(state=SqliteState(tmp_path / "state.db", FakeClock()))
    assert {each.name for each in only(again).customers} == {"a", "b"}
    again.stop()


def active_on_page(app: App) -> list[str]:
    page = app.exposition.render(Format.TEXT).decode().splitlines()
    return [line for line in page if line.startswith("sendgrid_customer_active{")]


@pytest.mark.parametrize("passes", ["a list that can't be read", "a turn while the circuit is open"])
def test_what_a_list_said_of_customers_leaves_at_its_age_and_they_stay(passes):
    answers: list[Any] = [found("a", "b")]
    app = app_with("a", answers=cast(Any, answers))
    turn = listing(app)
    turn.run(cast(Any, None))
    answers[0] = ServerFailed("503 from api.example.com")
    fail = turn.skip if "circuit" in passes else turn.run
    clock = cast(FakeClock, app.clock)

    clock.advance(86_399)
    fail(cast(Any, None))
    assert active_on_page(app) == [
        'sendgrid_customer_active{customer="a",source="acme"} 1.0',
        'sendgrid_customer_active{customer="b",source="acme"} 1.0',
    ]

    clock.advance(1)
    fail(cast(Any, None))
    assert active_on_page(app) == []
    assert fetched(app) == {("a",), ("b",)}


def test_a_list_that_is_read_again_shows_who_may_send():
    app = app_with("a", answers=(found("a"),))
    turn = listing(app)
    turn.run(cast(Any, None))
    cast(FakeClock, app.clock).advance(86_400)
    turn.skip(cast(Any, None))
    assert active_on_page(app) == []

    turn.run(cast(Any, None))
    assert active_on_page(app) == ['sendgrid_customer_active{customer="a",source="acme"} 1.0']


def test_a_stop_ends_the_reading_of_a_list():
    app = app_with(answers=(Stopped("stopping"),))

    with pytest.raises(Stopped):
        listing(app).run(cast(Any, None))
    assert gauge(app, "up") is None
