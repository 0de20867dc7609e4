import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import format_duration, parse_duration
from exporter.config.duration import PATTERN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("250ms", 0.25),
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1y", 31536000),
        ("1y2w3d4h5m6s7ms", 33019506.007),
        ("010s", 10),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "-1s", "+1s", "1.5h", "1 h", "30m1h", "1m1m", "1S", "s", "1s ", "1s\n", "١s", "1us", "9" * 99 + "s"],
)
def test_what_prometheus_would_not_read_is_refused(text):
    with pytest.raises(ValueError, match="is no duration; write it like 90s, 15m, 1h30m or 1d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (1.5, "1s500ms"),
        (60, "1m"),
        (900, "15m"),
        (5400, "1h30m"),
        (86400, "1d"),
        (604800, "1w"),
        (691200, "8d"),
        (31536000, "1y"),
    ],
)
def test_seconds_are_written_as_prometheus_writes_them(seconds, text):
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=10**13))
def test_a_duration_that_was_written_is_read_back(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.from_regex("[0-9ywdhms]{0,9}", fullmatch=True))
def test_the_schema_s_pattern_and_the_reader_agree(text):
    def is_read():
        try:
            parse_duration(text)
        except ValueError:
            return False
        return text != "0"

    assert (re.search(PATTERN, text) is not None) == is_read()
