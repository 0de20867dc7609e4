"""What tells accounts apart: anything that makes it another account, and nothing that may change beside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

import pytest

from exporter.config import CollectorConfig, Credentials, RateLimitConfig
from exporter.providers.base import AnyCollector, Customer
from exporter.providers.sendgrid_v3.config import V3Discovery
from exporter.state import customer_digest, fact_name, list_name, scope_of, settings_digest
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToyCollector, ToySource
from tests.unit.state.samples import SCOPE


class Named(Credentials):
    username: str = "ada"


class NamedSource(ToySource):
    credentials: Named = Named()
    customers: tuple[Any, ...] = ()


class ListedSource(NamedSource):
    discovery: V3Discovery = V3Discovery()


class SummedConfig(CollectorConfig):
    since: str = "2026-01-01"
    fields: str = "all"

    @property
    def meaning(self) -> str:
        return self.since


class Kind(StrEnum):
    SUBUSER = "subuser"
    ACCOUNT = "account"


def scope(name: str = "totals", settings: CollectorConfig | None = None, **source: Any):
    collector = ToyCollector(name, settings or SummedConfig())
    return scope_of(NamedSource(name="acme").model_copy(update=source), cast(AnyCollector, collector))


def customer(id_: str = "a@example.com", name: str = "a", zone: str = "UTC", settings: Any = None) -> Customer:
    return Customer(id_, name, ZoneInfo(zone), FakeClock(), settings=settings)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "shop"},
        {"type": "bento"},
        {"base_url": "https://api.eu.sendgrid.com"},
        {"credentials": Named(username="bob")},
    ],
    ids=str,
)
def test_another_account_is_another_scope(other):
    assert scope(**other).number != scope().number


def test_another_collector_and_another_meaning_are_another_scope():
    assert scope("daily").number != scope().number
    assert scope(settings=SummedConfig(since="2026-02-01")).number != scope().number


def test_intervals_and_limits_change_nothing():
    other = scope(settings=SummedConfig(interval=60), rate_limit=RateLimitConfig(calls=1))

    assert (other.number, other.settings) == (scope().number, scope().settings)


def test_what_is_asked_for_is_told_apart_within_a_scope():
    other = scope(settings=SummedConfig(fields="few"))

    assert other.number == scope().number
    assert settings_digest(other, customer()) != settings_digest(scope(), customer())


def test_a_scope_is_a_number_that_sqlite_can_hold():
    assert all(0 <= scope(name=str(number)).number < 2**63 for number in range(200))


def test_a_customer_is_told_apart_by_id_and_by_label():
    digests = {customer_digest(each) for each in (customer(), customer(id_="b@example.com"), customer(name="b"), None)}

    assert len(digests) == 4
    assert customer_digest(customer()) == customer_digest(customer(zone="Asia/Kathmandu"))


@pytest.mark.parametrize(
    "other", [{"zone": "Asia/Kathmandu"}, {"settings": Kind.ACCOUNT}, {"settings": ("vip",)}], ids=str
)
def test_other_days_and_other_lists_are_other_settings(other):
    assert settings_digest(SCOPE, customer(**other)) != settings_digest(SCOPE, customer(settings=Kind.SUBUSER))
    assert settings_digest(SCOPE, customer(**other)) == settings_digest(SCOPE, customer(**other))


def test_no_id_can_be_read_from_what_is_kept():
    kept = customer_digest(customer()) + settings_digest(SCOPE, customer()) + fact_name("budget", "ada").encode()

    assert b"example" not in kept
    assert b"ada" not in kept


@dataclass(frozen=True)
class RememberingCollector(ToyCollector):
    remembered: ClassVar[dict[str, str]] = {}

    def memory(self, customer: Customer) -> str:
        return self.remembered.get(customer.id, "")

    def recall(self, customer: Customer, memory: str) -> None:
        self.remembered[customer.id] = memory


def test_a_collector_that_remembers_something_is_asked_for_it():
    collector = RememberingCollector("totals", CollectorConfig())

    assert scope_of(NamedSource(name="acme"), cast(AnyCollector, collector)).collector is collector
    assert scope().collector is None


def test_a_list_of_accounts_is_not_that_of_the_subusers_of_the_same_key():
    """Else a restart after a change from one to the other shows customers of the wrong kind until the next list."""
    subusers, accounts = (ListedSource(name="acme", discovery=V3Discovery(of=of)) for of in ("subusers", "accounts"))

    assert list_name(subusers) != list_name(accounts)
    assert list_name(subusers) == list_name(ListedSource(name="acme", discovery=V3Discovery(interval=60)))
    assert list_name(NamedSource(name="acme")) != list_name(NamedSource(name="shop"))
