from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulation.archive import Curve
from tests.simulation.rules import Times, made

TIMES = Times(0, 600, 60)


@dataclass
class Answers:
    """Stands in for an archive that has the same curves for every question."""

    curves: Any

    def over(self, expression, begin, end, step):
        return self.curves


def states(rule, *moments):
    """Return the states of an alert by time, whose expression holds at these moments."""
    archive: Any = Answers([Curve({"customer": "a"}, dict.fromkeys(map(float, moments), 1.0))])
    lines = [
        line for line in made(archive, {"alert": "Late", "expr": "x", **rule}, TIMES) if line.startswith("ALERTS{")
    ]
    return {float(line.split()[-1]): "firing" if 'alertstate="firing"' in line else "pending" for line in lines}


@pytest.mark.parametrize(
    ("rule", "moments", "expected"),
    [
        ({}, [60, 120], {60: "firing", 120: "firing"}),
        ({"for": "1m"}, [60, 120, 180], {60: "pending", 120: "firing", 180: "firing"}),
        ({"for": "5m"}, [60, 120], {60: "pending", 120: "pending"}),
        ({"for": "1m"}, [60, 180], {60: "pending", 180: "pending"}),
        ({"keep_firing_for": "2m"}, [60], {60: "firing", 120: "firing", 180: "firing"}),
        ({"for": "5m", "keep_firing_for": "2m"}, [60], {60: "pending"}),
        ({"keep_firing_for": "1h"}, [540, 600], {540: "firing", 600: "firing"}),
    ],
)
def test_an_alert_waits_and_lasts_as_its_rule_says(rule, moments, expected):
    assert states(rule, *moments) == expected


def test_an_alert_has_the_labels_of_its_rule_and_of_what_it_is_about():
    archive: Any = Answers([Curve({"__name__": "x", "customer": 'a"b'}, {60.0: 7.0})])
    rule = {"alert": "Late", "expr": "x", "labels": {"severity": "warning"}}

    assert list(made(archive, rule, TIMES)) == [
        'ALERTS{alertname="Late",alertstate="firing",customer="a\\"b",severity="warning"} 1 60.000\n',
        'ALERTS_FOR_STATE{alertname="Late",customer="a\\"b",severity="warning"} 60.0 60.000\n',
    ]


def test_curves_that_differ_in_the_metric_alone_are_recorded_as_one():
    archive: Any = Answers(
        [Curve({"__name__": "x", "a": "b"}, {120.0: 2.0}), Curve({"__name__": "y", "a": "b"}, {60.0: 1.0})]
    )

    assert list(made(archive, {"record": "level:metric:sum", "expr": "x or y"}, TIMES)) == [
        'level:metric:sum{a="b"} 1.0 60.000\n',
        'level:metric:sum{a="b"} 2.0 120.000\n',
    ]
