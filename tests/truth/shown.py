"""What a source must show, told by the stand-in's world and written without the exporter's own tables.

``shown_by`` takes a source as the configuration has it, and the story that the vendors tell.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.demo.world import Story
from tests.truth import bento, rest, web
from tests.truth.series import Series, customers_named


def shown_by(source: Mapping[str, Any], story: Story) -> Mapping[Series, float]:
    """Return every vendor series of a source and its value at the time of the story's clock.

    A discovered customer is among them. The labels that ``customer_info`` has of other sources' customers are not.
    """
    vendors = {"bento": bento, "sendgrid_v3": rest}
    vendor = vendors.get(source["type"], web)
    return {
        series.of(source=source["name"]): float(value)
        for series, value in (*vendor.shown(source, story), *_infos(source, story))
    }


def _infos(source: Mapping[str, Any], story: Story) -> Iterator[tuple[Series, float]]:
    name = "bento_site_info" if source["type"] == "bento" else "sendgrid_customer_info"
    for customer in customers_named(source, story):
        yield Series.named(name, customer=customer.label, **customer.entry.get("labels", {})), 1
