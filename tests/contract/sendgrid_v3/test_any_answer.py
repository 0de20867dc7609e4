"""Whatever a vendor answers becomes samples that it sent, or a failed fetch: never another error."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import FetchError
from tests.contract.sendgrid_v3.conftest import FIVE

NAMES = ["date", "stats", "name", "metrics", "username", "reputation", "category", "remain", "type", *FIVE]
WORDS = ["alice", "bob", "2026-03-12", "2026-03-13", "2026-03-01", "unlimited"]

whole = st.integers(0, 2**53) | st.integers(0, 2**53).map(str)
scraps = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
anything = st.recursive(
    scraps,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
metrics = st.fixed_dictionaries(dict.fromkeys(FIVE, whole), optional={"delivered": whole | anything})
name = st.sampled_from(["alice", "bob", "carol"])
rows = st.lists(st.fixed_dictionaries({"name": name, "metrics": metrics | anything}), max_size=3)
date = st.sampled_from(["2026-03-01", "2026-03-12", "2026-03-13", "2026-03-14"]) | anything
periods = st.lists(st.fixed_dictionaries({"date": date, "stats": rows | anything}), max_size=3)
reputations = st.lists(st.fixed_dictionaries({"username": name, "reputation": whole | anything}), max_size=3)
credit = st.dictionaries(st.sampled_from(["remain", "total", "used", "type", "last_reset"]), whole | anything)
categories = st.lists(st.fixed_dictionaries({"category": name | anything}), max_size=3)
documents = periods | reputations | credit | categories | anything

# The vendor of each example answers anew, so nothing of one is left in the next; a first request may take long.
over_the_wire = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)


@over_the_wire
@pytest.mark.parametrize("collector", ["daily", "credits", "reputation", "totals", "month", "categories"])
@given(first=documents, second=documents)
def test_any_answer_gives_samples_or_a_failed_fetch(v3, collector, first, second):
    v3.replies(json.dumps(first), json.dumps(second))

    customers = [{"subuser": "alice"}, {"subuser": "bob"}, {"own": True}]
    options = {} if collector in {"credits", "reputation"} else {"fields": "all"}
    with v3.fetching(collector, *customers, **options) as fetch:
        try:
            answers = fetch()
        except FetchError:
            return
    for answer in answers.values():
        if not isinstance(answer, FetchError):
            values, _ = answer
            assert all(math.isfinite(value) and value >= 0 for value in values.values())


@over_the_wire
@pytest.mark.parametrize("of", ["subusers", "accounts"])
@given(document=documents | st.fixed_dictionaries({"accounts": anything}, optional={"pages": anything}))
def test_any_list_gives_customers_or_a_failed_discovery(v3, of, document):
    v3.replies(json.dumps(document))

    try:
        found = v3.discover(discovery={"of": of})
    except FetchError:
        return
    assert len({each.key for each in found}) == len(found)
