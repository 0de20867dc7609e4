"""The program put together from a configuration."""

from typing import Any

import pytest

from exporter.app import App
from exporter.exposition import Format
from exporter.fetch import Fetch
from exporter.selection import Selection
from exporter.state import ForgetfulState
from tests.fake_clock import FakeClock
from tests.unit.app.toys import (
    ToyBatchCollector,
    ToyCustomer,
    ToyProvider,
    app_of,
    intervals,
    limit,
    source,
)
from tests.unit.poller.stage import until


def own(app: App, name: str, **labels: str) -> float | None:
    return app.instruments.registry.get_sample_value(f"email_stats_exporter_{name}", labels)


def page(app: App) -> list[str]:
    return app.exposition.render(Format.TEXT).decode().splitlines()


def turns(app: App) -> list[tuple[str, str, str, float]]:
    """Return source, collector, customers and phase of each fetch, in the order in which they are due at the start."""
    fetches = [turn for _, _, turns in sorted(app.poller._heap) for turn in turns if isinstance(turn, Fetch)]
    return [
        (fetch.source, fetch.collector.name, "".join(each.record.name for each in fetch.members), fetch.phase)
        for fetch in fetches
    ]


def tried(app: App) -> None:
    app.start()
    until(lambda: app.store.untried == 0)
    app.stop()


def test_customers_of_all_sources_have_the_same_label_names_on_their_info():
    def customer(name: str, **labels: str) -> ToyCustomer:
        return ToyCustomer(user=name, labels=labels)

    app = app_of(
        source("acme", (customer("a", tier="gold"), customer("b"))),
        source("shop", (customer("c", region="eu", tier=""),)),
    )

    assert page(app)[:5] == [
        "# HELP sendgrid_customer_info Labels of the configuration.",
        "# TYPE sendgrid_customer_info gauge",
        'sendgrid_customer_info{customer="a",region="",source="acme",tier="gold"} 1.0',
        'sendgrid_customer_info{customer="b",region="",source="acme",tier=""} 1.0',
        'sendgrid_customer_info{customer="c",region="eu",source="shop",tier=""} 1.0',
    ]


def test_own_metrics_of_a_source_say_what_was_configured():
    app = app_of(source("acme", "abc", collectors=intervals(60, 3_600), rate_limit=limit(600, 60)))

    assert own(app, "customers", source="acme") == 3
    assert own(app, "series", source="acme") == 3
    assert own(app, "source_up", source="acme") == 0
    assert own(app, "rate_limit_calls", source="acme") == 600
    assert own(app, "rate_limit_period_seconds", source="acme") == 60
    assert own(app, "collector_interval_seconds", source="acme", collector="totals") == 60
    assert own(app, "collector_interval_seconds", source="acme", collector="daily") == 3_600
    assert own(app, "oldest_due_timestamp_seconds", source="acme") == 1_773_403_200.0
    assert own(app, "series_dropped", source="acme", reason="max_series") == 0
    assert own(app, "series_dropped", source="acme", reason="label_value") == 0


def test_schedule_load_is_planned_calls_by_the_limit():
    app = app_of(source("acme", "abcd", collectors=intervals(10, 40), rate_limit=limit(10, 20)))

    # 4 customers: 4 / 10 + 4 / 40 = 0.5 calls a second of the 0.5 that are allowed.
    assert own(app, "schedule_load_ratio", source="acme") == pytest.approx(1.0)


def test_sources_that_share_a_limit_share_its_load():
    app = app_of(
        source("one", "abcd", collectors=intervals(10), rate_limit=limit(2, 1, "both")),
        source("two", "ab", collectors=intervals(10), rate_limit=limit(2, 1, "both")),
        source("alone", "ab", collectors=intervals(10), rate_limit=limit(2, 1)),
    )

    assert own(app, "schedule_load_ratio", source="one") == pytest.approx(0.3)
    assert own(app, "schedule_load_ratio", source="two") == pytest.approx(0.3)
    assert own(app, "schedule_load_ratio", source="alone") == pytest.approx(0.1)


def test_turns_stand_evenly_over_each_interval_customer_by_customer():
    app = app_of(source("acme", "abcd", collectors=intervals(80, 160)))

    assert turns(app) == [
        ("acme", "totals", "a", 0.0),
        ("acme", "daily", "a", 20.0),
        ("acme", "totals", "b", 20.0),
        ("acme", "daily", "b", 60.0),
        ("acme", "totals", "c", 40.0),
        ("acme", "daily", "c", 100.0),
        ("acme", "totals", "d", 60.0),
        ("acme", "daily", "d", 140.0),
    ]


