import pytest

from exporter.providers.refusals import quotable, refusal


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


def test_words_are_put_on_one_line():
    assert quotable("a\n b\t\x00c\u2028\ud800d\u202ee") == "a b c d e"


def test_words_of_two_hundred_characters_are_quoted_and_longer_ones_are_not():
    assert quotable("x" * 200) == "x" * 200
    assert quotable("x" * 201) is None
