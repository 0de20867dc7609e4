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

SITE = {
    "segments": [{"id": "seg_1", "name": "vip"}],
    "reports": [{"id": "rep_9", "name": "visitors"}],
    "ads": [{"name": "all"}],
}
GOOD = {
    "site": '{"user_count": 10, "subscriber_count": 7, "unsubscriber_count": 3}',
    "segments": '{"user_count": 10, "subscriber_count": 7, "unsubscriber_count": 3}',
    "reports": '{"data": 42, "report_name": "API Report"}',
    "ads": '{"totals": {"signups": 1, "customers": 1, "revenueVisitorCount": 1}}',
}
HIDDEN = " (its words are not shown, for they may name a customer)"
WHAT = {"site": "the site", "segments": "segment vip", "reports": "report visitors", "ads": "ads query all"}

pytestmark = pytest.mark.parametrize("collector", [*GOOD])


def failure(bento, collector, error, **site):
    with pytest.raises(error) as caught:
        bento.fetch(collector, {**SITE, **site})
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((201, InvalidResponse), (204, InvalidResponse), (301, ClientRefused), (302, ClientRefused)),
        *((400, ClientRefused), (401, AuthRejected), (403, AuthRejected), (404, NotFound), (422, ClientRefused)),
        *((429, RateLimited), (500, ServerFailed), (503, ServerFailed)),
    ],
)
@pytest.mark.parametrize("body", ["", '{"error": "Unauthorized"}', "<html>"])
def test_the_status_is_judged_before_the_body(bento, vendor, collector, status, error, body):
    vendor.replies("" if status == 204 else body, status=status)

    named = issubclass(error, NotFound | ClientRefused | InvalidResponse)
    assert failure(bento, collector, error).startswith(
        f"{WHAT[collector]}: {status} from 127.0.0.1:" if named else f"{status} from 127.0.0.1:"
    )


def test_a_cut_body_is_a_broken_connection(bento, vendor, collector):
    vendor.replies(GOOD[collector], is_cut=True)

    assert failure(bento, collector, ConnectionFailed).startswith("the answer was cut: 127.0.0.1:")


@pytest.mark.parametrize("body", ["", " \n"])
def test_an_empty_body_is_no_data(bento, vendor, collector, body):
    vendor.replies(body)

    assert failure(bento, collector, InvalidResponse) == f"{WHAT[collector]}: the answer is empty"


@pytest.mark.parametrize(
    "body", ["<!DOCTYPE html><html>blocked</html>", "OK", '{"user_count": 10,', '{"data": NaN}', "[" * 100_000]
)
def test_what_is_no_json_is_no_data(bento, vendor, collector, body):
    vendor.replies(body)

    assert failure(bento, collector, InvalidResponse).startswith(f"{WHAT[collector]}: the answer is not JSON: ")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": "Unauthorized"}', ": Unauthorized"),
        ('{"errors": [{"field": "email", "message": "is invalid"}]}', ": is invalid"),
        ('{"error": null}', ""),
        ('{"errors": []}', ""),
    ],
)
def test_an_error_body_under_status_200_is_the_vendor_s_error(bento, vendor, collector, body, words):
    vendor.replies(body)

    message = failure(bento, collector, VendorRefused)
    assert message == f"{WHAT[collector]}: the vendor answered with an error{words}"


def test_an_error_beside_data_is_an_error(bento, vendor, collector):
    vendor.replies(GOOD[collector].removesuffix("}") + ', "error": "partial data"}')

    assert failure(bento, collector, VendorRefused).endswith(f"an error{HIDDEN}")


@pytest.mark.parametrize(
    "echo",
    [
        *("key correct-horse-battery", "user P123456", "Basic cDEyMzQ1Njpjb3JyZWN0LWhvcnNlLWJhdHRlcnk="),
        # The site has a name, so its id stands nowhere; nor does that of another one.
        *("site 0123abcd", "site 4567cdef"),
        "key correct%2Dhorse-battery",
    ],
)
def test_words_that_hold_what_is_private_are_not_shown(bento, vendor, collector, echo):
    vendor.replies(f'{{"error": "no {echo}"}}')

    assert failure(bento, collector, VendorRefused).endswith(f": the vendor answered with an error{HIDDEN}")


def test_words_that_hold_the_site_s_own_keys_are_not_shown(bento, vendor, collector):
    vendor.replies('{"error": "no own-secret"}')
    own = {"publishable_key": "own", "secret_key": "own-secret"}

    assert failure(bento, collector, VendorRefused, credentials=own).endswith(HIDDEN)


def test_no_error_holds_a_key(bento, vendor, collector):
    vendor.replies("", status=401)

    with pytest.raises(AuthRejected) as caught:
        bento.fetch(collector, SITE)
    error: BaseException | None = caught.value
    while error is not None:
        assert "horse" not in repr(error)
        assert "p123456" not in repr(error)
        error = error.__cause__ or error.__context__
