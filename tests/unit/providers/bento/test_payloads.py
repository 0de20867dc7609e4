"""What the contract tests don't say of numbers: that no text of a JSON number is shown as another one."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.bento.payloads import finite_number
from exporter.providers.numbers import Number

sign = st.sampled_from(["", "-"])
digits = st.integers(0, 10**25).map(str)
fraction = st.text("0123456789", min_size=1, max_size=25).map(lambda text: f".{text}") | st.just("")
exponent = st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), st.integers(0, 500))
texts = st.builds("{}{}{}{}".format, sign, digits, fraction, exponent | st.just(""))


@given(texts)
def test_a_number_is_shown_as_the_nearest_float_or_not_at_all(text):
    number = finite_number(Number(text))

    if number is not None:
        exact = Decimal(text)
        assert math.isfinite(number)
        assert (number == 0) is (exact == 0)
        assert abs(Decimal(number) - exact) <= Decimal(math.ulp(number)) / 2
        assert math.copysign(1, number) == (-1 if exact < 0 else 1)


@given(st.integers(-(10**25), 10**25))
def test_a_whole_number_is_shown_exactly_or_not_at_all(number):
    shown = finite_number(Number(str(number)))

    assert shown == number if float(number) == number else shown is None


@pytest.mark.parametrize("value", ["42", 42, 4.2, True, None, [], {}])
def test_what_is_no_number_of_a_payload_is_none(value):
    assert finite_number(value) is None
