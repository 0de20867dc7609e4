"""One account through two formats and three dialects: the same series, whatever the vendor's words for them are."""

import json
from typing import Any
from xml.sax.saxutils import escape

import pytest

from exporter.errors import (
    AuthRejected,
    ClientRefused,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    RateLimited,
    ServerFailed,
    VendorRefused,
)
from tests.contract.web_account import CUSTOMER

DAY = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2}
MORE = {
    **DAY,
    "delivered": 97,
    "unsubscribes": 3,
    "repeat_bounces": 4,
    "repeat_unsubscribes": 5,
    "repeat_spamreports": 6,
    "invalid_email": 7,
    "blocks": 8,
    "unique_clicks": 9,
    "unique_opens": 10,
}
OF_CATEGORY = {name: value for name, value in MORE.items() if name != "blocks"} | {"blocked": 8, "spam_drop": 11}
INVOICE = {"number": "1", "status": "Paid", "final_amount": "110.5", "username": CUSTOMER["user"]}
USED = {"number": "2", "credits": 1333, "amount": 13.95, "overage": 0, "username": CUSTOMER["user"]}
OVERVIEW = {
    "reputation": "95.2",
    "requests": 500,
    "package": "Größe <3> & mehr",
    "credits_allowed": 50000,
    "credits_used": 100,
    "credits_remain": 49900,
    "credits_overage": 0,
    "billing_start_date": "2026-03-01",
    "billing_end_date": "2026-03-31",
    "billing_process_date": "0000-00-00",
}
# By collector: what the vendor has, as JSON; and the elements of the XML, from the root to the row.
ANSWERS: dict[str, list[tuple[Any, str]]] = {
    "totals": [(MORE, "stats")],
    "daily": [([{"date": "2026-03-12", **MORE}, {"date": "2026-03-13", **DAY}], "stats/day")],
    "month": [([{"date": "2026-03-12", **MORE}, {"date": "2026-03-13", **MORE}], "stats/day")],
    "credits": [(OVERVIEW, "result/overview")],
    "categories": [
        (["Newsletter", "A & B"], "categories/category"),
        (
            [
                {"date": "2026-03-13", "category": "A & B", **OF_CATEGORY},
                {"date": "2026-03-13", "category": "Newsletter", **DAY},
            ],
            "stats/day",
        ),
    ],
    "limits": [({"credit": "40000", "credit_remain": 2000, "last_reset": "2026-03-01"}, "credits")],
    "suppressions": [
        ([{"email": "a@example.com", "status": "5.1.1"}, {"email": "b@example.com"}], "bounces/bounce"),
        ([], "unsubscribes/unsubscribe"),
        ([{"email": "isaac@hotmail", "reason": "Bad <Syntax>"}], "invalidemails/invalidemail"),
        ([{"email": "", "created": "2009-06-01 19:41:39"}], "spamreports/spamreport"),
    ],
    "ips": [
        (["192.0.2.1", "192.0.2.2", "192.0.2.1"], "ips/ip"),
        ([], "ips/ip"),
        (["192.0.2.1"], "ips/ip"),
        (["192.0.2.2"], "ips/ip"),
    ],
    "pending": [([{"username": "a", "type": "Account Close"}, {"type": "account UPGRADE"}], "result/pending/user")],
    "packages": [
        (
            [{"name": "A & B", "price": 9.95, "credits": 10, "overage": "0.001"}, {"name": "C", "price": 0}],
            "result/packages/package",
        )
    ],
    "invoices": [([INVOICE, {**INVOICE, "number": "3", "status": "Unpaid", "final_amount": -3}], "invoices/invoice")],
    "usage": [([USED, {**USED, "username": "someone@example.com"}], "usage/invoices/invoice")],
}
LATEST = "sendgrid_latest_day_"
SHOWN: dict[str, dict[str, float]] = {
    "totals": {
        "sendgrid_requests_total": 100,
        "sendgrid_delivered_total": 97,
        "sendgrid_bounces_total": 1,
        "sendgrid_clicks_total": 30,
        "sendgrid_opens_total": 60,
        "sendgrid_spam_reports_total": 2,
    },
    "daily": {
        f"{LATEST}requests": 100,
        f"{LATEST}bounces": 1,
        f"{LATEST}clicks": 30,
        f"{LATEST}opens": 60,
        f"{LATEST}spam_reports": 2,
        f"{LATEST}timestamp_seconds": 1773360000,
        "sendgrid_last_complete_day_requests": 100,
        "sendgrid_last_complete_day_delivered": 97,
        "sendgrid_last_complete_day_bounces": 1,
        "sendgrid_last_complete_day_clicks": 30,
        "sendgrid_last_complete_day_opens": 60,
        "sendgrid_last_complete_day_spam_reports": 2,
        "sendgrid_last_complete_day_timestamp_seconds": 1773273600,
    },
    "month": {
        "sendgrid_month_to_date_requests": 200,
        "sendgrid_month_to_date_delivered": 194,
        "sendgrid_month_to_date_bounces": 2,
        "sendgrid_month_to_date_clicks": 60,
        "sendgrid_month_to_date_opens": 120,
        "sendgrid_month_to_date_spam_reports": 4,
        "sendgrid_month_to_date_start_timestamp_seconds": 1772323200,
    },
    "credits": {
        "sendgrid_credits_allowed": 50000,
        "sendgrid_credits_used": 100,
        "sendgrid_credits_remaining": 49900,
        "sendgrid_credits_overage": 0,
        "sendgrid_credits_unlimited": 0,
        "sendgrid_reputation_ratio": 0.952,
        "sendgrid_overview_requests": 500,
        "sendgrid_billing_start_timestamp_seconds": 1772323200,
        "sendgrid_billing_end_timestamp_seconds": 1774915200,
        'sendgrid_package_info{package="Größe <3> & mehr"}': 1,
    },
    "categories": {
        'sendgrid_category_latest_day_requests{category="A & B"}': 100,
        'sendgrid_category_latest_day_requests{category="Newsletter"}': 100,
        'sendgrid_category_latest_day_blocks{category="A & B"}': 8,
        'sendgrid_category_latest_day_spam_report_drops{category="A & B"}': 11,
    },
    "limits": {
        "sendgrid_limit_credits": 40000,
        "sendgrid_limit_credits_remaining": 2000,
        "sendgrid_limit_last_reset_timestamp_seconds": 1772323200,
        "sendgrid_limit_enabled": 1,
    },
    "suppressions": {
        'sendgrid_suppressions{list="bounces"}': 2,
        'sendgrid_suppressions{list="unsubscribes"}': 0,
        'sendgrid_suppressions{list="invalid_emails"}': 1,
        'sendgrid_suppressions{list="spam_reports"}': 1,
    },
    "ips": {"sendgrid_ips": 2, "sendgrid_ips_free": 0, "sendgrid_ips_taken": 1, "sendgrid_ips_available": 1},
    "pending": {
        'sendgrid_pending_changes{change="upgrade"}': 1,
        'sendgrid_pending_changes{change="downgrade"}': 0,
        'sendgrid_pending_changes{change="close"}': 1,
    },
    "packages": {
        'sendgrid_package_price{package="A & B"}': 9.95,
        'sendgrid_package_price{package="C"}': 0,
        'sendgrid_package_credits{package="A & B"}': 10,
        'sendgrid_package_overage_price{package="A & B"}': 0.001,
    },
    "invoices": {
        'sendgrid_invoices{status="paid"}': 1,
        'sendgrid_invoices{status="unpaid"}': 1,
        'sendgrid_invoices{status="refunded"}': 0,
        'sendgrid_invoices{status="deferred"}': 0,
        'sendgrid_invoices{status="canceled"}': 0,
        'sendgrid_invoices_amount{status="paid"}': 110.5,
        'sendgrid_invoices_amount{status="unpaid"}': -3,
        'sendgrid_invoices_amount{status="refunded"}': 0,
        'sendgrid_invoices_amount{status="deferred"}': 0,
        'sendgrid_invoices_amount{status="canceled"}': 0,
    },
    "usage": {
        "sendgrid_usage_credits": 1333,
        "sendgrid_usage_amount": 13.95,
        "sendgrid_usage_overage_amount": 0,
    },
}
OPTIONS: dict[str, dict[str, Any]] = {"categories": {"fields": ["requests", "blocks", "spam_report_drops"]}}
TYPES = {
    "sendgrid_reseller": list(ANSWERS),
    "sendgrid_distributor": list(ANSWERS),
    "sendgrid_customer": ["totals", "daily", "month", "categories", "limits"],
}
EVERY = [(type_, collector) for type_, collectors in TYPES.items() for collector in collectors]


