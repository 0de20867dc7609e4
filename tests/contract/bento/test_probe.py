"""The one call that tells whether the vendor answers and the keys work."""

import pytest

from exporter.errors import AuthRejected, ServerFailed


def test_the_probe_asks_for_the_first_site(bento, vendor):
    vendor.replies('{"user_count": 10, "subscriber_count": 7, "unsubscriber_count": 3}')

    bento.probe({}, {"site_uuid": "second", "name": "second"})

    assert bento.asked == [("/api/v1/stats/site", [("site_uuid", "0123abcd")])]


@pytest.mark.parametrize("status", [401, 403])
def test_refused_keys_are_said_with_the_site_and_the_usual_causes(bento, vendor, status):
    vendor.replies("", status=status)

    with pytest.raises(AuthRejected) as caught:
        bento.probe()
    host = vendor.url.removeprefix("http://")
    assert str(caught.value) == (
        f"{status} from {host} for site shop: the keys are wrong or another site's, "
        "or Bento lets nothing through from this address"
    )


def test_any_other_failure_is_said_as_it_is(bento, vendor):
    vendor.replies("", status=500)

    with pytest.raises(ServerFailed, match="^500 from 127.0.0.1:"):
        bento.probe()
