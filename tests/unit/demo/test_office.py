"""What the Web API tells of the reseller itself: addresses, packages, changes and bills."""

import pytest

from tests.unit.demo.markup import leaves, tree

UNLIMITED = "alerts@skywatch.example"
SUSPENDED = "promo@closed-casino.example"


def test_addresses_are_free_taken_or_available(serve, post):
    stand_in = serve()
    ips = {
        task: {each.text for each in tree(post(stand_in, "/apiv2/reseller.ip.xml", task=task))}
        for task in ("all", "free", "taken", "available")
    }

    assert {task: len(each) for task, each in ips.items()} == {"all": 22, "free": 5, "taken": 17, "available": 6}
    assert ips["free"] | ips["taken"] == ips["all"]
    # What the customer uses that may not send any more.
    assert len(ips["available"] & ips["taken"]) == 1


def test_an_address_may_be_listed_twice_in_json_and_bare_in_v1(serve, post):
    stand_in = serve()

    assert post(stand_in, "/apiv2/reseller.ip.json", task="free").json() == [
        {"ip": "192.0.2.27"},
        {"ip": "192.0.2.28"},
        {"ip": "192.0.2.28"},
        {"ip": "192.0.2.29"},
        {"ip": "192.0.2.30"},
        {"ip": "192.0.2.31"},
    ]
    assert post(stand_in, "/api/distributor.ip.json", task="free").text == (
        '"192.0.2.27","192.0.2.28","192.0.2.29","192.0.2.30","192.0.2.31"'
    )


def test_packages_have_prices(serve, ask):
    packages = {each["name"]: each for each in ask(serve(), "packages").json()}

    assert packages["Silver Package"] == {
        "name": "Silver Package",
        "price": 79.95,
        "description": "Silver Package description",
        "credits": 2_000_000,
        "overage": 0.00075,
        "has_reseller": False,
        "has_ip": True,
        "distributor_price": 50,
    }
    assert "distributor_price" not in packages["Free Package"]


def test_changes_wait(serve, ask):
    stand_in = serve()

    assert [row["type"] for row in ask(stand_in, "pending", task="list").json()] == [
        "Account Upgrade",
        "Account Upgrade",
        "Account Downgrade",
    ]
    assert ask(stand_in, "pending", task="list", type="close").json() == []
    assert len(ask(stand_in, "pending", task="list", type="upgrade").json()) == 2


def test_a_bill_is_there_for_each_month(serve, post):
    stand_in = serve()
    numbers = post(stand_in, "/api/billing.list.json").json()
    bills = tree(post(stand_in, "/api/billing.get.xml"))

    assert [each["number"] for each in numbers] == [bill.findtext("number") for bill in bills]
    assert len(numbers) == 24
    assert leaves(bills[-1]) | {"overage": "", "final_amount": ""} == {
        "number": "2026020001",
        "package": "Reseller Package",
        "credits": "200000000",
        "date_invoiced": "2026-03-01 00:00:00",
        "status": "Unpaid",
        "amount": "2500",
        "additional_charges": "0",
        "overage": "",
        "type": "Recurring Bill",
        "prorated": "0",
        "start_date": "2026-02-01",
        "end_date": "2026-02-28",
        "final_amount": "",
    }
    assert float(bills[-1].findtext("final_amount") or 0) == 2500 + float(bills[-1].findtext("overage") or 0)


def test_a_lone_bill_is_an_object(serve, post):
    assert post(serve(), "/api/billing.get.json", status="unpaid").json()["number"] == "2026020001"


@pytest.mark.parametrize(("status", "count"), [("paid", 19), ("refunded", 2), ("canceled", 1), ("deferred", 1)])
def test_bills_have_fates(serve, post, status, count):
    assert len(tree(post(serve(), "/api/billing.get.xml", status=status))) == count


def test_bills_of_a_time(serve, post):
    form = {"start_date": "2025-01-01", "end_date": "2025-03-01"}

    assert [each["number"] for each in post(serve(), "/api/billing.list.json", **form).json()] == [
        "2024120001",
        "2025010001",
        "2025020001",
    ]


def test_what_customers_run_up_is_their_package_and_what_is_over_it(serve, ask, world, clock):
    rows = {row["username"]: row for row in ask(serve(), "billing", task="current").json()}

    overage = int(world.overview(UNLIMITED, clock.time())["credits_overage"])
    assert SUSPENDED not in rows
    assert len(rows) == 11
    assert rows[UNLIMITED]["amount"] == 9.95
    assert rows[UNLIMITED]["overage"] == overage * 100 // 1000 / 100 > 1000
    assert rows[UNLIMITED]["final_amount"] == (995 + overage * 100 // 1000) / 100
    # A string in one row, a number in the next, as the vendor's sample has it.
    assert {type(row["credits"]) for row in rows.values()} == {int, str}


def test_an_odd_status_of_bills_is_refused(serve, post):
    assert post(serve(), "/api/billing.get.json", status="lost").json()["errors"] == ["Unknown status"]
