"""The page over time: what ages, comes and goes between two scrapes."""

import gzip

from prometheus_client import CollectorRegistry, Gauge

from exporter.exposition import Exposition, Format
from exporter.samples import Family, Kind
from exporter.store import Store
from tests.fake_clock import FakeClock
from tests.places import place_of

CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")
OTHER = Family("sendgrid_ips", Kind.GAUGE, "Addresses.", "", (), per_customer=False)


class Scene:
    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, stale_after=3, drop_after=86_400, max_series=1_000)
        self.place = place_of(self.store, "acme", "a", "credits", 900.0)
        self.exposition = Exposition(self.store, (CREDITS, OTHER), registry or CollectorRegistry())

    def page(self) -> str:
        return self.exposition.render(Format.TEXT).decode()


def test_staleness_shows_without_any_fetch_having_ended():
    scene = Scene()
    assert 'stale{collector="credits",customer="a",source="acme"} 0.0' in scene.page()
    scene.clock.advance(2_700)
    assert 'stale{collector="credits",customer="a",source="acme"} 1.0' in scene.page()


def test_a_family_without_samples_has_no_header():
    scene = Scene()
    assert "sendgrid" not in scene.page()
    scene.store.commit([(scene.place, [CREDITS.sample(5)])], 0, 1)
    assert scene.page().startswith(
        "# HELP sendgrid_credits_remaining Credits left.\n"
        "# TYPE sendgrid_credits_remaining gauge\n"
        'sendgrid_credits_remaining{customer="a",source="acme"} 5.0\n'
        "# HELP email_stats_exporter_up "
    )
    scene.store.commit([(scene.place, [])], 0, 1)
    assert "sendgrid" not in scene.page()


def test_the_formats_share_what_was_rendered_and_neither_misses_a_change():
    scene = Scene()
    for value in (1.0, 2.0):
        scene.store.commit([(scene.place, [CREDITS.sample(value)])], 0, 1)
        line = f'sendgrid_credits_remaining{{customer="a",source="acme"}} {value}'
        assert line in scene.page()
        assert line in scene.exposition.render(Format.OPENMETRICS).decode()


def test_samples_that_left_by_age_are_no_longer_counted_on_the_very_page_that_lacks_them():
    registry = CollectorRegistry()
    scene = Scene(registry)
    series = Gauge("email_stats_exporter_series", "Series.", registry=registry)
    series.set_function(lambda: scene.store.sources["acme"].series)
    scene.store.commit([(scene.place, [CREDITS.sample(5)])], 0, 1)
    assert "email_stats_exporter_series 1.0" in scene.page()
    scene.clock.advance(86_400)
    page = scene.page()

    assert "sendgrid_credits_remaining" not in page
    assert "email_stats_exporter_series 0.0" in page


def test_what_is_rendered_ahead_is_what_the_scrape_shows():
    scene, other = Scene(), Scene()
    for each in (scene, other):
        each.store.commit([(each.place, [CREDITS.sample(5)])], 0, 1)
        each.page()
        each.store.commit([(each.place, [CREDITS.sample(6)])], 2, 3)
    scene.exposition.render_ahead()
    scene.exposition.render_ahead()

    assert scene.store.changes.all() == []
    assert 'sendgrid_credits_remaining{customer="a",source="acme"} 6.0' in scene.page()
    assert scene.page() == other.page()
    compressed = scene.exposition.render(Format.TEXT, is_compressed=True)
    assert gzip.decompress(compressed).decode() == scene.page()


def test_what_still_changes_is_not_deflated_yet():
    scene = Scene()
    sizes = []
    for number in range(8):
        if number < 5:
            scene.store.commit([(scene.place, [CREDITS.sample(number)])], 1000, 1000)
        scene.exposition.render_ahead()
        sizes.append(len(scene.exposition.render(Format.TEXT, is_compressed=True)))

    assert len(set(sizes[1:5])) == 1
    assert sizes[-1] < sizes[4]


def test_nothing_is_rendered_ahead_for_nobody():
    scene = Scene()
    for _ in range(300):
        scene.exposition.render_ahead()
    scene.store.commit([(scene.place, [CREDITS.sample(5)])], 0, 1)
    for _ in range(3):
        scene.exposition.render_ahead()
    assert scene.store.changes.all() != []

    scene.page()
    scene.store.commit([(scene.place, [CREDITS.sample(6)])], 2, 3)
    for _ in range(3):
        scene.exposition.render_ahead()
    assert scene.store.changes.all() == []


def test_what_a_scrape_rendered_in_a_hurry_is_deflated_before_the_next_one():
    scene = Scene()
    for number in range(100):
        place = place_of(scene.store, "acme", f"customer-{number}", "credits", 900.0)
        scene.store.commit([(place, [CREDITS.sample(number)])], 0, 1)
    hurried = scene.exposition.render(Format.TEXT, is_compressed=True)
    scene.exposition.render_ahead()
    settled = scene.exposition.render(Format.TEXT, is_compressed=True)

    assert gzip.decompress(hurried) == gzip.decompress(settled)
    assert len(hurried) > 5 * len(settled)


def test_a_block_that_came_in_a_hurry_and_went_is_not_brought_back():
    scene = Scene()
    scene.store.commit([(scene.place, [CREDITS.sample(5)])], 0, 1)
    scene.exposition.render(Format.TEXT, is_compressed=True)
    scene.store.commit([(scene.place, [])], 2, 3)
    compressed = scene.exposition.render(Format.TEXT, is_compressed=True)
    scene.exposition.render_ahead()

    assert b"sendgrid" not in gzip.decompress(compressed)
    assert "sendgrid" not in scene.page()
