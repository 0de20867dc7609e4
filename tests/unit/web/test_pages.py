"""Paths and what they answer, asked of a real server."""

import gzip
import http.client
import re
from hashlib import shake_256

import pytest

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [({}, TEXT, b"1.0\n"), ({"Accept": "application/openmetrics-text; version=1.0.0"}, OPENMETRICS, b"# EOF\n")],
)
def test_metrics_come_in_the_format_that_is_asked_for(site, credit, accept, content_type, end):
    credit(site.place(), 1)
    answer = site.ask("/metrics", **accept)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert b'sendgrid_credits_remaining{customer="a",source="acme"} 1.0\n' in answer.body
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Encoding"] is None
    assert "Server" not in answer.headers
    if content_type == OPENMETRICS:
        assert answer.body.endswith(end)


def test_metrics_are_compressed_for_whom_takes_gzip(site, credit):
    credit(site.place(), 1)
    plain, compressed = site.ask("/metrics"), site.ask("/metrics", Accept_Encoding="gzip")

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Content-Type"] == TEXT
    assert int(compressed.headers["Content-Length"]) == len(compressed.body) < len(plain.body)
    assert gzip.decompress(compressed.body) == plain.body


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_very_long_page_comes_whole_with_its_length(site, credit, encoding):
    for number in range(300):
        credit(site.place(shake_256(b"%d" % number).hexdigest(9_000)), number)
    answer = site.ask("/metrics", Accept_Encoding=encoding)
    page = gzip.decompress(answer.body) if encoding == "gzip" else answer.body

    assert len(answer.body) > 4 * 1024 * 1024
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert page.count(b"\nsendgrid_credits_remaining{") == 300
    head = site.ask("/metrics", "HEAD", Accept_Encoding=encoding)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(answer.body)))


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/status", "/-/healthy", "/-/ready"])
def test_head_answers_as_get_does_without_a_body(site, path):
    got, head = site.ask(path), site.ask(path, "HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.body))
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/status", "/-/healthy", "/-/ready"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_told_which_ones_there_are(site, path, method):
    answer = site.ask(path, method)

    assert answer.status == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}
    assert answer.body == b"405 Method Not Allowed\n"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/metrics/",
        "/metrics/x",
        "//metrics",
        "/-/",
        "/-/healthy/",
        "/METRICS",
        "/%2e%2e/etc/passwd",
        "/docs",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_other_paths_are_not_found(site, path, method):
    """A slash too many is another path: a redirect would send a client to whatever Host it named."""
    answer = site.ask(path, method, Host="elsewhere.example.com")

    assert answer.status == 404
    assert answer.headers["Location"] is None
    assert answer.body == (b"" if method == "HEAD" else b"404 Not Found\n")


def test_a_query_makes_no_other_path(site):
    assert site.ask("/-/healthy?x=1").status == 200


@pytest.mark.parametrize(
    ("path", "name", "no"), [("/-/healthy", "ailments", ["it hurts"]), ("/-/ready", "is_ready", False)]
)
def test_a_probe_gets_503_for_no(site, path, name, no):
    good = site.ask(path)
    setattr(site, name, no)
    bad = site.ask(path)

    assert (good.status, bad.status) == (200, 503)
    assert good.headers["Content-Type"] == bad.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert good.body != bad.body
    assert bad.headers["Cache-Control"] == "no-store"


def test_all_that_is_wrong_is_said_line_by_line(site):
    assert site.ask("/-/healthy").body == b"the poller moves\n"
    site.ailments = ["a fetch of source acme is stuck", "the state has been in the middle of a write for a minute"]

    assert site.ask("/-/healthy").body == (
        b"a fetch of source acme is stuck\nthe state has been in the middle of a write for a minute\n"
    )


def test_health_is_not_readiness(site):
    site.is_ready = False
    assert site.ask("/-/healthy").status == 200
    site.ailments, site.is_ready = ["it hurts"], True
    assert site.ask("/-/ready").status == 200


def test_the_status_page_can_run_nothing_of_others_and_stand_in_no_frame(site):
    answer = site.ask("/")

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.sub(r"sha256-[A-Za-z0-9+/]{43}=", "HASH", answer.headers["Content-Security-Policy"]) == (
        "default-src 'none'; style-src 'HASH'; script-src 'HASH'; connect-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_several_requests_may_use_one_connection(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    for path in ("/metrics", "/nothing", "/-/ready"):
        connection.request("GET", path)
        connection.getresponse().read()
    socket = connection.sock
    connection.request("GET", "/")
    assert connection.getresponse().read().startswith(b"<!doctype html>")
    assert connection.sock is socket
    connection.close()


def test_nonsense_in_place_of_a_request_is_refused(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.connect()
    assert connection.sock is not None
    connection.sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00 hello\r\n\r\n")
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 400 ")
    connection.close()
    assert site.ask("/-/healthy").status == 200
