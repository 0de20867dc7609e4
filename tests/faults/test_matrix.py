"""Whatever a vendor does to whichever request: the promised reason, no number changed, and nobody else held up."""

import pytest
from structlog.testing import capture_logs

from exporter.errors import Reason
from tests.faults.malformed import body_faults
from tests.faults.outcomes import Taken, all_taken, leaks
from tests.faults.statuses import error_bodies, statuses
from tests.faults.turns import CALLS, EVERY, Result, staged
from tests.faults.wire import wire_faults

# Longer than any of our own words.
_LONGEST = 250
# But for what floats lose when they are subtracted.
_NO_TIME = 1e-6
_LONGEST_PAUSE = 1.0 + _NO_TIME
_ONCE_IN_A_WHILE = 50


@pytest.mark.parametrize("kind", EVERY, ids=str)
@pytest.mark.parametrize("faults", [error_bodies, body_faults], ids=lambda faults: faults.__name__)
def test_a_body_has_its_reason_and_changes_nothing(kind, faults, ca_file, caplog):
    with staged(kind, ca_file) as stage:
        # The connection is in order, and it is only now and then worth a request to see that.
        strike_all(stage, list(faults(kind)), caplog, follow_every=10)


@pytest.mark.parametrize("kind", CALLS, ids=str)
@pytest.mark.parametrize("faults", [statuses, wire_faults], ids=lambda faults: faults.__name__)
def test_whatever_happens_on_the_wire_has_its_reason_and_changes_nothing(kind, faults, ca_file, caplog):
    with staged(kind, ca_file) as stage:
        strike_all(stage, list(faults(kind)), caplog, follow_every=3 if faults is statuses else 1)


def strike_all(stage, faults, caplog, follow_every=1):
    """Strike every request of a turn with every fault, and complain of all broken promises at once.

    After one in so many faults, the next customer takes its turn.
    """
    broken = {}
    with capture_logs() as lines:
        for position, (call, good) in enumerate(stage.calls):
            for number, fault in enumerate(each for each in faults if each.fits(good)):
                is_followed = number % follow_every == 0
                complaints = strike(stage, fault, position, fault.promised(stage.kind, call), is_followed=is_followed)
                if complaints:
                    broken[f"{call}: {fault.name}"] = complaints
                if number % _ONCE_IN_A_WHILE == 0:
                    recover(stage)
            recover(stage)
    assert broken == {}
    assert not stage.upstream.circuit.is_open
    assert stage.counted() == all_taken(stage)
    said = [*map(str, lines), caplog.text]
    assert [line for line in said if leaks(line) or "Traceback" in line] == []
    assert {line["log_level"] for line in lines} <= {"info", "warning"}


def strike(stage, fault, position, outcome, *, is_followed=True):
    """Strike one request of a customer's turn, let the next customer take its turn, and return what was not kept."""
    waited = stage.waited
    stage.vendor.strike(fault.play, position)
    result = stage.take()
    asked, shown = len(stage.vendor.asked), stage.shown()
    stage.vendor.strike(None)
    # A pause is the whole source's, and the next fault must not meet with it.
    is_followed |= outcome is Reason.RATE_LIMITED
    following = stage.take(second=True) if is_followed else Result(None)
    is_failed = isinstance(outcome, Reason)
    if is_failed or outcome is Taken.WHOLE:
        is_kept = shown == stage.page
    else:
        is_kept = outcome is Taken.ANEW or {*shown.splitlines()} <= {*stage.page.splitlines()}
    promises = {
        "the reason": result.reason is (outcome if is_failed else None),
        "words for people": len(result.words) < _LONGEST and result.words.isprintable() and not leaks(result.words),
        "what is shown": is_kept,
        "nothing asked after a failure": not is_failed or asked == position + fault.is_asked,
        "the next customer": following == Result(None),
        "on time": stage.waited - waited <= (_LONGEST_PAUSE if outcome is Reason.RATE_LIMITED else _NO_TIME),
    }
    if not is_failed and outcome is not Taken.WHOLE:
        recover(stage)
    complaints = [name for name, is_kept in promises.items() if not is_kept]
    return (complaints, result) if complaints else None


def recover(stage):
    """Take a turn that nothing strikes, after which all is as it was."""
    assert stage.take() == Result(None)
    assert stage.shown() == stage.page
