"""Passwords under load: what is remembered, and who may wait."""

import asyncio
from base64 import b64encode

import bcrypt
import pytest

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


def flood(users: Users, size: int) -> list[object]:
    """Send wrong passwords, all at once."""

    async def send() -> list[object]:
        tries = (users.admit(basic("prometheus", f"wrong {number}")) for number in range(size))
        return await asyncio.gather(*tries, return_exceptions=True)

    return asyncio.run(send())


def test_more_than_sixteen_wrong_passwords_at_once_are_sent_away(users):
    answers = flood(users, 20)

    assert answers[:16] == [False] * 16
    assert [type(answer) for answer in answers[16:]] == [Busy] * 4


def test_a_scraper_that_is_known_passes_through_a_flood(users):
    async def scrape_in_flood() -> bool:
        await users.admit(basic("prometheus", "secret"))
        wrong = [asyncio.ensure_future(users.admit(basic("x", str(number)))) for number in range(16)]
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
        users._waiting = 16
        assert asyncio.run(login())
        users._waiting = 0
    clock.advance(601)
    users._waiting = 16
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
