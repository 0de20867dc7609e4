from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from exporter.upstream import AllowList, Operation, Request

STATS = Operation("POST", "/apiv2/reseller.stats.json", {"method": "get"})
LIST = Operation("POST", "/apiv2/reseller.manageSubuser.json", {"method": "get", "task": "list"})
PLAIN = Operation("POST", "/apiv2/reseller.overview.json")
USER = Operation("GET", "/v3/subusers/{}/credits")
ALLOWED = AllowList([STATS, LIST, PLAIN, USER], ["method", "task"])


def post(path, *fields, **changes):
    return Request("POST", path, fields, **changes)


@pytest.mark.parametrize(
    "request_",
    [
        post("/apiv2/reseller.stats.json", ("method", "get"), ("user", "a@example.com")),
        post("/apiv2/reseller.stats.json", ("user", "method=delete&task=x"), ("method", "get")),
        post("/apiv2/reseller.manageSubuser.json", ("task", "list"), ("method", "get")),
        post("/apiv2/reseller.overview.json"),
        post("/apiv2/reseller.overview.json", headers=(("Accept", "application/json"), ("On-Behalf-Of", "sub"))),
        Request("GET", "/v3/subusers/acme/credits"),
        Request("GET", "/v3/subusers/a%40example.com/credits", query=(("limit", "10"),)),
    ],
    ids=str,
)
def test_a_listed_call_is_admitted(request_):
    assert ALLOWED.admits(request_)


@pytest.mark.parametrize(
    "request_",
    [
        post("/apiv2/reseller.stats.json"),
        post("/apiv2/reseller.stats.json", ("method", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "")),
        post("/apiv2/reseller.stats.json", ("method", "GET")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("task", "")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("method", "get")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("method", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("Method", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("method[]", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "get"), (" method", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("method\0x", "delete")),
        post("/apiv2/reseller.stats.json", ("method", "get"), ("_method", "DELETE")),
        post("/apiv2/reseller.stats.json", ("Method", "get")),
        post("/apiv2/reseller.stats.json", query=(("method", "get"),)),
        post("/apiv2/reseller.stats.json", ("method", "get"), query=(("method", "get"),)),
        post("/apiv2/reseller.stats.json", ("method", "get"), query=(("user", "x"),)),
        post("/apiv2/reseller.manageSubuser.json", ("method", "get")),
        post("/apiv2/reseller.manageSubuser.json", ("method", "get"), ("task", "delete")),
        post("/apiv2/reseller.overview.json", ("task", "list")),
        post("/apiv2/reseller.overview.json", ("action", "x"), ("TASK", "list")),
        Request("GET", "/apiv2/reseller.stats.json", query=(("method", "get"),)),
        Request("DELETE", "/apiv2/reseller.overview.json"),  # type: ignore[arg-type]  # what a provider must not do
        Request("post", "/apiv2/reseller.overview.json"),  # type: ignore[arg-type]  # what a provider must not do
        Request("GET", "/v3/subusers/acme/credits", form=(("x", "y"),)),
    ],
    ids=lambda request: f"{request.verb} {request.form} {request.query}",
)
def test_another_call_is_refused(request_):
    assert not ALLOWED.admits(request_)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "apiv2/reseller.overview.json",
        "//apiv2/reseller.overview.json",
        "/apiv2//reseller.overview.json",
        "/apiv2/reseller.overview.json/",
        "/apiv2/./reseller.overview.json",
        "/apiv2/../apiv2/reseller.overview.json",
        "/apiv2/reseller.overview.json?task=delete",
        "/apiv2/reseller.overview.json#",
        "/apiv2/reseller.overview.json;x",
        "/apiv2/reseller.overview.json\n",
        "/apiv2/reseller.overview.JSON",
        "/apiv2/reseller%2eoverview.json",
        "https://evil.example/apiv2/reseller.overview.json",
        "/https://evil.example/apiv2/reseller.overview.json",
        "@evil.example/apiv2/reseller.overview.json",
        "\\apiv2\\reseller.overview.json",
    ],
)
def test_another_spelling_of_a_path_is_refused(path):
    assert not ALLOWED.admits(post(path))


@pytest.mark.parametrize(
    "segment",
    [
        "",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        ".%2e",
        "..%2f..",
        "a%2fb",
        "a%5Cb",
        "a\\b",
        "a%252fb",
        "..;",
        "%00",
        "a%0d%0ab",
        "a b",
        "a?b",
        "a#b",
        "a%3fb",
        "%",
        "%zz",
        "ä",
        "{}",
    ],
)
def test_a_segment_that_may_mean_another_path_is_refused(segment):
    assert not ALLOWED.admits(Request("GET", f"/v3/subusers/{segment}/credits"))


@pytest.mark.parametrize(
    "headers",
    [
        (("X-HTTP-Method-Override", "DELETE"),),
        (("X-Original-URL", "/other"),),
        (("Host", "evil.example"),),
        (("Content-Length", "0"),),
        (("Transfer-Encoding", "chunked"),),
        (("Accept", "a"), ("accept", "b")),
        (("Accept", "a\r\nX-HTTP-Method-Override: DELETE"),),
    ],
)
def test_a_header_that_could_change_the_call_is_refused(headers):
    assert not ALLOWED.admits(post("/apiv2/reseller.overview.json", headers=headers))


TEXT = st.text(max_size=8) | st.sampled_from(["method", "task", "Method", "method[]", "get", "list", "delete", ""])
FIELDS = st.lists(st.tuples(TEXT, TEXT), max_size=4).map(tuple)
SEGMENT = st.text(alphabet="ab.%2fFeE5cC/\\;?#~ä\0", max_size=6)


@given(FIELDS, FIELDS)
def test_whatever_is_sent_the_selectors_are_the_pinned_ones(form, query):
    request = Request("POST", "/apiv2/reseller.manageSubuser.json", form, query)

    if ALLOWED.admits(request):
        assert not query
        assert sorted(pair for pair in form if pair[0].lower() in {"method", "task"}) == [
            ("method", "get"),
            ("task", "list"),
        ]


@given(SEGMENT)
def test_whatever_stands_in_a_path_it_stays_one_segment(segment):
    path = f"/v3/subusers/{segment}/credits"

    if ALLOWED.admits(Request("GET", path)):
        # What requests makes of it is what the vendor gets.
        sent = urlsplit(requests.Request("GET", "https://api.example" + path).prepare().url)
        parts = unquote(sent.path).split("/")
        assert (sent.netloc, sent.query, sent.fragment) == ("api.example", "", "")
        assert [*parts[:3], *parts[4:]] == ["", "v3", "subusers", "credits"]
        assert parts[3] not in {"", ".", ".."}
