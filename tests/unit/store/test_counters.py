"""Counters: the vendor's own totals, held where the vendor takes something back."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.store.scene import CREDITS, OPENS, REQUESTS, Scene

TOTAL = "sendgrid_requests_total"
HELD = "email_stats_exporter_counter_held"
CORRECTIONS = "email_stats_exporter_counter_corrections_total"
DAY = 86_400


def test_a_total_that_fell_is_held_and_the_fall_counted():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000))
    scene.succeed(place, REQUESTS.sample(970))

    assert scene.series(TOTAL) == {"a": 1_000.0}
    assert scene.series(HELD, "metric") == {("a", TOTAL): 30.0}
    assert scene.series(CORRECTIONS, "metric") == {("a", TOTAL): 1.0}


def test_a_fall_is_counted_once_however_long_it_lasts_and_held_follows_the_vendor():
    scene = Scene()
    place = scene.place()
    held = []
    for value in (1_000, 970, 970, 980, 960, 999):
        scene.succeed(place, REQUESTS.sample(value))
        held.append(scene.series(HELD).get("a"))

    assert held == [None, 30.0, 30.0, 20.0, 40.0, 1.0]
    assert scene.series(TOTAL) == {"a": 1_000.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


@pytest.mark.parametrize("value", [1_000, 1_001])
def test_a_total_is_released_when_the_vendor_is_there_again(value: int):
    scene = Scene()
    place = scene.place()
    for each in (1_000, 970, value):
        scene.succeed(place, REQUESTS.sample(each))

    assert scene.series(TOTAL) == {"a": float(value)}
    assert scene.series(HELD) == {}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_a_second_fall_is_counted_again():
    scene = Scene()
    place = scene.place()
    for value in (1_000, 970, 1_010, 1_009):
        scene.succeed(place, REQUESTS.sample(value))

    assert scene.series(TOTAL) == {"a": 1_010.0}
    assert scene.series(HELD) == {"a": 1.0}
    assert scene.series(CORRECTIONS) == {"a": 2.0}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (1_000, 0, 0),
        (1_000, 499, 499),
        (1_000, 500, 1_000),  # exactly half
        (199, 99, 99),  # by exactly 100
        (198, 99, 198),  # exactly half, by 99
        (150, 51, 150),  # below half, by 99
        (150, 50, 50),  # below half, by 100
        (200, 100, 200),  # exactly half, by 100
        (201, 100, 100),
        (99, 0, 99),
        (100, 0, 0),
    ],
)
def test_a_fall_below_half_and_by_100_is_an_account_that_began_anew(before: int, after: int, shown: int):
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(before))
    scene.succeed(place, REQUESTS.sample(after))

    assert scene.series(TOTAL) == {"a": float(shown)}
    is_reset = shown == after
    assert scene.series(CORRECTIONS) == ({} if is_reset else {"a": 1.0})
    assert scene.series(HELD) == ({} if is_reset else {"a": float(before - after)})


def test_a_held_total_that_falls_on_below_half_begins_anew():
    """The rule goes by the exposed value, not by what the vendor said last."""
    scene = Scene()
    place = scene.place()
    for value in (1_000, 600, 499):
        scene.succeed(place, REQUESTS.sample(value))

    assert scene.series(TOTAL) == {"a": 499.0}
    assert scene.series(HELD) == {}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_a_gauge_may_fall():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, CREDITS.sample(10))
    scene.succeed(place, CREDITS.sample(9))

    assert scene.series("sendgrid_credits_remaining") == {"a": 9.0}
    assert scene.series(CORRECTIONS) == {}


def test_a_total_that_left_comes_back_with_its_held_value():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000))
    scene.succeed(place, REQUESTS.sample(970))
    scene.clock.advance(DAY)
    assert scene.series(TOTAL) == {}

    scene.succeed(place, REQUESTS.sample(980))
    assert scene.series(TOTAL) == {"a": 1_000.0}
    assert scene.series(HELD) == {"a": 20.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_a_total_that_fell_while_it_was_away_is_held():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000))
    scene.clock.advance(DAY)
    assert scene.series(TOTAL) == {}

    scene.succeed(place, REQUESTS.sample(990))
    assert scene.series(TOTAL) == {"a": 1_000.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_a_field_that_the_vendor_leaves_out_for_a_while_goes_on_where_it_was():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000), OPENS.sample(50))
    scene.succeed(place, REQUESTS.sample(1_001))
    assert scene.series("sendgrid_opens_total") == {}
    scene.succeed(place)
    scene.succeed(place, REQUESTS.sample(1_002), OPENS.sample(45))

    assert scene.series(TOTAL) == {"a": 1_002.0}
    assert scene.series("sendgrid_opens_total") == {"a": 50.0}
    assert scene.series(HELD, "metric") == {("a", "sendgrid_opens_total"): 5.0}
    assert scene.series(CORRECTIONS, "metric") == {("a", "sendgrid_opens_total"): 1.0}


def test_a_held_total_that_leaves_is_ahead_of_nothing_and_counts_once_when_it_comes_back():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000), OPENS.sample(50))
    scene.succeed(place, REQUESTS.sample(1_000), OPENS.sample(45))
    assert scene.series(HELD) == {"a": 5.0}
    scene.succeed(place, REQUESTS.sample(1_000))
    assert scene.series(HELD) == {}
    scene.succeed(place, REQUESTS.sample(1_000), OPENS.sample(46))
    assert scene.series(HELD) == {"a": 4.0}
    scene.clock.advance(DAY)
    assert scene.series(HELD) == {}
    scene.succeed(place, REQUESTS.sample(1_000), OPENS.sample(51))

    assert scene.series("sendgrid_opens_total") == {"a": 51.0}
    assert scene.series(HELD) == {}
    assert scene.series(CORRECTIONS, "metric") == {("a", "sendgrid_opens_total"): 1.0}


def test_a_new_field_begins_at_the_vendors_value_and_disturbs_no_other():
    scene = Scene()
    place = scene.place()
    scene.succeed(place, REQUESTS.sample(1_000))
    scene.succeed(place, REQUESTS.sample(990))
    scene.succeed(place, REQUESTS.sample(995), OPENS.sample(3))

    assert scene.series(TOTAL) == {"a": 1_000.0}
    assert scene.series("sendgrid_opens_total") == {"a": 3.0}
    assert scene.series(HELD, "metric") == {("a", TOTAL): 5.0}
    assert scene.series(CORRECTIONS) == {"a": 1.0}


def test_customers_are_held_each_by_itself():
    scene = Scene()
    a, b = scene.place("a"), scene.place("b")
    for value in (100, 90):
        scene.succeed(a, REQUESTS.sample(value))
        scene.succeed(b, REQUESTS.sample(value * 10 if value == 90 else 100))

    assert scene.series(TOTAL) == {"a": 100.0, "b": 900.0}
    assert scene.series(HELD) == {"a": 10.0}


@dataclass
class Counter:
    """The contract's rule of one counter, written down plainly."""

    exposed: int | None = None
    held: int | None = None
    corrections: int = 0

    def see(self, value: int) -> None:
        fell_by = 0 if self.exposed is None else self.exposed - value
        began_anew = self.exposed is not None and fell_by >= 100 and 2 * value < self.exposed
        if fell_by <= 0 or began_anew:
            self.exposed, self.held = value, None
            return
        self.corrections += self.held is None
        self.held = fell_by


