"""Reputation: of ten subusers a call, of other accounts one by one."""

import pytest

from exporter.errors import InvalidResponse, NotFound

ALICE, BOB = {"subuser": "alice"}, {"subuser": "bob"}
OWN, PARTNER = {"own": True, "name": "hq"}, {"account": "sg2a2b", "name": "partner"}
RATIO = "sendgrid_reputation_ratio"


def test_subusers_are_asked_for_together_and_other_accounts_one_by_one(v3):
    v3.replies(
        [{"username": "bob", "reputation": 95.2}, {"username": "alice", "reputation": 99}],
        {"type": "paid", "reputation": 100},
        {"type": "free", "reputation": 0.1},
    )

    assert v3.fetch_all("reputation", OWN, ALICE, PARTNER, BOB) == {
        "alice": {RATIO: 0.99},
        "bob": {RATIO: 0.952},
        "hq": {RATIO: 1.0},
        "partner": {RATIO: 0.001},
    }
    assert v3.asked == [
        ("/v3/subusers/reputations", [("usernames", "alice"), ("usernames", "bob")]),
        ("/v3/user/account", []),
        ("/v3/user/account", []),
    ]
    assert [each.headers.get("On-Behalf-Of") for each in v3.vendor.asked] == [None, None, "account-id sg2a2b"]


@pytest.mark.parametrize("body", [[], [{"username": "carol", "reputation": 99}]])
def test_a_missing_subuser_is_not_found(v3, body):
    v3.replies(body)

    with pytest.raises(NotFound):
        v3.fetch("reputation")


def test_a_missing_subuser_fails_alone(v3):
    v3.replies([{"username": "bob", "reputation": 95.2}])

    answers = v3.fetch_all("reputation", ALICE, BOB)

    assert isinstance(answers["alice"], NotFound)
    assert answers["bob"] == {RATIO: 0.952}


@pytest.mark.parametrize("row", [{"username": "alice"}, {"username": "alice", "reputation": None}])
def test_a_reputation_that_was_not_sent_is_absent(v3, row):
    v3.replies([row])

    assert v3.fetch("reputation") == {}
    assert v3.rejected("reputation") == 0


@pytest.mark.parametrize("value", [-1, 100.1, 1e9, True, "good", [], "95,2"])
@pytest.mark.parametrize("customer", [ALICE, OWN], ids=str)
def test_a_wrong_reputation_is_left_out_and_counted(v3, customer, value):
    v3.replies([{"username": "alice", "reputation": value}] if customer is ALICE else {"reputation": value})

    assert v3.fetch("reputation", customer) == {}
    assert v3.rejected("reputation") == 1


def test_two_rows_of_one_subuser_that_differ_refuse_the_answer(v3):
    v3.replies([{"username": "alice", "reputation": 99}, {"username": "alice", "reputation": 98}])

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("reputation")
    assert str(caught.value) == ("row 2 of the reputations: its subuser was in an earlier row, with another number")


@pytest.mark.parametrize(
    ("customer", "body", "words"),
    [
        (ALICE, "{}", "the reputations: not a list"),
        (ALICE, "[5]", "row 1 of the reputations: not an object"),
        (ALICE, '[{"reputation": 99}]', "row 1 of the reputations: username is missing"),
        (OWN, "[]", "the account: not an object"),
        (OWN, "null", "the account: not an object"),
        (OWN, "{}", "the account: reputation is missing"),
        (OWN, '{"data": {"reputation": 99}}', "the account: reputation is missing"),
    ],
)
def test_what_is_no_reputation_is_refused(v3, customer, body, words):
    v3.replies(body)

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("reputation", customer)
    assert str(caught.value) == words
