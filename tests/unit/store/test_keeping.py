"""What a page shows of a store that was stopped or killed, or whose disk fails."""

import gc

import pytest

from exporter.errors import Reason
from exporter.store import Record
from tests.unit.store.kept_scene import KeptScene, broken_disk
from tests.unit.store.scene import CATEGORY, CREDITS, OPENS, REQUESTS

TOTAL, LEFT = "sendgrid_requests_total", "sendgrid_credits_remaining"
UP, STALE = "email_stats_exporter_up", "email_stats_exporter_stale"
HELD, CORRECTIONS = "email_stats_exporter_counter_held", "email_stats_exporter_counter_corrections_total"
SUCCESS, ATTEMPT = (f"email_stats_exporter_last_{what}_timestamp_seconds" for what in ("success", "attempt"))
NOON = 1_773_403_200.0
DAY = 86_400


@pytest.fixture
def scene(tmp_path):
    scene = KeptScene(tmp_path)
    yield scene
    scene.state.close()


def test_a_page_is_the_same_after_a_crash_to_the_last_line(scene):
    one, two, three = scene.customer("a"), scene.customer("b"), scene.customer("c")
    scene.succeed(one, REQUESTS.sample(10), CREDITS.sample(2.5), CATEGORY.sample(3, 'a "b"\n'), CATEGORY.sample(4, "é"))
    scene.succeed(two, REQUESTS.sample(500))
    scene.succeed(two, REQUESTS.sample(490))
    scene.fail(three)
    scene.clock.advance(60)
    before = scene.lines()

    scene.crash("a", "b", "c")

    assert scene.lines() == before
    assert scene.series(HELD) == {"b": 10.0}
    assert scene.series(UP) == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert (scene.places["c"].reason, scene.places["c"].last_error) == (
        Reason.SERVER_ERROR,
        "503 from api.sendgrid.com",
    )
    assert scene.store.untried == 0
    assert scene.store.sources["acme"].series == 5


def test_a_fetch_that_failed_keeps_the_numbers_of_the_one_before(scene):
    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(10), CREDITS.sample(2))
    scene.clock.advance(900)
    scene.fail(place)

    scene.crash("a")

    assert (scene.series(TOTAL), scene.series(LEFT)) == ({"a": 10.0}, {"a": 2.0})
    assert (scene.series(SUCCESS), scene.series(ATTEMPT)) == ({"a": NOON}, {"a": NOON + 899})
    assert scene.series(UP) == {"a": 0.0}


def test_what_is_restored_is_as_old_as_it_is_and_not_as_young_as_the_program(scene):
    scene.succeed(scene.customer(), CREDITS.sample(1))
    scene.clock.advance(2_000)
    scene.crash("a")

    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(699.5)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(0.5)
    assert scene.series(STALE) == {"a": 1.0}
    assert scene.series(LEFT) == {"a": 1.0}
    scene.clock.advance(DAY - 2_700)
    assert scene.series(LEFT) == {}


def test_what_turned_stale_while_the_program_was_down_is_stale_at_once(scene):
    scene.succeed(scene.customer(), CREDITS.sample(1))
    scene.restart()
    scene.clock.advance(2_700)
    scene.restart("a")

    assert scene.series(STALE) == {"a": 1.0}
    assert scene.series(LEFT) == {"a": 1.0}


def test_what_is_too_old_is_not_shown_but_its_counters_go_on(scene):
    scene.succeed(scene.customer(), REQUESTS.sample(100), CREDITS.sample(1))
    scene.restart()
    scene.clock.advance(DAY)
    scene.restart("a")
    assert scene.vendor_lines() == []
    assert scene.series(STALE) == {"a": 1.0}

    scene.succeed(scene.places["a"], REQUESTS.sample(90))

    assert scene.series(TOTAL) == {"a": 100.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now(scene):
    scene.succeed(scene.customer(), CREDITS.sample(1))
    scene.clock.jump(-3_600)
    scene.crash("a")

    assert scene.series(SUCCESS) == {"a": NOON - 3_600}
    assert scene.series(ATTEMPT) == {"a": NOON - 3_600}
    scene.clock.advance(2_700)
    assert scene.series(STALE) == {"a": 1.0}


def test_the_age_of_who_never_succeeded_runs_from_when_it_was_first_configured(scene):
    place = scene.customer()
    scene.clock.advance(900)
    scene.fail(place)
    scene.crash("a")

    scene.clock.advance(1_799)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(1)
    assert scene.series(STALE) == {"a": 1.0}


def test_a_fall_is_counted_once_over_restarts_and_ends_when_the_vendor_passes(scene):
    scene.succeed(scene.customer(), REQUESTS.sample(100))
    for value in (90, 80, 95):
        scene.succeed(scene.places["a"], REQUESTS.sample(value))
        scene.crash("a")
    assert (scene.series(TOTAL), scene.series(HELD), scene.series(CORRECTIONS)) == ({"a": 100}, {"a": 5}, {"a": 1})

    scene.succeed(scene.places["a"], REQUESTS.sample(101))
    scene.crash("a")

    assert (scene.series(TOTAL), scene.series(HELD), scene.series(CORRECTIONS)) == ({"a": 101}, {}, {"a": 1})


def test_an_account_that_began_anew_while_the_program_was_down_is_a_true_reset(scene):
    scene.succeed(scene.customer(), REQUESTS.sample(1_000))
    scene.restart("a")
    scene.succeed(scene.places["a"], REQUESTS.sample(3))

    assert scene.series(TOTAL) == {"a": 3.0}
    assert scene.series(CORRECTIONS) == {}


def test_another_account_under_the_same_label_inherits_nothing(scene):
    scene.succeed(scene.customer("a", "old@example.com"), REQUESTS.sample(100), CREDITS.sample(1))
    scene.restart()
    place = scene.customer("a", "new@example.com")

    assert scene.vendor_lines() == []
    scene.succeed(place, REQUESTS.sample(99))
    assert scene.series(TOTAL) == {"a": 99.0}
    assert scene.series(CORRECTIONS) == {}


def test_numbers_of_other_settings_are_not_shown_but_their_counters_go_on(scene):
    scene.succeed(scene.customer(), REQUESTS.sample(100), OPENS.sample(5), CREDITS.sample(1))
    scene.ask_for_other_things()
    scene.restart("a")

    assert scene.vendor_lines() == []
    assert scene.store.untried == 1
    scene.succeed(scene.places["a"], REQUESTS.sample(99))
    assert scene.series(TOTAL) == {"a": 100.0}


def test_series_beyond_the_limit_are_not_restored(tmp_path):
    scene = KeptScene(tmp_path)
    scene.succeed(scene.customer("a"), REQUESTS.sample(1), CREDITS.sample(2))
    scene.succeed(scene.customer("b"), REQUESTS.sample(3), CREDITS.sample(4))
    scene.options = {**scene.options, "max_series": 3}
    scene.restart("a", "b")

    assert len(scene.vendor_lines()) == 2
    scene.state.close()


def test_what_was_left_out_is_still_counted(tmp_path):
    scene = KeptScene(tmp_path, max_series=1)
    scene.succeed(scene.customer(), REQUESTS.sample(1), CREDITS.sample(2))
    scene.restart("a")

    assert scene.store.sources["acme"].left_out["max_series"] == 1
    scene.state.close()


@pytest.mark.parametrize("keeps", [True, False], ids=["with a state", "without one"])
def test_a_customer_that_is_removed_and_added_again_goes_on_where_it_was(tmp_path, keeps):
    scene = KeptScene(tmp_path if keeps else None)
    scene.succeed(scene.customer(), REQUESTS.sample(100), CREDITS.sample(1))
    scene.succeed(scene.places["a"], REQUESTS.sample(90), CREDITS.sample(1))
    scene.store.remove("acme", "a")
    assert scene.lines() == []

    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(95), CREDITS.sample(1))

    assert scene.series(TOTAL) == {"a": 100.0}
    assert scene.series(HELD) == {"a": 5.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}
    scene.state.close()


