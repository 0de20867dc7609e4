from datetime import date

import pytest

from exporter.providers.sendgrid_web.payloads import plain_text, quotable, real_day, refusal


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


@pytest.mark.parametrize("text", ["2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_real_day_is_read(text):
    assert real_day(text) == date(*map(int, text.split("-")))


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2026-W11-5", "20260313", "٢٠٢٦-٠٣-١٣", "2026-03-13\n", 20260313, None]
)
def test_no_other_value_is_a_day(value):
    assert real_day(value) is None


def test_words_are_put_on_one_line():
    assert quotable("a\n b\t\x00c\u2028\ud800d\u202ee") == "a b c d e"


def test_words_of_two_hundred_characters_are_quoted_and_longer_ones_are_not():
    assert quotable("x" * 200) == "x" * 200
    assert quotable("x" * 201) is None


@pytest.mark.parametrize("value", ["a\x00", "a\x85", "a\u2029", "\ud800", "x" * 201, 5, None, ["a"]])
def test_what_can_not_stand_on_a_line_is_no_plain_text(value):
    assert plain_text(value) is None


@pytest.mark.parametrize("value", ["Silver", "日本 🎉", "x" * 200])
def test_other_text_is_plain(value):
    assert plain_text(value) == value
