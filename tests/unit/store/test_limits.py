"""What is left out, and counted: series over the limit, label values that are no text, what a collector says."""

import pytest

from exporter.samples import LeftOut
from tests.unit.store.scene import CATEGORY, CREDITS, INFO, OPENS, REQUESTS, Scene, left_out

CREDITS_SHOWN = "sendgrid_credits_remaining"
CATEGORY_SHOWN = "sendgrid_category_latest_day_requests"


def test_at_the_limit_existing_series_keep_updating_and_new_ones_are_left_out():
    scene = Scene(max_series=3)
    a, b = scene.place("a"), scene.place("b")
    scene.succeed(a, CREDITS.sample(1), CATEGORY.sample(1, "x"))
    scene.succeed(b, CREDITS.sample(2), CATEGORY.sample(2, "x"))
    assert left_out(scene) == {"max_series": 1}
    scene.succeed(b, CREDITS.sample(3), CATEGORY.sample(3, "x"), OPENS.sample(3))
    assert left_out(scene) == {"max_series": 2}
    scene.succeed(a, REQUESTS.sample(8), CREDITS.sample(4), CATEGORY.sample(8, "new"), CATEGORY.sample(5, "x"))

    assert left_out(scene) == {"max_series": 4}
    assert scene.vendor_lines() == [
        'sendgrid_credits_remaining{customer="a",source="acme"} 4.0',
        'sendgrid_credits_remaining{customer="b",source="acme"} 3.0',
        'sendgrid_category_latest_day_requests{category="x",customer="a",source="acme"} 5.0',
    ]
    assert scene.store.sources["acme"].series == 3


def test_at_the_limit_a_series_may_take_the_place_of_one_that_went():
    scene = Scene(max_series=2)
    place = scene.place()
    scene.succeed(place, CATEGORY.sample(1, "x"), CATEGORY.sample(1, "y"))
    scene.succeed(place, CATEGORY.sample(2, "x"), CATEGORY.sample(2, "z"), CATEGORY.sample(2, "zz"))

    assert scene.series(CATEGORY_SHOWN, "category") == {("a", "x"): 2.0, ("a", "z"): 2.0}
    assert left_out(scene) == {"max_series": 1}


def test_there_is_room_again_when_a_customer_left():
    scene = Scene(max_series=1)
    a, b = scene.place("a"), scene.place("b")
    scene.succeed(a, CREDITS.sample(1))
    scene.succeed(b, CREDITS.sample(2))
    assert scene.series(CREDITS_SHOWN) == {"a": 1.0}
    scene.store.remove("acme", "a")
    scene.succeed(b, CREDITS.sample(3))

    assert scene.series(CREDITS_SHOWN) == {"b": 3.0}
    assert left_out(scene) == {}


def test_there_is_room_again_when_samples_left_with_age():
    scene = Scene(max_series=1)
    a, b = scene.place("a"), scene.place("b")
    scene.succeed(a, CREDITS.sample(1))
    scene.clock.advance(86_400)
    assert scene.series(CREDITS_SHOWN) == {}
    scene.succeed(b, CREDITS.sample(2))

    assert scene.series(CREDITS_SHOWN) == {"b": 2.0}


def test_the_limit_is_for_all_sources_together_and_counted_by_source():
    scene = Scene(max_series=1)
    scene.succeed(scene.place(source="acme"), CREDITS.sample(1))
    scene.succeed(scene.place(source="shop"), CREDITS.sample(1))

    assert (scene.store.sources["acme"].series, scene.store.sources["shop"].series) == (1, 0)
    assert left_out(scene, "acme") == {}
    assert left_out(scene, "shop") == {"max_series": 1}


@pytest.mark.parametrize("label", ["\ud800", "a\udfff", "\udc80\ud800"])
def test_a_label_value_that_is_no_text_is_left_out_alone(label: str):
    """JSON can spell half of a surrogate pair, and no page can hold it."""
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CATEGORY.sample(1, "ok 😀"), CATEGORY.sample(2, label))

    assert scene.series(CATEGORY_SHOWN, "category") == {("a", "ok 😀"): 1.0}
    assert left_out(scene) == {"label_value": 1}
    assert scene.series("email_stats_exporter_up") == {"a": 1.0}


def test_what_was_left_out_is_counted_by_the_last_fetch_of_each_customer():
    scene = Scene()
    a, b = scene.place("a"), scene.place("b")
    scene.succeed(a, CATEGORY.sample(2, "\ud800"), CATEGORY.sample(2, "\ud801"))
    scene.succeed(b, CATEGORY.sample(2, "\ud800"))
    assert left_out(scene) == {"label_value": 3}
    scene.fail(a)
    assert left_out(scene) == {"label_value": 3}
    scene.succeed(a, CATEGORY.sample(2, "fine"))
    assert left_out(scene) == {"label_value": 1}
    scene.store.remove("acme", "b")
    assert left_out(scene) == {}


def test_what_a_collector_leaves_out_on_purpose_is_counted_and_no_series():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, LeftOut("breakdown_rows", 7), CREDITS.sample(1), LeftOut("label_value", 2))
    assert left_out(scene) == {"breakdown_rows": 7, "label_value": 2}
    assert scene.series(CREDITS_SHOWN) == {"a": 1.0}
    scene.succeed(place, CREDITS.sample(1))
    assert left_out(scene) == {}


def test_at_the_limit_what_is_configured_of_further_customers_is_left_out():
    scene = Scene(max_series=3)
    gold, silver = [INFO.sample(1, "gold")], [INFO.sample(1, "silver")]
    scene.store.describe("acme", [("a", gold), ("b", gold)])
    scene.store.describe("acme", [("b", silver), ("c", gold), ("d", silver), ("e", gold)])

    assert scene.series("sendgrid_customer_info", "tier") == {("a", "gold"): 1, ("b", "silver"): 1, ("c", "gold"): 1}
    assert left_out(scene) == {"max_series": 2}
    assert scene.store.sources["acme"].series == 3
    scene.store.remove("acme", "a")
    scene.store.describe("acme", [("e", gold), ("d", silver)])
    assert scene.series("sendgrid_customer_info", "tier") == {("b", "silver"): 1, ("c", "gold"): 1, ("e", "gold"): 1}
