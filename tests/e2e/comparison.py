"""What is shown, side by side with what the vendors say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exporter.demo.world import Story
from tests.e2e.programs import Series, Values, labels_of
from tests.truth.shown import shown_by

VENDORS = ("sendgrid_", "bento_")
_SOME = 20


def is_same(shown: Values, sources: Iterable[Mapping[str, Any]], story: Story) -> bool:
    """Return True if what is shown of vendors is all that these sources must show.

    Raises:
        AssertionError: it is not; its words are some of the differences.
    """
    found = _differences(shown, sources, story)
    assert not found, "\n".join([f"{len(found)} differences", *found[:_SOME]])
    return True


def of_vendors(shown: Values, customers: Iterable[str] | None = None) -> Values:
    """Return the series that come from vendors; those of some customers alone, if they are named."""
    wanted = None if customers is None else set(customers)
    return {
        series: value
        for series, value in shown.items()
        if series[0].startswith(VENDORS) and (wanted is None or labels_of(series).get("customer") in wanted)
    }


def customers_on(page: Values) -> set[str]:
    """Return whose series there are, whatever they tell."""
    return {labels_of(series)["customer"] for series in page if "customer" in labels_of(series)}


def _differences(shown: Values, sources: Iterable[Mapping[str, Any]], story: Story) -> Sequence[str]:
    truth: dict[Series, float] = {}
    for each in sources:
        truth |= {(name, labels): value for (name, labels), value in shown_by(each, story).items()}
    told = of_vendors(shown)
    return sorted(
        f"{name}{dict(labels)}: {told.get((name, labels))} instead of {truth.get((name, labels))}"
        for name, labels in truth.keys() | told.keys()
        if truth.get((name, labels)) != told.get((name, labels))
    )
