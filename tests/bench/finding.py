"""What a benchmark found out: a number of ours beside a peer's, and whether a goal is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the page.

    Attributes:
        what: what was measured.
        customers: of how many customers; None where that is of no matter.
        ours, peer: the two numbers, with their units and the peer's name.
        figure: what becomes of them, mostly a ratio.
        goal: what it is to be; empty where it is told for comparison alone.
        is_met: whether it is; None without a goal, or where the peer is missing.
    """

    what: str
    customers: int | None
    ours: str
    peer: str
    figure: str
    goal: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        sizes: customers of the accounts that are compared.
        largest: customers of the account whose beginning and memory are measured.
        rounds: how often everything is repeated, the peers taking turns.
        seconds: for how long a thing is watched that goes on by itself.
    """

    sizes: Sequence[int]
    largest: int
    rounds: int
    seconds: float


def less(what: str, customers: int | None, ours: float, peer: tuple[str, float], goal: float | None = None) -> Finding:
    """Return how many times less of something we take than a peer; ``goal`` is how many times it has to be."""
    name, theirs = peer
    ratio = theirs / ours
    words = f"≥ {goal:g} × less" if goal else ""
    is_met = ratio >= goal if goal else None
    return Finding(what, customers, _ms(ours), f"{name}: {_ms(theirs)}", f"{_short(ratio)} × less", words, is_met)


def more(what: str, customers: int | None, ours: float, peer: tuple[str, float], goal: float | None = None) -> Finding:
    """Return how many times a peer's seconds we take; ``goal`` is how many it may be at most."""
    name, theirs = peer
    ratio = ours / theirs
    words = f"≤ {goal:g} ×" if goal else ""
    is_met = ratio <= goal if goal else None
    return Finding(what, customers, _ms(ours), f"{name}: {_ms(theirs)}", f"{ratio:.2f} ×", words, is_met)


def missing(what: str, customers: int | None, peer: str, lacks: str) -> Finding:
    """Return that a peer could not be had."""
    return Finding(what, customers, "", f"{peer}: missing, for want of {lacks}", "not measured")


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return median(values)


def most(values: Sequence[float], share: float = 0.99) -> float:
    """Return what all but the largest hundredth of the values stay below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _ms(seconds: float) -> str:
    return f"{_short(seconds * 1000)} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
