"""Account overview: what the vendor answers to ``task=overview``, and what is shown of it."""

import json

import pytest

from exporter.errors import InvalidResponse

ALONE = {"sendgrid_credits_used": 7, "sendgrid_credits_unlimited": 0}


@pytest.fixture
def fetch(reseller, vendor):
    def fetch(customer=None, **fields):
        vendor.replies(json.dumps(fields))
        return reseller.fetch("credits", customer=customer)

    return fetch


def test_the_call_names_the_customer_and_what_it_reads(reseller, vendor):
    vendor.replies('{"credits_used": 7}')

    reseller.fetch("credits")

    [asked] = vendor.asked
    assert (asked.verb, asked.path) == ("POST", "/apiv2/reseller.account.json")
    assert asked.form[:-2] == [("task", "overview"), ("user", "customer@example.com")]


@pytest.mark.parametrize(
    ("field", "metric"),
    [
        ("credits_allowed", "sendgrid_credits_allowed"),
        ("credits_used", "sendgrid_credits_used"),
        ("credits_remain", "sendgrid_credits_remaining"),
        ("credits_overage", "sendgrid_credits_overage"),
    ],
)
@pytest.mark.parametrize("value", [50000, "50000"])
def test_one_credits_field_is_enough(fetch, field, metric, value):
    assert fetch(**{field: value}) == {metric: 50000, "sendgrid_credits_unlimited": 0}


@pytest.mark.parametrize("fields", [{}, {"reputation": 100, "requests": 5}, {"credits_used": ""}, {"credits": 5}])
def test_an_overview_without_credits_is_refused(fetch, fields):
    with pytest.raises(InvalidResponse) as caught:
        fetch(**fields)
    assert str(caught.value) == "the account overview: none of the credits fields was sent as a whole number"


@pytest.mark.parametrize("value", [True, -5, 5.0, "5.0", "-5", " 5", "unlimited", [5], {}, 2**53 + 1])
def test_an_overview_whose_only_credits_are_no_number_is_refused(fetch, value):
    with pytest.raises(InvalidResponse):
        fetch(credits_remain=value)


@pytest.mark.parametrize("value", [True, -5, 5.0, "5.0", "-5", " 5", "unlimited", [5], {}, 2**53 + 1])
@pytest.mark.parametrize("field", ["credits_allowed", "credits_remain", "credits_overage", "requests"])
def test_a_wrong_number_beside_right_ones_is_left_out_and_counted(fetch, reseller, field, value):
    assert fetch(credits_used=7, **{field: value}) == ALONE
    assert reseller.rejected("credits") == 1


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        *((0, 0.0), (100, 1.0), ("100", 1.0), (95.2, 0.952), ("95.2", 0.952), (99.99, 0.9999), ("7.5", 0.075)),
        *(("100.0", 1.0), ("0.1", 0.001), (95.19999999999999, 0.9519999999999999)),
    ],
)
def test_reputation_is_shown_as_a_ratio(fetch, sent, shown):
    assert fetch(credits_used=7, reputation=sent) == {**ALONE, "sendgrid_reputation_ratio": shown}


@pytest.mark.parametrize(
    "value",
    [
        *(
            True,
            False,
            -1,
            100.1,
            101,
            1e3,
            "1e1",
            "100.00000001",
            "-1",
            "+5",
            " 95",
            "95 ",
            ".5",
            "95.",
            "9_5",
            "95,2",
        ),
        *("NaN", "Infinity", "٩٥", "good", [], [95], {}, "9" * 5000, "0." + "1" * 5000),
    ],
)
def test_a_reputation_that_is_none_is_left_out_and_counted(fetch, reseller, value):
    assert fetch(credits_used=7, reputation=value) == ALONE
    assert reseller.rejected("credits") == 1


