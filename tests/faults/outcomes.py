"""What is promised of a turn that a vendor has struck."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from exporter.errors import Reason
from tests.faults.turns import CANARY, DISCOVERY, PASSWORD, PROBE, Kind, Stage
from tests.faults.vendor import Play

# Who the customers are at the vendor; they have names in the configuration.
_IDENTITIES = ("museum", "green-grocer", "5f0a6c1e", "a1c9e2d8")


class Taken(Enum):
    """How an answer is taken that is no failure."""

    WHOLE = "whole"
    """What is shown is what was shown before."""
    LESS = "less"
    """What is shown was shown before, but not all of it: optional fields are left out, or there is nothing to show."""
    ANEW = "anew"
    """The answer means something else, and means it well."""


Outcome: TypeAlias = Reason | Taken


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a vendor does to one request.

    Attributes:
        name: what it is called where a promise is broken.
        play: does it.
        outcome: what is promised.
        exceptions: what is promised of some calls instead, by ``Kind.type call`` or ``call``; each has its reason
            beside it.
        is_asked: whether the vendor reads the request at all.
        fits: tells whether it can be done to a good answer of this body.
    """

    name: str
    play: Play
    outcome: Outcome
    exceptions: Mapping[str, Outcome] = field(default_factory=dict)
    is_asked: bool = True
    fits: Callable[[bytes], bool] = lambda _: True

    def promised(self, kind: Kind, call: str) -> Outcome:
        """Return what is promised of one call of a turn."""
        for key in (f"{kind} {call}", f"{kind.type} {kind.format} {call}", f"{kind.type} {call}", call):
            if key in self.exceptions:
                return self.exceptions[key]
        return self.outcome


def all_taken(stage: Stage) -> Mapping[str, int]:
    """Return what must have been counted: each turn once. A list and a probe are no fetches."""
    if stage.kind.what in {DISCOVERY, PROBE}:
        return {}
    failures = {str(reason): count for reason, count in stage.taken.items() if reason is not None}
    return {"": stage.taken.total(), **failures}


def leaks(text: str) -> bool:
    """Tell whether a text has something that nobody may see: what a vendor says, or whom it is asked about."""
    return any(word in text for word in (CANARY, PASSWORD, *_IDENTITIES))
