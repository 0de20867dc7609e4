"""Account limits: a limit, none, and what is neither."""

import json

import pytest

from exporter.errors import InvalidResponse

LIMIT = {"credit": "40000", "credit_remain": "2000", "last_reset": "2026-03-01"}
SHOWN = {
    "sendgrid_limit_credits": 40000,
    "sendgrid_limit_credits_remaining": 2000,
    "sendgrid_limit_last_reset_timestamp_seconds": 1772323200,
    "sendgrid_limit_enabled": 1,
}
CALLS = {
    "sendgrid_reseller": ("/apiv2/reseller.manage.json", [("method", "limit"), ("task", "retrieve")]),
    "sendgrid_distributor": ("/api/distributor.manage.json", [("method", "limit"), ("task", "retrieve")]),
    "sendgrid_customer": ("/apiv2/customer.limit.json", [("task", "retrieve")]),
}


@pytest.fixture
def fetch(reseller, vendor):
    def fetch(answer, **configuration):
        vendor.replies(answer if isinstance(answer, str) else json.dumps(answer))
        return reseller.fetch("limits", **configuration)

    return fetch


@pytest.mark.parametrize("type_", CALLS)
def test_the_call_names_the_customer_and_what_it_reads(of_type, vendor, type_):
    vendor.replies(json.dumps(LIMIT))
    web = of_type(type_)

    web.fetch("limits")

    path, fields = CALLS[type_]
    assert web.asked == [(path, [*fields, ("user", "customer@example.com")])]


@pytest.mark.parametrize("answer", [LIMIT, [LIMIT], {**LIMIT, "credit": 40000, "more": {}}])
def test_a_limit_is_an_object_or_a_list_of_one(fetch, answer):
    assert fetch(answer) == SHOWN


@pytest.mark.parametrize("answer", ["", " \r\n", "\ufeff", "[]", "{}", "[{}]"])
def test_an_empty_answer_is_no_limit_and_not_zero(fetch, answer):
    assert fetch(answer) == {"sendgrid_limit_enabled": 0}


@pytest.mark.parametrize("answer", ["", "\n", "<credits/>", "<credits>\n</credits>", "<credits></credits>"])
@pytest.mark.parametrize("type_", CALLS)
def test_an_empty_answer_in_xml_is_no_limit_either(of_type, vendor, type_, answer):
    vendor.replies(answer)

    assert of_type(type_, "xml").fetch("limits") == {"sendgrid_limit_enabled": 0}


def test_a_limit_of_zero_is_one(fetch):
    assert fetch({"credit": 0, "credit_remain": "0", "last_reset": "0000-00-00"}) == {
        "sendgrid_limit_credits": 0,
        "sendgrid_limit_credits_remaining": 0,
        "sendgrid_limit_enabled": 1,
    }


def test_the_last_reset_is_a_day_of_the_customers_zone(fetch):
    samples = fetch(LIMIT, customer={"timezone": "America/Denver"})

    assert samples["sendgrid_limit_last_reset_timestamp_seconds"] == 1772348400


@pytest.mark.parametrize("field", ["credit", "credit_remain"])
@pytest.mark.parametrize("value", [True, -1, 1.5, "many", [], {}])
def test_one_wrong_number_is_left_out_and_counted(fetch, reseller, field, value):
    metric = {"credit": "sendgrid_limit_credits", "credit_remain": "sendgrid_limit_credits_remaining"}[field]

    assert fetch({**LIMIT, field: value}) == {name: number for name, number in SHOWN.items() if name != metric}
    assert reseller.rejected("limits") == 1


@pytest.mark.parametrize("value", ["soon", 5, "2026-02-30", []])
def test_a_wrong_last_reset_is_left_out_and_counted(fetch, reseller, value):
    samples = fetch({**LIMIT, "last_reset": value})

    assert "sendgrid_limit_last_reset_timestamp_seconds" not in samples
    assert reseller.rejected("limits") == 1


@pytest.mark.parametrize(
    "answer",
    [
        *({"credit": None, "credit_remain": ""}, {"credit": "many"}, {"last_reset": "2026-03-01"}, {"other": 1}),
        *("null", "5", '"0"', "[5]", "[[]]", "[null]", [LIMIT, LIMIT], [LIMIT, {}]),
    ],
)
def test_what_is_no_limit_and_not_empty_is_refused(fetch, answer):
    with pytest.raises(InvalidResponse):
        fetch(answer)


@pytest.mark.parametrize("answer", ["<credits>0</credits>", "<credits><credit/></credits>", "<limits/>"])
def test_xml_that_is_no_limit_and_not_empty_is_refused(of_type, vendor, answer):
    vendor.replies(answer)

    with pytest.raises(InvalidResponse):
        of_type("sendgrid_reseller", "xml").fetch("limits")
