import contextlib
import errno
import socket
import ssl
import threading
import time

import pytest
import requests
import trustme

from exporter.errors import ConnectionFailed, RequestTimeout, StartError
from exporter.upstream import Request

from .conftest import READ, replying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
# The deadline in these tests; the servers misbehave for seconds, unless the test ends before.
DEADLINE = 0.2


@contextlib.contextmanager
def ends_at_the_deadline(seconds=DEADLINE):
    began = time.monotonic()
    with pytest.raises(RequestTimeout):
        yield
    took = time.monotonic() - began
    # Generous above: the machine may be busy, and what is to be told from it takes 3 s and more.
    assert seconds * 0.99 <= took < seconds + 1


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def slow_body(peer):
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
    peer.drip(b"x" * 60)


def slow_headers(peer):
    peer.read_request()
    peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60)


def slow_chunks(peer):
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\nx\r\n" * 20)


def slow_trailers(peer):
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    peer.drip(b"X-Trailer: x\r\n" * 10)


def no_end_of_interim_answers(peer):
    peer.read_request()
    while not peer.pause(0.02):
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def no_answer(peer):
    peer.read_request()
    peer.pause(5)


def no_reading(peer):
    peer.pause(5)


def slow_reading(peer):
    while not peer.pause(0.05):
        peer.sock.recv(1)


DRAWN_OUT = [slow_body, slow_headers, slow_chunks, slow_trailers, no_end_of_interim_answers, no_answer]
BIG = Request("POST", READ.path, (("method", "get"), ("filler", "x" * 20_000_000)))


