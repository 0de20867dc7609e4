"""What can come instead of an answer, the same for every call."""

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

PASSWORD = "correct-horse-battery"
HIDDEN = " (its words are not shown, for they may name a customer)"
GOOD = {
    "totals": '{"requests": 1, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}',
    "daily": '[{"date": "2026-03-13", "requests": 1, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}]',
    "credits": '{"credits_used": 1}',
}

pytestmark = pytest.mark.parametrize("collector", ["totals", "daily", "credits"])


def failure(reseller, collector, error, **configuration):
    with pytest.raises(error) as caught:
        reseller.fetch(collector, **configuration)
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((201, InvalidResponse), (204, InvalidResponse), (301, ClientRefused), (302, ClientRefused)),
        *((400, ClientRefused), (401, AuthRejected), (403, AuthRejected), (404, NotFound), (406, ClientRefused)),
        *((429, RateLimited), (500, ServerFailed), (502, ServerFailed), (503, ServerFailed), (599, ServerFailed)),
    ],
)
def test_the_status_is_judged_before_the_body(reseller, vendor, collector, status, error):
    vendor.replies(b"" if status == 204 else GOOD[collector], status=status)

    assert failure(reseller, collector, error).startswith(f"{status} from 127.0.0.1:")


@pytest.mark.parametrize("status", [400, 401, 429, 500])
@pytest.mark.parametrize(
    "body", ['{"error": "Bad username / password"}', '{"message": "error", "errors": ["x"]}', "<p>"]
)
def test_an_error_body_does_not_hide_the_status(reseller, vendor, collector, status, body):
    vendor.replies(body, status=status)
    error = {400: ClientRefused, 401: AuthRejected, 429: RateLimited, 500: ServerFailed}[status]

    assert failure(reseller, collector, error).startswith(f"{status} from 127.0.0.1:")


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_body_is_no_data(reseller, vendor, collector, body):
    vendor.replies(body)

    assert failure(reseller, collector, InvalidResponse) == "the answer is empty"


def test_a_cut_body_is_a_broken_connection(reseller, vendor, collector):
    vendor.replies(GOOD[collector], is_cut=True)

    assert failure(reseller, collector, ConnectionFailed).startswith("the answer was cut: 127.0.0.1:")


@pytest.mark.parametrize("left", [1, 10, 30])
def test_a_body_that_ends_too_early_by_its_own_account_is_no_data(reseller, vendor, collector, left):
    vendor.replies(GOOD[collector][:left].strip("0123456789}]"))

    assert failure(reseller, collector, InvalidResponse).startswith("the answer is not JSON: ")


@pytest.mark.parametrize(
    "body",
    [
        *(b"<html>maintenance</html>", b"OK", b"{'requests': 1}", b'{"a": 1,}', b"[1,]", b'{"a": 1} {"b": 2}', b"\x00"),
        *(b'{"requests": NaN}', b'{"requests": Infinity}', b'{"requests": -Infinity}', b'{"requests": 01}'),
        *(
            b'{"a": "\x01"}',
            b'{"a": "line\nbreak"}',
            b'"requests": 1',
            b'{"a": "\xff\xfe"}',
            '{"a": 1}'.encode("utf-16"),
        ),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_what_is_no_json_is_no_data(reseller, vendor, collector, body):
    vendor.replies(body)

    assert failure(reseller, collector, InvalidResponse).startswith("the answer is not JSON: ")


def test_a_byte_order_mark_is_skipped(reseller, vendor, collector):
    vendor.replies(b"\xef\xbb\xbf" + GOOD[collector].encode())

    assert reseller.fetch(collector)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message": "error", "errors": ["Email does not exist"]}', ": Email does not exist"),
        ('{"error": {"code": 400, "message": "User does not exist"}}', ": User does not exist"),
        ('{"code": 400, "message": "User does not exist"}', ": User does not exist"),
        ('{"message": "User not found"}', ": User not found"),
        ('{"error": "Bad username / password"}', ": Bad username / password"),
        ('{"errors": [{"field": null, "message": "too many requests"}]}', ": too many requests"),
        ('{"errors": "User not found"}', ": User not found"),
        ('{"error": null}', ""),
        ('{"errors": []}', ""),
        ('{"errors": [5, {"field": "user"}], "message": "error"}', HIDDEN),
        ('{"message": null}', ""),
        ('{"message": ""}', ""),
        ('{"message": ["success"]}', ""),
        ('{"message": "Success"}', HIDDEN),
        ('{"error": "two\\nlines\\u0000\\u001b[31m and\\u2028more"}', HIDDEN),
        ('{"error": "user\\nnot\\u0000\\u2028found."}', ": User not found"),
    ],
)
def test_an_error_body_under_status_200_is_the_vendors_error(reseller, vendor, collector, body, words):
    vendor.replies(body)

    assert failure(reseller, collector, VendorRefused) == f"the vendor answered with an error{words}"


@pytest.mark.parametrize("key", ["error", "errors"])
def test_an_error_beside_data_is_an_error(reseller, vendor, collector, key):
    data = GOOD[collector].strip("[]").removesuffix("}")
    vendor.replies(f'{data}, "{key}": "partial data"}}')

    assert failure(reseller, collector, VendorRefused) == f"the vendor answered with an error{HIDDEN}"


@pytest.mark.parametrize(
    ("secret", "echo"),
    [
        (PASSWORD, f"acme:{PASSWORD} is no account"),
        (PASSWORD, f"api_key={PASSWORD.upper()}"),
        ("p&ss w/rd", "no p&ss  w/rd"),
        ("p&ss w/rd", "api_key=p%26ss+w%2Frd"),
        ("p&ss w/rd", "api_key=p%26ss%20w%2Frd"),
        ("p&ss w/rd", "api_key=p%26ss%20w/rd"),
        ("p&ss w/rd", "api_key=cCZzcyB3L3Jk"),
    ],
)
def test_words_that_hold_the_password_are_not_shown(reseller, vendor, collector, secret, echo):
    vendor.replies(f'{{"error": "{echo}"}}')
    credentials = {"username": "acme", "password": secret}

    assert failure(reseller, collector, VendorRefused, credentials=credentials) == (
        f"the vendor answered with an error{HIDDEN}"
    )


def test_words_that_hold_the_api_key_are_not_shown(reseller, vendor, collector):
    vendor.replies('{"error": "SG.horse may not do this"}')

    assert failure(reseller, collector, VendorRefused, credentials={"api_key": "SG.horse"}) == (
        f"the vendor answered with an error{HIDDEN}"
    )


@pytest.mark.parametrize("named", ["customer@example.com", "customer%40example.com", "another@example.com", "another"])
@pytest.mark.parametrize("shown", ["acme-eu", "customer@example.com"])
def test_words_that_name_any_customer_are_not_shown(reseller, vendor, collector, named, shown):
    vendor.replies(f'{{"error": "no {named} here"}}')

    assert failure(reseller, collector, VendorRefused, customer={"name": shown}) == (
        f"the vendor answered with an error{HIDDEN}"
    )
