import pytest
from pydantic_core import PydanticCustomError

from exporter.config.addresses import base_url

PLAIN = "http would send the credentials unencrypted; write https, or set allow_http: true"
BARE = "must be scheme and host alone; the path is added for each call, so take out what follows the host"
HOST = "has no valid host; write it like https://host or https://host:8443"
URL = "is no URL; write it like https://host or https://host:8443"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://api.sendgrid.com", "https://api.sendgrid.com"),
        ("https://api.sendgrid.com/", "https://api.sendgrid.com"),
        ("HTTPS://api.sendgrid.com:8443", "https://api.sendgrid.com:8443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.1.2.3:1", "http://127.1.2.3:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_scheme_and_host_are_taken(url, read):
    assert base_url(url, allow_http=False) == read


def test_http_to_another_machine_is_taken_where_it_is_allowed():
    assert base_url("http://vendor.example.com", allow_http=True) == "http://vendor.example.com"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://vendor.example.com", PLAIN),
        ("http://127.0.0.1.example.com", PLAIN),
        ("http://128.0.0.1", PLAIN),
        ("http://[::2]", PLAIN),
        ("https://host/path", BARE),
        ("https://host//", BARE),
        ("https://host?", BARE),
        ("https://host#", BARE),
        ("https://host?x=1", BARE),
        ("ftp://host", "must begin with https:// or http://"),
        ("host", "must begin with https:// or http://"),
        ("", "must begin with https:// or http://"),
        ("//host", "must begin with https:// or http://"),
        ("https:host", HOST),
        ("https://", HOST),
        ("https://:8443", HOST),
        ("https://host:", HOST),
        ("https://ho%20st", HOST),
        ("https://ho\\st", HOST),
        ("https://-host", HOST),
        ("https://host:port", URL),
        ("https://host:99999", URL),
        ("https://[::1", URL),
        ("https://[hunter2]", URL),
        ("https://ada:hunter2@host", "can't hold a user name or password; take out what stands before the @"),
        ("https://@host", "can't hold a user name or password; take out what stands before the @"),
        ("https://ho st", "can't hold spaces, control characters or letters beyond ASCII"),
        ("https://host\n", "can't hold spaces, control characters or letters beyond ASCII"),
        ("https://höst", "can't hold spaces, control characters or letters beyond ASCII"),
    ],
)
def test_anything_else_is_refused_and_never_quoted(url, message):
    with pytest.raises(PydanticCustomError) as raised:
        base_url(url, allow_http=False)

    assert str(raised.value) == message
