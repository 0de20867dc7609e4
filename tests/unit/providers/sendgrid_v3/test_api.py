import pytest

from exporter.providers.sendgrid_v3.api import ALLOW_LIST
from exporter.upstream import Request

READS = [
    *("/v3/subusers", "/v3/subusers/stats", "/v3/subusers/reputations", "/v3/subusers/alice/credits"),
    *("/v3/subusers/a%40b.example/credits", "/v3/stats", "/v3/categories", "/v3/categories/stats"),
    *("/v3/user/credits", "/v3/user/account", "/v3/partners/accounts"),
]
# What the vendor's pages list as changing something, on these paths or beside them, and reads that nobody needs.
OTHERS = [
    *(("POST", path) for path in READS),
    *(("POST", path) for path in ("/v3/mail/send", "/v3/api_keys", "/v3/subusers/alice/monitor")),
    *(("GET", path) for path in ("/v3", "/v3/", "/v3/api_keys", "/v3/user/profile", "/v3/user/email", "/v3/scopes")),
    *(("GET", path) for path in ("/v3/subusers/alice", "/v3/subusers//credits", "/v3/subusers/a/b/credits")),
    *(
        ("GET", path)
        for path in ("/v3/subusers/../credits", "/v3/subusers/%2e%2e/credits", "/v3/subusers/a%2Fb/credits")
    ),
    *(("GET", path) for path in ("/v3/subusers/stats/sums", "/v3/suppression/bounces", "/v3/messages", "/v3/ips")),
    *(("GET", path) for path in ("/v3/partners/accounts/sg2a2b", "/v3/subusers/alice/credits/remaining", "/v4/stats")),
]


@pytest.mark.parametrize("path", READS)
def test_the_read_calls_are_on_the_allow_list(path):
    query = (("limit", "1"), ("subusers", "alice"))
    headers = (("Accept", "application/json"), ("On-Behalf-Of", "account-id sg2a2b"), ("Authorization", "Bearer x"))

    assert ALLOW_LIST.admits(Request("GET", path, query=query, headers=headers))


@pytest.mark.parametrize(("verb", "path"), OTHERS)
def test_nothing_else_is_on_the_allow_list(verb, path):
    assert not ALLOW_LIST.admits(Request(verb, path))


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "Content-Type"])
def test_no_header_can_turn_a_read_call_into_another(header):
    assert not ALLOW_LIST.admits(Request("GET", "/v3/subusers", headers=((header, "DELETE"),)))


def test_no_field_can_turn_a_read_call_into_another():
    assert not ALLOW_LIST.admits(Request("GET", "/v3/subusers", query=(("_method", "DELETE"),)))
    assert not ALLOW_LIST.admits(Request("GET", "/v3/subusers", form=(("username", "alice"),)))
