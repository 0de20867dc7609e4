import pytest

from exporter.providers.sendgrid_web.dialects import RESELLER, Format
from exporter.upstream import Request

MANAGE = "/apiv2/reseller.manage.json"
ACCOUNT = "/apiv2/reseller.account.json"
USER = ("user", "customer@example.com")


def post(path, **fields):
    return Request("POST", path, (USER, *fields.items()))


# Everything that the vendor's pages list as changing something, or as none of a reader's business.
FORBIDDEN = [
    *(post(f"/apiv2/reseller.{action}.json") for action in ("add", "delete", "credential", "checkusername")),
    *(post("/apiv2/reseller.credential.json", task=task) for task in ("add", "edit", "delete")),
    *(
        post(MANAGE, method=method)
        for method in ("enable", "disable", "website_enable", "website_disable", "password", "auth")
    ),
    *(post(MANAGE, method="profile", task=task) for task in ("set", "setUsername", "setEmail")),
    *(
        post(MANAGE, method=method, task=task)
        for method in ("bounces", "unsubscribes", "invalidemails", "spamreports")
        for task in ("delete", "add")
    ),
    *(post(MANAGE, method="limit", task=task) for task in ("none", "recurring", "total", "increment", "decrement")),
    *(post(MANAGE, method="monitor", task=task) for task in ("create", "edit", "delete", "append", "detach")),
    post(MANAGE, method="timezone", task="set"),
    post(MANAGE, method="whitelabel", task="append"),
    *(post(MANAGE, method="parse", task=task) for task in ("set", "update", "delete")),
    *(post(MANAGE, method="eventposturl", task=task) for task in ("set", "delete")),
    *(post(MANAGE, method="apps", task=task) for task in ("activate", "deactivate", "setup")),
    post("/apiv2/reseller.pending.json", task="delete"),
    *(
        post(ACCOUNT, task=f"{when}_{what}")
        for when in ("immediate", "scheduled")
        for what in ("upgrade", "downgrade", "close")
    ),
]
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


@pytest.mark.parametrize(
    "request_",
    [
        post(MANAGE, method="stats", aggregate="1"),
        post(MANAGE, method="stats", days="3"),
        post(ACCOUNT, task="overview"),
        post(MANAGE, method="stats", days="3", api_user="acme", api_key="secret"),
    ],
    ids=lambda request: f"{request.path} {request.form}",
)
def test_the_three_read_calls_are_on_the_allow_list(request_):
    assert RESELLER.allow_list(Format.JSON).admits(request_)


@pytest.mark.parametrize("request_", FORBIDDEN, ids=lambda request: f"{request.path} {request.form[1:]}")
def test_no_call_that_changes_something_is_on_the_allow_list(request_):
    assert not RESELLER.allow_list(Format.JSON).admits(request_)


@pytest.mark.parametrize("request_", ALTERED, ids=lambda request: f"{request.verb} {request.path} {request.form[1:]}")
def test_no_read_call_with_something_else_about_it_is_on_the_allow_list(request_):
    assert not RESELLER.allow_list(Format.JSON).admits(request_)
