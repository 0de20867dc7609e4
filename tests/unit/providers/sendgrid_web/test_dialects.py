import pytest

from exporter.providers.sendgrid_web.dialects import CUSTOMER, DISTRIBUTOR, RESELLER, Format
from exporter.providers.sendgrid_web.unmade import OF_RESELLERS, UNMADE
from exporter.upstream import Request

MANAGE = "/apiv2/reseller.manage.json"
ACCOUNT = "/apiv2/reseller.account.json"
USER = ("user", "customer@example.com")


def post(path, **fields):
    return Request("POST", path, (USER, *fields.items()))


ALTERED = [
    post(MANAGE),
    post(ACCOUNT),
    post(MANAGE, method="stats", task="delete"),
    post(MANAGE, method="stats", task=""),
    post(MANAGE, method="stats", aggregate="0"),
    post(MANAGE, method="stats", list="false"),
    post(MANAGE, method="stats", list="true", aggregate="1"),
    post(MANAGE, method="STATS"),
    post(MANAGE, method="stats", Task="delete"),
    post(MANAGE, **{"method": "stats", "method[]": "disable"}),
    post(ACCOUNT, task="overview", method="disable"),
    Request("POST", MANAGE, (USER, ("method", "stats"), ("method", "disable"))),
    Request("POST", ACCOUNT, (USER, ("task", "overview"), ("task", "immediate_close"))),
    Request("POST", MANAGE, (USER, ("method", "stats")), (("method", "disable"),)),
    Request("GET", MANAGE, query=(USER, ("method", "stats"))),
    post("/apiv2/reseller.manage.xml", method="stats"),
    post("/api/reseller.manage.json", method="stats"),
    post("/apiv2/customer.manage.json", method="stats"),
    post("/apiv2/reseller.manageSubuser.json", method="stats"),
    post("/apiv2/reseller.manage.json/../reseller.delete.json", method="stats"),
]


DIALECTS = {"reseller": RESELLER, "distributor": DISTRIBUTOR, "customer": CUSTOMER}


def of_resellers(prefix):
    """Return the read calls by path and the fields that choose what they do; no field that may be added."""
    stats = {"method": "stats"}
    return [
        *((f"{prefix}manage", each) for each in (stats, {**stats, "aggregate": "1"}, {**stats, "list": "true"})),
        (f"{prefix}account", {"task": "overview"}),
        (f"{prefix}manage", {"method": "limit", "task": "retrieve"}),
        *(
            (f"{prefix}manage", {"method": list_, "task": "get"})
            for list_ in ("bounces", "unsubscribes", "invalidemails", "spamreports")
        ),
        (f"{prefix}manage", {"method": "profile", "task": "get"}),
        (f"{prefix}manage", {"method": "timezone", "task": "get"}),
        *((f"{prefix}ip", {"task": state}) for state in ("all", "free", "taken", "available")),
        (f"{prefix}pending", {"task": "list"}),
        (f"{prefix}packages", {}),
        ("/api/billing.get", {}),
        (f"{prefix}billing", {"task": "current"}),
    ]


READ_CALLS = {
    "reseller": of_resellers("/apiv2/reseller."),
    "distributor": of_resellers("/api/distributor."),
    "customer": [
        *(("/apiv2/customer.stats", fields) for fields in ({}, {"aggregate": "1"}, {"list": "true"})),
        ("/apiv2/customer.limit", {"task": "retrieve"}),
        ("/apiv2/customer.profile", {"task": "get"}),
    ],
}
# What may stand in a call beside that.
ADDED = (("days", "3"), ("start_date", "2026-03-01"), ("category[]", "a"), ("category[]", "b"), ("api_user", "acme"))
EACH_CALL = [(name, path, fields) for name, calls in READ_CALLS.items() for path, fields in calls]


@pytest.mark.parametrize(("name", "path", "fields"), EACH_CALL)
@pytest.mark.parametrize("format_", Format)
def test_the_read_calls_are_on_the_allow_list_of_their_dialect_and_format(name, path, fields, format_):
    for added in ((), ADDED):
        request = Request("POST", f"{path}.{format_}", (*fields.items(), *added))
        admitting = [
            (other, each)
            for other, dialect in DIALECTS.items()
            for each in Format
            if dialect.allow_list(each).admits(request)
        ]
        both_have_it = path == "/api/billing.get"
        assert admitting == ([("reseller", format_), ("distributor", format_)] if both_have_it else [(name, format_)])


@pytest.mark.parametrize(("name", "path", "fields"), EACH_CALL)
@pytest.mark.parametrize(
    "added",
    [
        *(("method", value) for value in ("disable", "enable", "password", "auth")),
        *(("task", value) for value in ("add", "delete", "set", "none", "immediate_close", "append", "")),
        *(("Method", "disable"), ("task[]", "delete"), (" task", "delete"), ("_method", "DELETE"), ("list", "1")),
    ],
)
def test_no_field_that_makes_a_read_call_another_one_can_be_added(name, path, fields, added):
    request = Request("POST", f"{path}.json", (*fields.items(), added))

    assert not DIALECTS[name].allow_list(Format.JSON).admits(request)


@pytest.mark.parametrize(("name", "path", "fields"), EACH_CALL)
def test_no_field_that_chooses_a_read_call_can_be_changed_or_left_out(name, path, fields):
    others = {(tuple(each.items())) for call_path, each in READ_CALLS[name] if call_path == path}
    for chosen in fields:
        for changed in ({**fields, chosen: "delete"}, {key: fields[key] for key in fields if key != chosen}):
            request = Request("POST", f"{path}.json", tuple(changed.items()))
            is_another_read_call = tuple(changed.items()) in others

            assert DIALECTS[name].allow_list(Format.JSON).admits(request) is is_another_read_call


@pytest.mark.parametrize(
    ("path", "fields"),
    [request for each in UNMADE for request in each.requests()],
    ids=lambda part: part if isinstance(part, str) else ",".join(f"{key}={value}" for key, value in part.items()),
)
@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_no_call_that_is_not_made_can_be_sent(dialect, format_, path, fields):
    allow_list = dialect.allow_list(format_)

    assert not allow_list.admits(Request("POST", f"{path}.{format_}", (USER, *fields.items())))
    assert not allow_list.admits(Request("GET", f"{path}.{format_}", query=(USER, *fields.items())))


def test_every_page_of_the_vendors_overview_has_a_call_that_is_made_or_a_reason():
    made = {call.page for call in RESELLER.calls.values()}
    unmade = {each.page for each in OF_RESELLERS}

    assert made | unmade == {
        *("Customers", "Customer Statistics", "Customer Bounces", "Customer Unsubscribes", "Customer Invalid Emails"),
        *("Customer Spam Reports", "Customer Account Limits", "Monitor Records", "IP Management", "Whitelabel"),
        *("Automatic Login", "Event Notification Url", "Authenticate a Customer", "Parse Settings", "Filter / Apps"),
        *("Invoice Retrieval", "Billing: Retrieving End User Invoices", "Billing: Retrieving As-You-Go Usage"),
        *("Pending Account Changes", "View Available Packages", "Account Overview"),
        # Beside that page.
        *("Customer Timezone", "Customer Subusers"),
    }


def test_every_call_that_is_not_made_has_a_reason():
    assert all(each.reason for each in UNMADE)


@pytest.mark.parametrize("request_", ALTERED, ids=lambda request: f"{request.verb} {request.path} {request.form[1:]}")
def test_no_read_call_with_something_else_about_it_is_on_the_allow_list(request_):
    assert not RESELLER.allow_list(Format.JSON).admits(request_)
