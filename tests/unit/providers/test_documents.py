import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import InvalidResponse
from exporter.providers.documents import Ambiguous, parse_json, read_json
from exporter.providers.numbers import Number


def test_numbers_stay_as_they_were_printed():
    assert read_json(b"[1, -0, 1.50, 1e999, 12345678901234567890]") == [
        Number("1"),
        Number("-0"),
        Number("1.50"),
        Number("1e999"),
        Number("12345678901234567890"),
    ]


def test_everything_else_is_as_json_has_it():
    assert read_json('{"a": [true, false, null, "ü", {}], "": []}'.encode()) == {
        "a": [True, False, None, "ü", {}],
        "": [],
    }


def test_a_key_with_two_values_has_neither():
    assert read_json(b'{"a": 1, "b": 2, "a": "1", "a": 1}') == {
        "a": Ambiguous((Number("1"), "1", Number("1"))),
        "b": Number("2"),
    }


def test_a_key_with_one_value_twice_has_it():
    assert read_json(b'{"a": [1], "a": [1]}') == {"a": [Number("1")]}


def test_many_values_of_one_key_take_no_longer_than_as_many_keys():
    body = "{" + ", ".join(f'"a": {number}' for number in range(200_000)) + "}"
    began = time.monotonic()

    read_json(body.encode())

    # Comparing each with each would take hours.
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("body", [b"", b" ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_body_is_said_to_be_empty(body):
    with pytest.raises(InvalidResponse, match="^the answer is empty$"):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff", "it is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "it is not UTF-8"),
        (b"[" * 1_000_000, "it is nested too deeply"),
        (b'[{"a": NaN}]', "NaN is no number"),
        (b"-Infinity", "-Infinity is no number"),
        (b"<html>", "Expecting value at line 1, column 1"),
        (b'{"a": 1}\n{"b": 2}', "Extra data at line 2, column 1"),
    ],
)
def test_what_is_no_json_is_refused_with_a_reason(body, reason):
    with pytest.raises(InvalidResponse) as caught:
        read_json(body)
    assert str(caught.value) == f"the answer is not JSON: {reason}"


def test_the_error_does_not_carry_the_vendors_text():
    with pytest.raises(InvalidResponse) as caught:
        read_json(b"someone@example.com")
    assert "someone" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(body):
    try:
        read_json(body)
    except InvalidResponse as error:
        assert str(error).isprintable()  # noqa: PT017 - most bodies are refused, some are not


def test_objects_can_be_shrunk_as_they_are_read():
    """A list of recipients is counted without ever being in memory as more than its text."""
    text = "[" + ", ".join('{"email": "recipient@example.com", "reason": "unknown"}' for _ in range(20_000)) + "]"
    row = object()
    tracemalloc.start()
    rows = parse_json(text, lambda members: row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows == [row] * 20_000
    assert peak < 1_000_000


def test_inner_objects_are_shrunk_before_outer_ones():
    assert parse_json('{"a": {"b": {}}, "c": 1}', sorted) == ["a", "c"]
    assert parse_json('[{"a": {"b": {}}}]', lambda members: [*members.values()]) == [[[[]]]]
