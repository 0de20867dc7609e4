"""Customers of a vendor's list when another configuration takes the place of the one in use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from exporter.app import App
from exporter.config import Config, DiscoveryConfig
from exporter.providers.base import Found, Provider
from exporter.state import SqliteState
from exporter.succession import Outcome, Succession
from tests.fake_clock import FakeClock
from tests.unit.app.toys import ToyCustomer
from tests.unit.succession.test_succession import FILE, ListedSource, ListingProvider, Play


@dataclass(frozen=True)
class SuccessiveListsProvider(ListingProvider):
    """One whose list is another each time."""

    lists: Iterator[Sequence[Found]] = field(kw_only=True)

    def discover(self, source: Any, client: Any) -> Sequence[Found]:
        return next(self.lists)


def test_those_who_stayed_without_a_list_stay_when_its_interval_becomes_another(tmp_path):
    state = SqliteState(tmp_path / "state.db", clock := FakeClock())
    lists = [[Found(name, name, name, None) for name in users] for users in ("abc", "")]
    provider = cast(Provider, SuccessiveListsProvider(lists=iter(lists)))
    app = App(Config(sources=(ListedSource(name="acme"),)), {"toy": provider}, clock, state=state)
    before = app.sources[0]
    for _ in lists:
        assert before.listing is not None
        assert before.listing.run(before.upstream)
    state.write().wait()

    other = ListedSource(name="acme", discovery=DiscoveryConfig(interval=60))
    outcome = Succession(app, Config(sources=(other,)), FILE).apply()

    assert outcome == Outcome(changed=("acme",))
    assert [each.name for each in app.sources[0].customers] == ["a", "b", "c"]
    app.stop()


def test_the_list_is_read_again_for_one_that_is_configured_no_more():
    a, b = ToyCustomer(user="a"), ToyCustomer(user="b")
    play = Play(ListedSource(name="acme", customers=(a,)), provider=ListingProvider())
    [listing] = [source.listing for source in play.app.sources if source.listing]
    listing.due = play.clock.monotonic() + 1_000
    play.app.poller._heap.clear()
    play.app.poller.add([listing])

    play.then(ListedSource(name="acme", customers=(a, b)))
    assert listing.due == play.clock.monotonic() + 1_000

    play.then(ListedSource(name="acme", customers=(b,)))
    assert listing.due == play.clock.monotonic()
