from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exporter.config import Section
from exporter.providers.categories import Choice, IncludedNames, choose

LISTED = ["Promo-b", "promo-a", "promo-b", "Newsletter", "welcome"]


class Options(Section):
    include: Annotated[tuple[str, ...], IncludedNames()] = ()


def include(value):
    return Options.model_validate({"include": value}).include


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        ([], ["Newsletter", "Promo-b", "promo-a", "promo-b", "welcome"]),
        (["welcome", "Newsletter"], ["welcome", "Newsletter"]),
        (["newsletter"], []),
        (["/^promo-/"], ["promo-a", "promo-b"]),
        (["/(?i)^promo-/"], ["Promo-b", "promo-a", "promo-b"]),
        (["/b$/", "/^promo/"], ["Promo-b", "promo-b", "promo-a"]),
        (["welcome", "/e/"], ["welcome", "Newsletter"]),
        (["/"], []),
        (["//"], ["Newsletter", "Promo-b", "promo-a", "promo-b", "welcome"]),
    ],
)
def test_exact_names_and_expressions_allow_categories_in_the_order_of_the_entries(entries, names):
    assert choose(LISTED, entries, 50) == Choice(names, 0)


def test_categories_over_the_cap_are_counted():
    assert choose(LISTED, ["welcome", "/promo/"], 2) == Choice(["welcome", "promo-a"], 1)


def test_a_category_that_is_listed_twice_counts_once():
    assert choose(["a", "a"], [], 1) == Choice(["a"], 0)


@given(st.lists(st.text(max_size=3)), st.integers(0, 4), st.randoms())
def test_the_order_of_the_list_decides_nothing(listed, most, random):
    shuffled = random.sample(listed, len(listed))

    assert choose(shuffled, ["/a/", "b"], most) == choose(listed, ["/a/", "b"], most)


def test_what_is_included_is_kept_as_it_was_written():
    assert include(["Newsletter", "/^promo-/"]) == ("Newsletter", "/^promo-/")
    assert Options(include=("a",)).model_dump() == {"include": ["a"]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Newsletter", "must be a list of categories; write a regular expression between slashes, like /^promo-/"),
        ([], "can't be empty; leave it out to allow every category, or set enabled: false"),
        ([5], "must hold names of categories; write each in quotes"),
        ([""], "must hold names of categories; write each in quotes"),
        (["a", "b", "a"], "'a' stands in the list twice; remove one of them"),
        (["/(/"], "'/(/' is no regular expression (missing ), unterminated subpattern at position 0); correct it"),
    ],
)
def test_what_can_not_be_included_is_refused_in_words(value, message):
    with pytest.raises(ValidationError) as caught:
        include(value)
    assert [error["msg"] for error in caught.value.errors()] == [message]


def test_an_expression_that_a_later_python_may_read_otherwise_is_taken_without_a_warning():
    assert choose(["a", "["], include(["/[[]/"]), 50) == Choice(["["], 0)


def test_each_mistake_in_the_list_has_its_place():
    with pytest.raises(ValidationError) as caught:
        include(["a", "/(/", "a"])
    assert [error["loc"][-1] for error in caught.value.errors()] == [1, 2]


def test_the_option_has_a_json_schema():
    shape = Options.model_json_schema()["properties"]["include"]

    assert (shape["type"], shape["minItems"], shape["items"]["type"]) == ("array", 1, "string")
