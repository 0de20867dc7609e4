"""Configurations of sources that poll a stand-in, with intervals as short as they may be."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from exporter.demo import Account, StandIn, World

PASSWORD = "open sesame"
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "totals": {"fields": "all"},
    "daily": {"fields": "all", "days": 3},
    "credits": {},
}


def stand_in(world: World, **options: Any) -> StandIn:
    """Return a vendor that takes the password of ``source``, unless ``options`` have another."""
    return StandIn(world, **{"password": PASSWORD, **options})


def source(
    vendor: StandIn, customers: Iterable[Account | str], name: str = "acme", *, interval: str = "1s", **more: Any
) -> Mapping[str, Any]:
    """Return a source that polls every field of these customers; ``more`` are its further keys."""
    return {
        "name": name,
        "type": "sendgrid_reseller",
        "base_url": vendor.base_url,
        "credentials": {"username": "demo", "password": PASSWORD},
        "rate_limit": {"calls": 100_000, "per": "1m"},
        "collectors": {collector: {"interval": interval, **options} for collector, options in FIELDS.items()},
        "customers": [_customer(customer) for customer in customers],
        **more,
    }


def only(collector: str, interval: str = "1s") -> Mapping[str, Any]:
    """Return the key ``collectors`` of a source with a single one."""
    return {
        name: {"interval": interval, **options} if name == collector else {"enabled": False}
        for name, options in FIELDS.items()
    }


def write_configuration(file: Path, sources: Iterable[Mapping[str, Any]], **polling: Any) -> Path:
    """Write a configuration and return its path; JSON is YAML too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"polling": polling, "sources": list(sources)}, indent=2), encoding="utf-8")
    return file


def _customer(customer: Account | str) -> Mapping[str, Any]:
    if isinstance(customer, str):
        return {"user": customer}
    return {
        "user": customer.user,
        "name": customer.name,
        "timezone": customer.zone.key,
        "labels": dict(customer.labels),
    }
