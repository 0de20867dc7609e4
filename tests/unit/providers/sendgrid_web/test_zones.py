from zoneinfo import ZoneInfo

import pytest

from exporter.config import VENDOR_ZONE
from exporter.errors import NotFound
from exporter.providers.base import Customer
from exporter.providers.sendgrid_web.zones import Zones
from tests.fake_clock import FakeClock

A_DAY = 86_400.0


def test_a_zone_is_asked_for_once_a_day_and_customer():
    clock, zones, asked = FakeClock(), Zones(), []

    def ask(customer):
        asked.append(customer.id)
        return ZoneInfo("Pacific/Niue")

    first, second = (Customer(each, each, VENDOR_ZONE, clock) for each in "ab")
    for each in (first, second, first):
        assert zones.of(each, ask) == ZoneInfo("Pacific/Niue")
    assert asked == ["a", "b"]

    clock.advance(A_DAY - 1)
    zones.of(first, ask)
    assert asked == ["a", "b"]

    clock.advance(1)
    zones.of(first, ask)
    assert asked == ["a", "b", "a"]


def test_a_zone_that_could_not_be_had_is_asked_for_again():
    def refuse(_):
        raise NotFound("404")

    zones, customer = Zones(), Customer("a", "a", VENDOR_ZONE, FakeClock())
    with pytest.raises(NotFound):
        zones.of(customer, refuse)

    assert zones.of(customer, lambda _: ZoneInfo("UTC")) == ZoneInfo("UTC")
