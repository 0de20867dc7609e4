"""How the pages behave on the wire, seen from outside: towards good clients, odd ones and bad ones."""

import gzip
import re
from collections.abc import Iterator
from contextlib import ExitStack
from email.utils import parsedate_to_datetime

import pytest

from tests.e2e.programs import Exporter
from tests.e2e.raw import HOST, Wire, request, talk
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

TEXT = "text/plain; charset=utf-8"
PAGES = {
    "/metrics": "text/plain; version=0.0.4; charset=utf-8",
    "/": "text/html; charset=utf-8",
    "/sd": "application/json",
    "/api/v1/status": "application/json",
    "/-/healthy": TEXT,
    "/-/ready": TEXT,
}
CLOSE = "Connection: close"
# What no request must ever get by another one's means.
READY = b"every fetch has been tried\n"
GET_READY = request("GET /-/ready HTTP/1.1", HOST, CLOSE)


@pytest.fixture(scope="module")
def exporter(shell, vendor, world) -> Exporter:
    exporter = shell.run([source(vendor, world.customers, interval="1h")])
    eventually(lambda: exporter.ask("/-/ready").ok)
    return exporter


@pytest.fixture(autouse=True)
def unharmed(exporter) -> Iterator[None]:
    """See that nothing here has made the exporter stumble, or say anything: a log can be flooded."""
    before = exporter.stderr
    yield
    assert exporter.ask("/-/healthy").ok
    assert not re.search("level=(warning|error|critical)|Traceback", exporter.stderr.removeprefix(before))


@pytest.fixture
def port(exporter) -> int:
    return exporter.port


def only(answers):
    [answer] = answers
    return answer


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_is_how_long_and_when_and_is_kept_by_nobody(port, path):
    page = only(talk(port, request(f"GET {path} HTTP/1.1", HOST, CLOSE)))

    assert (page.status, page.headers["content-type"]) == (200, PAGES[path])
    assert page.headers["cache-control"] == "no-store"
    assert parsedate_to_datetime(page.headers["date"]).tzinfo is not None
    assert len(page.body) > 10
    assert "html" not in PAGES[path] or page.headers["x-content-type-options"] == "nosniff"
    assert "server" not in page.headers


@pytest.mark.parametrize("path", [*PAGES, "/nothing", "/metrics?source=nobody"])
def test_head_has_the_headers_of_get_and_no_body(port, path):
    got = only(talk(port, request(f"GET {path} HTTP/1.1", HOST) + GET_READY)[:1])
    with Wire(port) as wire:
        wire.send(request(f"HEAD {path} HTTP/1.1", HOST))
        head = wire.answer(has_body=False)
        wire.send(GET_READY)
        following = wire.answer()

    assert (head.status, head.headers.keys()) == (got.status, got.headers.keys())
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["cache-control"] == "no-store"
    # A page that tells the time is not always of one length.
    assert int(head.headers["content-length"]) == pytest.approx(len(got.body), rel=0.01)
    assert following.body == READY


def test_the_page_of_metrics_differs_by_what_a_client_takes_and_says_so(port):
    for headers in ((), ("Accept: application/openmetrics-text",), ("Accept-Encoding: gzip",)):
        page = only(talk(port, request("GET /metrics HTTP/1.1", HOST, CLOSE, *headers)))
        assert page.headers["vary"] == "Accept, Accept-Encoding"


def test_a_header_in_several_lines_is_one(port):
    ask = ("Accept: text/html", "Accept: application/openmetrics-text;version=1.0.0", "Accept-Encoding: br")
    page = only(talk(port, request("GET /metrics HTTP/1.1", HOST, CLOSE, *ask, "Accept-Encoding: gzip")))

    assert page.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert page.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW", "get", "X"]
)
@pytest.mark.parametrize("path", PAGES)
def test_other_methods_are_refused_with_those_that_are_not(port, path, method):
    refusal = only(talk(port, request(f"{method} {path} HTTP/1.1", HOST, CLOSE)))

    assert (refusal.status, refusal.headers["content-type"]) == (405, TEXT)
    assert sorted(refusal.headers["allow"].split(", ")) == ["GET", "HEAD"]
    assert refusal.headers["cache-control"] == "no-store"
    assert refusal.body.startswith(b"405 ")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "//",
        "//metrics",
        "/metrics/",
        "/metrics//",
        "/metrics%2f",
        "/-/./healthy",
        "/x/../metrics",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//other.example.com/%2e%2e",
        "/-/healthy%00",
        "/%ff%fe",
        "/%",
        "/%zz",
        "/METRICS",
        "/" + "a" * 60_000,
    ],
)
def test_other_paths_are_not_found_and_lead_nowhere(port, path):
    answer = only(talk(port, request(f"GET {path} HTTP/1.1", HOST, CLOSE)))

    assert (answer.status, answer.headers["content-type"], answer.body) == (404, TEXT, b"404 Not Found\n")
    assert answer.headers["cache-control"] == "no-store"
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/%2d/healthy", "/-/%68ealthy", "/-/healthy?", "/-/healthy?a=%ff&&=&;", "/-/healthy#x"]
)
def test_a_path_may_be_spelt_in_other_ways(port, path):
    assert only(talk(port, request(f"GET {path} HTTP/1.1", HOST, CLOSE))).body == b"the poller moves\n"


