"""What goes on at the vendors during a chaos run: hours in minutes, corrections, and an account that begins anew."""

import math
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from exporter.demo import Scenario, World

# Its account begins anew.
ANEW = "noreply@pixelforge-games.example"
_MILLION = 1_000_000
# Of the customers, so many have their totals corrected, each so often.
_CORRECTED = 5
_CORRECTIONS = 3
# How many millionths of a total are missing at first.
_MISSING = (1, 500, 20_000, 100_000)
# From this part of the run on, all is told as it is again.
_CALM_FROM = 0.8
# In which part of it the account begins anew.
_ANEW_BETWEEN = (0.35, 0.6)
# Seconds before a midnight in which nothing can be compared, since the exporter's day ends before the world's stands.
_BEFORE_MIDNIGHT = 60


class HastyClock:
    """The vendors' clock: behind ours, until it is hurried and catches up, and then stands.

    Only the time of day is hasty. What rate limits go by is the machine's own.
    """

    def __init__(self, seconds: float, haste: float) -> None:
        """Be so far behind as it takes so many seconds to catch up, at so many times our pace."""
        self._seconds, self._haste = seconds, haste
        self._stands_at: float | None = None
        self.began = self.ends = math.inf

    def hurry(self) -> None:
        """Begin to catch up."""
        self.began = time.time()
        self.ends = self.began + self._seconds

    def time(self) -> float:
        """Return Unix time as the vendors have it."""
        return self.at(time.time()) if self._stands_at is None else self._stands_at

    def at(self, moment: float) -> float:
        """Return what they had at a Unix time of ours, while theirs did not stand."""
        left = self._seconds if moment <= self.began else max(0.0, self.ends - moment)
        return moment - (self._haste - 1) * left

    def when(self, theirs: float) -> float:
        """Return our Unix time at which they, in a hurry, had a Unix time."""
        return self.ends - (self.ends - theirs) / self._haste

    def stop(self, world: World) -> None:
        """Let it stand; shortly before a customer's midnight it stands shortly after it."""
        # Never back, or totals would seem to have been corrected.
        now = float(math.ceil(time.time()))
        zones = {account.zone for account in (*world.customers, world.reseller)}
        soon = now + _BEFORE_MIDNIGHT
        is_near = any(
            datetime.fromtimestamp(now, zone).date() != datetime.fromtimestamp(soon, zone).date() for zone in zones
        )
        self._stands_at = soon if is_near else now

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait on a condition that the caller holds."""
        condition.wait(seconds)


class Moment:
    """A clock that stands at any time one likes, for asking a world about the past."""

    def __init__(self) -> None:
        """Stand at nothing in particular."""
        self.now = 0.0

    def time(self) -> float:
        """Return the time of day at which it stands."""
        return self.now

    def monotonic(self) -> float:
        """Return the same."""
        return self.now

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Refuse to wait: here time never passes."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Correction:
    """A fall of one customer's totals, and their climb back; in Unix time of the vendors.

    Attributes:
        missing: how many millionths are missing at first.
    """

    user: str
    begins: float
    ends: float
    missing: int


@dataclass(slots=True)
class Plot:
    """What happens to the totals that the Web API tells; nothing, before it unfolds."""

    corrections: Sequence[Correction] = field(default_factory=list)
    anew_at: float = math.inf

    def unfold(self, clock: HastyClock, world: World, seed: int) -> None:
        """Let happen what a seed makes of it, from now on, while the clock is in a hurry."""
        dice = random.Random(f"{seed} plot")  # noqa: S311 - to be repeated, not to be secret
        lasts = clock.ends - clock.began
        users = dice.sample([each.user for each in world.customers if each.user != ANEW], _CORRECTED)
        span = _CALM_FROM * lasts / _CORRECTIONS
        turns = [(user, clock.began + n * span) for user in users for n in range(_CORRECTIONS)]
        corrections = []
        for user, since in turns:
            begins, ends = sorted(clock.at(dice.uniform(since, since + span)) for _ in range(2))
            corrections.append(Correction(user, begins, ends, dice.choice(_MISSING)))
        self.anew_at = clock.at(clock.began + dice.uniform(*_ANEW_BETWEEN) * lasts)
        self.corrections = corrections

    def totals(self, world: World, user: str, _: float, at: float) -> dict[str, int]:
        """Return what is told of a user's totals at a Unix time."""
        truth = self.true_totals(world, user, _, at)
        for each in self.corrections:
            if each.user == user and each.begins <= at < each.ends:
                left = each.missing - int(each.missing * (at - each.begins) / (each.ends - each.begins))
                truth = {name: value - value * left // _MILLION for name, value in truth.items()}
        return truth

    def true_totals(self, world: World, user: str, _: float, at: float) -> dict[str, int]:
        """Return the same without any correction."""
        truth = world.totals(user, at)
        if user == ANEW and at >= self.anew_at:
            before = world.totals(user, self.anew_at)
            return {name: value - before[name] for name, value in truth.items()}
        return truth

    @property
    def scenario(self) -> Scenario:
        """Return what the stand-in is to tell."""
        return Scenario("chaos", "Totals fall, climb back and begin anew.", totals=self.totals)

    @property
    def truth(self) -> Scenario:
        """Return what was truly sent, counted from the account's last beginning."""
        return Scenario("truth", "Accounts begin anew.", totals=self.true_totals)
