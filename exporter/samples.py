"""Families and samples: the plain typed values that go from a provider to the exposition.

The words are the Prometheus glossary's. Nothing here knows a vendor, or how a page is written.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """The type of a family, as the exposition writes it."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """What all samples of one metric name share; compared by identity, so each is made once, at import.

    Attributes:
        name: the name of the samples; a counter's ends in ``_total``.
        kind: counter or gauge.
        help: one sentence with the unit and day basis, the vendor's field, and that it is polled.
        origin: the vendor's call and field, for the metric reference.
        labels: names of the labels beside ``source`` and ``customer``.
        per_customer: whether the samples carry ``customer``; they all carry ``source``.
        since: the first version that has it, for the metric reference.
    """

    name: str
    kind: Kind
    help: str
    origin: str
    labels: tuple[str, ...] = ()
    per_customer: bool = True
    since: str = "0.1.0"

    def __repr__(self) -> str:
        """Return the name alone; the rest is in the metric reference."""
        return f"Family({self.name})"

    def sample(self, value: float, *labels: str) -> "Sample":
        """Return a sample of this family; ``labels`` are the values of ``self.labels``, in order."""
        return Sample(self, float(value), labels)


@dataclass(frozen=True, slots=True)
class Sample:
    """One number that a vendor sent, with the label values beside ``source`` and ``customer``."""

    family: Family
    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Stands among a fetch's samples for what they leave out on purpose; shown in ``series_dropped``.

    Attributes:
        reason: the value of the label ``reason``, from the contract's list.
        count: how many series, rows or paths.
    """

    reason: str
    count: int


Item: TypeAlias = Sample | LeftOut
