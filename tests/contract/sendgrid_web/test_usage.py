"""As-you-go usage: one answer for all customers, each of whom gets what is its own."""

import json

import pytest

from exporter.errors import ClientRefused, InvalidResponse, NotFound, VendorRefused

CUSTOMERS = [{"user": "a@example.com", "name": "first"}, {"user": "b"}, {"user": "c", "name": "third"}]
OF_A = {"number": "1", "username": "a@example.com", "credits": 10, "amount": 5, "overage": 0.5, "final_amount": "5.5"}
SHOWN = {
    "sendgrid_usage_credits": 10,
    "sendgrid_usage_amount": 5,
    "sendgrid_usage_overage_amount": 0.5,
    "sendgrid_usage_final_amount": 5.5,
}


@pytest.fixture
def fetch(reseller, vendor):
    """Return each customer's samples by name."""

    def fetch(answer, customers=None):
        vendor.replies(answer if isinstance(answer, str) else json.dumps(answer))
        answers = reseller.fetch_all("usage", customers=customers or CUSTOMERS)
        assert [left_out for _, left_out in answers.values()] == [{}] * len(answers)
        return {name: samples for name, (samples, _) in answers.items()}

    return fetch


def test_one_call_serves_all_and_names_none(fetch, reseller):
    rows = [OF_A, {"username": "b", "credits": "3"}, {"username": "stranger", "credits": 9}]

    assert fetch(rows) == {"first": SHOWN, "b": {"sendgrid_usage_credits": 3}, "third": {}}
    assert reseller.asked == [("/apiv2/reseller.billing.json", [("task", "current")])]


@pytest.mark.parametrize("answer", [[OF_A], OF_A, {"number": "9", "invoices": [OF_A]}, {"invoices": OF_A}])
def test_the_invoices_can_have_every_shape_that_the_vendor_prints(fetch, answer):
    assert fetch(answer) == {"first": SHOWN, "b": {}, "third": {}}


@pytest.mark.parametrize("answer", [[], {}, {"invoices": []}, {"number": "9", "invoices": {}}])
def test_no_usage_is_a_success_without_samples(fetch, answer):
    assert fetch(answer) == {"first": {}, "b": {}, "third": {}}


@pytest.mark.parametrize("answer", ["<usage/>", "<usage><invoices/></usage>"])
def test_no_usage_in_xml_is_a_success_without_samples(of_type, vendor, answer):
    vendor.replies(answer)

    assert of_type("sendgrid_reseller", "xml").fetch("usage") == {}


def test_invoices_of_one_customer_are_added_up(fetch):
    second = {**OF_A, "number": "2", "credits": "5", "amount": 0.1, "overage": 0.2, "final_amount": 0.3}

    assert fetch([OF_A, second, OF_A])["first"] == {
        "sendgrid_usage_credits": 15,
        "sendgrid_usage_amount": 5.1,
        "sendgrid_usage_overage_amount": 0.7,
        "sendgrid_usage_final_amount": 5.8,
    }


@pytest.mark.parametrize(("amount", "rejected"), [(None, 0), ("much", 1), (True, 1), ("1e3", 1)])
def test_a_field_that_one_of_them_lacks_has_no_sum(fetch, reseller, amount, rejected):
    samples = fetch([OF_A, {**OF_A, "number": "2", "amount": amount}])["first"]

    assert "sendgrid_usage_amount" not in samples
    assert samples["sendgrid_usage_credits"] == 20
    assert reseller.rejected("usage") == rejected


def test_what_strangers_have_used_is_nobodys_business(fetch, reseller):
    assert fetch([{"username": "stranger", "amount": "much"}]) == {"first": {}, "b": {}, "third": {}}
    assert reseller.rejected("usage") == 0


def test_user_names_are_told_apart_by_every_letter(fetch):
    assert fetch([{**OF_A, "username": "A@example.com"}])["first"] == {}


@pytest.mark.parametrize(
    "row", [{}, {"amount": 5}, {"username": None}, {"username": 5}, {"username": ["a"]}, 5, None, "a@example.com"]
)
def test_an_invoice_without_a_user_name_refuses_the_answer(fetch, row):
    with pytest.raises(InvalidResponse):
        fetch([OF_A, row])


@pytest.mark.parametrize("answer", ["null", "5", '"a"', "", {"invoices": 5}, {"invoices": None}])
def test_what_is_no_list_is_refused(fetch, answer):
    with pytest.raises(InvalidResponse):
        fetch(answer)


@pytest.mark.parametrize(("status", "error"), [(400, ClientRefused), (404, NotFound)])
def test_a_refusal_is_every_customers_without_a_call_for_each(reseller, vendor, status, error):
    vendor.replies("", status=status)

    answers = reseller.fetch_all("usage", customers=CUSTOMERS)

    assert [type(answer) for answer in answers.values()] == [error] * 3
    assert len(reseller.asked) == 1


@pytest.mark.parametrize("words", ["no invoice for stranger@example.net", "c owes you", "stranger owes you"])
def test_an_error_that_may_name_a_customer_is_not_quoted(fetch, words):
    with pytest.raises(VendorRefused, match=r"\(its words are not shown, for they may name a customer\)$"):
        fetch({"error": words})
