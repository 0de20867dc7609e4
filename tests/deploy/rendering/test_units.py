import pytest

from tests.deploy.rendering.units import colour_of, mapped, printed


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "expected"),
    [
        (0, "short", None, "0"),
        (487, "short", None, "487"),
        (1_500, "short", 1, "1.5 K"),
        (-301_000, "short", 0, "-301 K"),
        (2_020_000, "short", 2, "2.02 Mil"),
        (1_192_644, "locale", None, "1,192,644"),
        (0.4125, "locale", None, "0.41"),
        (0.1049, "percentunit", 2, "10.49%"),
        (0, "percentunit", 0, "0%"),
        (0.25, "s", None, "250 ms"),
        (90, "s", 1, "1.5 mins"),
        (86_400, "s", None, "1 day"),
        (0, "s", 1, "0.0 s"),
        (131 * 2**20, "bytes", None, "131 MiB"),
    ],
)
def test_a_number_is_printed_as_grafana_does(value, unit, decimals, expected):
    assert printed(value, unit, decimals) == expected


@pytest.mark.parametrize(("value", "expected"), [(-1, "blue"), (0.8, "orange"), (0.9, "orange"), (0.95, "red")])
def test_a_number_has_the_colour_of_the_step_that_it_reached(value, expected):
    steps = [
        {"color": "blue", "value": None},
        {"color": "orange", "value": 0.8},
        {"color": "red", "value": 0.95},
    ]

    assert colour_of(value, {"steps": steps}) == expected


def test_a_number_that_stands_for_something_is_a_word():
    mappings = [{"type": "value", "options": {"1": {"text": "fresh"}}}]

    assert mapped(1.0, mappings) == {"text": "fresh"}
    assert mapped(2.0, mappings) is None
