"""However much a vendor sends, a request takes no more memory than a few answers of the longest kind."""

import tracemalloc

import pytest
from structlog.testing import capture_logs

from tests.faults.malformed import body_faults
from tests.faults.turns import CALLS, EVERY, MOST_BYTES, staged
from tests.faults.wire import wire_faults

_FLOODS = (
    *("a bomb", "a deflated bomb", "a gigantic length", "a body without a length or an end", "chunks without an end"),
    *("a gigantic chunk", "a header line without an end", "a thousand headers", "too long by a byte"),
    *("as long as it may be", "a hundred thousand lists", "as many lists that end", "a hundred thousand objects"),
    *("as many objects that end", "numbers of 5,000 digits", "exponents of 5,000 digits", "a billion laughs"),
    *("quadratic laughs", "a hundred thousand elements in each other", "as many elements that end"),
)
# An answer as it came, as it is decoded, as text, and what is made of it; and what the vendor itself holds of it here.
_MOST = 8 * MOST_BYTES


@pytest.mark.parametrize("kind", EVERY, ids=str)
def test_no_answer_takes_more_memory_than_a_few_of_the_longest(kind, ca_file):
    wire = wire_faults(kind) if kind in CALLS else ()
    floods = [fault for fault in (*wire, *body_faults(kind)) if fault.name in _FLOODS]
    assert floods
    used = {}
    with capture_logs(), staged(kind, ca_file) as stage:
        tracemalloc.start()
        try:
            for position, (call, good) in enumerate(stage.calls):
                for fault in floods:
                    if fault.fits(good):
                        stage.vendor.strike(fault.play, position)
                        before, _ = tracemalloc.get_traced_memory()
                        tracemalloc.reset_peak()
                        stage.take()
                        used[f"{call}: {fault.name}"] = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
    assert {name: most for name, most in used.items() if most > _MOST} == {}
