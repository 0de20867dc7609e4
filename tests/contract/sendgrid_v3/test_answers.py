"""What can come instead of an answer, the same for every call."""

import json
from base64 import b64encode

import pytest

from exporter.errors import (
    AuthRejected,
    ClientRefused,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    RateLimited,
    ServerFailed,
    VendorRefused,
)
from tests.contract.sendgrid_v3.conftest import FIVE

STATISTICS = json.dumps([{"date": "2026-03-13", "stats": [{"name": "alice", "metrics": FIVE}]}])
GOOD = {
    "daily": STATISTICS,
    "month": STATISTICS,
    "totals": STATISTICS,
    "credits": '{"remain": 1}',
    "reputation": '[{"username": "alice", "reputation": 99}]',
    "categories": "[]",
}
HIDDEN = "the vendor answered with an error (its words are not shown, for they may name a customer)"
SECRET = "SG.correct-horse-battery"

pytestmark = pytest.mark.parametrize("collector", GOOD)


def failure(v3, collector, error, customer=None):
    with pytest.raises(error) as caught:
        v3.fetch(collector, customer or {"subuser": "alice"})
    return str(caught.value)


def test_a_good_answer_is_good(v3, collector):
    v3.replies(GOOD[collector])

    assert v3.fetch(collector) or collector == "categories"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((201, InvalidResponse), (204, InvalidResponse), (301, ClientRefused), (302, ClientRefused)),
        *((400, ClientRefused), (401, AuthRejected), (403, AuthRejected), (404, NotFound), (406, ClientRefused)),
        *((429, RateLimited), (500, ServerFailed), (502, ServerFailed), (503, ServerFailed), (599, ServerFailed)),
    ],
)
def test_the_status_is_judged_before_the_body(v3, vendor, collector, status, error):
    vendor.replies(b"" if status == 204 else GOOD[collector], status=status)

    assert failure(v3, collector, error).startswith(f"{status} from 127.0.0.1:")


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
def test_an_empty_body_is_no_data(v3, vendor, collector, body):
    vendor.replies(body)

    assert failure(v3, collector, InvalidResponse) == "the answer is empty"


def test_a_cut_body_is_a_broken_connection(v3, vendor, collector):
    vendor.replies(GOOD[collector], is_cut=True)

    assert failure(v3, collector, ConnectionFailed).startswith("the answer was cut: 127.0.0.1:")


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"[1,]", b'{"a": NaN}', b"\x00", b"[" * 100_000])
def test_what_is_no_json_is_no_data(v3, vendor, collector, body):
    vendor.replies(body)

    assert failure(v3, collector, InvalidResponse).startswith("the answer is not JSON: ")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"errors": [{"field": null, "message": "too many requests"}]}', ": too many requests"),
        ('{"errors": [{"message": "No user found", "field": null, "help": {}}], "id": "x"}', ": No user found"),
        ('{"errors": []}', ""),
        ('{"error": "authorization required"}', ": authorization required"),
    ],
)
def test_an_error_body_under_status_200_is_the_vendors_error(v3, vendor, collector, body, words):
    vendor.replies(body)

    assert failure(v3, collector, VendorRefused) == f"the vendor answered with an error{words}"


@pytest.mark.parametrize(
    "echo", [SECRET, SECRET.lower(), SECRET.replace("-", "%2D"), b64encode(SECRET.encode()).decode()]
)
def test_words_that_hold_the_key_are_not_shown(v3, collector, echo):
    v3.replies({"errors": [{"message": f"{echo} is revoked"}]})

    assert failure(v3, collector, VendorRefused) == HIDDEN


@pytest.mark.parametrize("named", ["alice", "acme-eu", "bob", "bob@example.com"])
def test_words_that_name_any_customer_are_not_shown(v3, collector, named):
    v3.replies({"errors": [{"message": f"no {named} here"}]})

    assert failure(v3, collector, VendorRefused, {"subuser": "alice", "name": "acme-eu"}) == HIDDEN
    assert failure(v3, collector, VendorRefused) == HIDDEN


def test_a_batch_that_is_answered_with_an_error_is_not_asked_again(v3, collector):
    """Only a status 4xx says that one customer may have spoilt it."""
    v3.replies({"errors": [{"message": "oops"}]})

    with v3.fetching(collector, {"subuser": "alice"}, {"subuser": "bob"}) as fetch:
        if collector in {"credits", "categories"}:
            with pytest.raises(VendorRefused):
                fetch()
        else:
            assert {name: type(answer) for name, answer in fetch().items()} == {
                "alice": VendorRefused,
                "bob": VendorRefused,
            }
    assert len(v3.asked) == 1
