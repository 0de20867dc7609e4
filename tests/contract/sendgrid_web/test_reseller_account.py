"""What belongs to the reseller itself: addresses, pending changes, packages and invoices."""

import json

import pytest

from exporter.errors import InvalidResponse, VendorRefused

CALLS: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {
    "ips": [(".ip", [("task", state)]) for state in ("all", "free", "taken", "available")],
    "pending": [(".pending", [("task", "list")])],
    "packages": [(".packages", [])],
    "invoices": [("/api/billing.get", [])],
}


@pytest.fixture
def fetch(reseller, vendor):
    """Return the samples of a collector, all of whose calls have one answer."""

    def fetch(collector, answer):
        vendor.replies(answer if isinstance(answer, str) else json.dumps(answer))
        return reseller.fetch(collector)

    return fetch


@pytest.mark.parametrize("collector", CALLS)
@pytest.mark.parametrize(
    ("type_", "prefix"), [("sendgrid_reseller", "/apiv2/reseller"), ("sendgrid_distributor", "/api/distributor")]
)
def test_the_calls_name_no_customer(of_type, vendor, collector, type_, prefix):
    vendor.replies("[]")
    web = of_type(type_)

    web.fetch(collector)

    assert web.asked == [
        (f"{'' if path.startswith('/') else prefix}{path}.json", fields) for path, fields in CALLS[collector]
    ]


@pytest.mark.parametrize("collector", CALLS)
def test_an_error_that_may_name_a_customer_is_not_quoted(fetch, collector):
    with pytest.raises(VendorRefused) as caught:
        fetch(collector, {"error": "someone@example.com owes you money"})
    assert "someone" not in str(caught.value)


class TestIps:
    @pytest.mark.parametrize(
        ("answer", "count"),
        [
            ([], 0),
            (["192.0.2.1", "192.0.2.2"], 2),
            ([{"ip": "192.0.2.1"}, {"ip": "192.0.2.1", "user": "a"}, "192.0.2.1"], 1),
            (["2001:db8::1", "2001:0DB8:0::1"], 1),
            ({"ip": "192.0.2.1"}, 1),
        ],
    )
    def test_different_addresses_are_counted(self, fetch, answer, count):
        assert fetch("ips", answer) == dict.fromkeys(
            ("sendgrid_ips", "sendgrid_ips_free", "sendgrid_ips_taken", "sendgrid_ips_available"), count
        )

    @pytest.mark.parametrize(
        "row",
        ["192.0.2", "192.0.2.256", "Permission denied", "", 5, None, [], {}, {"ip": None}, {"ip": "x"}, "10.0.0.0/8"],
    )
    def test_what_is_no_address_refuses_the_answer_without_being_quoted(self, fetch, row):
        with pytest.raises(InvalidResponse, match="^row 2 of the list of all addresses: (not an object|ip is )"):
            fetch("ips", ["192.0.2.1", row])

    @pytest.mark.parametrize("answer", ["null", "5", '"192.0.2.1"', "", "{}"])
    def test_what_is_no_list_is_refused(self, fetch, answer):
        with pytest.raises(InvalidResponse):
            fetch("ips", answer)


def changes(**counts):
    return {f'sendgrid_pending_changes{{change="{change}"}}': count for change, count in counts.items()}


class TestPending:
    def test_no_pending_change_is_none_of_each_kind(self, fetch):
        assert fetch("pending", []) == changes(upgrade=0, downgrade=0, close=0)

    @pytest.mark.parametrize("type_", ["Account Downgrade", "account downgrade", "downgrade", "Downgrade"])
    def test_the_kind_is_read_from_the_vendors_prose_or_word(self, fetch, reseller, type_):
        assert fetch("pending", [{"type": type_, "username": "a"}]) == changes(upgrade=0, downgrade=1, close=0)
        assert reseller.rejected("pending") == 0

    @pytest.mark.parametrize("type_", ["Account Transfer", "Account Upgrade and Downgrade", "upgraded", " upgrade"])
    def test_an_unknown_kind_is_counted_and_might_be_any_that_is_missing(self, fetch, reseller, type_):
        assert fetch("pending", [{"type": "Account Close"}, {"type": type_}]) == changes(close=1)
        assert reseller.rejected("pending") == 1

    @pytest.mark.parametrize("row", [{}, {"type": None}, {"type": ""}, {"type": 5}, {"type": []}, 5, "upgrade", None])
    def test_a_row_without_a_kind_refuses_the_answer(self, fetch, row):
        with pytest.raises(InvalidResponse):
            fetch("pending", [{"type": "Account Close"}, row])


