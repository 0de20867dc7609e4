import pytest
import requests

from exporter.demo import SCENARIOS, World

HUGE = "mail@aurora-retail.example"
HERALD = "news@daily-herald.example"
RENEWED = "noreply@pixelforge-games.example"


def totals(stand_in, world: World, user: str) -> int:
    return stand_in.story.totals(user, world.clock.time())["requests"]


def test_there_are_the_four_scenarios_of_the_command_line():
    assert sorted(SCENARIOS) == ["corrections", "credit-exhaustion", "outage", "throttling"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_describes_itself_in_one_sentence(name):
    description = SCENARIOS[name].description

    assert description.endswith(".")
    assert ". " not in description
    assert SCENARIOS[name].name == name


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_first_minute_of_a_scenario_is_calm(name, serve, ask, clock, world):
    stand_in = serve(scenario=SCENARIOS[name])
    clock.advance(59)

    reply = ask(stand_in, "manage", method="stats", aggregate=1, user=HUGE)

    assert reply.json() == world.totals(HUGE, clock.time())


def test_an_outage_has_three_faces_ends_and_comes_again(serve, ask, clock):
    stand_in = serve(scenario=SCENARIOS["outage"])

    def seen() -> int | None:
        try:
            return ask(stand_in, "account", task="overview", user=HUGE).status_code
        except requests.ConnectionError:
            return None

    clock.advance(60)
    assert seen() == 503
    # 20 s to 40 s into it the vendor hangs: tests/unit/demo/test_stand_in.py waits for that once.
    clock.advance(40)
    assert seen() is None
    clock.advance(20)
    assert seen() == 200
    clock.advance(180)
    assert seen() == 503


def test_throttling_refuses_the_call_after_the_sixtieth_and_ends(serve, ask, clock):
    stand_in = serve(scenario=SCENARIOS["throttling"])
    clock.advance(60)
    replies = [ask(stand_in, "account", task="overview", user=HUGE) for _ in range(61)]

    assert [reply.status_code for reply in replies] == [200] * 60 + [429]
    assert replies[0].headers["X-RateLimit-Limit"] == "60"

    clock.advance(120)
    reply = ask(stand_in, "account", task="overview", user=HUGE)
    assert (reply.status_code, reply.headers["X-RateLimit-Limit"]) == (200, "600")


def test_corrected_totals_fall_by_a_few_per_cent_and_climb_again(serve, clock, world):
    stand_in = serve(scenario=SCENARIOS["corrections"])
    clock.advance(59)
    before = totals(stand_in, world, HUGE)
    clock.advance(1)
    fallen = totals(stand_in, world, HUGE)
    clock.advance(30)
    halfway = totals(stand_in, world, HUGE)
    clock.advance(30)

    assert 0.969 < fallen / before < 0.971
    assert 0.984 < halfway / before < 0.986
    assert totals(stand_in, world, HUGE) == world.totals(HUGE, clock.time())["requests"] > before


def test_corrections_strike_customers_at_times_of_their_own(serve, clock, world):
    stand_in = serve(scenario=SCENARIOS["corrections"])
    clock.advance(60)

    assert totals(stand_in, world, HERALD) == world.totals(HERALD, clock.time())["requests"]

    clock.advance(90)
    assert totals(stand_in, world, HERALD) < world.totals(HERALD, clock.time())["requests"] * 0.951


def test_one_account_begins_anew_and_stays_so(serve, clock, world):
    stand_in = serve(scenario=SCENARIOS["corrections"])
    clock.advance(119)
    assert totals(stand_in, world, RENEWED) > 1_000_000

    clock.advance(1)
    assert totals(stand_in, world, RENEWED) == 0

    clock.advance(600)
    assert 0 < totals(stand_in, world, RENEWED) < 10_000


def test_credits_run_out_within_two_minutes_and_are_bought_again(serve, clock):
    stand_in = serve(scenario=SCENARIOS["credit-exhaustion"])

    def credits_left() -> tuple[int, int]:
        overview = stand_in.story.overview(HUGE, clock.time())
        return int(overview["credits_remain"]), int(overview["credits_overage"])

    remain, overage = credits_left()
    assert 0 < remain < 10_000
    assert overage == 0
    clock.advance(60)
    assert 0 < credits_left()[0] < remain
    clock.advance(60)
    assert credits_left() == (0, 0)
    clock.advance(60)
    assert credits_left()[0] == 0
    assert credits_left()[1] > 0
    clock.advance(60)
    assert credits_left()[0] > 0


def test_credit_exhaustion_leaves_the_others_alone(serve, clock, world):
    stand_in = serve(scenario=SCENARIOS["credit-exhaustion"])

    assert stand_in.story.overview(HERALD, clock.time()) == world.overview(HERALD, clock.time())
