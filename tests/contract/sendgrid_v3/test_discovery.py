"""Lists of customers: subusers by pages, partner accounts by a cursor; the whole list or none of it."""

import pytest

from exporter.errors import InvalidResponse, ServerFailed
from exporter.providers.base import Found
from exporter.providers.sendgrid_v3.accounts import AccountKind

ACCOUNTS = {"discovery": {"of": "accounts"}}


def subusers(numbers):
    return [{"id": number, "username": f"user{number}", "disabled": False} for number in numbers]


def accounts(numbers, last):
    return {
        "accounts": [{"id": f"sg{number}", "email": "a@example.com"} for number in numbers],
        "pages": {"last": last},
    }


def test_subusers_are_found_with_whether_they_may_send(v3):
    v3.replies(
        [
            {"id": 7, "username": "alice", "email": "alice@example.com", "disabled": False},
            {"id": 8, "username": "bob", "disabled": True},
            {"username": "carol"},
        ]
    )

    assert v3.discover() == [
        Found("alice", "alice", "7", is_active=True, settings=AccountKind.SUBUSER, option="subuser"),
        Found("bob", "bob", "8", is_active=False, settings=AccountKind.SUBUSER, option="subuser"),
        Found("carol", "carol", "carol", is_active=None, settings=AccountKind.SUBUSER, option="subuser"),
    ]
    assert v3.asked == [("/v3/subusers", [("limit", "500"), ("offset", "0")])]


def test_subusers_are_read_page_by_page_to_a_short_one(v3):
    v3.replies(subusers(range(500)), subusers(range(500, 1000)), "[]")

    assert len(v3.discover()) == 1000
    assert v3.values_asked("offset") == [["0"], ["500"], ["1000"]]


def test_a_page_that_is_longer_than_asked_for_is_the_whole_list(v3):
    v3.replies(subusers(range(600)))

    assert len(v3.discover()) == 600
    assert len(v3.asked) == 1


def test_partner_accounts_are_found_by_their_ids(v3):
    v3.replies(accounts([1, 2], None))

    assert v3.discover(**ACCOUNTS) == [
        Found("sg1", "sg1", "sg1", is_active=None, settings=AccountKind.ACCOUNT, option="account"),
        Found("sg2", "sg2", "sg2", is_active=None, settings=AccountKind.ACCOUNT, option="account"),
    ]
    assert v3.asked == [("/v3/partners/accounts", [("limit", "100")])]


@pytest.mark.parametrize(
    "end", [accounts([], None), accounts([100], "sg100"), {"accounts": []}, accounts(range(100, 200), None)]
)
def test_partner_accounts_are_read_by_the_cursor_to_a_short_page_or_the_last(v3, end):
    v3.replies(accounts(range(100), "sg99"), end)

    assert len(v3.discover(**ACCOUNTS)) == 100 + len(end["accounts"])
    assert v3.values_asked("offset") == [[], ["sg99"]]


@pytest.mark.parametrize(
    ("page", "keys", "what"),
    [(subusers(range(500)), {}, "subusers"), (accounts(range(100), "sg99"), ACCOUNTS, "partner accounts")],
)
def test_pages_that_repeat_themselves_are_refused(v3, page, keys, what):
    """Such a list may be its first page again and again, and the rest would be taken for gone."""
    v3.replies(page)

    with pytest.raises(InvalidResponse) as caught:
        v3.discover(**keys)
    assert str(caught.value) == f"the {what}: a page repeats what earlier pages had"
    assert len(v3.asked) == 2


def test_a_list_that_breaks_off_is_none(v3):
    v3.replies(subusers(range(500)), 500)

    with pytest.raises(ServerFailed):
        v3.discover()


@pytest.mark.parametrize("value", ["yes", 0, [], "false"])
def test_a_wrong_disabled_says_nothing(v3, value):
    v3.replies([{"username": "alice", "disabled": value}])

    [found] = v3.discover()
    assert found.is_active is None


@pytest.mark.parametrize(
    ("keys", "body", "words"),
    [
        ({}, "{}", "the subusers: not a list"),
        ({}, "[5]", "row 1 of the subusers: not an object"),
        ({}, '[{"id": 1}]', "row 1 of the subusers: username is missing"),
        ({}, '[{"username": 5}]', "row 1 of the subusers: username is no plain text"),
        (ACCOUNTS, "[]", "the partner accounts: not an object"),
        (ACCOUNTS, "{}", "the partner accounts: not a list"),
        (ACCOUNTS, '{"accounts": [{"email": "a@example.com"}]}', "row 1 of the partner accounts: id is missing"),
        (ACCOUNTS, '{"accounts": [], "pages": 5}', "the pages of the partner accounts: not an object"),
    ],
)
def test_what_is_no_list_of_customers_is_refused(v3, keys, body, words):
    v3.replies(body)

    with pytest.raises(InvalidResponse) as caught:
        v3.discover(**keys)
    assert str(caught.value) == words
