"""Customers of a vendor's list when another configuration takes the place of the one in use."""

from tests.unit.app.toys import ToyCustomer
from tests.unit.succession.test_succession import ListedSource, ListingProvider, Play


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
