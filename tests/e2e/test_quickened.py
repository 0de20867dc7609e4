"""Tests that are quicker than life still test what users run."""

import re

import pytest
import yaml

from tests.e2e.alerting import ROUTES, RULES
from tests.e2e.quickened import FACTOR, quickened, shortened

WAITS = {"interval", "for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval"}


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("10m", "1000ms"), ("1h30m", "9000ms"), ("1d", "144000ms"), ("30s", "200ms"), ("500ms", "200ms")],
)
def test_a_duration_is_divided_by_one_number_but_is_never_too_short(duration, expected):
    assert FACTOR == 600
    assert shortened(duration) == expected


def test_ranges_and_offsets_are_the_durations_of_an_expression():
    rule = {"expr": "max_over_time(a[1d:1h]) > a offset 1w + rate(a[10m] offset 1h) + 3600", "for": "1h", "alert": "5m"}

    assert yaml.safe_load(quickened(yaml.safe_dump(rule))) == {
        "expr": "max_over_time(a[144000ms:6000ms]) > a offset 1008000ms + rate(a[1000ms] offset 6000ms) + 3600",
        "for": "6000ms",
        "alert": "5m",
    }


@pytest.mark.parametrize("file", [ROUTES, *RULES], ids=lambda file: file.name)
def test_nothing_but_durations_is_quicker_than_what_users_run(file):
    text = file.read_text(encoding="utf-8")

    assert without_durations(yaml.safe_load(quickened(text))) == without_durations(yaml.safe_load(text))


def without_durations(node):
    """Return a document with the same word for whatever may differ."""
    if isinstance(node, dict):
        return {key: "…" if key in WAITS else without_ranges(key, value) for key, value in node.items()}
    return [without_durations(each) for each in node] if isinstance(node, list) else node


def without_ranges(key, value):
    return re.sub(r"\b(\d+(ms|[smhdw]))+\b", "…", value) if key == "expr" else without_durations(value)
