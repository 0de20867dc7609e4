"""The way to a vendor: names, addresses, certificates. Where it is barred, nothing is sent, and nothing changes."""

import errno
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from exporter.errors import Reason
from tests.faults.outcomes import all_taken, leaks
from tests.faults.turns import CALLS, Result, Stage, staged

_HOST = "api.vendor.example"


def context(issued=None, ciphers=None):
    """Return what a server shakes hands with; without a certificate nobody can."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if issued:
        issued.configure_cert(made)
    if ciphers:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(ciphers)
    return made


@pytest.fixture(scope="session")
def bad(authority):
    """Give a context for each way in which TLS fails; with none, the server speaks no TLS at all."""
    past, later = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    return {
        "a certificate of an unknown authority": context(trustme.CA().issue_cert("127.0.0.1")),
        "a certificate of another host": context(authority.issue_cert("else.example")),
        "a certificate of another address": context(authority.issue_cert("127.0.0.2")),
        "a certificate that has expired": context(
            authority.issue_cert("127.0.0.1", not_before=past, not_after=past.replace(year=2021))
        ),
        "a certificate of a time to come": context(
            authority.issue_cert("127.0.0.1", not_before=later, not_after=later.replace(year=2091))
        ),
        "no certificate": context(),
        "no common cipher": context(authority.issue_cert("127.0.0.1"), "AES128-SHA"),
        "no TLS at all": None,
    }


@pytest.mark.parametrize("kind", CALLS, ids=str)
def test_a_vendor_that_can_not_be_trusted_is_not_asked(kind, authority, ca_file, bad):
    good = context(authority.issue_cert("127.0.0.1"))
    shown: list[Any] = []

    def shake():
        wanted = shown[0] if shown and stage.vendor.is_next() else good
        if wanted is None:
            raise OSError(errno.EPROTO, "no TLS is spoken here")
        return wanted

    with staged(kind, ca_file, tls=shake, is_closing=True) as stage:
        hold(stage, bad, lambda each: shown.__setitem__(slice(None), [each]))


NAMES = {
    "a name that nobody has": socket.gaierror(socket.EAI_NONAME, "canary-5d1f"),
    "a resolver that is down": socket.gaierror(socket.EAI_AGAIN, "canary-5d1f"),
    "a resolver that fails": socket.gaierror(socket.EAI_FAIL, "canary-5d1f"),
    "a name that is none": UnicodeError("label too long"),
    "no files left": OSError(errno.EMFILE, "Too many open files"),
    "a name without an address": (),
    "an address where nobody listens": ("127.0.0.1",),
    "several of them": ("127.0.0.1", "127.0.0.2", "127.0.0.3"),
    "an address that is everybody's": ("255.255.255.255",),
}


@pytest.mark.parametrize("kind", CALLS, ids=str)
def test_a_vendor_that_is_not_found_is_not_asked(kind, ca_file, monkeypatch):
    struck: list[Any] = []

    def look_up(host, port, *_, **__):
        assert host == _HOST
        found = struck[0] if struck and stage.vendor.is_next() else None
        if isinstance(found, Exception):
            raise found
        addresses = [("127.0.0.1", port)] if found is None else [(each, 1) for each in found]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with staged(kind, ca_file, lambda vendor: f"http://{_HOST}:{vendor.port}", is_closing=True) as stage:
        hold(stage, NAMES, lambda each: struck.__setitem__(slice(None), [each]))


def hold(stage: Stage, faults, strike_with):
    """Bar the way to each request of a turn by each fault, and complain of all broken promises at once."""
    broken = {}
    with capture_logs() as lines:
        for position, (call, _) in enumerate(stage.calls):
            for name, fault in faults.items():
                strike_with(fault)
                # Whatever gets through is answered well.
                stage.vendor.strike(lambda _: None, position)
                result = stage.take()
                asked, shown = len(stage.vendor.asked), stage.shown()
                stage.vendor.strike(None)
                following = stage.take(second=True)
                kept = (result.reason is Reason.CONNECTION, asked == position, shown == stage.page)
                if not all((*kept, following == Result(None), not leaks(result.words), len(result.words) < 150)):
                    broken[f"{call}: {name}"] = (kept, result, following)
            assert stage.take() == Result(None)
            assert stage.shown() == stage.page
    assert broken == {}
    assert stage.counted() == all_taken(stage)
    assert not [line for line in lines if leaks(str(line)) or line["log_level"] not in ("info", "warning")]
