"""What can go wrong while someone watches the demo: each scenario begins, ends and comes again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from exporter.demo.wire import Answer, Fault, Manner, json_answer
from exporter.demo.world import World, printed_credits

Limit: TypeAlias = tuple[int, float]
"""So many calls in so many seconds."""

# Seconds: everything comes again after a cycle, and the first minute of one is calm.
_CYCLE = 240
_CALM = 60


def _true_totals(world: World, user: str, _: float, at: float) -> dict[str, int]:
    return world.totals(user, at)


def _true_overview(world: World, user: str, _: float, at: float) -> dict[str, str | int]:
    return world.overview(user, at)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way in which the demo's vendors misbehave, by the time since they started.

    Attributes:
        description: one sentence for whoever chose it.
        fault: how every call to any vendor fails, so many seconds after the start; None while all is well.
        limit: how many calls each API takes, so many seconds after the start; None while none counts.
        totals: what the Web API says of a user's totals, given the Unix times of its start and of now; v3 has none.
        overview: the same for the account overview, and for v3's credits, which are taken from it.
    """

    name: str
    description: str
    fault: Callable[[float], Fault | None] = lambda _: None
    limit: Callable[[float], Limit | None] = lambda _: None
    totals: Callable[[World, str, float, float], dict[str, int]] = _true_totals
    overview: Callable[[World, str, float, float], dict[str, str | int]] = _true_overview


@dataclass(frozen=True, slots=True)
class Retelling:
    """The world as a scenario tells it, since a Unix time at which it began."""

    world: World
    scenario: Scenario
    began: float

    def totals(self, user: str, at: float) -> dict[str, int]:
        """Return the all-time totals at a Unix time, as the scenario has them."""
        return self.scenario.totals(self.world, user, self.began, at)

    def overview(self, user: str, at: float) -> dict[str, str | int]:
        """Return the account overview at a Unix time, as the scenario has it."""
        return self.scenario.overview(self.world, user, self.began, at)


_OUTAGES = (
    json_answer({"errors": ["Service Unavailable"], "message": "error"}, 503),
    Answer(manner=Manner.HANG),
    Answer(manner=Manner.DROP),
)
_OUTAGE_TURN = 20


def _outage(elapsed: float) -> Fault | None:
    turn = int((elapsed % _CYCLE - _CALM) // _OUTAGE_TURN)
    return Fault(_OUTAGES[turn]) if 0 <= turn < len(_OUTAGES) else None


_TIGHT: Limit = (60, 60.0)
_USUAL: Limit = (600, 60.0)
_TIGHT_LASTS = 120


def _throttle(elapsed: float) -> Limit:
    return _TIGHT if 0 <= elapsed % _CYCLE - _CALM < _TIGHT_LASTS else _USUAL


# By customer: when in each cycle its totals fall, and by how many millionths of what was told before.
_CORRECTIONS = MappingProxyType(
    {"mail@aurora-retail.example": (60, 30_000), "news@daily-herald.example": (150, 50_000)}
)
_RECOVERY = 60
_BEGINS_ANEW = "noreply@pixelforge-games.example"
_ANEW_AFTER = 120


def _corrected_totals(world: World, user: str, began: float, at: float) -> dict[str, int]:
    truth = world.totals(user, at)
    if user == _BEGINS_ANEW and at >= began + _ANEW_AFTER:
        before = world.totals(user, began + _ANEW_AFTER)
        return {name: value - before[name] for name, value in truth.items()}
    start, depth = _CORRECTIONS.get(user, (0, 0))
    into = (at - began) % _CYCLE - start
    if not 0 <= into < _RECOVERY:
        return truth
    missing = depth - int(depth * into / _RECOVERY)
    return {name: value - value * missing // 1_000_000 for name, value in truth.items()}


_EXHAUSTED = "mail@aurora-retail.example"
_LASTS = 120


def _exhausted_overview(world: World, user: str, began: float, at: float) -> dict[str, str | int]:
    overview = world.overview(user, at)
    if user != _EXHAUSTED:
        return overview
    # What was bought last is gone two minutes into each cycle; the next cycle begins with buying again.
    gone = began + (at - began) // _CYCLE * _CYCLE + _LASTS
    used, _ = world.credits(user, at)
    to_come = world.totals(user, gone)["requests"] - world.totals(user, at)["requests"]
    return {**overview, **printed_credits(used, max(0, used + to_come))}


CALM = Scenario("calm", "All is well.")

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario(
                "outage",
                "After one minute, and then every four, all vendors fail for a minute: 20 s of status 503, "
                "20 s without any answer, 20 s of broken connections.",
                fault=_outage,
            ),
            Scenario(
                "throttling",
                "After one minute, and then every four, each API takes only 60 calls a minute for two minutes "
                "and answers 429 to the rest.",
                limit=_throttle,
            ),
            Scenario(
                "corrections",
                "Every four minutes the totals of aurora-retail fall by 3% and those of daily-herald by 5%, to climb "
                "back within a minute; after two minutes the account of pixelforge-games begins anew.",
                totals=_corrected_totals,
            ),
            Scenario(
                "credit-exhaustion",
                "The credits of aurora-retail run out after two minutes and go into overage; every four minutes it "
                "buys enough for two more.",
                overview=_exhausted_overview,
            ),
        )
    }
)
