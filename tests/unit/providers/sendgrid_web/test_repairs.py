"""What may be missing from an answer of v1, and what may not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import InvalidResponse
from exporter.providers.documents import Ambiguous, read_json
from exporter.providers.numbers import Number
from exporter.providers.sendgrid_web.markup import read_xml
from exporter.providers.sendgrid_web.repairs import read_cut_json, read_cut_xml

ONE = Number("1")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), anything, min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('"a": 1, "b": [1]', {"a": ONE, "b": [ONE]}),
        ('\n "a": 1 \n', {"a": ONE}),
        ('{"a": 1}, {"a": 1}', [{"a": ONE}, {"a": ONE}]),
        ('{"a": 1},\n{"b": 1}', [{"a": ONE}, {"b": ONE}]),
        ('"a", "b"', ["a", "b"]),
        ('"a"', ["a"]),
        ('{"a": "Silver\nPackage"}', {"a": "Silver Package"}),
        ('{"a": "Silver\r\nPackage"}', {"a": "Silver Package"}),
        ('"a": "Silver\nPackage"', {"a": "Silver Package"}),
        ('{"a": "1\n2"}, {"a": 1}', [{"a": "1 2"}, {"a": ONE}]),
        ('"message": "error", "errors": ["no"]', {"message": "error", "errors": ["no"]}),
        ('\ufeff"a": 1', {"a": ONE}),
    ],
)
def test_json_that_lacks_its_ends_or_has_broken_lines_is_repaired(body, value):
    assert read_cut_json(body.encode()) == (value, True)
    with pytest.raises(InvalidResponse):
        refused_or_no_text(body)


def refused_or_no_text(body):
    """Read strictly; a lone text is no answer either."""
    if isinstance(read_json(body.encode()), str):
        raise InvalidResponse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("[]", []),
        ('{"a": 1}', {"a": ONE}),
        ('[{"a": 1}]', [{"a": ONE}]),
        ('{"a":\n1}', {"a": ONE}),
        ('{"a": "Silver\\nPackage"}', {"a": "Silver\nPackage"}),
        ('{"a": 1, "a": "x"}', {"a": Ambiguous((ONE, "x"))}),
        ("5", Number("5")),
        ("null", None),
    ],
)
def test_json_that_is_whole_is_not_touched(body, value):
    assert read_cut_json(body.encode()) == (value, False)


@pytest.mark.parametrize(
    "body",
    [
        *('{"a":,"b"}', '{"a": 1,,"b": 1}', '{"a": 1,}', "[1,]", '"a": 1,', '{"a": 1},', '{"a": 1} {"b": 1}'),
        *('"a": 1}', '{"a": 1', '[{"a": 1}', '{"a": 1}]', "a", "1, 2", "[1], [2]", "'a': 1", '{"a": "tab\there"}'),
        *('{"a": "\x00"}', '"a" "b"', '"a": 1, "b"', '{"a": 1\n2}', '"', "{", ",", '"a": NaN', "}{"),
    ],
)
def test_json_with_another_fault_is_refused_by_the_error_that_it_has_as_it_came(body):
    with pytest.raises(InvalidResponse) as strict:
        read_json(body.encode())
    with pytest.raises(InvalidResponse) as caught:
        read_cut_json(body.encode())
    assert str(caught.value) == str(strict.value)


@pytest.mark.parametrize("body", [b"", b" ", b"\xff"])
def test_what_is_no_text_is_refused(body):
    with pytest.raises(InvalidResponse):
        read_cut_json(body)


@given(objects)
def test_an_object_without_its_braces_is_that_object(members):
    body = json.dumps(members)

    assert read_cut_json(body[1:-1].encode()) == (read_json(body.encode()), True)
    assert read_cut_json(body.encode()) == (read_json(body.encode()), False)


@given(st.lists(objects, min_size=2, max_size=4))
def test_a_list_of_objects_without_its_brackets_is_that_list(rows):
    body = json.dumps(rows)

    assert read_cut_json(body[1:-1].encode()) == (read_json(body.encode()), True)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_list_of_texts_without_its_brackets_is_that_list(texts):
    assert read_cut_json(json.dumps(texts)[1:-1].encode()) == (texts, True)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_values_or_refused(body):
    try:
        read_cut_json(body)
        read_cut_xml(body, ["stats"])
    except InvalidResponse:
        return


def test_nesting_without_end_is_refused_quickly():
    with pytest.raises(InvalidResponse, match="nested too deeply$"):
        read_cut_json(b'{"a":' * 100_000)


@pytest.mark.parametrize(
    "body",
    ["stats><a>1</a></stats", "stats><a>1</a></stats>", "<stats><a>1</a></stats", "\n stats><a>1</a></stats\n"],
)
def test_xml_that_lacks_its_ends_is_repaired(body):
    assert read_cut_xml(body.encode(), ["stats"]) == ({"a": "1"}, True)
    with pytest.raises(InvalidResponse):
        read_xml(body.encode(), ["stats"])


def test_xml_that_is_whole_is_not_touched():
    assert read_cut_xml(b"\n <stats><a>1</a></stats> ", ["stats"]) == ({"a": "1"}, False)


@pytest.mark.parametrize(
    "body",
    [
        *("stats", "stats>", "<stats", "<stats><a>1</a", "<stats><a>1</a></", "stats <a>1</a></stats>", "/stats>"),
        *("<stats></other", "other></stats", "?xml version='1.0'?><stats/>", "1stats></1stats", "<stats>", "x"),
        "<!DOCTYPE stats><stats></stats",
    ],
)
def test_xml_with_another_fault_is_refused(body):
    with pytest.raises(InvalidResponse):
        read_cut_xml(body.encode(), ["stats"])
