"""What the program makes of secret and customer files that change while it runs."""

import gc
import json
import weakref
from collections.abc import Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from exporter.app import App
from exporter.config import Changes, CustomerConfig, Watch, load
from exporter.errors import Problem
from exporter.exposition import Format
from exporter.providers import discover
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToyCustomer, app_of, source

BROKEN = Problem("customers.yaml", 3, "[0].user", "is missing")


def changes(
    customers: Mapping[str, Sequence[CustomerConfig]] | None = None,
    *,
    renewed: Sequence[str] = (),
    problems: Sequence[Problem] = (),
) -> Changes:
    return Changes(customers or {}, frozenset(renewed), problems)


def infos(app: App) -> list[str]:
    page = app.exposition.render(Format.TEXT).decode().splitlines()
    return [line for line in page if line.startswith("sendgrid_customer_info{")]


def gauge(app: App, name: str) -> float | None:
    return app.instruments.registry.get_sample_value(f"email_stats_exporter_config_last_reload_{name}")


def test_customers_of_a_file_come_and_go_and_the_others_stay():
    app = app_of(source("acme", "ab"), source("shop", "x"))
    kept = app.sources[0].customers[0]
    a, c = ToyCustomer(user="a@example.com", name="a"), ToyCustomer(user="c@example.com", name="c")

    app.take(changes({"acme": (a, c)}))

    assert [each.name for each in app.sources[0].customers] == ["a", "c"]
    assert app.sources[0].customers[0] is kept
    assert [each.name for each in app.sources[1].customers] == ["x"]
    assert infos(app) == [
        'sendgrid_customer_info{customer="a",source="acme"} 1.0',
        'sendgrid_customer_info{customer="c",source="acme"} 1.0',
        'sendgrid_customer_info{customer="x",source="shop"} 1.0',
    ]


def test_a_new_label_name_is_on_every_info_once():
    app = app_of(source("acme", "a"), source("shop", "x"))

    app.take(changes({"acme": (ToyCustomer(user="a@example.com", name="a", labels={"tier": "gold"}),)}))

    assert infos(app) == [
        'sendgrid_customer_info{customer="a",source="acme",tier="gold"} 1.0',
        'sendgrid_customer_info{customer="x",source="shop",tier=""} 1.0',
    ]


def test_label_names_that_come_and_go_leave_nothing_behind():
    app = app_of(source("acme", "a"))
    gold = ToyCustomer(user="a@example.com", name="a", labels={"tier": "gold"})
    seen = []
    for customer in (gold, ToyCustomer(user="a@example.com", name="a")) * 3:
        app.take(changes({"acme": (customer,)}))
        infos(app)
        seen.append(len(list(app.exposition._chapters())))

    assert seen[1:] == [seen[0]] * 5


def test_a_broken_file_is_shown_and_logged_once_until_it_is_mended():
    app = app_of(source("acme", "a"))
    app.clock.advance(100)  # type: ignore[attr-defined]  # the test's own clock
    with capture_logs() as logged:
        for _ in range(3):
            app.take(changes(problems=[BROKEN]))
        assert (gauge(app, "successful"), gauge(app, "success_timestamp_seconds")) == (0, 1_773_403_200)
        app.take(changes())

    assert (gauge(app, "successful"), gauge(app, "success_timestamp_seconds")) == (1, 1_773_403_300)
    assert [(line["event"], line.get("problem")) for line in logged] == [
        ("configuration not in use", "customers.yaml:3: [0].user: is missing"),
        ("configuration in use again", None),
    ]


def test_a_look_that_finds_nothing_new_changes_nothing():
    app = app_of(source("acme", "a"))
    app.clock.advance(100)  # type: ignore[attr-defined]  # the test's own clock
    app.take(changes())

    assert gauge(app, "success_timestamp_seconds") == 1_773_403_200


def test_a_renewed_secret_is_a_configuration_that_was_read():
    app = app_of(source("acme", "a"))
    app.clock.advance(100)  # type: ignore[attr-defined]  # the test's own clock
    app.take(changes(renewed=["acme"]))

    assert gauge(app, "success_timestamp_seconds") == 1_773_403_300


@pytest.mark.parametrize(
    ("type_", "key", "credentials"),
    [
        ("sendgrid_v3", "subuser", {"api_key": "a-key-of-the-api"}),
        ("sendgrid_reseller", "user", {"username": "acme", "password": "hunter2hunter2"}),
        ("bento", "site_uuid", {"publishable_key": "a-publishable-key", "secret_key": "a-secret-key"}),
    ],
)
def test_customers_as_they_were_before_a_change_leave_the_memory(tmp_path, type_, key, credentials):
    """There may be a hundred thousand, so nobody may hold on to the section that they stood in."""
    file, customers = tmp_path / "config.json", tmp_path / "customers.json"
    section = {"name": "acme", "type": type_, "credentials": credentials, "customer_files": ["customers.json"]}
    file.write_text(json.dumps({"sources": [section]}))
    customers.write_text(json.dumps([{key: "a"}]))
    providers = discover()
    app = App(load(file, {name: each.config for name, each in providers.items()}), providers, FakeClock())
    watch = Watch(app.config, file)
    before = weakref.ref(app.config.sources[0])
    customers.write_text(json.dumps([{key: "a", "labels": {"tier": "gold"}}]))

    app.take(watch.poll())
    app.config = watch.config
    gc.collect()

    assert [each.labels for each in app.sources[0].customers] == [{"tier": "gold"}]
    assert before() is None
    app.stop()
