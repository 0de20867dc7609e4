"""Sites with keys of their own beside others that are asked for with the source's: whose trouble is whose."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from exporter.app import App
from exporter.config import Config, PollingConfig
from exporter.errors import AuthRejected, Reason
from exporter.providers.bento import BentoProvider
from tests.fake_clock import FakeClock

BENTO = BentoProvider()
USERS = {"user_count": 10, "subscriber_count": 7, "unsubscriber_count": 3}


class Account:
    """A Bento account with sites of whom some have keys of their own; notes with which keys it was asked."""

    def __init__(self, **sites: str | None) -> None:
        self.refused: set[str] = set()
        self.asked: list[str] = []
        section = {
            "name": "shop",
            "type": "bento",
            "credentials": {"publishable_key": "shop", "secret_key": "key"},
            "customers": [self._site(*site) for site in sites.items()],
        }
        config = Config(polling=PollingConfig(), sources=(BENTO.config.model_validate(section),))
        self.app = App(config, {"bento": BENTO}, FakeClock())
        [self.source] = self.app.sources
        self.circuit = self.source.upstream.circuit

    def fetch(self, *sites: str) -> None:
        """Let the users of these sites be fetched."""
        fetches = {each.members[0].record.name: each for each in self.source.fetches if each.collector.name == "site"}
        for site in sites:
            fetches[site].run(self.source.upstream)

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        keys = b64decode(request.headers["Authorization"].split()[1]).decode().partition(":")[0]
        self.asked.append(keys)
        return (401, {}, "") if keys in self.refused else (200, {}, str(USERS).replace("'", '"'))

    @staticmethod
    def _site(name: str, key: str | None) -> dict[str, Any]:
        return {"site_uuid": name, **({"credentials": {"publishable_key": key, "secret_key": "key"}} if key else {})}


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account(a="own-a", b="own-b", c="own-c", d=None, e=None)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as vendor:
        vendor.add_callback("GET", "https://app.bentonow.com/api/v1/stats/site", account.answer)
        yield account


def test_three_sites_with_wrong_keys_of_their_own_keep_nobody_else_from_being_asked(account):
    account.refused = {"own-a", "own-b", "own-c"}

    account.fetch(*"abcabcde")

    assert not account.circuit.is_open
    assert account.asked[-2:] == ["shop", "shop"]


def test_wrong_keys_of_the_source_are_noticed_though_sites_with_keys_of_their_own_are_taken(account):
    account.refused = {"shop"}

    account.fetch(*"adbecd")

    assert account.circuit.reason is Reason.AUTH


def test_wrong_keys_of_the_source_are_noticed_by_the_only_site_that_is_asked_with_them():
    account = Account(a="own-a", b="own-b", c=None)
    account.refused = {"shop"}
    with responses.RequestsMock() as vendor:
        vendor.add_callback("GET", "https://app.bentonow.com/api/v1/stats/site", account.answer)

        account.fetch(*"acbcac")

    assert account.circuit.reason is Reason.AUTH


def test_a_probe_is_made_with_the_keys_of_the_source(account):
    account.refused = {"shop"}

    for number in range(5):
        with pytest.raises(AuthRejected):
            account.source.probe(number)

    assert account.asked == ["shop"] * 5


def test_where_every_site_has_keys_of_its_own_a_probe_is_made_with_those():
    account = Account(a="own-a", b="own-b")
    with responses.RequestsMock() as vendor:
        vendor.add_callback("GET", "https://app.bentonow.com/api/v1/stats/site", account.answer)

        account.source.probe(0)
        account.source.probe(1)

    assert account.asked == ["own-a", "own-b"]
