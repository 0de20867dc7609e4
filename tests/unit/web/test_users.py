"""Passwords under load: what is remembered, and who may wait."""

import asyncio
from base64 import b64encode

import bcrypt
import pytest

from exporter.web.guard import network_of
from exporter.web.users import Busy, Users
from tests.fake_clock import FakeClock
from tests.unit.web.protected import HASH


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def users(clock) -> Users:
    users = Users(clock)
    users.replace({"prometheus": HASH})
    return users


def flood(users: Users, size: int, networks: int) -> list[object]:
    """Send wrong passwords from so many networks, all at once."""

    async def send() -> list[object]:
        tries = (users.admit(basic("prometheus", f"wrong {each}"), f"10.0.0.{each % networks}") for each in range(size))
        return await asyncio.gather(*tries, return_exceptions=True)

    return asyncio.run(send())


def test_more_than_sixteen_wrong_passwords_at_once_are_sent_away(users):
    answers = flood(users, 20, networks=20)

    assert answers[:16] == [False] * 16
    assert [type(answer) for answer in answers[16:]] == [Busy] * 4
    assert not users._waiting


def test_one_network_takes_half_of_the_places_at_most(users):
    answers = flood(users, 20, networks=1)

    assert answers[:8] == [False] * 8
    assert [type(answer) for answer in answers[8:]] == [Busy] * 12


def test_a_scraper_that_is_not_known_yet_finds_room_in_a_flood_from_elsewhere(users):
    """After a restart nobody is known, and a flood goes on."""

    async def scrape_in_flood() -> bool:
        wrong = [users.admit(basic("prometheus", str(each)), f"10.0.0.{each % 3}") for each in range(100)]
        flood = asyncio.gather(*wrong, return_exceptions=True)
        await asyncio.sleep(0)
        known = await users.admit(basic("prometheus", "secret"), "10.0.0.9")
        await flood
        return known

    assert asyncio.run(scrape_in_flood())


def test_a_scraper_that_is_known_passes_through_a_flood(users):
    async def scrape_in_flood() -> bool:
        await users.admit(basic("prometheus", "secret"))
        wrong = [asyncio.ensure_future(users.admit(basic("x", str(each)), str(each))) for each in range(16)]
        await asyncio.sleep(0)
        known = await users.admit(basic("prometheus", "secret"))
        # It did not have to wait for any of them.
        assert not any(each.done() for each in wrong)
        await asyncio.gather(*wrong)
        return known

    assert asyncio.run(scrape_in_flood())


def test_a_password_is_remembered_for_ten_minutes_after_its_last_use(users, clock):
    async def login() -> bool:
        return await users.admit(basic("prometheus", "secret"))

    assert asyncio.run(login())
    for _ in range(3):
        clock.advance(599)
        users._waiting[""] = 16
        assert asyncio.run(login())
        users._waiting.clear()
    clock.advance(601)
    users._waiting[""] = 16
    with pytest.raises(Busy):
        asyncio.run(login())


def test_a_stranger_costs_as_much_as_the_costliest_user(users):
    users.replace({"a": HASH, "b": HASH.replace("$04$", "$07$")})

    assert users._nobody.startswith(b"$2b$07$")
    assert len(users._nobody) == 60


def test_nothing_of_a_password_is_kept(users):
    assert asyncio.run(users.admit(basic("prometheus", "secret")))

    assert all(len(mark) == 32 for mark in users._remembered)


def test_only_the_first_72_bytes_count_as_everywhere_with_bcrypt(users):
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    users.replace({"long": hashed})

    assert asyncio.run(users.admit(basic("long", "x" * 100)))
    assert not asyncio.run(users.admit(basic("long", "x" * 71)))


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("::ffff:192.0.2.7", 4711), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 4711), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 4711), "fe80::/64"),
        (("testclient", 0), ""),
        (None, ""),
    ],
)
def test_one_client_s_addresses_are_one_network(client, network):
    assert network_of({"type": "http", "client": client}) == network
