from datetime import date

import pytest

from exporter.providers.records import plain_text, real_day


@pytest.mark.parametrize("text", ["2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_real_day_is_read(text):
    assert real_day(text) == date(*map(int, text.split("-")))


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2026-W11-5", "20260313", "٢٠٢٦-٠٣-١٣", "2026-03-13\n", 20260313, None]
)
def test_no_other_value_is_a_day(value):
    assert real_day(value) is None


@pytest.mark.parametrize("value", ["a\x00", "a\x85", "a\u2029", "\ud800", "x" * 201, 5, None, ["a"]])
def test_what_can_not_stand_on_a_line_is_no_plain_text(value):
    assert plain_text(value) is None


@pytest.mark.parametrize("value", ["Silver", "日本 🎉", "x" * 200])
def test_other_text_is_plain(value):
    assert plain_text(value) == value