def element(tag, inner):
    return f"<{tag}>{inner}</{tag}>"


def as_xml(document, path):
    """Write a document as the vendor's pages do: rows of objects or texts, or one object, in the elements of a path."""
    *outer, last = path.split("/")
    if isinstance(document, list):
        text = "".join(element(last, as_members(row)) for row in document)
    else:
        text = element(last, as_members(document))
    for tag in reversed(outer):
        text = element(tag, text)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def as_members(value):
    if isinstance(value, dict):
        return "\n ".join(element(name, as_members(each)) for name, each in value.items())
    return escape(str(value))


def as_json(document, _):
    return json.dumps(document)


def as_objects(document, path):
    """Write bare texts as objects of one member, as v2 prints them."""
    member = path.rpartition("/")[2]
    return json.dumps([{member: each} if isinstance(each, str) else each for each in document])


WRITERS = {"json": as_json, "xml": as_xml}


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_an_account_has_the_same_series_through_every_dialect_and_format(of_type, type_, collector, format_):
    web = of_type(type_, format_)
    web.replies(*(WRITERS[format_](*answer) for answer in ANSWERS[collector]))

    assert web.fetch(collector, **OPTIONS.get(collector, {})) == SHOWN[collector]
    assert web.rejected(collector) == web.repaired(collector) == 0


