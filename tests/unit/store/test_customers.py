"""Customers that come and go, and the groups that they are rendered in."""

from exporter.errors import ServerFailed
from exporter.store import GROUP_SIZE
from tests.unit.store.scene import CREDITS, INFO, REQUESTS, Scene


def test_a_customer_that_is_removed_leaves_with_all_its_series_and_health():
    scene = Scene()
    a, b = scene.place("a"), scene.place("b")
    scene.store.describe("acme", [("a", [INFO.sample(1, "gold")])])
    scene.succeed(a, REQUESTS.sample(10))
    scene.succeed(a, REQUESTS.sample(9))
    scene.fail(a)
    scene.fail(b)
    scene.store.remove("acme", "a")

    assert [line for line in scene.lines() if 'customer="a"' in line] == []
    assert scene.series("email_stats_exporter_up") == {"b": 0.0}
    assert scene.store.failing == 1
    assert scene.store.sources["acme"].series == 0


def test_a_fetch_that_ends_after_its_customer_was_removed_changes_nothing():
    scene = Scene()
    gone, kept = scene.place("a"), scene.place("b")
    scene.store.remove("acme", "a")
    changes = scene.store.commit([(gone, [CREDITS.sample(1)]), (kept, ServerFailed("503"))], 0, 1)

    assert [line for line in scene.lines() if 'customer="a"' in line] == []
    assert [change.place for change in changes] == [kept]
    assert scene.store.sources["acme"].series == 0
    assert not scene.store.is_source_up("acme")


def test_a_removed_customer_does_not_age():
    scene = Scene()
    scene.succeed(scene.place("a"), CREDITS.sample(1))
    scene.store.remove("acme", "a")
    scene.clock.advance(1_000_000)

    assert scene.lines() == []


def test_a_removed_customer_that_was_never_tried_is_not_waited_for():
    scene = Scene()
    scene.place("a")
    scene.store.remove("acme", "a")

    assert scene.store.untried == 0


def test_a_customer_that_is_added_again_begins_without_a_past():
    scene = Scene()
    scene.succeed(scene.place("a"), REQUESTS.sample(1_000))
    scene.store.remove("acme", "a")
    scene.clock.advance(10_000)
    again = scene.place("a")
    scene.succeed(again, REQUESTS.sample(990))

    assert scene.series("sendgrid_requests_total") == {"a": 990.0}
    assert scene.series("email_stats_exporter_counter_corrections_total") == {}
    assert scene.series("email_stats_exporter_stale") == {"a": 0.0}


def test_the_same_name_under_two_sources_is_two_customers():
    scene = Scene()
    scene.succeed(scene.place("a", source="acme"), CREDITS.sample(1))
    scene.succeed(scene.place("a", source="shop"), CREDITS.sample(2))
    scene.store.remove("acme", "a")

    assert scene.vendor_lines() == ['sendgrid_credits_remaining{customer="a",source="shop"} 2.0']


def test_a_group_takes_a_hundred_customers_with_all_their_collectors():
    scene = Scene()
    for number in range(GROUP_SIZE * 2 + 1):
        scene.place(str(number), "totals")
        scene.place(str(number), "credits")

    assert [len(group.records) for group in scene.store.groups] == [100, 100, 1]


def test_sources_do_not_share_groups():
    scene = Scene()
    scene.place("a", source="acme")
    scene.place("a", source="shop")

    assert [group.source for group in scene.store.groups] == ["acme", "shop"]


def test_new_customers_take_the_room_that_removed_ones_left():
    scene = Scene()
    places = {str(number): scene.place(str(number)) for number in range(200)}
    for number in (3, 7, 150):
        scene.store.remove("acme", str(number))
    for name in ("x", "y", "z", "over"):
        places[name] = scene.place(name)
    for name, place in places.items():
        if not place.is_gone:
            scene.succeed(place, CREDITS.sample(len(name)))

    assert [len(group.records) for group in scene.store.groups] == [100, 100, 1]
    shown = scene.series("sendgrid_credits_remaining")
    assert len(shown) == 201
    assert shown["over"] == 4.0
    assert "7" not in shown
