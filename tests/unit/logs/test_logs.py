"""Log lines: one for each event, that a program can read and that nobody else can write."""

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from exporter import logs

PAIR = re.compile(r'(?P<key>[a-z_]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"=]*))(?: |$)')


def read_logfmt(line: str) -> dict[str, str]:
    """Read a line as logfmt readers do; fail if any of it is something else."""
    pairs, end = {}, 0
    for match in PAIR.finditer(line):
        assert match.start() == end, f"no logfmt: {line!r}"
        assert match["key"] not in pairs, f"a key twice: {line!r}"
        quoted = match["quoted"]
        pairs[match["key"]] = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        end = match.end()
    assert end == len(line), f"no logfmt: {line!r}"
    return pairs


READERS: dict[str, Callable[[str], dict[str, Any]]] = {"logfmt": read_logfmt, "json": json.loads}
both = pytest.mark.parametrize("format_", logs.FORMATS)


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    """Leave logging and structlog as they were."""
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.NOTSET)
    structlog.configure(**settings)


def read(capsys: pytest.CaptureFixture[str], format_: str) -> list[dict[str, Any]]:
    """Return what was logged since the last call; stdout is not for log lines."""
    out, err = capsys.readouterr()
    assert out == ""
    return [READERS[format_](line) for line in err.splitlines()]


def test_a_line_of_logfmt_begins_with_time_level_and_message(capsys):
    logs.configure("info", "logfmt")
    structlog.get_logger("x").warning("fetch failed", source="acme", fetches=3, ratio=0.5, is_good=False, nothing=None)
    line = capsys.readouterr().err

    assert re.fullmatch(
        r'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z level=warning msg="fetch failed" '
        r"source=acme fetches=3 ratio=0\.5 is_good=false nothing=\n",
        line,
    )


def test_a_line_of_json_has_the_same_keys_and_keeps_numbers(capsys):
    logs.configure("info", "json")
    structlog.get_logger("x").warning("fetch failed", source="acme", fetches=3, is_good=False, nothing=None)
    (line,) = read(capsys, "json")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("ts"))
    assert line == {
        "msg": "fetch failed",
        "level": "warning",
        "source": "acme",
        "fetches": 3,
        "is_good": False,
        "nothing": None,
    }


@both
def test_lines_of_libraries_look_the_same(capsys, format_):
    logs.configure("info", format_)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request: %s", "\x16\x03")
    (line,) = read(capsys, format_)

    assert (line["level"], line["msg"]) == ("warning", r"Invalid HTTP request: \x16\x03")


@both
def test_a_library_that_is_told_to_be_silent_about_broken_connections_is(capsys, format_):
    logs.configure("debug", format_)
    logging.getLogger("urllib3.connectionpool").warning("Retrying")

    assert read(capsys, format_) == []


HOSTILE = [
    ("two\nlines", r"two\nlines"),
    ("x\r\nlevel=critical msg=owned", r"x\r\nlevel=critical msg=owned"),
    ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
    ("c1 \x9b31m", r"c1 \x9b31m"),
    ("line\u2028separator\x85next", r"line\u2028separator\x85next"),
    ("right-to-left \u202eevil", r"right-to-left \u202eevil"),
    ("half \ud800", r"half \ud800"),
    ("nul\x00", r"nul\x00"),
    ('a" level="critical', 'a" level="critical'),
    ('a\\" b="c', 'a\\" b="c'),
    ("a=b", "a=b"),
    ("back\\slash and space", "back\\slash and space"),
    ("Grüße 😀", "Grüße 😀"),
    ("", ""),
]


@both
@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_a_vendors_text_can_begin_no_line_and_steer_no_terminal(capsys, format_, text, shown):
    logs.configure("info", format_)
    structlog.get_logger("x").warning("fetch failed", error=text, after="it")
    (line,) = read(capsys, format_)

    assert (line["msg"], line["error"], line["after"]) == ("fetch failed", shown, "it")


@both
def test_what_is_no_text_is_made_printable_too(capsys, format_):
    logs.configure("info", format_)
    structlog.get_logger("x").error("odd", error=ValueError("a\x1b[2Jb"), path=["c\nd"])
    (line,) = read(capsys, format_)

    assert line["error"] == r"a\x1b[2Jb"
    assert "\n" not in line["path"]


@given(text=st.text(), format_=st.sampled_from(logs.FORMATS))
def test_any_text_is_one_value_of_one_line(text, format_):
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        logs.configure("info", format_)
    structlog.get_logger("x").warning(text, error=text)
    line, end, rest = stream.getvalue().partition("\n")
    pairs = READERS[format_](line)

    assert (end, rest) == ("\n", "")
    assert line.isprintable()
    assert set(pairs) == {"ts", "level", "msg", "error"}
    assert pairs["level"] == "warning"
    if text.isprintable():
        assert pairs["msg"] == pairs["error"] == text


@both
def test_a_traceback_stands_on_one_line_and_shows_no_values(capsys, format_):
    """Values of variables may be secrets; where an error was raised is enough to mend it."""

    def fetch(password: str) -> None:
        token = password * 2
        raise KeyError("a bug", len(token))

    logs.configure("info", format_)
    try:
        fetch("2retnuh"[::-1])  # not as it stands in the source, which a traceback shows
    except KeyError:
        structlog.get_logger("x").exception("internal error in a fetch", error="KeyError")
    (line,) = read(capsys, format_)

    assert line["level"] == "error"
    assert "Traceback (most recent call last):" in line["exception"]
    assert "in fetch" in line["exception"]
    assert "hunter2" not in str(line)


@both
@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error", "critical"]),
        ("info", ["info", "warning", "error", "critical"]),
        ("warning", ["warning", "error", "critical"]),
        ("error", ["error", "critical"]),
        ("critical", ["critical"]),
    ],
)
@pytest.mark.parametrize("get", [structlog.get_logger, logging.getLogger], ids=["ours", "a library's"])
def test_nothing_below_the_level_is_logged(capsys, format_, level, expected, get):
    logs.configure(level, format_)
    log = get("some.library")
    for each in logs.LEVELS:
        getattr(log, each)("x")

    assert [line["level"] for line in read(capsys, format_)] == expected