@pytest.mark.parametrize("collector", ["ips", "categories"])
def test_bare_texts_and_objects_of_one_member_are_the_same(reseller, collector):
    first, *rest = ANSWERS[collector]
    reseller.replies(as_objects(*first), *(as_json(*answer) for answer in rest))

    assert reseller.fetch(collector, **OPTIONS.get(collector, {})) == SHOWN[collector]


@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_v1_alone_is_read_without_its_outermost_characters(of_type, type_, collector):
    web = of_type(type_)
    web.replies(*(json.dumps(document)[1:-1] or "[]" for document, _ in ANSWERS[collector]))
    is_v1 = type_ == "sendgrid_distributor"
    documents = [document for document, _ in ANSWERS[collector]]
    # An empty list has nothing to be cut, and an object alone lacks nothing; a text alone does.
    cut = len([each for each in documents if len(each) > 1 or (each and isinstance(each[0], str))])

    if is_v1:
        assert web.fetch(collector, **OPTIONS.get(collector, {})) == SHOWN[collector]
    else:
        with pytest.raises(InvalidResponse):
            web.fetch(collector)
    assert web.repaired(collector) == cut * is_v1


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((400, ClientRefused), (401, AuthRejected), (403, AuthRejected), (404, NotFound), (429, RateLimited)),
        *((500, ServerFailed), (302, ClientRefused), (204, InvalidResponse)),
    ],
)
def test_a_status_other_than_200_fails_the_fetch(of_type, vendor, type_, collector, format_, status, error):
    web = of_type(type_, format_)
    vendor.replies("" if status == 204 else WRITERS[format_](*ANSWERS[collector][0]), status=status)

    assert isinstance(failure(web, collector), error)


