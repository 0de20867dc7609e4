import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.refusals import describe, refusal


@pytest.mark.parametrize(
    "document",
    [[], [{"error": "x"}], {}, {"requests": 5}, {"message": "success"}, "error", None, {"Error": "x"}],
)
def test_data_is_no_refusal(document):
    assert refusal(document) is None


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"message": "error", "errors": ["first", "second"]}, "first"),
        ({"error": {"code": 400, "message": "nested"}, "message": "flat"}, "nested"),
        ({"message": "success", "error": "both"}, "both"),
        ({"message": "success", "errors": []}, "success"),
        ({"error": {"code": 400}}, ""),
    ],
)
def test_a_refusal_gives_the_vendors_first_words(document, words):
    assert refusal(document) == words


ERROR = "the vendor answered with an error"
HIDDEN = "the vendor answered with an error (its words are not shown, for they may name a customer)"


@pytest.mark.parametrize(
    "phrase",
    [
        "Bad username / password",
        "Email already exists",
        "Email does not exist",
        "Maximum credits exceeded",
        "No user found",
        "Permission denied, wrong credentials",
        "Report not found",
        "Segment not found",
        "The provided authorization grant is invalid, expired, or revoked",
        "Unauthorized",
        "User does not exist",
        "User not found",
        "authorization required",
        "invalid sort value",
        "is invalid",
        "too many requests",
        "unable to get subuser stat sums",
    ],
)
def test_a_phrase_of_the_vendors_pages_is_quoted(phrase):
    assert describe(phrase) == f"{ERROR}: {phrase}"


@pytest.mark.parametrize(
    "words",
    ["user not found", "USER NOT FOUND", " User  not\tfound.\n", "User not\x00found!", "User\u2028not found . . ."],
)
def test_a_phrase_is_quoted_as_it_is_known_however_it_is_written(words):
    assert describe(words) == f"{ERROR}: User not found"


@pytest.mark.parametrize(
    "words",
    [
        "User not found: carol@example.com",
        "carol: User not found",
        "User not found\ncarol",
        "no carol here",
        "User not found (carol)",
        "api_key=p%26ss+w%2Frd",
        "api_key=p%26ss%20w/rd",
        "Y29ycmVjdC1ob3JzZQ==",
        "partial data",
        "User not found" * 10_000,
    ],
)
def test_other_words_are_not_shown(words):
    assert describe(words) == HIDDEN


@given(st.text())
def test_no_words_before_a_name_let_it_be_shown(words):
    assert describe(f"{words} carol") == HIDDEN


@pytest.mark.parametrize("words", ["", " \n", "...", "\x00"])
def test_no_words_are_nothing_to_show(words):
    assert describe(words) == ERROR
