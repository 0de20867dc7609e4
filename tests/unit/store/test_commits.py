"""What fetches bring: samples replaced whole, and health beside them."""

import pytest

from exporter.errors import AuthRejected, FetchError, Reason, RequestTimeout
from exporter.samples import Sample
from exporter.store import Outcome
from tests.unit.store.scene import CATEGORY, CREDITS, INFO, OPENS, REQUESTS, Scene, left_out

UP = "email_stats_exporter_up"
FAILING = "email_stats_exporter_fetch_failing"
ATTEMPT = "email_stats_exporter_last_attempt_timestamp_seconds"
SUCCESS = "email_stats_exporter_last_success_timestamp_seconds"


def test_samples_of_a_success_replace_the_earlier_ones_as_a_whole():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(5), CATEGORY.sample(1, "x"), CATEGORY.sample(2, "y"))
    scene.succeed(place, CATEGORY.sample(3, "y"), CATEGORY.sample(4, "z"))

    assert scene.vendor_lines() == [
        'sendgrid_category_latest_day_requests{category="y",customer="a",source="acme"} 3.0',
        'sendgrid_category_latest_day_requests{category="z",customer="a",source="acme"} 4.0',
    ]


def test_a_fetch_of_one_collector_leaves_the_others_samples_alone():
    scene = Scene()
    totals, credits_ = scene.place(collector="totals"), scene.place(collector="credits")
    scene.succeed(totals, REQUESTS.sample(1))
    scene.succeed(credits_, CREDITS.sample(2))
    scene.succeed(totals)

    assert scene.vendor_lines() == ['sendgrid_credits_remaining{customer="a",source="acme"} 2.0']


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (RequestTimeout("no answer within 10 s"), "timeout"),
        (AuthRejected("401"), "auth"),
        (Reason.INTERNAL, "internal"),
    ],
)
def test_a_failure_touches_nothing_but_health(outcome: FetchError | Reason, reason: str):
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(12), CREDITS.sample(5))
    before = scene.vendor_lines()
    scene.clock.advance(60)
    scene.commit(place, outcome)

    assert scene.vendor_lines() == before
    assert scene.series(UP) == {"a": 0.0}
    assert scene.series(FAILING, "collector", "reason") == {("a", "totals", reason): 1.0}
    assert scene.series(SUCCESS) == {"a": 1_773_403_200.0}
    assert scene.series(ATTEMPT) == {"a": 1_773_403_259.0}


def test_a_success_ends_the_failing_and_a_new_reason_takes_the_place_of_the_old_one():
    scene = Scene()
    place = scene.place()
    scene.commit(place, AuthRejected("401"))
    scene.commit(place, RequestTimeout("no answer"))
    assert scene.series(FAILING, "reason") == {("a", "timeout"): 1.0}

    scene.succeed(place, CREDITS.sample(5))
    assert scene.series(FAILING) == {}
    assert scene.series(UP) == {"a": 1.0}
    assert place.last_error == ""


def test_a_success_without_samples_takes_the_series_away_and_is_up():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(5))
    scene.succeed(place)

    assert scene.vendor_lines() == []
    assert scene.series(UP) == {"a": 1.0}


def test_nothing_is_said_of_a_fetch_that_has_not_ended_once_but_that_it_is_not_stale():
    scene = Scene()
    scene.place()

    assert scene.lines() == ['email_stats_exporter_stale{collector="totals",customer="a",source="acme"} 0.0']


def test_an_attempt_is_dated_by_its_beginning_and_a_success_by_its_end():
    scene = Scene()
    scene.store.commit([(scene.place(), [])], began=1_000.0, ended=1_007.5)

    assert scene.series(ATTEMPT) == {"a": 1_000.0}
    assert scene.series(SUCCESS) == {"a": 1_007.5}