def failure(web, collector):
    """Return why a fetch failed, for one customer that shares it or for all."""
    try:
        [answer] = web.fetch_all(collector).values()
    except Exception as error:  # noqa: BLE001 - which it is, is what the tests are about
        return error
    return answer


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_a_cut_body_fails_the_fetch(of_type, vendor, type_, collector, format_):
    vendor.replies(WRITERS[format_](*ANSWERS[collector][0]), is_cut=True)

    assert isinstance(failure(of_type(type_, format_), collector), ConnectionFailed)


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_a_failure_of_the_last_call_of_a_fetch_fails_it_whole(of_type, type_, collector, format_):
    web = of_type(type_, format_)
    web.replies(*(WRITERS[format_](*answer) for answer in ANSWERS[collector][:-1]), 500)

    assert isinstance(failure(web, collector), ServerFailed)


@pytest.mark.parametrize(
    ("format_", "body"),
    [
        ("json", '{"message": "error", "errors": ["User not found"]}'),
        ("json", '{"error": {"code": 400, "message": "User not found"}}'),
        ("xml", "<result><message>error</message><errors><error>User not found</error> ... </errors></result>"),
        ("xml", "<result><message>User not found</message></result>"),
        ("xml", "<error><code>400</code><message>User not found</message></error>"),
        ("xml", "<error>User not found</error>"),
    ],
)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_an_error_body_under_status_200_fails_the_fetch(of_type, vendor, type_, collector, format_, body):
    vendor.replies(body)
    error = failure(of_type(type_, format_), collector)

    assert isinstance(error, VendorRefused)
    assert str(error) == "the vendor answered with an error: User not found"


@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_the_other_format_than_was_asked_for_fails_the_fetch(of_type, vendor, type_, collector):
    for format_, writer in (("json", as_xml), ("xml", as_json)):
        vendor.replies(writer(*ANSWERS[collector][0]))

        assert isinstance(failure(of_type(type_, format_), collector), InvalidResponse)


@pytest.mark.parametrize(
    ("format_", "body"),
    [
        *(("json", body) for body in ("5", "true", '"x" "y"', "[5]", "[[]]", "[null]", '{"message": "success"}')),
        *(("xml", body) for body in ("<x/>", "<result/>", "<stats>x</stats>", "<result>success</result>")),
    ],
)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_an_answer_of_another_shape_fails_the_fetch(of_type, vendor, type_, collector, format_, body):
    vendor.replies(body)

    assert isinstance(failure(of_type(type_, format_), collector), InvalidResponse)


@pytest.mark.parametrize("credentials", [{"username": "acme", "password": "horse"}, {"api_key": "SG.horse"}])
@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize(("type_", "collector"), EVERY)
def test_each_call_carries_the_credentials_and_goes_to_the_formats_path(
    of_type, vendor, type_, collector, format_, credentials
):
    web = of_type(type_, format_)
    web.replies(*(WRITERS[format_](*answer) for answer in ANSWERS[collector]))

    web.fetch(collector, credentials=credentials)

    prefixes = {
        "sendgrid_reseller": ("/apiv2/reseller.", "/api/billing.get"),
        "sendgrid_distributor": ("/api/distributor.", "/api/billing.get"),
        "sendgrid_customer": ("/apiv2/customer.",),
    }
    for asked in vendor.asked:
        assert asked.verb == "POST"
        assert asked.path.startswith(prefixes[type_])
        assert asked.path.endswith(f".{format_}")
        form = dict(asked.form)
        if "api_key" in credentials:
            assert asked.headers["Authorization"] == "Bearer SG.horse"
            assert {"api_user", "api_key"} & set(form) == set()
        else:
            assert (form["api_user"], form["api_key"]) == ("acme", "horse")
            assert "Authorization" not in asked.headers
