from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import InvalidResponse
from exporter.providers.documents import parse_json
from exporter.providers.records import Record
from exporter.providers.sendgrid_v3.statistics import Window, read_tables

scraps = st.none() | st.booleans() | st.text(max_size=9) | st.just("2026-03-13")
anything = st.recursive(
    scraps,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["date", "stats", "name", "metrics", "requests"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def record(what, members):
    if not isinstance(members, dict):
        raise InvalidResponse(what)
    return Record(what, members, lambda: None)


@given(anything)
def test_whatever_is_no_statistics_is_an_invalid_response_and_nothing_else(document):
    try:
        tables = read_tables(document, ["requests"], record, is_named=True)
    except InvalidResponse:
        return
    assert tables == {}


@pytest.mark.parametrize("body", ['[{"date": "2026-03-13", "date": "2026-03-12", "stats": []}]'])
def test_a_date_that_is_sent_twice_with_two_values_is_refused(body):
    with pytest.raises(InvalidResponse):
        read_tables(parse_json(body), [], record, is_named=True)


@pytest.mark.parametrize(
    ("window", "day", "is_asked_for"),
    [
        (Window(date(2026, 3, 11)), date(2026, 3, 10), False),
        (Window(date(2026, 3, 11), takes_older=True), date(2026, 3, 10), True),
        (Window(date(2026, 3, 11)), date(2026, 3, 11), True),
        (Window(date(2026, 3, 11)), date(2099, 1, 1), True),
        (Window(date(2026, 3, 11), date(2026, 3, 12)), date(2026, 3, 13), False),
        (Window(date(2026, 3, 11), by="month"), date(2026, 3, 1), True),
        (Window(date(2026, 3, 11), by="month"), date(2026, 2, 28), False),
    ],
)
def test_a_row_belongs_to_a_window_by_its_date(window, day, is_asked_for):
    assert window.has(day) is is_asked_for