# A disk that fails


def test_while_nothing_can_be_written_gauges_go_on_and_counters_stay(scene):
    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(10), CREDITS.sample(2))
    with broken_disk():
        scene.succeed(place, REQUESTS.sample(20), OPENS.sample(7), CREDITS.sample(1))

    assert (scene.series(TOTAL), scene.series("sendgrid_opens_total"), scene.series(LEFT)) == ({"a": 10}, {}, {"a": 1})
    assert scene.series(UP) == {"a": 1.0}
    assert (scene.state.is_up, scene.state.failures) == (False, 1)


def test_what_could_not_be_written_is_made_up_for_by_the_next_fetch(scene):
    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(10))
    with broken_disk():
        scene.succeed(place, REQUESTS.sample(20), OPENS.sample(7))
    scene.succeed(place, REQUESTS.sample(21), OPENS.sample(8))

    assert (scene.series(TOTAL), scene.series("sendgrid_opens_total")) == ({"a": 21.0}, {"a": 8.0})
    assert (scene.state.is_up, scene.state.failures) == (True, 1)
    scene.crash("a")
    assert scene.series(TOTAL) == {"a": 21.0}


def test_a_fall_that_could_not_be_written_is_counted_when_it_can_be(scene):
    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(100))
    with broken_disk():
        scene.succeed(place, REQUESTS.sample(90))
        assert (scene.series(TOTAL), scene.series(HELD), scene.series(CORRECTIONS)) == ({"a": 100}, {}, {})
    scene.succeed(place, REQUESTS.sample(91))

    assert (scene.series(TOTAL), scene.series(HELD), scene.series(CORRECTIONS)) == ({"a": 100}, {"a": 9}, {"a": 1})


def test_a_counter_that_began_anew_while_nothing_could_be_written_falls_once_it_is(scene):
    place = scene.customer()
    scene.succeed(place, REQUESTS.sample(1_000))
    with broken_disk():
        scene.succeed(place, REQUESTS.sample(5))
        assert scene.series(TOTAL) == {"a": 1_000.0}
    scene.succeed(place, REQUESTS.sample(6))

    assert scene.series(TOTAL) == {"a": 6.0}


def test_room_is_free_again_after_a_fetch_that_brought_too_much(tmp_path):
    scene = KeptScene(tmp_path, max_series=2)
    one, two = scene.customer("a"), scene.customer("b")
    scene.succeed(one, REQUESTS.sample(1), CREDITS.sample(1))
    scene.succeed(two, REQUESTS.sample(1))
    scene.succeed(one, REQUESTS.sample(1))
    scene.succeed(two, REQUESTS.sample(1))

    assert scene.series(TOTAL) == {"a": 1.0, "b": 1.0}
    scene.state.close()


def test_of_a_source_that_is_removed_nothing_is_remembered_but_on_the_disk(scene):
    """With a hundred thousand customers it would be a hundred megabytes; the garbage collector is told to ignore it."""
    scene.succeed(scene.customer("short-lived"), REQUESTS.sample(100))
    scene.restart("short-lived")
    gc.collect()
    gc.disable()

    scene.store.remove_source("acme")
    scene.places.clear()
    scene.lines()

    kept = [each for each in gc.get_objects() if isinstance(each, Record) and each.name == "short-lived"]
    gc.enable()
    assert kept == []