class TestPackages:
    def test_no_packages_are_a_success_without_samples(self, fetch):
        assert fetch("packages", []) == {}

    def test_what_was_not_sent_is_absent(self, fetch, reseller):
        assert fetch("packages", [{"name": "A", "price": None, "credits": ""}, {"name": "B", "overage": 0}]) == {
            'sendgrid_package_overage_price{package="B"}': 0
        }
        assert reseller.rejected("packages") == 0

    @pytest.mark.parametrize("field", ["price", "credits", "overage"])
    @pytest.mark.parametrize("value", [True, -1, "free", "1e3", [], {}, "1,5"])
    def test_a_wrong_number_is_left_out_and_counted(self, fetch, reseller, field, value):
        package = {"name": "A", "price": 1.5, "credits": 10, "overage": "0.25", field: value}
        metrics = {"price": "sendgrid_package_price", "credits": "sendgrid_package_credits"}
        gone = metrics.get(field, "sendgrid_package_overage_price")

        assert gone not in "".join(fetch("packages", [package]))
        assert reseller.rejected("packages") == 1

    def test_credits_are_whole(self, fetch, reseller):
        assert fetch("packages", [{"name": "A", "credits": 1.5}]) == {}
        assert reseller.rejected("packages") == 1

    def test_identical_packages_are_one(self, fetch, reseller):
        assert fetch("packages", [{"name": "A", "price": 1}, {"name": "A", "price": "1"}]) == {
            'sendgrid_package_price{package="A"}': 1
        }
        assert reseller.rejected("packages") == 0

    def test_packages_of_one_name_that_differ_are_left_out_and_counted(self, fetch, reseller):
        rows = [{"name": "A", "price": 1}, {"name": "B", "price": 3}, {"name": "A", "price": 2}]

        assert fetch("packages", rows) == {'sendgrid_package_price{package="B"}': 3}
        assert reseller.rejected("packages") == 1

    @pytest.mark.parametrize("name", ["a\nb", "x" * 201, "\ud800"])
    def test_a_name_that_can_be_no_label_is_left_out_and_counted(self, fetch, reseller, name):
        assert fetch("packages", [{"name": name, "price": 1}]) == {}
        assert reseller.rejected("packages") == 1

    @pytest.mark.parametrize("row", [{}, {"price": 1}, {"name": None}, {"name": ""}, {"name": 5}, 5, None])
    def test_a_row_without_a_name_refuses_the_answer(self, fetch, row):
        with pytest.raises(InvalidResponse):
            fetch("packages", [{"name": "A"}, row])


def invoices(counts, amounts):
    return {
        **{f'sendgrid_invoices{{status="{status}"}}': count for status, count in counts.items()},
        **{f'sendgrid_invoices_amount{{status="{status}"}}': amount for status, amount in amounts.items()},
    }


NONE = {"paid": 0, "unpaid": 0, "refunded": 0, "deferred": 0, "canceled": 0}


class TestInvoices:
    def test_no_invoices_are_none_of_each_status(self, fetch):
        assert fetch("invoices", []) == invoices(NONE, NONE)

    def test_amounts_are_added_up_exactly(self, fetch):
        rows = [{"status": "Paid", "final_amount": amount} for amount in (0.1, "0.2", 1007.95, -3)]

        assert fetch("invoices", rows) == invoices({**NONE, "paid": 4}, {**NONE, "paid": 1005.25})

    def test_an_invoice_that_is_listed_twice_counts_once(self, fetch):
        row = {"number": "1", "status": "Unpaid", "final_amount": 5}

        assert fetch("invoices", [row, row]) == invoices({**NONE, "unpaid": 1}, {**NONE, "unpaid": 5})

    def test_invoices_without_a_number_are_not_taken_for_one(self, fetch):
        row = {"status": "Unpaid", "final_amount": 5}

        assert fetch("invoices", [row, row]) == invoices({**NONE, "unpaid": 2}, {**NONE, "unpaid": 10})

    @pytest.mark.parametrize(("amount", "rejected"), [(None, 0), ("", 0), ("much", 1), (True, 1), ("1e3", 1), ([], 1)])
    def test_a_status_of_which_an_invoice_has_no_amount_has_no_sum(self, fetch, reseller, amount, rejected):
        rows = [{"status": "Paid", "final_amount": 5}, {"status": "Paid", "final_amount": amount}]

        known = {status: 0 for status in NONE if status != "paid"}
        assert fetch("invoices", rows) == invoices({**NONE, "paid": 2}, known)
        assert reseller.rejected("invoices") == rejected

    def test_an_unknown_status_is_counted_and_might_be_any_that_is_missing(self, fetch, reseller):
        rows = [{"status": "PAID", "final_amount": 5}, {"status": "Disputed", "final_amount": 7}]

        assert fetch("invoices", rows) == invoices({"paid": 1}, {"paid": 5})
        assert reseller.rejected("invoices") == 1

    @pytest.mark.parametrize("row", [{}, {"number": "1"}, {"status": None}, {"status": 5}, 5, None, "Paid"])
    def test_a_row_without_a_status_refuses_the_answer(self, fetch, row):
        with pytest.raises(InvalidResponse):
            fetch("invoices", [{"status": "Paid"}, row])
