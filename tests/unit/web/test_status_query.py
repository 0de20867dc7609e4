"""The parameters of the status page and of its JSON."""

from urllib.parse import parse_qsl

import pytest

from exporter.errors import BadQuery
from exporter.web.status import Direction, Order, Query, State


def test_nothing_asked_for_is_everything_the_worst_first():
    assert Query.read([]) == Query((""), (), (), (), Order.STATE, Direction.ASCENDING, 1, 50)


def test_everything_can_be_asked_for_at_once():
    parameters = [
        ("search", "shop"),
        ("source", "acme"),
        ("source", "bento"),
        ("collector", "totals"),
        ("state", "failing"),
        ("state", "stale"),
        ("sort", "age"),
        ("order", "desc"),
        ("page", "3"),
        ("limit", "1000"),
    ]

    assert Query.read(parameters) == Query(
        search="shop",
        source=("acme", "bento"),
        collector=("totals",),
        state=(State.FAILING, State.STALE),
        sort=Order.AGE,
        order=Direction.DESCENDING,
        page=3,
        limit=1_000,
    )


def test_an_empty_field_of_the_form_asks_for_nothing():
    assert Query.read([("search", ""), ("source", ""), ("sort", ""), ("page", "")]) == Query()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            [("sorce", "acme")],
            "there is no parameter 'sorce'; there are: search, source, collector, state, sort, order, page, limit",
        ),
        ([("state", "broken")], "state must be one of stale, failing, paused, waiting, ok, not 'broken'"),
        (
            [("sort", "name")],
            "sort must be one of state, customer, source, collector, age, next, series, error, not 'name'",
        ),
        ([("order", "down")], "order must be one of asc, desc, not 'down'"),
        ([("page", "0")], "page must be a whole number from 1 on, not '0'"),
        ([("page", "-1")], "page must be a whole number from 1 on, not '-1'"),
        ([("page", "1.5")], "page must be a whole number from 1 on, not '1.5'"),
        ([("page", "٣")], "page must be a whole number from 1 on, not '\\u0663'"),
        ([("page", "1" * 10)], "page must be a whole number from 1 on, not '1111111111'"),
        ([("limit", "1001")], "limit must be a whole number from 1 to 1,000, not '1001'"),
        ([("limit", "many")], "limit must be a whole number from 1 to 1,000, not 'many'"),
        ([("search", "x" * 201)], "search must be at most 200 characters long"),
        ([("sort", "age"), ("sort", "next")], "sort may be given once"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_words(parameters, message):
    with pytest.raises(BadQuery) as error:
        Query.read(parameters)

    assert str(error.value) == message


def test_a_long_value_is_not_repeated_whole():
    with pytest.raises(BadQuery) as error:
        Query.read([("state", "x" * 5_000)])

    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "?search=a%26b&source=acme&sort=age"),
        ({"page": 2}, "?search=a%26b&source=acme&sort=age&page=2"),
        ({"source": ()}, "?search=a%26b&sort=age"),
        (
            {"state": (State.FAILING, State.STALE)},
            "?search=a%26b&source=acme&state=failing&state=stale&sort=age",
        ),
        ({"sort": Order.STATE, "search": "", "source": ()}, "?"),
        ({"search": "\ud800"}, "?search=%3F&source=acme&sort=age"),
    ],
)
def test_a_link_changes_what_it_names_and_leads_to_the_first_page(changes, expected):
    assert Query(search="a&b", source=("acme",), sort=Order.AGE, page=7).link(**changes) == expected


def test_a_link_asks_for_what_it_was_made_from():
    query = Query("ü & <b>", ("ac me",), ("totals",), (State.OK,), Order.NEXT, Direction.DESCENDING, 4, 10)
    assert Query.read(parse_qsl(query.link(page=4)[1:])) == query
