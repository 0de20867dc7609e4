"""The whole demo, polled once: every family is there, and every number is the one that the world has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Event

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.app import App
from exporter.config import load
from exporter.demo import StandIn, World, configuration
from exporter.exposition import Format
from exporter.providers import discover
from tests.fake_clock import FakeClock
from tests.truth.series import Series
from tests.truth.shown import shown_by

VENDORS = ("sendgrid_", "bento_")


@dataclass(frozen=True)
class Polled:
    """What was shown of the demo, what the vendors say, and how they were asked."""

    series: Mapping[Series, float]
    truth: Mapping[Series, float]
    own: Mapping[Series, float]
    page: str
    stand_in: StandIn


# Where the vendors' pages contradict each other, both ways.
@pytest.fixture(scope="module", params=[False, True], ids=["mild", "strict"])
def polled(request, tmp_path_factory) -> Iterator[Polled]:
    """Poll until every fetch has been tried, those of discovered customers too."""
    # The vendors' time stands still, so that what they say can be compared with what is shown.
    world = World(FakeClock())
    with StandIn(world, password="open sesame", is_wrapped=request.param, refuses_strangers=request.param) as stand_in:
        text = configuration(stand_in.base_url, "open sesame", world)
        file = tmp_path_factory.mktemp("demo") / "config.yaml"
        file.write_text(text, encoding="utf-8")
        page = poll(
            App(load(file, {name: each.config for name, each in discover().items()}), discover(), clock := FakeClock()),
            clock,
        )
        shown = {
            Series.named(sample.name, **sample.labels): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }
        truth: dict[Series, float] = {}
        for source in yaml.safe_load(text)["sources"]:
            truth |= shown_by(source, stand_in.story)
        series = {each: value for each, value in shown.items() if each.name.startswith(VENDORS)}
        yield Polled(series, truth, {each: shown[each] for each in shown.keys() - series.keys()}, page, stand_in)


def poll(app: App, clock: FakeClock) -> str:
    """Return the page once everything has been fetched."""
    app.start()
    try:
        for _ in range(100):
            if app.is_ready():
                return app.exposition.render(Format.TEXT).decode()
            # Time passes when nothing else happens: who joins a batch under way waits for its next turn.
            untried = app.store.untried
            Event().wait(0.3)
            if app.store.untried == untried:
                clock.advance(5)
        return pytest.fail(f"{app.store.untried} fetches were never tried")
    finally:
        app.stop()


def test_every_family_of_every_provider_is_shown(polled):
    families = {
        family.name
        for provider in discover().values()
        for family in (*provider.families, provider.info, *([provider.active] if provider.active else []))
    }

    assert families - {series.name for series in polled.series} == set()
    assert len(families) > 100


def test_every_number_is_what_the_vendors_say_and_there_is_no_other(polled):
    wrong = {
        each: (value, polled.truth[each])
        for each, value in polled.series.items()
        if value != polled.truth.get(each, value)
    }

    assert sorted(polled.series.keys() - polled.truth.keys()) == []
    assert sorted(polled.truth.keys() - polled.series.keys()) == []
    assert wrong == {}


def test_no_fetch_fails(polled):
    up = {
        dict(each.labels)["collector"]: value
        for each, value in polled.own.items()
        if each.name == "email_stats_exporter_up"
    }

    assert set(up.values()) == {1}
    assert len(up) == 17


def test_no_call_changes_anything_and_no_address_is_shown(polled):
    assert polled.stand_in.violations == []
    assert "@example.com" not in polled.page
    assert "jane.doe" not in polled.page


def test_only_the_old_api_is_repaired(polled):
    repaired = {
        dict(each.labels)["source"]
        for each, value in polled.own.items()
        if each.name == "email_stats_exporter_repaired_responses_total" and value
    }

    assert repaired == {"classic"}
