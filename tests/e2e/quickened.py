"""The rules and routes of deploy/, with every duration divided by one number, so that hours pass in seconds.

Nothing else changes: no expression but for its ranges, no label, no matcher, no template. Numbers that stand in an
expression as plain seconds stay too, since they are compared with what the exporter says of real time.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

FACTOR = 600
# Seconds; what would be shorter is this long, so that a busy machine can keep up with it.
SHORTEST = 0.2

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
# `[6h]`, `[7d:1h]`, `offset 1w`.
_RANGE = re.compile(rf"(?<=\[){_DURATION}(?::(?:{_DURATION})?)?(?=\])|(?<=\boffset )-?{_DURATION}")
# Of rule groups, of rules, of routes.
_KEYS = {"interval", "for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval", "resolve_timeout"}


def quickened(text: str) -> str:
    """Return a file of rules, or Alertmanager's configuration, that is so many times faster."""
    return yaml.safe_dump(_quickened(yaml.safe_load(text)), sort_keys=False, allow_unicode=True)


def shortened(duration: str) -> str:
    """Return a duration, which may be several units in a row, divided by the number."""
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))
    return f"{round(1000 * max(SHORTEST, seconds / FACTOR))}ms"


def _quickened(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _value(key, value) for key, value in node.items()}
    return [_quickened(each) for each in node] if isinstance(node, list) else node


def _value(key: str, value: Any) -> Any:
    if key in _KEYS:
        return shortened(value)
    if key == "expr":
        return _RANGE.sub(lambda found: re.sub(_DURATION, lambda each: shortened(each[0]), found[0]), str(value))
    return _quickened(value)
