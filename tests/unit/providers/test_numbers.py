import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.numbers import Number, decimal_number, percentage, whole_number


@pytest.mark.parametrize("kind", [Number, str])
@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12342", 12342), ("007", 7), ("0" * 5000 + "7", 7), ("9007199254740992", 2**53)],
)
def test_a_whole_number_is_read_from_a_number_or_a_string(kind, text, number):
    assert whole_number(kind(text)) == number


@pytest.mark.parametrize("kind", [Number, str])
@pytest.mark.parametrize(
    "text",
    [
        *("", "-1", "+1", "-0", " 1", "1 ", "1\n", "1.0", "1e3", "1_0", "0x1", "NaN", "Infinity", "one"),
        *("9007199254740993", "9" * 5000, "١٢", "１２", "²", "1\x00"),
    ],
)
def test_no_other_text_is_a_whole_number(kind, text):
    assert whole_number(kind(text)) is None


@pytest.mark.parametrize("value", [None, True, 1, 1.0, b"1", [], {}, [Number("1")]])
def test_no_other_value_is_a_number(value):
    assert whole_number(value) is None
    assert decimal_number(value) is None


@pytest.mark.parametrize(("text", "ratio"), [("95.2", 0.952), ("100", 1.0), ("0.1", 0.001), ("7.5", 0.075)])
def test_a_decimal_is_divided_without_the_faults_of_floats(text, ratio):
    number = decimal_number(text)

    assert number is not None
    assert float(number / 100) == ratio


@pytest.mark.parametrize("text", [".5", "5.", "1e1", "1234567", "0." + "1" * 21, "5,5", "1.2.3"])
def test_no_other_text_is_a_decimal(text):
    assert decimal_number(text) is None


@pytest.mark.parametrize("text", ["0", "95.2", "100", "100.0"])
def test_a_percentage_is_at_most_a_hundred(text):
    assert percentage(text) == decimal_number(text)


@pytest.mark.parametrize("text", ["100.01", "101", "-1", "1e1", "many"])
def test_nothing_else_is_a_percentage(text):
    assert percentage(text) is None


@given(st.integers(0, 2**53))
def test_a_whole_number_is_the_same_in_a_float64(number):
    read = whole_number(str(number))

    assert read is not None
    assert float(read) == number
