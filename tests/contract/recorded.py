"""Recorded payloads of SendGrid's Web API: which fetch each is an answer to, and what that fetch must show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.web_account import WebAccount

TYPES = {
    "sendgrid-reseller-v2": "sendgrid_reseller",
    "sendgrid-distributor-v1": "sendgrid_distributor",
    "sendgrid-subusers-v2": "sendgrid_customer",
}
NOTHING = {
    "json": "[]",
    "xml": {
        **{list_: f"<{list_}/>" for list_ in ("bounces", "unsubscribes", "invalidemails", "spamreports")},
        **dict.fromkeys(("all", "free", "taken", "available"), "<ips/>"),
    },
}
CATEGORIES = {
    "json": '[{"category": "categoryA"}, {"category": "categoryB"}]',
    "xml": "<categories><category>categoryA</category><category>categoryB</category></categories>",
}
WITH_FIELDS = ("totals", "daily", "month", "categories")


@dataclass(frozen=True)
class Recorded:
    """What a recorded payload gives: the samples of a collector by name, the moment being that of its newest row.

    ``place`` is which of a fetch's answers it is, by the vendor's word, where the fetch asks for several.
    """

    collector: str
    samples: Mapping[str, float]
    moment: str = "2014-12-01T12:00:00+00:00"
    place: str = ""
    repaired: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


def named(pattern, **values):
    """Return samples whose names have the keys in the place of ``{}``."""
    return {pattern.format(name): value for name, value in values.items()}


def account(vendor, ca_file, folder, name):
    """Return a source of the type and the format that a recorded payload is of."""
    return WebAccount(vendor, ca_file, type_=TYPES[folder], format_=name.rpartition(".")[2])


def replies(recorded, format_, body):
    """Return the answers to all calls of the fetch, the recorded payload in its place."""
    if recorded.collector == "categories":
        return [CATEGORIES[format_], body]
    places = {
        "suppressions": ("bounces", "unsubscribes", "invalidemails", "spamreports"),
        "ips": ("all", "free", "taken", "available"),
    }.get(recorded.collector, ("",))
    nothing = NOTHING[format_]
    return [
        body if place == recorded.place else nothing[place] if isinstance(nothing, dict) else nothing
        for place in places
    ]


def check(web, recorded, body):
    """Fetch with a recorded payload and compare all that is shown and counted."""
    web.at(recorded.moment)
    web.replies(*replies(recorded, web.format, body))
    fields = {"fields": "all"} if recorded.collector in WITH_FIELDS else {}

    assert web.fetch(recorded.collector, **fields, **recorded.settings) == recorded.samples
    assert web.rejected(recorded.collector) == 0
    assert web.repaired(recorded.collector) == recorded.repaired