def test_the_timeout_of_requests_alone_is_outlasted_by_a_drip(serve):
    """Why connection.py is there at all."""

    def play(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n")
        peer.drip(b"x" * 15)

    began = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(serve(play).url, timeout=DEADLINE)

    assert response.content == b"x" * 15
    assert time.monotonic() - began > 3 * DEADLINE


@pytest.mark.parametrize("play", DRAWN_OUT, ids=lambda play: play.__name__)
def test_nothing_that_a_vendor_draws_out_outlasts_the_deadline(play, serve, ask):
    server = serve(play)

    with ends_at_the_deadline():
        ask(server, timeout=DEADLINE)


@pytest.mark.parametrize("play", [*DRAWN_OUT, slow_reading], ids=lambda play: play.__name__)
def test_nor_does_it_under_tls(play, serve, ask, tls, ca_file):
    server = serve(play, tls)

    with ends_at_the_deadline():
        ask(server, BIG if play is slow_reading else READ, timeout=DEADLINE, ca_file=ca_file)


@pytest.mark.parametrize("play", [no_reading, slow_reading], ids=lambda play: play.__name__)
def test_a_vendor_that_does_not_take_the_request_is_left_at_the_deadline(play, serve, ask):
    server = serve(play)

    with ends_at_the_deadline():
        ask(server, BIG, timeout=DEADLINE)


def test_a_drip_on_a_connection_that_was_used_before_ends_at_the_deadline(serve, connect):
    def play(peer):
        peer.read_request()
        peer.reply()
        slow_body(peer)

    client = connect(serve(play).url, timeout=DEADLINE).client("totals")
    client.send(READ)

    with ends_at_the_deadline():
        client.send(READ)


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x03\x40\x00" + b"x" * 80], ids=["silence", "drip"])
def test_a_tls_handshake_ends_at_the_deadline(first, serve, ask, ca_file):
    server = serve(lambda peer: (peer.drip(first), peer.pause(5)))
    server.url = f"https://127.0.0.1:{server.port}"

    with ends_at_the_deadline():
        ask(server, timeout=DEADLINE, ca_file=ca_file)


@pytest.fixture
def names(monkeypatch):
    """Return a function that sets what the system's resolver answers with."""

    def resolve_with(answer):
        def look_up(host, port, *_, **__):
            assert host == "api.vendor.example"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in answer(port)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return resolve_with


@pytest.fixture
def black_hole():
    """The address of a listener whose queue is full, so that connecting to it takes for ever."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(address)
        yield address


def test_a_slow_lookup_of_the_name_ends_at_the_deadline(names, connect):
    def look_up(_):
        threading.Event().wait(0.6)
        return []

    names(look_up)
    client = connect("http://api.vendor.example", timeout=DEADLINE).client("totals")

    with ends_at_the_deadline():
        client.send(READ)


def test_several_addresses_that_swallow_everything_share_one_deadline(names, connect, black_hole):
    names(lambda _: [black_hole] * 3)
    client = connect("http://api.vendor.example", timeout=DEADLINE).client("totals")

    with ends_at_the_deadline():
        client.send(READ)


def test_an_address_that_swallows_everything_leaves_time_for_the_next(names, serve, connect, black_hole):
    server = serve(lambda peer: (peer.read_request(), peer.reply()))
    names(lambda _: [black_hole, ("127.0.0.1", server.port)])
    client = connect("http://api.vendor.example", timeout=1.0).client("totals")

    assert client.send(READ).body == b"{}"


def test_an_address_that_refuses_is_followed_by_the_next(names, serve, connect):
    server = serve(lambda peer: (peer.read_request(), peer.reply()))
    names(lambda _: [("127.0.0.1", 1), ("127.0.0.1", server.port)])

    assert connect("http://api.vendor.example").client("totals").send(READ).body == b"{}"


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "the host name can't be resolved: api.vendor.example"),
        (UnicodeError("label too long"), "the connection broke: api.vendor.example"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files: api.vendor.example"),
    ],
)
def test_a_name_that_is_not_found_is_a_failed_connection(failure, text, names, connect):
    def fail(_):
        raise failure

    names(fail)

    with pytest.raises(ConnectionFailed) as failed:
        connect("http://api.vendor.example").client("totals").send(READ)

    assert str(failed.value) == text


def test_a_name_without_addresses_is_a_failed_connection(names, connect):
    names(lambda _: [])

    with pytest.raises(ConnectionFailed):
        connect("http://api.vendor.example").client("totals").send(READ)


def test_a_configured_authority_is_trusted(serve, ask, tls, ca_file):
    server = serve(lambda peer: (peer.read_request(), peer.reply(b'{"a": 1}')), tls)

    assert ask(server, ca_file=ca_file).body == b'{"a": 1}'


def test_without_it_the_same_certificate_is_not(serve, ask, tls):
    server = serve(lambda peer: peer.read_request(), tls)

    with pytest.raises(ConnectionFailed, match=r"the certificate is not trusted \(.*\): 127.0.0.1"):
        ask(server)


def test_variables_of_the_environment_make_nobody_trusted(serve, ask, tls, ca_file, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ca_file))
    server = serve(lambda peer: peer.read_request(), tls)

    with pytest.raises(ConnectionFailed, match="not trusted"):
        ask(server)


def test_a_certificate_of_another_host_is_refused(serve, ask, authority, ca_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    server = serve(lambda peer: peer.read_request(), context)

    with pytest.raises(ConnectionFailed, match="not trusted"):
        ask(server, ca_file=ca_file)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_authorities_is_said_before_anything_is_sent(content, tmp_path, connect):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(StartError, match="no certificate authorities"):
        connect("https://api.vendor.example", ca_file=path)


def tunnel(peer):
    """Play a proxy that opens a tunnel to wherever it is asked to."""
    target = peer.read_request().split(b" ")[1].decode()
    host, _, port = target.rpartition(":")
    with socket.create_connection((host, int(port))) as vendor:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        vendor.settimeout(0.02)
        peer.sock.settimeout(0.02)
        while True:
            for one, other in ((peer.sock, vendor), (vendor, peer.sock)):
                try:
                    data = one.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    return
                other.sendall(data)


def test_a_proxy_is_handed_whole_urls(serve, connect):
    asked: list[bytes] = []
    proxy = serve(replying(asked))

    connect("http://api.vendor.example", proxy_url=proxy.url).client("totals").send(READ)

    assert asked[0].startswith(b"POST http://api.vendor.example/apiv2/reseller.stats.json HTTP/1.1\r\n")


def test_tls_goes_through_a_proxy_s_tunnel(serve, ask, tls, ca_file):
    vendor = serve(lambda peer: (peer.read_request(), peer.reply()), tls)
    proxy = serve(tunnel)

    assert ask(vendor, proxy_url=proxy.url, ca_file=ca_file).body == b"{}"
    assert (proxy.connections, vendor.connections) == (1, 1)


@pytest.mark.parametrize("play", [slow_body, slow_headers], ids=lambda play: play.__name__)
def test_a_drip_through_a_tunnel_ends_at_the_deadline(play, serve, ask, tls, ca_file):
    vendor = serve(play, tls)
    proxy = serve(tunnel)

    with ends_at_the_deadline():
        ask(vendor, proxy_url=proxy.url, ca_file=ca_file, timeout=DEADLINE)


def test_a_proxy_that_drips_ends_at_the_deadline(serve, connect):
    proxy = serve(slow_headers)
    client = connect("https://api.vendor.example", proxy_url=proxy.url, timeout=DEADLINE).client("totals")

    with ends_at_the_deadline():
        client.send(READ)


def test_a_proxy_that_refuses_is_a_failed_connection(serve, connect):
    proxy = serve(lambda peer: (peer.read_request(), peer.reply(b"", 407)))

    with pytest.raises(ConnectionFailed, match="api.vendor.example"):
        connect("https://api.vendor.example", proxy_url=proxy.url).client("totals").send(READ)


def test_proxies_of_the_environment_are_not_asked(serve, ask, monkeypatch):
    proxy = serve(lambda peer: peer.read_request())
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server = serve(lambda peer: (peer.read_request(), peer.reply()))

    assert ask(server).body == b"{}"
    assert proxy.connections == 0


def test_a_connection_serves_again(serve, connect):
    def play(peer):
        while peer.read_request():
            peer.reply()

    server = serve(play)
    client = connect(server.url).client("totals")

    for _ in range(3):
        client.send(READ)

    assert server.connections == 1


def test_a_connection_that_the_vendor_closed_meanwhile_is_no_failure(serve, connect):
    server = serve(lambda peer: (peer.read_request(), peer.reply()))
    client = connect(server.url).client("totals")

    for _ in range(3):
        assert client.send(READ).body == b"{}"
        for thread in server._threads:
            thread.join(5)

    assert server.connections == 3
