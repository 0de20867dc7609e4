"""Reloads on request, and the configuration in use, asked of real pages; what a browser says of another site."""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.datastructures import Headers

from exporter.errors import ConfigError, Problem, Stopped
from exporter.exposition import Exposition
from exporter.store import Store
from exporter.web import View, pages
from tests.fake_clock import FakeClock

PROBLEMS = [Problem("config.yaml", 3, "sources[0].name", "is missing"), Problem("config.yaml", 9, "x", "unknown key")]


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: Headers
    text: str


@dataclass(frozen=True)
class Client:
    """Sends requests as a server hands them on, with whatever headers a test makes up."""

    app: Starlette
    base_url: str

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("POST", path, headers)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        scheme, host = urlsplit(self.base_url)[:2]
        sent = {"Host": host, **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "scheme": scheme,
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Answer(messages[0]["status"], Headers(raw=messages[0]["headers"]), body.decode())


class Site:
    """Pages whose reloads end as a test says."""

    def __init__(self, **options: Any) -> None:
        self.asked = 0
        self.result: Any = "configuration reloaded\nsources added: none"
        store = Store(FakeClock(), stale_after=3, drop_after=86_400, max_series=1_000)
        self.view: dict[str, Any] = {
            "exposition": Exposition(store, (), CollectorRegistry()),
            "status": None,
            "ailments": tuple,
            "is_ready": lambda: True,
            "reload": self.reload,
            "config": lambda: "sources: []\n",
            **options,
        }

    def client(self, base_url: str = "http://exporter.example.com:10587") -> Client:
        return Client(pages(View(**self.view)), base_url)

    def reload(self) -> Future[Any]:
        self.asked += 1
        future: Future[Any] = Future()
        if isinstance(self.result, Exception):
            future.set_exception(self.result)
        else:
            future.set_result(self.result)
        return future


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_good_reload_tells_what_has_changed(site):
    answer = site.client().post("/-/reload")

    assert (answer.status_code, answer.text) == (200, "configuration reloaded\nsources added: none\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_broken_configuration_is_answered_with_all_its_errors(site):
    site.result = ConfigError(PROBLEMS)
    answer = site.client().post("/-/reload")

    assert answer.status_code == 500
    assert answer.text == "config.yaml:3: sources[0].name: is missing\nconfig.yaml:9: x: unknown key\n"


def test_a_fault_of_this_program_is_answered_without_its_words(site):
    site.result = RuntimeError("hunter2")
    answer = site.client().post("/-/reload")

    assert (answer.status_code, answer.text) == (500, "internal error; the log says more\n")


def test_a_program_that_stops_says_so(site):
    site.result = Stopped("the program is stopping")

    assert site.client().post("/-/reload").status_code == 503


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_that_it_takes_post(site, method):
    answer = site.client().request(method, "/-/reload")

    assert (answer.status_code, answer.headers["Allow"], site.asked) == (405, "POST", 0)


def test_a_reload_is_refused_where_they_are_switched_off():
    site = Site(reload=None)
    answer = site.client().post("/-/reload")

    assert answer.status_code == 403
    assert "--no-web.enable-lifecycle" in answer.text
    assert site.client().get("/-/reload").status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://exporter.example.com:10587"},
        {"Origin": "http://EXPORTER.example.com:10587", "Sec-Fetch-Site": "same-origin"},
        # A proxy took TLS off, and left the port as it was.
        {"Origin": "https://exporter.example.com:10587"},
        {"Origin": "https://exporter.example.com", "Host": "exporter.example.com"},
        {"Origin": "http://exporter.example.com", "Host": "exporter.example.com:80"},
        {"Origin": "http://[::1]:10587", "Host": "[::1]:10587"},
    ],
)
def test_who_is_no_page_of_another_site_is_heard(site, headers):
    assert site.client().post("/-/reload", headers=headers).status_code == 200
    assert site.asked == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://exporter.example.com:10587"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.com"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://exporter.example.com"},
        {"Origin": "http://exporter.example.com:10588"},
        {"Origin": "http://exporter.example.com.evil.example.com:10587"},
        {"Origin": "http://exporter.example.com:10587@evil.example.com"},
        {"Origin": "http://user@exporter.example.com:10587"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "file://"},
        {"Origin": "chrome-extension://exporter.example.com:10587"},
        {"Origin": "http://exporter.example.com:999999"},
        {"Origin": "http://[exporter"},
        {"Origin": "http://exporter.example.com:10587", "Host": ""},
    ],
)
def test_a_page_of_another_site_is_refused(site, headers):
    assert site.client().post("/-/reload", headers=headers).status_code == 403
    assert site.asked == 0


def test_a_page_of_the_same_name_without_tls_is_another_site(site):
    client = site.client("https://exporter.example.com")

    assert client.post("/-/reload", headers={"Origin": "https://exporter.example.com"}).status_code == 200
    assert client.post("/-/reload", headers={"Origin": "http://exporter.example.com"}).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://example.com", 200),
        ("https://example.com:443", 200),
        ("https://internal:10587", 200),
        ("http://example.com", 403),
        ("https://example.com:8443", 403),
        ("https://mail.example.com", 403),
    ],
)
def test_behind_a_proxy_the_site_is_that_of_the_external_url(origin, status):
    site = Site(external_url="https://example.com/mail", prefix="/mail")
    answer = site.client("http://internal:10587").post("/mail/-/reload", headers={"Origin": origin})

    assert answer.status_code == status


def test_the_configuration_is_shown_as_text(site):
    answer = site.client().get("/config")

    assert (answer.status_code, answer.text) == (200, "sources: []\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert site.client().request("HEAD", "/config").status_code == 200
    assert site.client().post("/config").status_code == 405