def test_a_collector_that_asks_for_several_customers_has_one_turn_for_them():
    provider = ToyProvider(collector=ToyBatchCollector)
    app = app_of(source("acme", "abcde", collectors=intervals(30)), provider=provider, is_repeating=False)
    assert turns(app) == [("acme", "totals", "ab", 0.0), ("acme", "totals", "cd", 10.0), ("acme", "totals", "e", 20.0)]
    tried(app)

    assert own(app, "fetches_total", source="acme", collector="totals") == 3
    assert 'sendgrid_credits_remaining{customer="d",source="acme"} 2.0' in page(app)
    assert 'sendgrid_credits_remaining{customer="e",source="acme"} 1.0' in page(app)


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ({}, {"acme totals a", "acme totals b", "acme daily a", "acme daily b", "shop totals b", "shop daily b"}),
        ({"sources": {"shop"}}, {"shop totals b", "shop daily b"}),
        ({"customers": {"b"}}, {"acme totals b", "acme daily b", "shop totals b", "shop daily b"}),
        ({"customers": {"a", "b"}, "collectors": {"daily"}}, {"acme daily a", "acme daily b", "shop daily b"}),
        ({"sources": {"acme"}, "customers": {"a"}, "collectors": {"totals"}}, {"acme totals a"}),
        ({"sources": {"nobody"}}, set()),
        ({"customers": {"a@example.com"}}, set()),
    ],
)
def test_a_selection_is_and_between_its_kinds_and_or_within_one(selected: dict[str, Any], expected: set[str]):
    selection = Selection(**{kind: frozenset(names) for kind, names in selected.items()})
    both = intervals(60, 60)
    app = app_of(source("acme", "ab", collectors=both), source("shop", "b", collectors=both), selection=selection)

    assert {f"{name} {collector} {customer}" for name, collector, customer, _ in turns(app)} == expected
    assert app.store.untried == len(expected)


def test_a_customer_that_is_not_selected_is_on_no_page():
    app = app_of(source("acme", "ab"), selection=Selection(customers=frozenset("b")))

    assert not any('customer="a"' in line for line in page(app))
    assert own(app, "customers", source="acme") == 1


def test_it_fetches_each_customer_and_shows_what_came():
    app = app_of(source("acme", (ToyCustomer(user="four"), ToyCustomer(user="x", name="sixsix"))))
    tried(app)

    assert [line for line in page(app) if line.startswith("sendgrid_credits_remaining")] == [
        'sendgrid_credits_remaining{customer="four",source="acme"} 4.0',
        'sendgrid_credits_remaining{customer="sixsix",source="acme"} 6.0',
    ]
    assert own(app, "series", source="acme") == 4
    assert own(app, "source_up", source="acme") == 1
    assert app.stopping.is_set()


def test_it_is_ready_when_every_fetch_has_been_tried():
    app = app_of(source("acme", "ab"))
    assert not app.is_ready()
    tried(app)
    assert app.is_ready()


def test_it_is_ready_after_ten_minutes_at_most():
    clock = FakeClock()
    app = app_of(source("acme", "ab"), clock=clock)
    clock.advance(599.5)
    assert not app.is_ready()
    clock.advance(0.5)
    assert app.is_ready()


def test_a_probe_of_each_source_says_what_is_wrong_with_it():
    provider = ToyProvider(refused=frozenset({"shop"}))
    app = app_of(source("acme", "a"), source("shop", "a"), source("third", "a"), provider=provider)

    assert [(probed.name, error and str(error)) for probed, error in app.probe()] == [
        ("acme", None),
        ("shop", "401 from api.example.com for user acme: wrong password"),
        ("third", None),
    ]
    assert app.store.untried == 3


class StuckState(ForgetfulState):
    is_stuck = True


def test_it_is_healthy_until_something_is_wrong_with_itself():
    clock = FakeClock()
    app = app_of(source("acme", "a"), clock=clock)
    assert (app.is_healthy, app.ailments) == (True, [])
    clock.advance(60)

    assert (app.is_healthy, app.ailments) == (False, ["the poller has not moved for a minute"])


def test_a_state_that_is_stuck_is_wrong_with_it():
    app = app_of(source("acme", "a"), state=StuckState())

    assert (app.is_healthy, app.ailments) == (False, ["the state has been in the middle of a write for a minute"])
