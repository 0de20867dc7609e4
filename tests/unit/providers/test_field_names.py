from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from exporter.providers.field_names import FieldNames

FIELDS = TypeAdapter(Annotated[tuple[str, ...], FieldNames(("opens", "clicks", "blocks"))])


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("all", ("opens", "clicks", "blocks")),
        (["blocks"], ("blocks",)),
        (["clicks", "opens"], ("clicks", "opens")),
        (("clicks",), ("clicks",)),
    ],
)
def test_a_list_of_names_or_all_is_taken(value, names):
    assert FIELDS.validate_python(value) == names


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("opens", "must be a list of fields, or all; the fields here are opens, clicks, blocks"),
        (None, "must be a list of fields, or all; the fields here are opens, clicks, blocks"),
        ({"opens": True}, "must be a list of fields, or all; the fields here are opens, clicks, blocks"),
        ([], "can't be empty; leave it out for the usual fields, or set enabled: false"),
        (["opens", "processed"], "'processed' is no field that this call has; it has opens, clicks, blocks"),
        (["all"], "'all' is no field that this call has; it has opens, clicks, blocks"),
        ([["opens"]], "['opens'] is no field that this call has; it has opens, clicks, blocks"),
        ([True], "True is no field that this call has; it has opens, clicks, blocks"),
        (["opens", "clicks", "opens"], "opens stands in the list twice; remove one of them"),
    ],
)
def test_a_mistake_is_said_with_what_mends_it(value, message):
    with pytest.raises(ValidationError) as caught:
        FIELDS.validate_python(value)
    assert [error["msg"] for error in caught.value.errors()] == [message]


def test_each_mistake_in_a_list_has_its_place():
    with pytest.raises(ValidationError) as caught:
        FIELDS.validate_python(["opens", "processed", "clicks", "opens"])
    assert [error["loc"] for error in caught.value.errors()] == [(1,), (3,)]


def test_a_long_mistake_is_not_repeated_whole():
    with pytest.raises(ValidationError) as caught:
        FIELDS.validate_python(["x" * 10_000])
    assert len(caught.value.errors()[0]["msg"]) < 200


def test_it_is_written_as_the_names():
    assert FIELDS.dump_python(("opens",)) == ["opens"]


def test_its_json_schema_lists_the_names():
    assert FIELDS.json_schema() == {
        "anyOf": [
            {"const": "all"},
            {"type": "array", "items": {"enum": ["opens", "clicks", "blocks"]}, "minItems": 1, "uniqueItems": True},
        ]
    }
