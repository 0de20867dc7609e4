"""The one call that tells whether the credentials work. It is 2026-03-13, 12:00 UTC."""

import pytest

from exporter.errors import AuthRejected, ServerFailed, VendorRefused


@pytest.mark.parametrize(
    ("customer", "asked"),
    [
        ({"subuser": "alice"}, ("/v3/subusers/stats", [("subusers", "alice")])),
        ({"own": True}, ("/v3/stats", [])),
    ],
)
def test_the_first_customers_statistics_of_today_are_asked_for(v3, customer, asked):
    v3.replies("[]")

    v3.probe(customer, {"subuser": "bob"})

    path, fields = asked
    today = [("start_date", "2026-03-13"), ("aggregated_by", "day"), ("limit", "500")]
    assert v3.asked == [(path, fields + today)]


@pytest.mark.parametrize(("of", "path"), [("subusers", "/v3/subusers"), ("accounts", "/v3/partners/accounts")])
def test_without_a_customer_the_list_is_asked_for(v3, of, path):
    v3.replies("[]")

    v3.probe(is_empty=True, discovery={"of": of})

    assert v3.asked == [(path, [("limit", "1")])]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_with_the_usual_causes(v3, status):
    v3.replies(status)

    with pytest.raises(AuthRejected) as caught:
        v3.probe()
    assert str(caught.value) == (
        f"{status} from 127.0.0.1:{v3.vendor.url.rpartition(':')[2]} for the API key: it was deleted, lacks the "
        "permission to read this, or belongs to the other region's host"
    )


def test_another_failure_is_said_as_it_is(v3):
    v3.replies(500)

    with pytest.raises(ServerFailed):
        v3.probe()


def test_words_about_customers_that_nobody_configured_are_not_shown(v3):
    v3.replies({"errors": [{"message": "no right to see carol@example.com"}]})

    with pytest.raises(VendorRefused) as caught:
        v3.probe(is_empty=True)
    assert str(caught.value).endswith("an error (its words are not shown, for they may name a customer)")
