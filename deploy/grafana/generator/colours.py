"""Colours that colour-blind eyes tell apart, and the thresholds and states that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A piece of a dashboard as Grafana reads it.
Json = dict[str, Any]

# The palette of Okabe and Ito, without black, which a dark page would swallow.
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
SKY = "#56B4E9"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
GREY = "#8E8E8E"
CURVES: Sequence[str] = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW)

GOOD = BLUE
WARNING = ORANGE
BAD = VERMILLION


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a number changes its colour.

    Attributes:
        lowest: the colour of what is below every step.
        steps: colours by the number from which on they hold, ascending.
    """

    lowest: str
    steps: Mapping[float, str]

    def json(self) -> Json:
        """Return them as Grafana reads them."""
        steps: list[Json] = [{"color": self.lowest, "value": None}]
        steps += [{"color": colour, "value": number} for number, colour in self.steps.items()]
        return {"mode": "absolute", "steps": steps}


def worse_above(warning: float, bad: float | None = None) -> Thresholds:
    """Return thresholds of a number that should be small; without ``bad`` it never turns worse than a warning."""
    return Thresholds(GOOD, {warning: WARNING} | ({} if bad is None else {bad: BAD}))


def bad_above(bad: float) -> Thresholds:
    """Return thresholds of a number that should stay below one line."""
    return Thresholds(GOOD, {bad: BAD})


def worse_below(warning: float, bad: float) -> Thresholds:
    """Return thresholds of a number that should be large."""
    return Thresholds(BAD, {bad: WARNING, warning: GOOD})


@dataclass(frozen=True, slots=True)
class State:
    """What a number stands for, in a word and a colour."""

    value: int
    text: str
    colour: str


def mappings(states: Sequence[State]) -> list[Json]:
    """Return states as the value mappings of a panel or a column."""
    options = {
        str(state.value): {"text": state.text, "color": state.colour, "index": index}
        for index, state in enumerate(states)
    }
    return [{"type": "value", "options": options}] if options else []


def fixed(colour: str) -> Json:
    """Return the setting of a field that has one colour."""
    return {"mode": "fixed", "fixedColor": colour}


BY_THRESHOLDS: Json = {"mode": "thresholds"}
BY_NAME: Json = {"mode": "palette-classic-by-name"}