def test_a_proxy_may_ask_by_a_whole_address(port):
    asked = request("GET http://exporter.example.com/-/healthy HTTP/1.1", HOST, CLOSE)

    assert only(talk(port, asked)).body == b"the poller moves\n"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("source=acme", 200),
        ("source=%61cme", 200),
        ("source=acme&source=acme&&=&x=%ff", 200),
        ("?", 200),
        ("%73ource=acme", 200),
        ("source=", 404),
        ("source", 404),
        ("source=%ff%fe", 404),
        ("source=%zz", 404),
        ("source=%0d%0aX-Injected:%201", 404),
        ("source=<script>alert(1)</script>", 404),
        ("source=a+b%00", 404),
        ("&" * 50_000, 200),
        ("source=acme&" * 4_000, 200),
    ],
)
def test_any_query_is_a_filter_or_nothing(port, query, status):
    answer = only(talk(port, request(f"GET /metrics?{query} HTTP/1.1", HOST, CLOSE)))

    assert answer.status == status
    assert "x-injected" not in answer.headers
    if status == 404:
        # It repeats the name, which no browser may take for a page.
        assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == (TEXT, "nosniff")
        assert answer.body.count(b"\n") == 1


def test_a_connection_is_kept_for_the_next_request(port):
    with Wire(port) as wire:
        for _ in range(20):
            wire.send(request("GET /-/healthy HTTP/1.1", HOST))
            assert wire.answer().status == 200


def test_requests_sent_at_once_are_answered_in_their_order(port):
    sent = [
        request(f"GET {path} HTTP/1.1", HOST) for path in ("/-/ready", "/metrics", "/nothing", "/-/healthy", "/")
    ] * 9
    answers = talk(port, b"".join(sent) + GET_READY)

    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200] * 9 + [200]
    assert [answer.body for answer in answers[::5]] == [READY] * 10


def test_what_comes_after_the_last_request_of_a_connection_is_nothing(port):
    assert only(talk(port, GET_READY + GET_READY)).body == READY
    assert only(talk(port, GET_READY + b"\x00garbage")).body == READY


@pytest.mark.parametrize("headers", [(), (HOST,), (HOST, "Connection: keep-alive")])
def test_http_1_0_is_answered_and_hung_up_on(port, headers):
    answer = only(talk(port, request("GET /-/ready HTTP/1.0", *headers) + GET_READY))

    assert (answer.body, answer.headers["connection"]) == (READY, "close")


def test_an_upgrade_is_answered_as_if_nobody_had_asked_for_it(port):
    """Java's client asks for HTTP/2 in this way; a connection whose next request went unread would keep it waiting."""
    more = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    answer = only(talk(port, request("GET /-/ready HTTP/1.1", HOST, *more) + GET_READY))

    assert (answer.body, answer.headers["connection"]) == (READY, "close")


def test_a_body_that_waits_to_be_asked_for_is_not(port):
    """Whether the client then sends it is not known, so that the connection can be of no more use."""
    ask = request("POST /-/healthy HTTP/1.1", HOST, "Expect: 100-continue", "Content-Length: 400")
    answer = only(talk(port, ask))

    assert (answer.status, answer.headers["connection"]) == (405, "close")


