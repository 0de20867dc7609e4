"""What is to be rendered again: only what changed, since a scrape's cost goes by it."""

from exporter.store import GROUP_SIZE
from tests.unit.store.scene import CATEGORY, CREDITS, OPENS, REQUESTS, Scene

SUCCESS = "email_stats_exporter_last_success_timestamp_seconds"
ATTEMPT = "email_stats_exporter_last_attempt_timestamp_seconds"


def test_a_success_that_brings_the_same_numbers_changes_its_times_alone():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1), CREDITS.sample(2))
    scene.changed()
    scene.clock.advance(60)
    scene.succeed(place, REQUESTS.sample(1), CREDITS.sample(2))

    assert scene.changed() == {SUCCESS, ATTEMPT}


def test_only_families_with_a_new_number_are_changed():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1), OPENS.sample(1), CATEGORY.sample(1, "x"), CATEGORY.sample(1, "y"))
    scene.changed()
    scene.succeed(place, REQUESTS.sample(1), OPENS.sample(1), CATEGORY.sample(1, "x"), CATEGORY.sample(2, "y"))

    assert scene.changed() == {SUCCESS, ATTEMPT, "sendgrid_category_latest_day_requests"}


def test_a_failure_changes_health_and_one_that_goes_on_only_the_time_of_the_attempt():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1))
    scene.changed()
    scene.fail(place)
    assert scene.changed() == {ATTEMPT, "email_stats_exporter_up", "email_stats_exporter_fetch_failing"}
    scene.fail(place)
    assert scene.changed() == {ATTEMPT}


def test_turning_stale_changes_that_alone():
    scene = Scene()
    scene.succeed(scene.place(), REQUESTS.sample(1))
    scene.changed()
    scene.clock.advance(2_700)
    scene.store.advance()

    assert scene.changed() == {"email_stats_exporter_stale"}


def test_a_held_counter_is_not_rendered_again_but_what_it_holds_is():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(100))
    scene.succeed(place, REQUESTS.sample(90))
    scene.changed()
    scene.succeed(place, REQUESTS.sample(91))

    assert scene.changed() == {SUCCESS, ATTEMPT, "email_stats_exporter_counter_held"}


def test_only_the_group_of_the_customer_is_changed():
    scene = Scene()
    places = [scene.place(str(number)) for number in range(GROUP_SIZE + 1)]
    scene.changed()
    scene.fail(places[-1])

    assert [group for group, _ in scene.store.changes.all()] == [scene.store.groups[1]]


def test_nothing_is_changed_twice():
    scene = Scene()
    scene.succeed(scene.place(), REQUESTS.sample(1))
    scene.changed()

    assert scene.changed() == set()