def test_a_batch_brings_each_customer_its_own():
    scene = Scene()
    a, b, c = scene.place("a"), scene.place("b"), scene.place("c")
    scene.fail(c)
    outcomes: list[tuple[object, Outcome]] = [(a, [CREDITS.sample(1)]), (b, AuthRejected("403")), (c, [])]
    changes = scene.store.commit(outcomes, 0, 1)  # type: ignore[arg-type]  # the list is wider than its members

    assert scene.series("sendgrid_credits_remaining") == {"a": 1.0}
    assert scene.series(UP) == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert [(change.place, change.before, change.after) for change in changes] == [
        (a, None, None),
        (b, None, Reason.AUTH),
        (c, Reason.SERVER_ERROR, None),
    ]


@pytest.mark.parametrize(
    "samples",
    [
        [CREDITS.sample(1), CREDITS.sample(2)],
        [CATEGORY.sample(1, "x"), CATEGORY.sample(1, "y"), CATEGORY.sample(1, "x")],
        [CATEGORY.sample(1, "x"), CREDITS.sample(1), CATEGORY.sample(1, "y")],
        [CATEGORY.sample(1)],
        [CREDITS.sample(1, "x")],
        [CATEGORY.sample(1, "x", "y")],
    ],
    ids=["twice", "twice apart", "mixed families", "too few labels", "a label too many", "two labels for one"],
)
def test_samples_that_no_page_may_show_are_an_internal_failure_and_change_nothing(samples: list[Sample]):
    """One broken collector must not break the page for everyone."""
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(9), CATEGORY.sample(1, "\ud800"))
    before, was_left_out = scene.vendor_lines(), left_out(scene)
    assert was_left_out == {"label_value": 1}
    changes = scene.commit(place, samples)

    assert scene.vendor_lines() == before == ['sendgrid_requests_total{customer="a",source="acme"} 9.0']
    assert left_out(scene) == was_left_out
    assert [change.after for change in changes] == [Reason.INTERNAL]
    assert scene.series(FAILING, "reason") == {("a", "internal"): 1.0}
    assert scene.series(UP) == {"a": 0.0}


def test_a_failed_fetch_of_impossible_samples_leaves_counters_where_they_were():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(500))
    scene.commit(place, [REQUESTS.sample(400), CREDITS.sample(1), CREDITS.sample(1)])

    assert scene.series("email_stats_exporter_counter_corrections_total") == {}
    scene.succeed(place, REQUESTS.sample(500))
    assert scene.series("sendgrid_requests_total") == {"a": 500.0}


def test_what_the_configuration_says_has_no_health_and_counts_as_no_series():
    scene = Scene(max_series=1)
    place = scene.place()
    scene.store.describe("acme", [("a", [INFO.sample(1, "gold")])])
    scene.succeed(place, CREDITS.sample(5))
    scene.clock.advance(1_000_000)

    assert scene.vendor_lines() == ['sendgrid_customer_info{customer="a",source="acme",tier="gold"} 1.0']
    assert scene.store.untried == 0


def test_untried_counts_down_with_each_first_attempt_good_or_bad():
    scene = Scene()
    a, b = scene.place("a"), scene.place("b")
    assert scene.store.untried == 2
    scene.fail(a)
    scene.fail(a)
    assert (scene.store.untried, scene.store.failing) == (1, 1)
    scene.succeed(b)
    assert (scene.store.untried, scene.store.failing) == (0, 1)
    scene.succeed(a)
    assert (scene.store.untried, scene.store.failing) == (0, 0)


def test_a_source_is_up_until_three_of_its_shortest_intervals_went_by_without_success():
    scene = Scene()
    slow = scene.place(collector="credits", interval=3_600)
    scene.place(collector="totals", interval=900)
    assert not scene.store.is_source_up("acme")
    scene.fail(slow)
    assert not scene.store.is_source_up("acme")

    scene.succeed(slow, OPENS.sample(1))
    scene.clock.advance(2_700)
    assert scene.store.is_source_up("acme")
    scene.clock.advance(0.5)
    assert not scene.store.is_source_up("acme")


def test_a_source_is_not_up_because_another_one_is():
    scene = Scene()
    scene.succeed(scene.place(source="acme"))
    scene.place(source="shop")

    assert scene.store.is_source_up("acme")
    assert not scene.store.is_source_up("shop")
