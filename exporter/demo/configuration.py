"""The configuration with which the demo's exporter polls its stand-ins."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.demo.accounts import Account
from exporter.demo.sites import Site
from exporter.demo.world import World

_HEAD = """\
# Made for a demo: short intervals, so that something happens while one watches.
polling:
  timeout: 5s
  retry: {attempts: 2, initial_backoff: 500ms, max_backoff: 5s}
sources:
"""


@dataclass(frozen=True, slots=True)
class _Source:
    """One source of the demo.

    Attributes:
        keys: the names of its credentials, the secret last.
        options: its further keys, as YAML.
        customers: the entries of its customers.
    """

    name: str
    type: str
    keys: Sequence[str]
    options: str
    customers: Callable[[World], Iterator[dict[str, Any]]]


def configuration(
    base_url: str,
    password: str | Path,
    world: World,
    *,
    username: str = "demo",
    types: Collection[str] | None = None,
) -> str:
    """Return, as YAML, a configuration that polls a world's customers in every way; ``types`` chooses among them.

    A ``password`` that is a path is a file with it.
    """
    chosen = [source for source in _SOURCES if types is None or source.type in types]
    return _HEAD + "".join(_printed(source, base_url, username, password, world) for source in chosen)


def _printed(source: _Source, base_url: str, username: str, password: str | Path, world: World) -> str:
    *names, secret = source.keys
    is_file = isinstance(password, Path)
    credentials = {**dict.fromkeys(names, username), f"{secret}_file" if is_file else secret: str(password)}
    lines = [
        f"  - name: {source.name}",
        f"    type: {source.type}",
        f"    base_url: {json.dumps(base_url)}",
        f"    credentials: {_flow(credentials)}",
        *(f"    {line}" for line in source.options.strip().splitlines()),
        "    customers:",
        *(_entry(customer) for customer in source.customers(world)),
    ]
    return "\n".join(lines) + "\n"


def _entry(customer: dict[str, Any]) -> str:
    lines = (f"{key}: {_flow(value)}" for key, value in customer.items())
    return "      - " + "\n        ".join(lines)


def _flow(value: Any) -> str:
    # JSON's strings and objects are YAML's too; a mapping without quotes around its keys is easier to read.
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value)


def _about(account: Account) -> dict[str, Any]:
    zone = {} if account.zone.key == "UTC" else {"timezone": account.zone.key}
    return {"name": account.name, **zone, "labels": dict(account.labels)}


def _everyone(world: World) -> Iterator[dict[str, Any]]:
    return ({"user": account.user, **_about(account)} for account in world.customers)


def _some(world: World) -> Iterator[dict[str, Any]]:
    return ({"user": account.user, **_about(account)} for account in world.customers[1::3])


def _others(world: World) -> Iterator[dict[str, Any]]:
    return ({"user": account.user, **_about(account)} for account in world.customers[::3])


def _own(world: World) -> Iterator[dict[str, Any]]:
    yield {"own": True, **_about(world.reseller)}


def _partners(world: World) -> Iterator[dict[str, Any]]:
    return ({"account": account.partner_id, **_about(account)} for account in world.customers[:4])


def _sites(world: World) -> Iterator[dict[str, Any]]:
    return (_site(site) for site in world.sites)


def _site(site: Site) -> dict[str, Any]:
    entry: dict[str, Any] = {"site_uuid": site.uuid, "name": site.name}
    if len(site.segments) == 1:
        entry["segments"] = [{"id": each.id, "name": each.name} for each in site.segments]
    elif site.segments:
        entry["segments"] = "all"
    if site.reports:
        entry["reports"] = [
            {"id": each.id, "name": each.name, **({"fields": ["sent", "rate.open"]} if each.is_table else {})}
            for each in site.reports
        ]
    if site.fame:
        window = {"start_date": "30 days ago", "revenue_mode": "all_revenue"}
        entry["ads"] = [
            {"name": "by-source", "dimension": "source", **window, "breakdown": True},
            {"name": "google", "value": "google"},
        ]
    return entry


_SOURCES: Sequence[_Source] = (
    _Source(
        "demo",
        "sendgrid_reseller",
        ("username", "password"),
        """
collectors:
  totals: {interval: 10s, fields: all}
  daily: {interval: 10s, days: 3, fields: all}
  credits: {interval: 30s}
  categories: {enabled: true, interval: 30s, fields: all}
  month: {enabled: true, interval: 30s, fields: all}
  limits: {enabled: true, interval: 1m}
  suppressions: {enabled: true, interval: 1m}
  ips: {enabled: true, interval: 1m}
  pending: {enabled: true, interval: 1m}
  packages: {enabled: true, interval: 1m}
  invoices: {enabled: true, interval: 1m}
  usage: {enabled: true, interval: 30s}
discovery: {interval: 30s}
""",
        _everyone,
    ),
    _Source(
        "classic",
        "sendgrid_distributor",
        ("username", "password"),
        """
collectors:
  totals: {interval: 10s}
  daily: {interval: 10s}
  credits: {interval: 30s}
  categories: {enabled: true, interval: 30s, include: [Newsletter, /^promo-/]}
""",
        _some,
    ),
    _Source(
        "team",
        "sendgrid_customer",
        ("username", "password"),
        """
format: xml
collectors:
  totals: {interval: 10s}
  daily: {interval: 10s, fields: all}
  month: {enabled: true, interval: 30s}
  limits: {enabled: true, interval: 1m}
discovery: {interval: 30s, exclude: "^promo@", label: hash}
""",
        _others,
    ),
    _Source(
        "subusers",
        "sendgrid_v3",
        ("api_key",),
        """
collectors:
  daily: {interval: 10s, fields: all}
  credits: {interval: 30s}
  reputation: {interval: 10s}
  totals: {enabled: true, interval: 10s, since: "2025-01-01", fields: all}
  month: {enabled: true, interval: 10s, fields: all}
  categories: {enabled: true, interval: 30s, fields: all}
discovery: {interval: 30s, exclude: "casino", label: user}
""",
        _own,
    ),
    _Source(
        "partners",
        "sendgrid_v3",
        ("api_key",),
        """
collectors:
  daily: {interval: 10s}
  credits: {interval: 30s}
  reputation: {interval: 10s}
discovery: {interval: 30s, of: accounts, include: "^sg[0-7]", label: hash}
""",
        _partners,
    ),
    _Source(
        "shops",
        "bento",
        ("publishable_key", "secret_key"),
        """
rate_limit: {calls: 600, per: 1m}
collectors:
  site: {interval: 10s}
  segments: {interval: 30s}
  reports: {interval: 30s}
  ads: {interval: 30s}
""",
        _sites,
    ),
)
