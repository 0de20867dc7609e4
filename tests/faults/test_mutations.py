"""Whatever a good answer is turned into, it becomes samples that can be shown, or a reason that the contract has."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from exporter.errors import Reason
from tests.faults.outcomes import leaks
from tests.faults.statuses import answering
from tests.faults.turns import EVERY, staged

# What may be made of an answer under status 200: a segment that is not there is not found, for one.
_REASONS = {None, Reason.INVALID_RESPONSE, Reason.VENDOR_ERROR, Reason.TOO_LARGE, Reason.NOT_FOUND}
_PIECES = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"null",
        b"true",
        b"NaN",
        b"-",
        b"0",
        b"9" * 20,
        b"1e400",
        b'"error":1,',
    ),
    *(
        b"\\ud800",
        b"\\u0000",
        b"\\",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\r\n",
        b"2026-02-30",
        b"canary-5d1f",
    ),
    *(
        b"<",
        b">",
        b"</",
        b"/>",
        b"&",
        b"&#x0;",
        b"&lt;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<!DOCTYPE a>",
        b"<?x?>",
    ),
    *(b"<day>", b"</day>", b"<x:y>", b' a="b"', b'<?xml version="1.0" encoding="UTF-16"?>'),
)
place = st.floats(0, 1)
edit = st.tuples(
    st.sampled_from(("insert", "replace", "delete", "double", "swap")), place, place, st.sampled_from(_PIECES)
)


def edited(body, edits):
    """Return a body after some edits, each of a part of it."""
    for what, one, other, piece in edits:
        begin, end = sorted((int(one * len(body)), int(other * len(body))))
        part = body[begin:end]
        match what:
            case "insert":
                body = body[:begin] + piece + body[begin:]
            case "replace":
                body = body[:begin] + piece + body[begin + len(piece) :]
            case "delete":
                body = body[:begin] + body[begin + len(part) // 4 :]
            case "double":
                body = body[:end] + part + body[end:]
            case _:
                body = part + body[:begin] + body[end:]
    return body


@pytest.mark.parametrize("kind", EVERY, ids=str)
def test_an_edited_answer_is_read_or_refused(kind, ca_file):
    with capture_logs() as lines, staged(kind, ca_file) as stage:

        @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
        @given(position=st.integers(0, len(stage.calls) - 1), edits=st.lists(edit, min_size=1, max_size=4))
        def judge(position, edits):
            body = edited(stage.calls[position][1], edits)
            stage.vendor.strike(answering(200, body), position)
            result = stage.take()
            stage.vendor.strike(None)
            assert result.reason in _REASONS
            assert not leaks(result.words)
            assert all(math.isfinite(float(line.rpartition(b" ")[2])) for line in stage.shown().splitlines())

        judge()
        assert not stage.upstream.circuit.is_open
    assert {line["log_level"] for line in lines} <= {"info", "warning"}
    assert not [line for line in lines if leaks(str(line))]
