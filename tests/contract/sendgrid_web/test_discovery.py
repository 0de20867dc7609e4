"""The vendor's list of customers: its pages, what is read of it, and what makes it no whole list."""

import json

import pytest

from exporter.errors import AuthRejected, InvalidResponse, ServerFailed, VendorRefused
from exporter.providers.base import Found


def user(number, **fields):
    return {"id": str(number), "username": f"user{number}", "active": "true", **fields}


def users(*numbers):
    return [user(number) for number in numbers]


@pytest.fixture
def discover(reseller):
    """Return what is found in pages."""

    def discover(*pages):
        reseller.replies(*(page if isinstance(page, str | int) else json.dumps(page) for page in pages))
        return reseller.discover()

    return discover


def windows(reseller):
    return [[(name, value) for name, value in form if name in {"limit", "offset"}] for _, form in reseller.asked]


def test_a_short_page_is_the_whole_list(discover, reseller):
    assert discover(users(1, 2)) == [
        Found("user1", "user1", "1", is_active=True),
        Found("user2", "user2", "2", is_active=True),
    ]
    assert reseller.asked == [
        (
            "/apiv2/reseller.manage.json",
            [("method", "profile"), ("task", "get"), ("limit", "100"), ("offset", "0")],
        )
    ]


def test_pages_are_turned_until_one_is_not_full(discover, reseller):
    found = discover(users(*range(100)), users(*range(100, 200)), users(200))

    assert [each.id for each in found] == [str(number) for number in range(201)]
    assert windows(reseller) == [[("limit", "100"), ("offset", offset)] for offset in ("0", "100", "200")]


def test_an_empty_page_ends_a_list_of_full_ones(discover):
    assert len(discover(users(*range(100)), [])) == 100


def test_no_customers_are_none(discover):
    assert discover([]) == []


def test_a_page_longer_than_asked_for_is_the_whole_list(discover, reseller):
    """A server that doesn't turn pages has sent them all."""
    assert len(discover(users(*range(250)))) == 250
    assert len(reseller.asked) == 1


def test_a_full_page_that_comes_again_and_again_is_no_list(discover, reseller):
    with pytest.raises(InvalidResponse) as caught:
        discover(users(*range(100)), users(*range(100)))
    assert str(caught.value) == "the list of customers: a full page brought nobody new"
    assert len(reseller.asked) == 2


def test_pages_that_overlap_are_one_list(discover):
    assert len(discover(users(*range(100)), users(*range(50, 150)), users(149, 150))) == 151


def test_a_page_that_fails_fails_the_list(discover):
    with pytest.raises(ServerFailed):
        discover(users(*range(100)), 500)


@pytest.mark.parametrize("type_", ["sendgrid_distributor", "sendgrid_customer"])
def test_the_other_dialects_know_no_pages(of_type, vendor, type_):
    web = of_type(type_)
    vendor.replies(json.dumps(users(*range(100))))

    assert len(web.discover()) == 100
    assert len(web.asked) == 1
    assert windows(web) == [[]]


@pytest.mark.parametrize(
    ("value", "is_active"),
    [
        *(
            ("true", True),
            ("false", False),
            ("1", True),
            ("0", False),
            (1, True),
            (0, False),
            (True, True),
            (False, False),
        ),
        *((None, None), ("", None)),
    ],
)
def test_whether_a_customer_is_active_can_be_written_in_many_ways(discover, reseller, value, is_active):
    assert discover([user(1, active=value)]) == [Found("user1", "user1", "1", is_active)]
    assert reseller.rejected("discovery") == 0


@pytest.mark.parametrize("value", ["yes", "TRUE", 2, -1, 1.0, "01", [], {}, ["true"]])
def test_what_does_not_say_whether_a_customer_is_active_is_counted(discover, reseller, value):
    assert discover([user(1, active=value)]) == [Found("user1", "user1", "1", None)]
    assert reseller.rejected("discovery") == 1


@pytest.mark.parametrize(("id_", "shown"), [("7", "7"), (7, "7"), (None, "user1"), ("", "user1"), ("x-7", "x-7")])
def test_a_customer_without_a_number_has_its_user_name_for_it(discover, id_, shown):
    assert discover([user(1, id=id_)]) == [Found("user1", "user1", shown, is_active=True)]


def test_a_customer_that_is_listed_twice_is_one(discover):
    assert discover([user(1), user(1), user(2), user(2, active="false", id="3")]) == [
        Found("user1", "user1", "1", is_active=True),
        Found("user2", "user2", "2", None),
    ]


@pytest.mark.parametrize("name", [None, "", 5, [], "a\nb", "x" * 513])
def test_a_customer_that_can_not_be_asked_for_makes_it_no_whole_list(discover, name):
    """Left out, it might be one that is known, and would leave."""
    with pytest.raises(InvalidResponse, match="^row 2 of the list of customers: username is "):
        discover([user(1), user(2, username=name)])


def test_rows_are_counted_on_over_the_pages(discover):
    with pytest.raises(InvalidResponse, match="^row 102 of the list of customers: username is missing$"):
        discover(users(*range(100)), [user(100), {}])


@pytest.mark.parametrize("page", ["null", "5", '"user1"', "", "[5]", "[[]]", '["user1"]', "{}"])
def test_what_is_no_list_of_customers_is_refused(discover, page):
    with pytest.raises(InvalidResponse):
        discover(page)


def test_an_error_that_may_name_a_customer_is_not_quoted(discover):
    with pytest.raises(VendorRefused) as caught:
        discover({"error": "someone@example.com may not do this"})
    assert "someone" not in str(caught.value)


@pytest.mark.parametrize(
    ("type_", "body", "path"),
    [
        ("sendgrid_reseller", '{"credits_used": 7}', "/apiv2/reseller.account.json"),
        ("sendgrid_distributor", '"credits_used": 7', "/api/distributor.account.json"),
        (
            "sendgrid_customer",
            '{"requests": 1, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}',
            "/apiv2/customer.stats.json",
        ),
    ],
)
def test_a_probe_asks_for_something_cheap_of_the_first_customer(of_type, vendor, type_, body, path):
    web = of_type(type_)
    vendor.replies(body)

    web.probe()

    assert [(asked, dict(form)["user"]) for asked, form in web.asked] == [(path, "customer@example.com")]


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_distributor", "sendgrid_customer"])
def test_a_probe_without_customers_asks_for_one_page_of_the_list(of_type, vendor, type_):
    web = of_type(type_)
    vendor.replies(json.dumps(users(*range(100))))

    web.probe_without_customers()

    assert len(web.asked) == 1
    assert ("task", "get") in web.asked[0][1]


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_distributor", "sendgrid_customer"])
def test_a_probe_without_customers_says_what_is_wrong_with_the_credentials(of_type, vendor, type_):
    vendor.replies("", status=401)

    with pytest.raises(AuthRejected, match="for user acme: wrong password, or two-factor login is on$"):
        of_type(type_).probe_without_customers()