@pytest.mark.parametrize("literal", ["9.52e1", "1E2", "1e999", "-0.0"])
def test_a_reputation_with_an_exponent_or_sign_is_left_out_and_counted(reseller, vendor, literal):
    vendor.replies(f'{{"credits_used": 7, "reputation": {literal}}}')

    assert reseller.fetch("credits") == ALONE
    assert reseller.rejected("credits") == 1


@pytest.mark.parametrize(
    ("zone", "start", "end", "process"),
    [
        ("UTC", 1772323200, 1774915200, 1775001600),
        ("America/Denver", 1772348400, 1774936800, 1775023200),
        ("Asia/Tokyo", 1772290800, 1774882800, 1774969200),
    ],
)
def test_the_billing_period_is_shown_by_its_days_in_the_customers_zone(fetch, zone, start, end, process):
    samples = fetch(
        customer={"timezone": zone},
        credits_used=7,
        billing_start_date="2026-03-01",
        billing_end_date="2026-03-31",
        billing_process_date="2026-04-01",
    )

    assert samples == {
        **ALONE,
        "sendgrid_billing_start_timestamp_seconds": start,
        "sendgrid_billing_end_timestamp_seconds": end,
        "sendgrid_billing_process_timestamp_seconds": process,
    }


@pytest.mark.parametrize("value", ["2026-02-30", "2026-03-01 00:00:00", "soon", "20260301", 20260301, True, [], {}])
@pytest.mark.parametrize("field", ["billing_start_date", "billing_end_date", "billing_process_date"])
def test_a_billing_date_that_is_none_is_left_out_and_counted(fetch, reseller, field, value):
    assert fetch(credits_used=7, **{field: value}) == ALONE
    assert reseller.rejected("credits") == 1


@pytest.mark.parametrize(
    "field",
    [
        *("credits_allowed", "credits_remain", "reputation", "requests", "package"),
        *("billing_start_date", "billing_end_date", "billing_process_date"),
    ],
)
@pytest.mark.parametrize("value", [None, "", "0000-00-00"])
def test_a_field_that_was_not_sent_is_absent_and_not_counted(fetch, reseller, field, value):
    assert fetch(credits_used=7, **{field: value}) == ALONE
    assert reseller.rejected("credits") == 0


@pytest.mark.parametrize("package", ["Silver Package", "Größe 3 – 日本 🎉", 'a "b" \\ c', " ", "p" * 200])
def test_any_name_of_a_package_becomes_a_label(fetch, package):
    assert fetch(credits_used=7, package=package) == {**ALONE, f'sendgrid_package_info{{package="{package}"}}': 1}


@pytest.mark.parametrize("package", [5, 1.5, True, [], {}, ["Silver"], "a\nb", "a\x00b", "\x7f", "a\u2028b", "p" * 201])
def test_what_is_no_name_of_a_package_is_left_out_and_counted(fetch, reseller, package):
    assert fetch(credits_used=7, package=package) == ALONE
    assert reseller.rejected("credits") == 1


def test_half_a_character_in_the_name_of_a_package_is_left_out_and_counted(reseller, vendor):
    vendor.replies('{"credits_used": 7, "package": "Silver \\ud83d"}')

    assert reseller.fetch("credits") == ALONE
    assert reseller.rejected("credits") == 1


def test_unknown_fields_are_ignored(fetch, reseller):
    assert fetch(credits_used=7, credits_remaining=3, plan=None, nested={"package": "x"}) == ALONE
    assert reseller.rejected("credits") == 0


def test_a_field_that_is_sent_twice_with_two_values_refuses_the_answer(reseller, vendor):
    vendor.replies('{"credits_used": 7, "reputation": 90, "reputation": 95}')

    with pytest.raises(InvalidResponse) as caught:
        reseller.fetch("credits")
    assert str(caught.value) == "the account overview: reputation was sent twice, with different values"


@pytest.mark.parametrize("body", ["[]", '[{"credits_used": 7}]', "5", '"text"', "null"])
def test_an_overview_that_is_no_object_is_refused(reseller, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^the account overview: not an object$"):
        reseller.fetch("credits")
