"""All-time totals: what the vendor answers to ``aggregate=1``, and what is shown of it."""

import pytest

from exporter.errors import InvalidResponse

FIVE = '"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2'
SHOWN = {
    "sendgrid_requests_total": 100,
    "sendgrid_bounces_total": 1,
    "sendgrid_clicks_total": 30,
    "sendgrid_opens_total": 60,
    "sendgrid_spam_reports_total": 2,
}
REQUIRED = ["requests", "bounces", "clicks", "opens", "spamreports"]
# As JSON texts: what a careless reader takes for a whole number, or stumbles over.
NO_WHOLE_NUMBERS = [
    *("true", "false", "-1", "-0", "12.0", "12.5", "1e3", "1E400", "9007199254740993", "9" * 5000),
    *('"12.0"', '"-1"', '"+1"', '" 1"', '"1 "', '"1\\n"', '"1_000"', '"1,000"', '"1e3"', '"0x1f"', '"NaN"', '"many"'),
    *('"\\u0661\\u0662"', '"\\uff11"', '"\\u00b2"', '"9007199254740993"', '"' + "9" * 5000 + '"'),
    *("[]", "[1]", "{}", '{"value": 1}'),
]
NOT_SENT = ["null", '""', '"0000-00-00"']


def one_wrong(field, value):
    return "{" + FIVE.replace(f'"{field}":', f'"{field}": {value}, "was {field}":') + "}"


def test_the_call_names_the_customer_and_what_it_reads(reseller, vendor):
    vendor.replies(f"{{{FIVE}}}")

    reseller.fetch("totals")

    [asked] = vendor.asked
    assert (asked.verb, asked.path) == ("POST", "/apiv2/reseller.manage.json")
    assert asked.form == [
        ("method", "stats"),
        ("aggregate", "1"),
        ("user", "customer@example.com"),
        ("api_user", "acme"),
        ("api_key", "correct-horse-battery"),
    ]
    assert "Authorization" not in asked.headers


def test_an_api_key_goes_into_the_header_alone(reseller, vendor):
    vendor.replies(f"{{{FIVE}}}")

    reseller.fetch("totals", credentials={"api_key": "SG.horse"})

    [asked] = vendor.asked
    assert asked.headers["Authorization"] == "Bearer SG.horse"
    assert asked.form == [("method", "stats"), ("aggregate", "1"), ("user", "customer@example.com")]


def test_only_the_configured_fields_are_shown(reseller, vendor):
    vendor.replies(f'{{{FIVE}, "delivered": 97, "blocks": 3}}')

    assert reseller.fetch("totals", fields=["blocks", "requests"]) == {
        "sendgrid_blocks_total": 3,
        "sendgrid_requests_total": 100,
    }


def test_what_is_unique_within_a_day_is_never_a_total(reseller, vendor):
    vendor.replies(f'{{{FIVE}, "unique_clicks": 20, "unique_opens": 40}}')

    assert reseller.fetch("totals", fields="all") == SHOWN
    assert reseller.rejected("totals") == 0


def test_unknown_fields_are_ignored(reseller, vendor):
    vendor.replies(f'{{{FIVE}, "new": {"9" * 5000}, "newer": [{{"a": 1}}], "": true, "new": 5}}')

    assert reseller.fetch("totals") == SHOWN
    assert reseller.rejected("totals") == 0


def test_numbers_may_be_strings_of_digits(reseller, vendor):
    vendor.replies('{"requests": "100", "bounces": "0001", "clicks": "30", "opens": 60, "spamreports": "2"}')

    assert reseller.fetch("totals") == SHOWN


def test_the_largest_number_that_prometheus_can_hold_exactly_is_shown(reseller, vendor):
    vendor.replies(one_wrong("requests", 9007199254740992))

    assert reseller.fetch("totals")["sendgrid_requests_total"] == 9007199254740992


@pytest.mark.parametrize("field", REQUIRED)
def test_totals_without_a_required_counter_are_refused(reseller, vendor, field):
    vendor.replies("{" + FIVE.replace(f'"{field}"', '"other"') + "}")

    with pytest.raises(InvalidResponse) as caught:
        reseller.fetch("totals")
    assert str(caught.value) == f"the totals: {field} is missing"


@pytest.mark.parametrize("value", NOT_SENT)
def test_totals_with_an_unsent_required_counter_are_refused(reseller, vendor, value):
    vendor.replies(one_wrong("opens", value))

    with pytest.raises(InvalidResponse, match="^the totals: opens is missing$"):
        reseller.fetch("totals")


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS)
@pytest.mark.parametrize("field", REQUIRED)
def test_totals_with_a_wrong_required_counter_are_refused(reseller, vendor, field, value):
    vendor.replies(one_wrong(field, value))

    with pytest.raises(InvalidResponse) as caught:
        reseller.fetch("totals")
    assert str(caught.value) == f"the totals: {field} is no whole number"


def test_a_required_counter_is_required_though_nobody_wants_to_see_it(reseller, vendor):
    vendor.replies(one_wrong("clicks", "true"))

    with pytest.raises(InvalidResponse):
        reseller.fetch("totals", fields=["requests"])


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS)
def test_a_wrong_optional_counter_is_left_out_and_counted(reseller, vendor, value):
    vendor.replies(f'{{{FIVE}, "delivered": {value}}}')

    assert reseller.fetch("totals") == SHOWN
    assert reseller.rejected("totals") == 1


@pytest.mark.parametrize("value", NOT_SENT)
def test_an_unsent_optional_counter_is_absent_and_not_counted(reseller, vendor, value):
    vendor.replies(f'{{{FIVE}, "delivered": {value}}}')

    assert reseller.fetch("totals") == SHOWN
    assert reseller.rejected("totals") == 0


@pytest.mark.parametrize("field", ["requests", "delivered"])
def test_a_counter_that_is_sent_twice_with_two_values_refuses_the_answer(reseller, vendor, field):
    vendor.replies(f'{{{FIVE}, "delivered": 97, "{field}": 98}}')

    with pytest.raises(InvalidResponse) as caught:
        reseller.fetch("totals")
    assert str(caught.value) == f"the totals: {field} was sent twice, with different values"


def test_a_counter_that_is_sent_twice_with_one_value_is_that_value(reseller, vendor):
    vendor.replies(f'{{{FIVE}, "requests": 100}}')

    assert reseller.fetch("totals") == SHOWN


@pytest.mark.parametrize("body", ["[]", f"[{{{FIVE}}}]", "5", '"text"', "null", "true"])
def test_totals_that_are_no_object_are_refused(reseller, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^the totals: not an object$"):
        reseller.fetch("totals")
