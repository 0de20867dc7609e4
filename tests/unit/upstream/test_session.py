import gzip
import logging
import traceback
import tracemalloc
import warnings

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import __version__, errors
from exporter.upstream import AllowList, Operation, Request

from .conftest import PASSWORD, READ, replying

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(50_000_000))


def with_length(body, *headers):
    lines = b"".join(header + b"\r\n" for header in (*headers, b"Content-Length: %d" % len(body)))
    return HEAD + lines + b"\r\n" + body


BROKEN = {
    "nothing": (b"", errors.ConnectionFailed),
    "half a status line": (b"HTTP/1.1 20", errors.ConnectionFailed),
    "half the headers": (HEAD + b"Content-Le", errors.ConnectionFailed),
    "whole lines but no end of the headers": (HEAD + b"Content-Length: 0\r\n", errors.ConnectionFailed),
    "a cut body": (HEAD + b"Content-Length: 9\r\n\r\n{}", errors.ConnectionFailed),
    "no body at all": (HEAD + b"Content-Length: 9\r\n\r\n", errors.ConnectionFailed),
    "a cut chunk": (CHUNKED + b"9\r\n{}", errors.ConnectionFailed),
    "no last chunk": (CHUNKED + b"2\r\n{}\r\n", errors.ConnectionFailed),
    "a chunk of no size": (CHUNKED + b"x\r\n{}\r\n0\r\n\r\n", errors.ConnectionFailed),
    "a chunk of a negative size": (CHUNKED + b"-1\r\n{}\r\n0\r\n\r\n", errors.ConnectionFailed),
    "a chunk of a very negative size": (CHUNKED + b"-9\r\n{}\r\n0\r\n\r\n", errors.ConnectionFailed),
    "another protocol": (b"220 smtp.example ESMTP\r\n", errors.ConnectionFailed),
    "HTTP of 1991": (b"{}", errors.ConnectionFailed),
    "a status of two digits": (b"HTTP/1.1 99 OK\r\n\r\n", errors.ConnectionFailed),
    "a status of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", errors.ConnectionFailed),
    "a status in words": (b"HTTP/1.1 OK OK\r\n\r\n", errors.ConnectionFailed),
    "a long header line": (HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n", errors.ConnectionFailed),
    "a long status line": (b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n", errors.ConnectionFailed),
    "too many headers": (HEAD + b"X: y\r\n" * 200 + b"\r\n", errors.ConnectionFailed),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n", errors.InvalidResponse),
    "a false gzip": (with_length(b"{}", b"Content-Encoding: gzip"), errors.InvalidResponse),
    "a cut gzip": (with_length(gzip.compress(b"{}", mtime=0)[:-3], b"Content-Encoding: gzip"), errors.InvalidResponse),
    "an unknown encoding": (with_length(b"{}", b"Content-Encoding: br"), errors.InvalidResponse),
    "a long body": (with_length(bytes(100_001)), errors.TooLarge),
    "a long length": (HEAD + b"Content-Length: 999999999999\r\n\r\n{}", errors.TooLarge),
    "a long chunk": (CHUNKED + b"ffffffff\r\n" + bytes(200_000), errors.TooLarge),
    "many chunks": (CHUNKED + b"400\r\n%b\r\n" % bytes(1024) * 100 + b"0\r\n\r\n", errors.TooLarge),
    "no length and no end": (HEAD + b"\r\n" + bytes(200_000), errors.TooLarge),
    "a bomb": (with_length(BOMB, b"Content-Encoding: gzip"), errors.TooLarge),
    "switched protocols": (b"HTTP/1.1 101 Switching\r\n\r\n", errors.InvalidResponse),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", errors.InvalidResponse),
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", errors.Redirected),
    "a redirect to nowhere": (b"HTTP/1.1 301 Moved\r\nLocation: http://[/\xff\r\n\r\n", errors.Redirected),
    "a cut error": (b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{", errors.AuthRejected),
    "a broken error": (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nx", errors.ServerFailed),
    "an error with two lengths": (
        b"HTTP/1.1 503 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        errors.InvalidResponse,
    ),
}


@pytest.mark.parametrize(("data", "error"), BROKEN.values(), ids=BROKEN)
def test_a_vendor_that_misbehaves_has_its_reason(data, error, answers, ask):
    server = answers(data)

    with pytest.raises(errors.FetchError) as failed:
        ask(server)

    assert type(failed.value) is error
    assert server.connections == 1


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (with_length(b'{"a": 1}'), b'{"a": 1}'),
        (with_length(gzip.compress(b"{}", mtime=0), b"Content-Encoding: gzip"), b"{}"),
        (CHUNKED + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX-Trailer: x\r\n\r\n", b"{}"),
        (HEAD + b"\r\n{}", b"{}"),
        (b"HTTP/1.0 200\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + with_length(b"{}"), b"{}"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + with_length(b"{}"), b"{}"),
        (HEAD + b"Content-Length: 2, 2\r\n\r\n{}", b"{}"),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", b"{}"),
        (HEAD + b"Content-Length: -2\r\n\r\n{}", b"{}"),
        (HEAD + b"no colon here\r\n\r\n{}", None),
        (with_length(b"{}", b"Content-Type: ;;=\xff", b"Set-Cookie: \xff=; expires=never"), b"{}"),
    ],
)
def test_what_can_be_understood_is_read(data, body, answers, ask):
    reply = ask(answers(data))

    assert reply.status == 200
    assert body is None or reply.body == body


def test_a_reset_is_a_failed_connection(serve, ask):
    server = serve(lambda peer: (peer.read_request(), peer.reset()))

    with pytest.raises(errors.ConnectionFailed, match=r"connection reset by peer: 127\.0\.0\.1"):
        ask(server)


def test_a_refused_connection_says_so(connect):
    with pytest.raises(errors.ConnectionFailed, match=r"connection refused: 127\.0\.0\.1:1"):
        connect("http://127.0.0.1:1").client("totals").send(READ)


VALID = [with_length(b'{"a": 1}'), CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\n\r\n"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_bytes_come_the_outcome_is_a_reply_or_a_reason(data, serve, connect):
    valid = data.draw(st.sampled_from(VALID))
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 4)))
    sent = valid[:start] + data.draw(st.binary(max_size=6)) + valid[end:]
    server = serve(lambda peer: (peer.read_request(), peer.send(sent)))

    # Python's own mail parser warns of some headers; a warning is no failure in a program that runs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        upstream = connect(server.url)
        try:
            assert upstream.client("totals").send(READ).status == 200
        except errors.FetchError:
            pass
        finally:
            upstream.close()
            server.close()


@pytest.mark.parametrize(
    "flood",
    [
        CHUNKED + b"-1\r\n" + bytes(30_000_000),
        HEAD + b"\r\n" + bytes(30_000_000),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000_000,
        HEAD.replace(b"200", b"302") + b"Location: /\r\n\r\n" + bytes(30_000_000),
        with_length(BOMB, b"Content-Encoding: gzip", b"Location: /").replace(b"200", b"302", 1),
    ],
    ids=["chunk of size -1", "no end", "interim answers", "redirect", "redirect with a bomb"],
)
def test_no_flood_takes_more_memory_than_a_few_bodies(flood, answers, connect):
    client = connect(answers(flood).url).client("totals")
    tracemalloc.start()
    try:
        with pytest.raises((errors.TooLarge, errors.ClientRefused)):
            client.send(READ)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


def test_a_request_says_who_asks_and_has_everything_in_its_form(serve, ask):
    asked: list[bytes] = []
    server = serve(replying(asked))

    ask(server)

    head, _, body = asked[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /apiv2/reseller.stats.json HTTP/1.1"
    assert sorted(line for line in lines[1:] if not line.startswith("Host: ")) == [
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded",
        f"User-Agent: email-stats-exporter/{__version__}",
    ]
    assert body == b"method=get&user=a%40example.com&api_user=acme&api_key=" + PASSWORD.encode()


def test_a_get_has_everything_in_its_query(serve, connect):
    asked: list[bytes] = []
    server = serve(replying(asked))
    allowed = AllowList([Operation("GET", "/v3/subusers/{}/stats")], [])
    upstream = connect(server.url + "/", allow_list=allowed, authorize=lambda request: request)

    upstream.client("daily").send(
        Request("GET", "/v3/subusers/a%40b/stats", query=(("from", "2026-03-13"), ("x", "a&b")))
    )

    assert asked[0].startswith(b"GET /v3/subusers/a%40b/stats?from=2026-03-13&x=a%26b HTTP/1.1\r\n")
    assert b"Content-Length" not in asked[0]


def test_a_netrc_is_not_read(serve, ask, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    asked: list[bytes] = []
    server = serve(replying(asked))

    ask(server)

    assert b"authorization" not in asked[0].lower()


def test_cookies_are_not_kept(serve, connect):
    asked: list[bytes] = []

    def play(peer):
        while request := peer.read_request():
            asked.append(request)
            peer.reply(Set_Cookie="customer=a; Path=/")

    client = connect(serve(play).url).client("totals")
    client.send(READ)
    client.send(READ)

    assert len(asked) == 2
    assert b"cookie" not in asked[1].lower()


def test_a_redirect_is_not_followed(serve, ask):
    other = serve(lambda peer: peer.read_request())
    server = serve(lambda peer: (peer.read_request(), peer.reply(b"", 302, Location=other.url)))

    with pytest.raises(errors.ClientRefused, match=r"302 from 127\.0\.0\.1:\d+: redirects are not followed"):
        ask(server)

    assert other.connections == 0


@pytest.mark.parametrize("status", [401, 404, 429, 500, 302])
def test_a_connection_serves_again_after_a_short_error(status, serve, connect):
    def play(peer):
        while peer.read_request():
            peer.reply(b"x" * 100, status, Location="/", Retry_After="1")

    server = serve(play)
    client = connect(server.url).client("totals")

    for _ in range(3):
        with pytest.raises(errors.FetchError):
            client.send(READ)

    assert server.connections == 1


def test_a_connection_that_is_no_http_any_more_is_not_used_again(serve, connect):
    def play(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: else\r\n\r\n")
        peer.read_request()
        peer.reply(b"never")

    server = serve(play)
    client = connect(server.url).client("totals")
    for _ in range(2):
        with pytest.raises(errors.InvalidResponse):
            client.send(READ)

    assert server.connections == 2


def test_the_rest_of_a_long_error_is_never_taken_for_the_next_answer(serve, connect):
    def play(peer):
        peer.read_request()
        peer.reply(b"x" * 80_000, 500)
        peer.read_request()
        peer.reply(b"never")

    server = serve(play)
    client = connect(server.url).client("totals")
    for _ in range(2):
        with pytest.raises(errors.ServerFailed):
            client.send(READ)

    assert server.connections == 2


def test_an_error_that_drips_its_body_has_its_reason_at_once(serve, ask):
    def play(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 401 No\r\nContent-Length: 99\r\n\r\n")
        peer.drip(b"x" * 99)

    with pytest.raises(errors.AuthRejected):
        ask(serve(play), timeout=60.0)


def echo(peer):
    """Play a vendor that answers with what it was sent, in every place it has."""
    request = peer.read_request()
    body = request.partition(b"\r\n\r\n")[2]
    peer.send(b"HTTP/1.1 401 " + body + b"\r\nX-Echo: " + body + b"\r\nno colon " + body + b"\r\n\r\n" + body)


SECRETIVE = {
    "an echo": echo,
    "nothing": lambda peer: peer.read_request(),
    "a reset": lambda peer: (peer.read_request(), peer.reset()),
    "an echo for a status line": lambda peer: peer.send(peer.read_request().partition(b"\r\n\r\n")[2] + b"\r\n"),
    "silence": lambda peer: (peer.read_request(), peer.pause(5)),
    "two lengths": lambda peer: (peer.read_request(), peer.send(BROKEN["two lengths"][0])),
    "a flood": lambda peer: (peer.read_request(), peer.send(BROKEN["a long body"][0])),
}


@pytest.mark.parametrize("play", SECRETIVE.values(), ids=SECRETIVE)
def test_no_failure_shows_a_credential_anywhere(play, serve, ask, caplog):
    caplog.set_level(logging.DEBUG)

    with pytest.raises(errors.FetchError) as failed:
        ask(serve(play), timeout=0.3)

    shown = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(failed.value.__dict__)
    assert PASSWORD not in shown
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_a_request_that_is_no_http_is_refused_without_showing_it(serve, ask, counted):
    server = serve(lambda peer: peer.read_request())
    request = Request("POST", READ.path, (*READ.form, ("user", "\ud800")))

    with pytest.raises(errors.NotAllowed) as refused:
        ask(server, request)

    assert str(refused.value) == "Request(POST /apiv2/reseller.stats.json) can't be written as HTTP"
    assert refused.value.__context__ is None
    assert server.connections == 0
    assert counted("api_requests_total", collector="totals", code="error") is None


def test_the_library_responses_can_stand_in_for_the_vendor(connect):
    client = connect("https://api.vendor.example").client("totals")
    url = "https://api.vendor.example/apiv2/reseller.stats.json"

    with responses.RequestsMock() as vendor:
        vendor.post(url, body=b'{"a": 1}', headers={"X-RateLimit-Remaining": "3"})
        vendor.post(url, status=404, body=b"no")
        vendor.post(url, body=b"x" * 100_001)
        vendor.post(url, body=ConnectionError("gone"))

        reply = client.send(READ)
        assert reply.body == b'{"a": 1}'
        assert reply.headers["x-ratelimit-remaining"] == "3"
        with pytest.raises(errors.NotFound):
            client.send(READ)
        with pytest.raises(errors.TooLarge):
            client.send(READ)
        with pytest.raises(errors.ConnectionFailed):
            client.send(READ)
        assert "user=a%40example.com" in str(vendor.calls[0].request.body)
