"""The choice of rows: by state, source, collector and text, in every order, page by page."""

import random
from collections.abc import Sequence

import pytest

from exporter.errors import AuthRejected, ServerFailed
from exporter.samples import Family, Kind
from exporter.store import Group, Store
from exporter.web.status import Order, Query, State, choose
from tests.fake_clock import FakeClock
from tests.places import place_of

VALUE = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")
ROW = Family("sendgrid_ips", Kind.GAUGE, "Rows.", "", ("row",))
DOWN = ServerFailed("503 from the vendor")


class Account:
    """A store that a test fills, and what it shows of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, stale_after=3, drop_after=86_400, max_series=100_000)
        self.paused: frozenset[str] = frozenset()
        self.dues: dict[tuple[Group, str], Sequence[float]] = {}

    def good(self, customer, collector="totals", source="acme", interval=900.0, series=1):
        place = place_of(self.store, source, customer, collector, interval)
        self.bring(place, series)
        return place

    def bring(self, place, series=1):
        now = self.clock.time()
        self.store.commit([(place, [ROW.sample(1, str(number)) for number in range(series)])], now, now)

    def failing(self, customer, collector="totals", source="acme", error=DOWN):
        place = self.good(customer, collector, source)
        self.fail(place, error)
        return place

    def fail(self, place, error=DOWN):
        self.store.commit([(place, error)], self.clock.time(), self.clock.time())

    def new(self, customer, collector="totals", source="acme"):
        return place_of(self.store, source, customer, collector, 900)

    def choose(self, **query):
        return choose(self.store, Query(**query), self.paused, lambda: self.dues)

    def shown(self, **query):
        return [f"{place.record.name} {place.collector} {state}" for place, state in self.choose(**query).places]

    def names(self, **query):
        return [place.record.name for place, _ in self.choose(**query).places]


@pytest.fixture
def account():
    return Account()


def test_the_worst_come_first_and_then_as_they_came(account):
    account.new("a")
    account.good("b")
    stale = account.good("c", interval=60.0)
    account.clock.advance(180)
    account.failing("d")
    account.bring(place_of(account.store, "acme", "e", "daily", 900))

    assert stale.shelf.interval == 60
    assert account.shown() == ["c totals stale", "d totals failing", "a totals waiting", "b totals ok", "e daily ok"]
    assert account.names(order="desc") == ["b", "e", "a", "d", "c"]


def test_customers_stay_together_whatever_their_collectors(account):
    for customer in "ab":
        for collector in ("totals", "daily", "credits"):
            account.good(customer, collector)

    assert account.shown() == [
        "a totals ok",
        "a daily ok",
        "a credits ok",
        "b totals ok",
        "b daily ok",
        "b credits ok",
    ]


def test_what_is_failing_and_without_success_for_too_long_is_stale(account):
    place = account.failing("a")
    account.clock.advance(2_700)

    assert account.shown() == ["a totals stale"]
    account.bring(place)
    assert account.shown() == ["a totals ok"]


def test_a_source_of_whom_nothing_is_asked_is_paused_but_for_what_is_worse(account):
    account.new("a")
    account.good("b")
    account.failing("c")
    account.good("d", source="shop")
    account.paused = frozenset({"acme"})

    assert account.shown() == ["c totals failing", "a totals paused", "b totals paused", "d totals ok"]


def test_what_comes_from_the_configuration_is_no_fetch(account):
    account.good("a")
    account.store.describe("acme", [("a", [VALUE.sample(1)])])

    assert account.shown() == ["a totals ok"]


def test_rows_are_filtered_by_state_source_and_collector(account):
    account.good("a")
    account.good("a", "daily")
    account.failing("b", "daily")
    account.good("c", "daily", source="shop")

    assert account.names(source=("shop",)) == ["c"]
    assert account.shown(collector=("daily",)) == ["b daily failing", "a daily ok", "c daily ok"]
    assert account.names(state=(State.FAILING,)) == ["b"]
    assert account.names(state=(State.STALE, State.FAILING)) == ["b"]
    assert account.names(source=("acme",), collector=("daily",), state=(State.OK,)) == ["a"]
    assert account.names(source=("shop",), state=(State.FAILING,)) == []


def test_counts_leave_the_state_open_but_nothing_else(account):
    account.good("a")
    account.failing("b")
    account.failing("c", source="shop")
    choice = account.choose(source=("acme",), state=(State.OK,))

    assert choice.total == 1
    assert choice.states == {"stale": 0, "failing": 1, "paused": 0, "waiting": 0, "ok": 1}
    assert choice.by_source["acme"] == {"stale": 0, "failing": 1, "paused": 0, "waiting": 0, "ok": 1}
    assert choice.by_source["shop"] == {"stale": 0, "failing": 1, "paused": 0, "waiting": 0, "ok": 0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alp", ["Alpha"]),
        ("ALPHA", ["Alpha"]),
        ("straSSE", ["Straße"]),
        ("503", ["Alpha"]),
        ("refused", ["beta"]),
        ("a", ["Alpha", "beta", "gamma", "Straße"]),
        ("nobody", []),
        ("[U+202E]", ["x\u202ey"]),
        ("\u202e", ["x\u202ey"]),
    ],
)
def test_text_is_looked_for_in_names_and_errors(account, text, expected):
    account.failing("Alpha", error=ServerFailed("503 from a vendor"))
    account.failing("beta", error=AuthRejected("refused"))
    for name in ("gamma", "Straße", "x\u202ey"):
        account.good(name)

    assert account.names(search=text) == expected


def test_rows_can_be_ordered_by_every_column(account):
    account.good("b", "totals", "one", series=2)
    account.clock.advance(10)
    account.good("a", "daily", "two", series=3)
    account.clock.advance(10)
    account.new("c", "credits", "one")
    account.fail(account.good("d", "totals", "one"), ServerFailed("503"))

    assert account.names(sort=Order.CUSTOMER) == ["a", "b", "c", "d"]
    assert account.names(sort=Order.SOURCE) == ["b", "c", "d", "a"]
    assert account.names(sort=Order.COLLECTOR) == ["c", "a", "b", "d"]
    assert account.names(sort=Order.AGE) == ["d", "a", "b", "c"]
    assert account.names(sort=Order.SERIES, order="desc") == ["a", "b", "d", "c"]
    assert account.names(sort=Order.ERROR) == ["d", "b", "c", "a"]


def test_rows_are_ordered_by_when_they_are_due(account):
    places = [account.good(name) for name in "abc"]
    group = places[0].record.group
    account.dues = {(group, "totals"): [30.0, 10.0, 20.0]}

    assert account.names(sort=Order.NEXT) == ["b", "c", "a"]
    assert account.names(sort=Order.NEXT, order="desc") == ["a", "c", "b"]


def test_what_is_due_never_stands_last(account):
    account.good("a")
    known = account.good("b", "daily")
    account.dues = {(known.record.group, "daily"): [5.0, 5.0]}

    assert account.names(sort=Order.NEXT) == ["b", "a"]


@pytest.mark.parametrize("sort", Order)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_together_are_everything_once_in_order(account, sort, order):
    """Also over groups of a hundred, with gaps where customers have left, and among many that are equal."""
    numbers = random.Random(7)  # noqa: S311 - the same account in each run
    for number in range(350):
        account.clock.advance(1)
        source = numbers.choice(["acme", "shop"])
        for collector in ("totals", "daily"):
            make = numbers.choice([account.good, account.failing, account.new])
            make(f"c{numbers.randrange(1_000)}-{number}", collector, source)
    for source, record in account.store.sources.items():
        for customer in numbers.sample(sorted(record.records), 20):
            account.store.remove(source, customer)
    whole = account.choose(sort=sort, order=order, limit=1_000)
    rows = [place for place, _ in whole.places]
    pages = [account.choose(sort=sort, order=order, limit=37, page=page).places for page in range(1, 20)]

    assert len(rows) == whole.total == 660
    assert [place for page in pages for place, _ in page] == rows
    assert len({(place.record, place.collector) for place in rows}) == 660
    keys = [key(place, sort, account) for place in rows]
    assert keys == sorted(keys, reverse=order == "desc")


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_pages_of_a_large_account_are_in_order_from_whichever_end_they_are_counted(account, order):
    numbers = list(range(12_000))
    random.Random(7).shuffle(numbers)  # noqa: S311 - the same account in each run
    names = [f"c{number:05}" for number in numbers]
    records = account.store.enrol("acme", names)
    for collector in ("totals", "daily"):
        account.store.open(records, collector, 900)
    expected = [name for name in sorted(names, reverse=order == "desc") for _ in range(2)]

    for page in (1, 2, 11, 12, 13, 23, 24):
        places = account.choose(sort=Order.CUSTOMER, order=order, page=page, limit=1_000).places
        assert [place.record.name for place, _ in places] == expected[1_000 * (page - 1) : 1_000 * page]
        assert {place.collector for place, _ in places[::2]} == {"totals"}
        assert {place.collector for place, _ in places[1::2]} == {"daily"}


def key(place, sort, account):
    """Return what a row is ordered by, read from the row itself."""
    if sort is Order.STATE:
        state = State.WAITING if place.up is None else State.OK if place.up else State.FAILING
        return list(State).index(state)
    return {
        Order.CUSTOMER: place.record.name,
        Order.SOURCE: place.record.group.source,
        Order.COLLECTOR: place.collector,
        Order.AGE: -place.last_success if place.last_success is not None else float("inf"),
        Order.NEXT: 0,
        Order.SERIES: int(place.last_success is not None),
        Order.ERROR: place.last_error or "~",
    }[sort]


def test_a_page_beyond_the_last_is_empty(account):
    account.good("a")

    for sort in Order:
        assert account.names(page=2, sort=sort) == []
        assert account.choose(page=2, sort=sort).total == 1


def test_an_empty_store_has_nothing_to_show(account):
    assert account.choose().places == []
    assert account.choose(sort=Order.AGE).total == 0
