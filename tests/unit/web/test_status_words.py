"""Numbers and times in words, and text in which nothing is hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from exporter.web.status.charts import chart
from exporter.web.status.words import count, moment, percent, short, span, stamp, visible


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (349_200, "4 d 1 h"),
    ],
)
def test_a_time_is_told_in_two_units_at_most(seconds, words):
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0851, "85 ms"), (0.9994, "999 ms"), (1.24, "1.2 s"), (9.94, "9.9 s"), (34.7, "34 s")]
)
def test_a_short_time_has_the_digits_that_mean_something(seconds, words):
    assert short(seconds) == words


@pytest.mark.parametrize(
    ("fraction", "words"), [(0, "0%"), (0.0004, "<1%"), (0.01, "1%"), (0.415, "42%"), (1, "100%"), (1.3, "130%")]
)
def test_a_little_is_not_nothing(fraction, words):
    assert percent(fraction) == words


def test_one_is_not_many():
    assert [count(number, "fetch", "fetches") for number in (0, 1, 1_200)] == ["0 fetches", "1 fetch", "1,200 fetches"]


def test_moments_are_in_utc():
    assert moment(1_773_403_200.4) == "2026-03-13 12:00:00 UTC"
    assert stamp(1_773_403_200.4) == "2026-03-13T12:00:00.400Z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain & <b>", "plain & <b>"),
        ("naïve 株式会社 שלום 🙂", "naïve 株式会社 שלום 🙂"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\u2066b\u2069", "a[U+2066]b[U+2069]"),
        ("tab\tline\nend\x00", "tab[U+0009]line[U+000A]end[U+0000]"),
        ("zero\u200bwidth\ufeff", "zero[U+200B]width[U+FEFF]"),
        ("hard\u00a0space", "hard[U+00A0]space"),
        ("half \ud800", "half [U+D800]"),
    ],
)
def test_what_can_not_be_seen_shows_as_its_code(text, shown):
    assert visible(text) == shown


@given(some.text())
def test_nothing_stays_hidden(text):
    assert visible(text).isprintable()


def test_a_chart_runs_from_left_to_right_and_breaks_where_nothing_is_known():
    drawn = chart([0.0, 0.5, None, 1.0, None, 2.0, 0.25], 1.0, "words")

    assert drawn.lines == ["0.0,36.0 40.0,18.0", "200.0,0.0 240.0,27.0"]
    assert drawn.areas == [
        "0.0,36 0.0,36.0 40.0,18.0 40.0,36",
        "200.0,36 200.0,0.0 240.0,27.0 240.0,36",
    ]
    assert drawn.dots == [("120.0", "0.0")]


def test_a_chart_of_nothing_is_empty():
    assert (chart([None] * 60, 1.0, "").lines, chart([0.0, 0.0], 0.0, "").lines) == ([], ["0.0,36.0 240.0,36.0"])
