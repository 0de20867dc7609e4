"""The call that tells a person whether the vendor answers and the credentials work."""

import pytest

from exporter.errors import AuthRejected, RateLimited, VendorRefused


def test_one_overview_is_all_it_takes(reseller, vendor):
    vendor.replies('{"credits_used": 7}')

    reseller.probe()

    [asked] = vendor.asked
    assert asked.path == "/apiv2/reseller.account.json"
    assert asked.form[:2] == [("task", "overview"), ("user", "customer@example.com")]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_password_is_said_with_its_usual_causes(reseller, vendor, status):
    vendor.replies("{}", status=status)
    host = vendor.url.removeprefix("http://")

    with pytest.raises(AuthRejected) as caught:
        reseller.probe()
    assert str(caught.value) == f"{status} from {host} for user acme: wrong password, or two-factor login is on"


def test_a_refused_api_key_is_said_with_its_usual_causes(reseller, vendor):
    vendor.replies("{}", status=401)
    host = vendor.url.removeprefix("http://")

    with pytest.raises(AuthRejected) as caught:
        reseller.probe(credentials={"api_key": "SG.horse"})
    assert str(caught.value) == (
        f"401 from {host} for the API key: it was deleted, lacks a permission, or is not taken by this API"
    )


def test_refused_credentials_under_status_200_fail_it_too(reseller, vendor, payload):
    vendor.replies(payload("sendgrid-reseller-v2/error_wrong_credentials.json"))

    with pytest.raises(VendorRefused, match="Permission denied, wrong credentials"):
        reseller.probe()


def test_any_other_failure_is_said_as_it_is(reseller, vendor):
    vendor.replies("{}", status=429)

    with pytest.raises(RateLimited, match="^429 from "):
        reseller.probe()
