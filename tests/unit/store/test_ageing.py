"""How samples age: stale, then gone, at exact moments and without anyone committing anything."""

from tests.unit.store.scene import CREDITS, Scene, names

STALE = "email_stats_exporter_stale"
SHOWN = "sendgrid_credits_remaining"


def test_a_fetch_is_stale_exactly_when_its_intervals_have_passed_without_success():
    scene = Scene(stale_after=3)
    scene.succeed(scene.place(interval=900), CREDITS.sample(1))

    scene.clock.advance(2_699.5)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(0.5)
    assert scene.series(STALE) == {"a": 1.0}
    assert scene.series(SHOWN) == {"a": 1.0}


def test_the_clock_of_a_customer_that_never_succeeded_runs_from_when_it_was_added():
    scene = Scene()
    scene.place("old")
    scene.clock.advance(1_000)
    scene.place("new")

    assert scene.series(STALE) == {"old": 0.0, "new": 0.0}
    scene.clock.advance(1_700)
    assert scene.series(STALE) == {"old": 1.0, "new": 0.0}
    scene.clock.advance(1_000)
    assert scene.series(STALE) == {"old": 1.0, "new": 1.0}


def test_failures_do_not_keep_a_fetch_from_turning_stale():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(1))
    for _ in range(3):
        scene.clock.advance(900)
        scene.fail(place)

    assert scene.series(STALE) == {"a": 1.0}


def test_a_success_ends_staleness():
    scene = Scene()
    place = scene.place()
    scene.clock.advance(2_700)
    assert scene.series(STALE) == {"a": 1.0}
    scene.succeed(place)

    assert scene.series(STALE) == {"a": 0.0}


def test_a_half_interval_counts_too():
    scene = Scene(stale_after=1.5)
    scene.place(interval=100)

    scene.clock.advance(149.75)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(0.25)
    assert scene.series(STALE) == {"a": 1.0}


def test_samples_leave_exactly_after_drop_after_and_health_stays():
    scene = Scene(drop_after=86_400)
    scene.succeed(scene.place(interval=900), CREDITS.sample(1))

    scene.clock.advance(86_399.5)
    assert scene.series(SHOWN) == {"a": 1.0}
    scene.clock.advance(0.5)
    assert names(scene.lines()) == [
        "email_stats_exporter_up",
        "email_stats_exporter_stale",
        "email_stats_exporter_last_success_timestamp_seconds",
        "email_stats_exporter_last_attempt_timestamp_seconds",
    ]
    assert scene.series(STALE) == {"a": 1.0}


def test_samples_of_a_slow_collector_leave_one_interval_after_they_turned_stale():
    scene = Scene(stale_after=3, drop_after=86_400)
    scene.succeed(scene.place(interval=43_200), CREDITS.sample(1))

    scene.clock.advance(4 * 43_200 - 0.5)
    assert scene.series(SHOWN) == {"a": 1.0}
    scene.clock.advance(0.5)
    assert scene.series(SHOWN) == {}


def test_drop_after_shorter_than_staleness_waits_for_it():
    scene = Scene(stale_after=3, drop_after=60)
    scene.succeed(scene.place(interval=900), CREDITS.sample(1))

    scene.clock.advance(3_599.5)
    assert scene.series(STALE) == {"a": 1.0}
    assert scene.series(SHOWN) == {"a": 1.0}
    scene.clock.advance(0.5)
    assert scene.series(SHOWN) == {}


def test_what_left_comes_back_with_the_next_success_and_ages_anew():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(1))
    scene.clock.advance(100_000)
    assert scene.series(SHOWN) == {}

    scene.succeed(place, CREDITS.sample(2))
    assert scene.series(SHOWN) == {"a": 2.0}
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(2_700)
    assert scene.series(STALE) == {"a": 1.0}
    scene.clock.advance(83_700)
    assert scene.series(SHOWN) == {}


def test_a_fetch_that_was_stale_and_recovered_turns_stale_again_on_time():
    """Its next deadline is before the one that waits for it already: the end of a day."""
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(1))
    scene.clock.advance(2_700)
    assert scene.series(STALE) == {"a": 1.0}
    scene.clock.advance(300)
    scene.succeed(place, CREDITS.sample(2))

    scene.clock.advance(2_699.5)
    assert scene.series(STALE) == {"a": 0.0}
    scene.clock.advance(0.5)
    assert scene.series(STALE) == {"a": 1.0}
    scene.clock.advance(83_699.5)
    assert scene.series(SHOWN) == {"a": 2.0}
    scene.clock.advance(0.5)
    assert scene.series(SHOWN) == {}


def test_many_successes_in_time_never_look_stale():
    scene = Scene()
    place = scene.place()
    for _ in range(300):
        scene.clock.advance(2_600)
        scene.succeed(place, CREDITS.sample(1))
        assert scene.series(STALE) == {"a": 0.0}

    scene.clock.advance(2_700)
    assert scene.series(STALE) == {"a": 1.0}


def test_nobody_looking_for_a_week_misses_nothing():
    scene = Scene()
    scene.succeed(scene.place("a"), CREDITS.sample(1))
    scene.place("b")
    scene.clock.advance(7 * 86_400)

    assert scene.series(STALE) == {"a": 1.0, "b": 1.0}
    assert scene.series(SHOWN) == {}


def test_a_jump_of_the_wall_clock_ages_nothing():
    scene = Scene()
    scene.succeed(scene.place(), CREDITS.sample(1))
    scene.clock.jump(30 * 86_400)

    assert scene.series(STALE) == {"a": 0.0}
    assert scene.series(SHOWN) == {"a": 1.0}


def test_each_collector_ages_by_its_own_interval():
    scene = Scene()
    scene.place(collector="totals", interval=900)
    scene.place(collector="credits", interval=3_600)
    scene.clock.advance(2_700)

    assert scene.series(STALE, "collector") == {("a", "totals"): 1.0, ("a", "credits"): 0.0}
