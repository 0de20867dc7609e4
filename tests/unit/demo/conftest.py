from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from exporter.demo import StandIn, World
from tests.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Friday, 2026-03-13 12:00 UTC."""
    return FakeClock()


@pytest.fixture
def world(clock: FakeClock) -> World:
    return World(clock)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., StandIn]]:
    """Start stand-ins that are stopped after the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(StandIn(world, password="correct horse", **options))


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def post(session: requests.Session) -> Callable[..., requests.Response]:
    """Make a call of the Web API: ``post(stand_in, "/apiv2/customer.stats.xml", days=3, …)``."""

    def call(stand_in: StandIn, path: str, **form: Any) -> requests.Response:
        form = {"api_user": "demo", "api_key": "correct horse", **form}
        return session.post(stand_in.base_url + path, form, timeout=5)

    return call


@pytest.fixture
def ask(post: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """Make a call as a reseller would: ``ask(stand_in, "manage", method="stats", …)``."""
    return lambda stand_in, action, **form: post(stand_in, f"/apiv2/reseller.{action}.json", **form)


@pytest.fixture
def get_v3(session: requests.Session) -> Callable[..., requests.Response]:
    """Make a call of v3: ``get_v3(stand_in, "stats", behalf="…", start_date="…")``; None leaves a header out."""

    def call(stand_in: StandIn, path: str, behalf: str | None = None, key: str | None = "correct horse", **query: Any):
        headers = {"On-Behalf-Of": behalf, "Authorization": key and f"Bearer {key}", "Accept": "application/json"}
        return session.get(f"{stand_in.base_url}/v3/{path}", params=query, headers=headers, timeout=5)

    return call


@pytest.fixture
def get_bento(session: requests.Session) -> Callable[..., requests.Response]:
    """Make a call of Bento's: ``get_bento(stand_in, "stats/site", site_uuid="…")``."""

    def call(
        stand_in: StandIn,
        path: str,
        *,
        keys: tuple[str, str] = ("demo", "correct horse"),
        agent: str | None = "email-stats-exporter/1",
        **query: Any,
    ) -> requests.Response:
        url = f"{stand_in.base_url}/api/v1/{path}"
        return session.get(url, params=query, headers={"User-Agent": agent}, auth=keys, timeout=5)

    return call