@pytest.mark.parametrize("body", [b"abc", b""])
def test_a_body_that_nobody_reads_is_no_request(port, body):
    ask = request("GET /-/healthy HTTP/1.1", HOST, f"Content-Length: {len(body)}", body=body)
    chunks = request("POST /-/healthy HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"3\r\nGET\r\n0\r\n\r\n")

    assert [answer.status for answer in talk(port, ask + chunks + GET_READY)] == [200, 405, 200]


@pytest.mark.parametrize(
    "asked",
    [
        request("GET /-/healthy HTTP/1.1"),
        request("GET /-/healthy HTTP/1.1", HOST, HOST),
        request("GET /-/healthy HTTP/1.0", HOST, HOST),
        request("GET /-/healthy HTTP/1.1", "Host: a, b"),
        request("GET /-/healthy HTTP/1.1", "Host: user@a"),
        request("GET /-/healthy HTTP/1.1", "Host: a/b"),
        request("GET /-/healthy HTTP/1.1", "Host: a:b"),
        request("GET /-/healthy HTTP/0.9"),
        request("GET /-/healthy HTTP/1.2", HOST),
        request("GET /-/healthy HTTP/2.0", HOST),
        request("PRI * HTTP/2.0", body=b"SM\r\n\r\n"),
        request("GET healthy HTTP/1.1", HOST),
        request("GET /-/healthy x HTTP/1.1", HOST),
        request("GET /\xff HTTP/1.1", HOST),
        request("GET /\x00 HTTP/1.1", HOST),
        request("GET http:// HTTP/1.1", HOST),
        request("CONNECT elsewhere.example.com:443 HTTP/1.1", HOST),
        request("GET /-/healthy HTTP/1.1", HOST, "X"),
        request("GET /-/healthy HTTP/1.1", HOST, "X y: z"),
        request("GET /-/healthy HTTP/1.1", HOST, "X: a\x00b"),
        request("GET /-/healthy HTTP/1.1", HOST, "X: a\rb"),
        request("GET /-/healthy HTTP/1.1", HOST, "X: a", " b"),
        request("GET /-/healthy HTTP/1.1", HOST, ": a"),
        b"GET /-/healthy HTTP/1.1\nHost: a\n\n",
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(100),
    ],
)
def test_what_is_no_request_is_refused_and_hung_up_on(port, asked):
    answer = only(talk(port, asked + GET_READY))

    assert (answer.status, answer.headers["content-type"], answer.headers["connection"]) == (400, TEXT, "close")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: 3", "Content-Length: 3"),
        ("Content-Length: 3, 3",),
        ("Content-Length: +3",),
        ("Content-Length: 0x3",),
        ("Content-Length: -1",),
        ("Content-Length: 99999999999999999999999",),
        ("Content-Length : 3",),
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 3"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding:\x0bchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    ],
)
def test_a_body_whose_end_is_in_doubt_ends_the_connection(port, headers):
    """What a proxy takes for the body, this server must not take for the next request, nor the other way round."""
    asked = request("POST /-/healthy HTTP/1.1", HOST, *headers, body=b"0\r\n\r\n")
    answer = only(talk(port, asked + GET_READY))

    assert (answer.status, answer.headers["connection"]) == (400, "close")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("chunked", b"zz\r\n"),
        ("chunked", b"-1\r\n"),
        ("chunked", b"3\r\nabcd\r\n0\r\n\r\n"),
        ("chunked", b"fffffffffffffffff\r\n"),
        ("xchunked", b"0\r\n\r\n"),
    ],
)
def test_a_body_that_turns_out_wrong_ends_the_connection(port, coding, body):
    asked = request("POST /-/healthy HTTP/1.1", HOST, f"Transfer-Encoding: {coding}", body=body)
    answer = only(talk(port, asked + GET_READY))

    assert (answer.status, answer.headers["connection"]) == (405, "close")


@pytest.mark.parametrize("nonsense", [b"garbage\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n", request("GET / HTTP/1.1")])
def test_nonsense_is_no_answer_to_what_was_asked_before_it(port, nonsense):
    answers = talk(port, request("GET /metrics HTTP/1.1", HOST) * 3 + nonsense + GET_READY)

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[-1].headers["connection"] == "close"


def test_a_body_without_end_is_hung_up_on_without_a_second_answer(port):
    with Wire(port) as wire:
        wire.send(request("POST /-/healthy HTTP/1.1", HOST, "Content-Length: 10000000"))
        first = wire.answer()
        for _ in range(10):
            wire.send(bytes(100_000))
        with pytest.raises(EOFError):
            wire.answer()
    assert first.status == 405


@pytest.mark.parametrize(
    "asked",
    [
        b"GET /" + b"a" * 70_000,
        request("GET /-/healthy HTTP/1.1", HOST, *["A: b"] * 20_000),
        request("GET /-/healthy HTTP/1.1", HOST, f"Cookie: {'a' * 70_000}"),
        b"A" * 70_000,
    ],
)
def test_a_request_that_is_too_long_is_refused(port, asked):
    answer = only(talk(port, asked))

    assert (answer.status, answer.headers["connection"]) in {(431, "close"), (400, "close")}


def test_many_headers_are_no_trouble_as_long_as_they_are_short(port):
    assert only(talk(port, request("GET /-/ready HTTP/1.1", HOST, CLOSE, *["A: b"] * 5_000))).body == READY


def test_hundreds_of_silent_clients_keep_nobody_else_waiting(port):
    with ExitStack() as silent:
        for number in range(300):
            silent.enter_context(Wire(port)).send(b"GET /metrics HTTP/1.1\r\nX:"[: number % 25])
        assert only(talk(port, GET_READY)).body == READY


def test_a_hundred_clients_are_answered_at_the_same_time(port):
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(port)) for _ in range(100)]
        for wire in wires:
            wire.send(request("GET /metrics HTTP/1.1", HOST, "Accept-Encoding: gzip"))
        answers = [wire.answer() for wire in wires]

    assert {answer.status for answer in answers} == {200}
    assert {b"# HELP sendgrid_requests_total" in gzip.decompress(answer.body) for answer in answers} == {True}
