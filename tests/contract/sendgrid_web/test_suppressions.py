"""Suppression lists: how long they are, and that nothing else of them is kept, shown or said."""

import json

import pytest

from exporter.errors import InvalidResponse, VendorRefused

ADDRESS = "recipient@example.net"
ENTRY = {"email": ADDRESS, "status": "5.1.1", "reason": f"unknown user {ADDRESS}", "created": "2009-06-01 19:41:39"}
LISTS = ("bounces", "unsubscribes", "invalidemails", "spamreports")


def shown(bounces=0, unsubscribes=0, invalid_emails=0, spam_reports=0):
    return {
        'sendgrid_suppressions{list="bounces"}': bounces,
        'sendgrid_suppressions{list="unsubscribes"}': unsubscribes,
        'sendgrid_suppressions{list="invalid_emails"}': invalid_emails,
        'sendgrid_suppressions{list="spam_reports"}': spam_reports,
    }


@pytest.fixture
def fetch(reseller):
    def fetch(*bodies):
        reseller.replies(*(body if isinstance(body, str) else json.dumps(body) for body in bodies))
        return reseller.fetch("suppressions")

    return fetch


def test_each_list_is_asked_for_without_more_than_is_needed(fetch, reseller):
    assert fetch([ENTRY] * 3, [], [ENTRY], [ENTRY] * 2) == shown(3, 0, 1, 2)
    assert reseller.asked == [
        ("/apiv2/reseller.manage.json", [("method", list_), ("task", "get"), ("user", "customer@example.com")])
        for list_ in LISTS
    ]


def test_the_same_address_twice_is_two_entries(fetch):
    assert fetch([ENTRY, ENTRY], [], [], []) == shown(2)


def test_a_lone_entry_needs_no_list(fetch):
    assert fetch(ENTRY, [], [], []) == shown(1)


@pytest.mark.parametrize("email", ["", "isaac@hotmail", "no address", "ü@example.net", "a\nb"])
def test_an_entry_may_hold_any_text_as_its_address(fetch, email):
    assert fetch([{"email": email}], [], [], []) == shown(1)


@pytest.mark.parametrize(
    "entry", ["5", '"a@example.net"', "[]", "{}", '{"email": null}', '{"email": 5}', '{"mail": "a"}']
)
def test_a_list_with_something_else_in_it_is_refused_without_saying_what(fetch, entry):
    with pytest.raises(InvalidResponse) as caught:
        fetch(f"[{json.dumps(ENTRY)}, {entry}]")
    assert str(caught.value) == "row 2 of the suppression list bounces: not an entry with an email"


@pytest.mark.parametrize("body", ["{}", "null", "5", '"a@example.net"', "", '{"email": 5}'])
def test_what_is_no_list_is_refused(fetch, body):
    with pytest.raises(InvalidResponse):
        fetch(body)


@pytest.mark.parametrize("position", range(4))
def test_one_list_that_fails_fails_all(fetch, position):
    bodies: list[object] = [[], [], [], []]
    bodies[position] = "5"

    with pytest.raises(InvalidResponse):
        fetch(*bodies)


@pytest.mark.parametrize(
    "body",
    [
        {"error": f"{ADDRESS} is no user"},
        {"message": "error", "errors": [f"{ADDRESS} is no user"]},
        {"error": {"code": 400, "message": f"{ADDRESS} is no user"}},
        {"error": "recipient%40example.net is no user"},
    ],
)
def test_an_error_that_holds_an_address_is_not_quoted(fetch, body):
    with pytest.raises(VendorRefused) as caught:
        fetch(body)
    assert str(caught.value).endswith("an error (its words are not shown, for they may name a customer)")


def test_an_error_that_is_known_to_hold_no_address_is_quoted(fetch):
    with pytest.raises(VendorRefused, match="an error: Permission denied, wrong credentials$"):
        fetch({"message": "error", "errors": ["Permission denied, wrong credentials"]})


@pytest.mark.parametrize("format_", ["json", "xml"])
def test_a_long_list_is_counted(of_type, format_):
    web = of_type("sendgrid_reseller", format_)
    if format_ == "json":
        bodies = [json.dumps([{"email": "a@b.c"}] * 30_000), "[]", "[]", "[]"]
    else:
        bodies = [
            f"<bounces>{'<bounce><email>a@b.c</email></bounce>' * 20_000}</bounces>",
            *(f"<{list_}/>" for list_ in LISTS[1:]),
        ]
    web.replies(*bodies)

    assert web.fetch("suppressions") == shown(30_000 if format_ == "json" else 20_000)
