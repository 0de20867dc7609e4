"""The configuration with which the demo's exporter polls its stand-in."""

import json
from pathlib import Path

from exporter.demo.accounts import Account
from exporter.demo.world import World

_HEAD = """\
# Made for a demo: short intervals, so that something happens while one watches.
polling:
  timeout: 5s
  retry: {{attempts: 2, initial_backoff: 500ms, max_backoff: 5s}}
sources:
  - name: demo
    type: sendgrid_reseller
    base_url: {base_url}
    credentials: {{username: {username}, {secret}}}
    collectors:
      totals: {{interval: 10s, fields: all}}
      daily: {{interval: 10s, days: 3, fields: all}}
      credits: {{interval: 30s}}
    customers:
"""


def configuration(base_url: str, password: str | Path, world: World, *, username: str = "demo") -> str:
    """Return, as YAML, a configuration that polls a world's customers; a path is a file with the password."""
    key, value = ("password_file", str(password)) if isinstance(password, Path) else ("password", password)
    head = _HEAD.format(
        base_url=json.dumps(base_url), username=json.dumps(username), secret=f"{key}: {json.dumps(value)}"
    )
    return head + "".join(_customer(account) for account in world.customers)


def _customer(account: Account) -> str:
    # JSON's strings and objects are YAML's too.
    lines = [f"      - user: {json.dumps(account.user)}", f"        name: {json.dumps(account.name)}"]
    if account.zone.key != "UTC":
        lines.append(f"        timezone: {json.dumps(account.zone.key)}")
    lines.append(f"        labels: {json.dumps(dict(account.labels))}")
    return "\n".join(lines) + "\n"
