"""What a scraper, a probe or a person gets over HTTP."""

import gzip
import http.client
import re
import socket
import zlib

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from tests.e2e.programs import Exporter, Values, parsed, series
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.fixture(scope="module")
def exporter(shell, vendor, world) -> Exporter:
    """Run with long intervals: once all has been fetched, what is shown of the vendor stands still."""
    two_addresses = "--web.listen-address=127.0.0.1:0"
    exporter = shell.run([source(vendor, world.customers, interval="1h")], two_addresses)
    eventually(lambda: exporter.ask("/-/ready").ok)
    return exporter


def of_the_vendor(values: Values) -> Values:
    return {key: value for key, value in values.items() if key[0].startswith("sendgrid_")}


def test_plain_text_is_what_comes_unasked(exporter):
    page = exporter.ask("/metrics", headers={"Accept": None, "Accept-Encoding": None})

    assert (page.status_code, page.headers["Content-Type"]) == (200, TEXT)
    assert "Content-Encoding" not in page.headers
    assert parsed(page.text)[series("email_stats_exporter_customers", source="acme")] == 12


def test_prometheus_gets_openmetrics_with_the_same_values(exporter):
    page = exporter.ask("/metrics", headers={"Accept": PROMETHEUS_ACCEPT})

    assert page.headers["Content-Type"] == OPENMETRICS
    assert page.text.endswith("# EOF\n")
    values = {
        series(sample.name, **sample.labels): sample.value
        for family in parse_openmetrics(page.text)
        for sample in family.samples
    }
    assert len(of_the_vendor(values)) > 400
    assert of_the_vendor(values) == of_the_vendor(exporter.values())


def test_no_series_tells_when_it_was_created(exporter):
    """Prometheus would store a second series for each counter."""
    page = exporter.ask("/metrics", headers={"Accept": PROMETHEUS_ACCEPT})

    assert "_created" not in page.text


@pytest.mark.parametrize("accept", [TEXT, OPENMETRICS])
def test_gzip_can_be_read_by_who_stops_after_the_first_member(accept, exporter):
    headers = {"Accept": accept, "Accept-Encoding": "gzip"}
    page = exporter.ask("/metrics", headers=headers, stream=True)
    compressed = page.raw.read(decode_content=False)

    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Vary"] == "Accept, Accept-Encoding"
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    first = reader.decompress(compressed)
    assert (reader.eof, reader.unused_data) == (True, b"")
    assert first == gzip.decompress(compressed)
    plain = exporter.ask("/metrics", headers={"Accept": accept, "Accept-Encoding": "identity"}).content
    assert [line for line in first.splitlines() if b"sendgrid_" in line] == [
        line for line in plain.splitlines() if b"sendgrid_" in line
    ]


@pytest.mark.parametrize("path", ["/metrics", "/", "/-/healthy", "/-/ready"])
def test_head_is_answered_as_get_is_but_without_a_body(path, exporter):
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=5)
    connection.request("HEAD", path)
    head = connection.getresponse()

    assert (head.status, head.read()) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    # Had it sent a body all the same, the next answer on the connection would begin with it.
    connection.request("GET", "/-/healthy")
    assert connection.getresponse().read() == b"the poller moves\n"
    connection.close()


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_with_those_that_are_not(verb, exporter):
    for path in ("/metrics", "/", "/-/healthy", "/-/ready"):
        reply = exporter.ask(path, verb)
        assert (reply.status_code, sorted(reply.headers["Allow"].split(", "))) == (405, ["GET", "HEAD"])


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/metrics/x", "/-/", "/-/reloaded", "/%2e%2e/etc/passwd"])
def test_other_paths_are_not_found(path, exporter):
    reply = exporter.ask(path, allow_redirects=False)

    assert (reply.status_code, reply.text) == (404, "404 Not Found\n")


def test_probes_are_answered(exporter):
    assert exporter.ask("/-/healthy").text == "the poller moves\n"
    assert exporter.ask("/-/ready").text == "every fetch has been tried\n"


def test_a_person_is_shown_the_version_the_sources_and_their_customers(exporter, world):
    page = exporter.ask("/?limit=1000")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "All is well" in page.text
    assert "email-stats-exporter <span>0" in page.text
    assert "<bdi>acme</bdi>" in page.text
    assert [name for name in (account.name for account in world.customers) if name not in page.text] == []
    assert 'href="/metrics"' in page.text


def test_a_program_is_told_the_same_as_json(exporter, world):
    answer = exporter.ask("/api/v1/status?limit=1000&collector=credits&sort=customer").json()

    assert answer["status"] == "success"
    assert answer["data"]["summary"] == {"level": "good", "headline": "All is well", "troubles": []}
    [source] = answer["data"]["sources"]
    assert (source["name"], source["customers"], source["states"]["ok"]) == ("acme", 12, 36)
    rows = answer["data"]["fetches"]["rows"]
    assert [row["customer"] for row in rows] == sorted(account.name for account in world.customers)
    assert {row["state"] for row in rows} == {"ok"}
    assert all(row["lastSuccess"] < row["nextFetch"] for row in rows)


@pytest.mark.parametrize("query", ["source=nobody", "collector=nothing", "page=x"])
def test_what_there_is_not_can_not_be_asked_for(query, exporter):
    assert exporter.ask(f"/?{query}").status_code == 400
    answer = exporter.ask(f"/api/v1/status?{query}")
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_it_answers_on_every_address_it_was_given(exporter):
    exporter.eventually(lambda: len(exporter.ports) == 2)

    first, second = exporter.ports
    assert first != second
    with socket.create_connection(("127.0.0.1", second)) as connection:
        connection.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


def test_what_is_no_http_is_refused_and_leaves_no_trace(exporter):
    with socket.create_connection(("127.0.0.1", exporter.port)) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")

    assert exporter.ask("/-/healthy").ok
    assert not re.search("hello|Traceback", exporter.stderr)


def test_the_metrics_can_be_at_another_path(shell, vendor, world):
    exporter = shell.run([source(vendor, world.customers[:1], interval="1h")], "--web.telemetry-path=/numbers")

    assert exporter.ask("/numbers").headers["Content-Type"] == TEXT
    assert exporter.ask("/metrics").status_code == 404
    assert 'href="/numbers"' in exporter.ask("/").text