values = st.one_of(st.integers(0, 400), st.integers(0, 20_000), st.sampled_from([0, 99, 100, 101, 199, 200, 201, 202]))
steps = st.lists(st.one_of(values, st.sampled_from(["failed", "left out", "a day passed"])), max_size=12)


@given(steps)
def test_a_counter_does_what_the_contract_says_whatever_the_vendor_does(story: list[int | str]):
    scene, model = Scene(), Counter()
    place = scene.place()
    is_shown = False
    for step in story:
        if isinstance(step, int):
            scene.succeed(place, CREDITS.sample(step % 7), REQUESTS.sample(step))
            model.see(step)
            is_shown = True
        elif step == "left out":
            scene.succeed(place, CREDITS.sample(1))
            is_shown = False
        elif step == "failed":
            scene.fail(place)
        else:
            scene.clock.advance(DAY)
            is_shown = False

        assert scene.series(TOTAL) == ({"a": float(model.exposed)} if is_shown and model.exposed is not None else {})
        assert scene.series(CORRECTIONS) == ({"a": float(model.corrections)} if model.corrections else {})
        if is_shown:
            assert scene.series(HELD) == ({"a": float(model.held)} if model.held else {})


@given(st.lists(values, min_size=1, max_size=20))
def test_a_counter_never_falls_but_to_begin_anew_and_never_stays_behind_the_vendor(totals: list[int]):
    scene = Scene()
    place = scene.place()
    exposed = 0.0
    for total in totals:
        scene.succeed(place, REQUESTS.sample(total))
        shown = scene.series(TOTAL)["a"]
        assert shown >= total
        if shown < exposed:
            assert shown == total
            assert exposed - shown >= 100
            assert shown < exposed / 2
        exposed = shown
