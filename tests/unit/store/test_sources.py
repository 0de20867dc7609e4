"""Sources that leave at once, and settings that change under the samples that are there."""

from exporter.errors import ServerFailed
from exporter.store import GROUP_SIZE
from tests.unit.store.scene import CREDITS, INFO, Scene

STALE = "email_stats_exporter_stale"
SHOWN = "sendgrid_credits_remaining"


def test_a_source_that_is_removed_leaves_with_all_its_customers_and_nothing_of_the_others():
    scene = Scene()
    for number in range(GROUP_SIZE + 5):
        scene.succeed(scene.place(f"c{number}"), CREDITS.sample(number))
        scene.store.describe("acme", [(f"c{number}", [INFO.sample(1, "gold")])])
    scene.succeed(scene.place("a", source="shop"), CREDITS.sample(7))
    scene.fail(scene.place("b", source="acme"))
    scene.place("never tried", source="acme")
    assert len(scene.lines()) > 500

    scene.store.remove_source("acme")

    assert [line for line in scene.lines() if 'source="shop"' not in line] == []
    assert scene.series(SHOWN) == {"a": 7.0}
    assert (scene.store.untried, scene.store.failing) == (0, 0)
    assert scene.store.customers() == [("shop", "a")]


def test_what_was_under_way_for_a_removed_source_changes_nothing():
    scene = Scene()
    place = scene.place("a")
    record = place.record
    scene.store.remove_source("acme")

    assert scene.store.commit([(record.place("totals", 900), [CREDITS.sample(1)])], 0, 1) == []
    assert scene.store.commit([(place, ServerFailed("503"))], 0, 1) == []
    scene.store.skip([place], ServerFailed("503"))
    scene.clock.advance(1_000_000)

    assert scene.lines() == []
    assert record.is_gone


def test_a_source_of_the_same_name_begins_anew():
    scene = Scene(max_series=1)
    old = scene.place("a")
    scene.succeed(old, CREDITS.sample(1))
    scene.store.remove_source("acme")
    scene.clock.advance(2_000)
    new = scene.place("a")

    assert scene.series(SHOWN) == {}
    assert scene.store.untried == 1
    scene.commit(old, [CREDITS.sample(2)])
    assert scene.series(SHOWN) == {}
    scene.succeed(new, CREDITS.sample(3))
    assert scene.series(SHOWN) == {"a": 3.0}
    scene.clock.advance(2_000)
    assert scene.series(STALE) == {"a": 0.0}


def test_who_is_stale_follows_the_settings():
    scene = Scene(stale_after=3)
    place = scene.place("a", interval=100)
    scene.succeed(place, CREDITS.sample(1))
    scene.clock.advance(400)
    assert scene.series(STALE) == {"a": 1.0}

    scene.store.tune(stale_after=5, drop_after=86_400, max_series=1_000)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(100)
    assert scene.series(STALE) == {"a": 1.0}

    scene.store.tune(stale_after=1, drop_after=86_400, max_series=1_000)
    assert scene.series(STALE) == {"a": 1.0}
    scene.succeed(place, CREDITS.sample(1))
    scene.clock.advance(100)
    assert scene.series(STALE) == {"a": 1.0}


def test_numbers_leave_when_a_shorter_time_says_so_and_stay_for_a_longer():
    scene = Scene(drop_after=10_000)
    scene.succeed(scene.place("a", interval=100), CREDITS.sample(1))
    scene.clock.advance(2_000)

    scene.store.tune(stale_after=3, drop_after=20_000, max_series=1_000)
    scene.clock.advance(10_000)
    assert scene.series(SHOWN) == {"a": 1.0}
    scene.store.tune(stale_after=3, drop_after=12_000, max_series=1_000)
    assert scene.series(SHOWN) == {}


def test_series_that_are_there_stay_under_a_lower_bound_and_new_ones_are_left_out():
    scene = Scene()
    a, b = scene.place("a"), scene.place("b")
    scene.succeed(a, CREDITS.sample(1))

    scene.store.tune(stale_after=3, drop_after=86_400, max_series=1)
    scene.succeed(a, CREDITS.sample(2))
    scene.succeed(b, CREDITS.sample(3))

    assert scene.series(SHOWN) == {"a": 2.0}
    scene.store.tune(stale_after=3, drop_after=86_400, max_series=2)
    scene.succeed(b, CREDITS.sample(3))
    assert scene.series(SHOWN) == {"a": 2.0, "b": 3.0}
