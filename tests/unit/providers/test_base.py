from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from exporter.providers.base import Customer
from tests.fake_clock import FakeClock


def customer(zone, moment="2026-03-13T12:00:00+00:00"):
    return Customer("a", "a", ZoneInfo(zone), FakeClock(datetime.fromisoformat(moment).timestamp()))


@pytest.mark.parametrize(
    ("zone", "today"),
    [("UTC", date(2026, 3, 13)), ("Pacific/Kiritimati", date(2026, 3, 14)), ("America/Denver", date(2026, 3, 13))],
)
def test_today_is_the_customers_own(zone, today):
    assert customer(zone).today() == today


def test_today_changes_at_midnight_in_the_customers_zone():
    assert customer("America/Denver", "2026-03-13T05:59:59+00:00").today() == date(2026, 3, 12)
    assert customer("America/Denver", "2026-03-13T06:00:00+00:00").today() == date(2026, 3, 13)


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("UTC", date(2026, 3, 13), "2026-03-13T00:00:00+00:00"),
        ("America/Denver", date(2026, 3, 8), "2026-03-08T00:00:00-07:00"),
        ("America/Denver", date(2026, 3, 9), "2026-03-09T00:00:00-06:00"),
        # Clocks that jump from 23:59:59 to 01:00: the day begins without a midnight.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T01:00:00-02:00"),
        ("Africa/Cairo", date(2024, 4, 26), "2024-04-26T01:00:00+03:00"),
        # Clocks that go from 01:00 back to 00:00: the day begins at the first of two midnights.
        ("America/Havana", date(2023, 11, 5), "2023-11-05T00:00:00-04:00"),
        ("UTC", date(1, 1, 1), "0001-01-01T00:00:00+00:00"),
        ("Pacific/Kiritimati", date(9999, 12, 31), "9999-12-31T00:00:00+14:00"),
    ],
)
def test_a_day_begins_when_it_does_in_the_customers_zone(zone, day, moment):
    assert customer(zone).midnight(day) == datetime.fromisoformat(moment).timestamp()
