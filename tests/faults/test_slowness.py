"""A vendor that takes its time, however it does that: the request ends at its deadline, and nothing changes."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from exporter.errors import Reason
from tests.faults.outcomes import leaks
from tests.faults.turns import CALLS, PATIENCE, Result, staged
from tests.faults.wire import slow_faults

# Seconds. Each kind of turn has a thread of its own, so that all of them wait at once.
_DEADLINE = 0.3
_AT_MOST = 15.0


@pytest.fixture(scope="module")
def stages(ca_file):
    """Give a stage for each kind of turn, all of them for all tests here."""
    with contextlib.ExitStack() as stack, capture_logs():
        yield [stack.enter_context(staged(kind, ca_file)) for kind in CALLS]


@pytest.mark.parametrize("fault", [*slow_faults(CALLS[0])], ids=lambda fault: fault.name)
def test_a_vendor_that_is_slow_is_left_at_the_deadline(fault, stages, caplog):
    with capture_logs() as lines, ThreadPoolExecutor(len(stages)) as threads:
        broken = {key: value for each in threads.map(lambda stage: late(stage, fault), stages) for key, value in each}

    assert broken == {}
    assert not [line for line in (*map(str, lines), caplog.text) if leaks(line) or "Traceback" in line]


def late(stage, fault):
    """Let each request of a turn meet with a fault, and return what was promised and not kept."""
    broken = []
    for position, (call, _) in enumerate(stage.calls):
        stage.vendor.strike(fault.play, position)
        began = time.monotonic()
        stage.tune(_DEADLINE)
        result = stage.take()
        took, shown = time.monotonic() - began, stage.shown()
        stage.vendor.strike(None)
        stage.tune(PATIENCE)
        following = stage.take(second=True)
        # Of the first requests each may take as long; generous, for the machine may be busy.
        kept = (result.reason is Reason.TIMEOUT, took < _AT_MOST, shown == stage.page, following == Result(None))
        if not all(kept) or leaks(result.words):
            broken.append((f"{stage.kind} {call}", (kept, result, following, took)))
    return broken
