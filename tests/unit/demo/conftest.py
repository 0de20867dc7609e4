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
def ask(session: requests.Session) -> Callable[..., requests.Response]:
    """Make a call as a reseller would: ``ask(stand_in, "manage", method="stats", …)``."""

    def post(stand_in: StandIn, action: str, **form: Any) -> requests.Response:
        url = f"{stand_in.base_url}/apiv2/reseller.{action}.json"
        return session.post(url, {"api_user": "demo", "api_key": "correct horse", **form}, timeout=5)

    return post
