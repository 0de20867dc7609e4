from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from exporter.config import Duration, DurationRange, Name, Size, TimeZone
from exporter.config.values import Surroundings


class Values(BaseModel):
    duration: Duration = 1.0
    pause: Annotated[float, DurationRange(least=0, most=60)] = 1.0
    size: Size = 1
    name: Name = "a"
    timezone: TimeZone | None = None


def read(**values):
    return Values.model_validate(values, context=Surroundings())


def refusal(**values):
    with pytest.raises(ValidationError) as raised:
        read(**values)
    [error] = raised.value.errors()
    return error["msg"]


@pytest.mark.parametrize(
    ("text", "size"),
    [(1, 1), (8388608, 8388608), ("17", 17), ("1B", 1), ("512KiB", 524288), ("8MiB", 8388608), ("1GiB", 1073741824)],
)
def test_a_size_is_read_as_bytes(text, size):
    assert read(size=text).size == size


@pytest.mark.parametrize("value", ["8MB", "8 MiB", "-1", "1.5MiB", "8mib", "", None, True, 1.5, []])
def test_what_is_no_size_is_refused(value):
    assert refusal(size=value) == "must be a size; write it like 512KiB, 8MiB or 1GiB, or as a whole number of bytes"


@pytest.mark.parametrize("value", [0, -1, "2GiB", "9" * 18])
def test_a_size_out_of_bounds_is_refused(value):
    assert refusal(size=value) == "must be between 1 and 1073741824 bytes"


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (15, "write 15s"),
        (1.5, "write it like 90s or 15m"),
        (-5, "write it like 90s or 15m"),
        (10**400, "write it like 90s or 15m"),
    ],
)
def test_a_duration_without_its_unit_is_refused_in_a_file(value, remedy):
    assert refusal(duration=value) == f"a duration needs its unit; {remedy}"


def test_code_may_give_seconds():
    assert Values(duration=15).duration == 15


def test_a_duration_of_zero_is_taken_where_it_makes_sense():
    assert read(pause=0).pause == 0
    assert read(pause="0").pause == 0
    assert refusal(duration="0") == "must be at least 1ms"


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_what_is_no_duration_is_refused(value):
    assert refusal(duration=value) == "must be a duration; write it like 90s, 15m, 1h30m or 1d"


def test_a_duration_beyond_its_bound_is_refused():
    assert refusal(pause="61s") == "must be at most 1m"
    assert refusal(duration="2y") == "must be at most 1y"


@pytest.mark.parametrize("name", ["a", "ada@example.com", "Zoë 📮", "a b", "\u3000x"])
def test_a_name_is_any_printable_text(name):
    assert read(name=name).name == name


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\x7f", "a\u2028b", "a\x85"])
def test_a_name_without_a_line_of_its_own_is_refused(name):
    assert refusal(name=name) == "can't hold control characters or line breaks"


def test_a_name_is_neither_empty_nor_endless():
    assert refusal(name="") == "can't be empty"
    assert refusal(name=" ") == "can't be empty"
    assert read(name="a" * 512).name == "a" * 512
    assert refusal(name="a" * 513) == "can't be longer than 512 characters"


def test_a_time_zone_is_known_by_its_iana_name():
    assert str(read(timezone="America/Denver").timezone) == "America/Denver"


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America", "../etc/passwd", "/etc/passwd", "UTC\x00", "\ud800", "A" * 5000]
)
def test_what_is_no_time_zone_is_refused(name):
    assert refusal(timezone=name) == "is no time zone known here; write an IANA name like UTC or America/Denver"
