"""The dozen customers that the stand-in vendors know, and the account they belong to: who they are, how they send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from types import MappingProxyType
from zoneinfo import ZoneInfo

_NO_LABELS: Mapping[str, str] = MappingProxyType({})

# Weight of each hour of the day. None is ever 0, so that a large customer is seen to move at night too.
FLAT = (10,) * 24
OFFICE = (1, 1, 1, 1, 1, 2, 5, 15, 40, 55, 50, 42, 25, 38, 48, 45, 35, 20, 8, 4, 3, 2, 1, 1)
SHOP = (9, 6, 5, 5, 6, 9, 16, 28, 40, 46, 48, 46, 44, 42, 40, 40, 43, 48, 52, 54, 48, 36, 24, 14)
MORNING = (2, 2, 2, 3, 8, 60, 120, 90, 40, 20, 14, 12, 12, 10, 8, 8, 8, 14, 12, 6, 4, 3, 2, 2)
EVENING = (20, 12, 8, 6, 5, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 26, 34, 46, 60, 72, 78, 70, 52, 34)

# Per cent of the usual volume, Monday first.
EVERY_DAY = (100, 102, 98, 103, 105, 96, 96)
WORKDAYS = (110, 125, 120, 115, 90, 0, 0)
WEEKEND_LEANING = (70, 72, 75, 85, 120, 150, 130)


@dataclass(frozen=True, slots=True)
class Rates:
    """What becomes of a customer's mails, in parts per million.

    Attributes:
        failed: of requests: bounced, blocked or dropped.
        opened: of delivered mails whose reader had time.
        clicked: of opened mails.
        unsubscribed: of delivered mails whose reader had time.
        complained: the same, as spam reports.
    """

    failed: int = 22_000
    opened: int = 280_000
    clicked: int = 110_000
    unsubscribed: int = 1_500
    complained: int = 250


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """One customer of the stand-in vendors.

    Attributes:
        user: what the vendor calls the customer; looks like an e-mail address.
        name: what the demo's configuration calls it.
        since: the day on which the account began to send.
        volume: mails on a usual day.
        package: what the customer pays for; ``credits`` is how many mails a billing period holds.
        zone: where its days begin.
        week: per cent of the volume by weekday, Monday first.
        hours: weights of the 24 hours of its day.
        spread: from how many to how many per cent of the volume a day may have.
        billing_day: day of the month on which a billing period begins.
        reputation: in tenths of a point.
        sinking: whether its reputation falls by five points a day, a week long, again and again.
        tops_up: whether ``credits`` are bought anew each night, on top of what was used.
        suspended: the day from which on nothing is sent any more.
        skips_idle_days: whether the Web API leaves a day without mails out, instead of sending zeros.
        is_limited: whether it may send no more than its credits; else what is over them is overage.
    """

    user: str
    name: str
    since: date
    volume: int
    package: str
    credits: int
    rates: Rates = Rates()
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    zone: ZoneInfo = ZoneInfo("UTC")
    week: tuple[int, ...] = EVERY_DAY
    hours: tuple[int, ...] = SHOP
    spread: tuple[int, int] = (85, 115)
    billing_day: int = 1
    reputation: int = 980
    sinking: bool = False
    tops_up: bool = False
    suspended: date | None = None
    skips_idle_days: bool = False
    is_limited: bool = True

    @property
    def number(self) -> int:
        """Return the number by which the vendor's lists know it."""
        return int.from_bytes(self._digest()[:3]) + 1_000_000

    @property
    def partner_id(self) -> str:
        """Return what the vendor calls it among a partner's accounts."""
        return f"sg{self._digest().hex()}"

    def is_active(self, day: date) -> bool:
        """Return whether it may send on a day."""
        return self.suspended is None or day < self.suspended

    def _digest(self) -> bytes:
        return blake2b(self.user.encode(), digest_size=16).digest()


ACCOUNTS: Sequence[Account] = (
    Account(
        user="mail@aurora-retail.example",
        name="aurora-retail",
        since=date(2024, 3, 1),
        volume=2_000_000,
        package="Platinum Package",
        credits=75_000_000,
        labels={"tier": "platinum"},
        reputation=992,
    ),
    Account(
        user="news@daily-herald.example",
        name="daily-herald",
        since=date(2024, 6, 17),
        volume=640_000,
        package="Gold Package",
        credits=25_000_000,
        labels={"tier": "gold"},
        zone=ZoneInfo("Europe/Berlin"),
        hours=MORNING,
        rates=Rates(failed=12_000, opened=420_000),
        billing_day=17,
    ),
    Account(
        user="noreply@pixelforge-games.example",
        name="pixelforge-games",
        since=date(2024, 11, 5),
        volume=310_000,
        package="Gold Package",
        credits=15_000_000,
        labels={"tier": "gold"},
        zone=ZoneInfo("America/Los_Angeles"),
        hours=EVENING,
        week=WEEKEND_LEANING,
        billing_day=5,
        reputation=965,
    ),
    Account(
        user="alerts@skywatch.example",
        name="skywatch",
        since=date(2025, 1, 20),
        volume=140_000,
        package="Bronze Package",
        credits=40_000,
        labels={"tier": "bronze"},
        hours=FLAT,
        rates=Rates(failed=6_000, opened=610_000, clicked=40_000, unsubscribed=200, complained=60),
        billing_day=20,
        is_limited=False,
    ),
    Account(
        user="billing@northwind-saas.example",
        name="northwind-saas",
        since=date(2024, 4, 8),
        volume=85_000,
        package="Silver Package",
        credits=3_000_000,
        labels={"tier": "silver"},
        hours=OFFICE,
        week=WORKDAYS,
        rates=Rates(failed=9_000, opened=520_000, unsubscribed=300, complained=40),
        billing_day=8,
        reputation=1000,
        is_limited=False,
    ),
    Account(
        user="offers@lucky-coupons.example",
        name="lucky-coupons",
        since=date(2025, 2, 3),
        volume=48_000,
        package="Silver Package",
        credits=2_000_000,
        labels={"tier": "silver"},
        rates=Rates(failed=210_000, opened=90_000, unsubscribed=4_000, complained=900),
        billing_day=3,
        reputation=811,
    ),
    Account(
        user="hello@green-grocer.example",
        name="green-grocer",
        since=date(2024, 9, 1),
        volume=22_000,
        package="Pay As You Go",
        credits=29_000,
        labels={"tier": "silver"},
        tops_up=True,
        reputation=958,
    ),
    Account(
        user="team@bright-recruiting.example",
        name="bright-recruiting",
        since=date(2025, 1, 13),
        volume=9_500,
        package="Bronze Package",
        credits=400_000,
        labels={"tier": "bronze"},
        hours=OFFICE,
        rates=Rates(failed=60_000, opened=150_000, unsubscribed=6_000, complained=2_800),
        billing_day=13,
        reputation=749,
        sinking=True,
    ),
    Account(
        user="info@old-town-museum.example",
        name="old-town-museum",
        since=date(2024, 5, 21),
        volume=900,
        package="Bronze Package",
        credits=40_000,
        labels={"tier": "bronze"},
        week=WEEKEND_LEANING,
        billing_day=21,
    ),
    Account(
        user="contact@river-yoga.example",
        name="river-yoga",
        since=date(2025, 1, 2),
        volume=60,
        package="Free Package",
        credits=6_000,
        labels={"tier": "free"},
        hours=MORNING,
        spread=(40, 160),
        billing_day=2,
        reputation=1000,
    ),
    Account(
        user="me@tiny-ceramics.example",
        name="tiny-ceramics",
        since=date(2024, 12, 10),
        volume=3,
        package="Free Package",
        credits=6_000,
        labels={"tier": "free"},
        spread=(0, 200),
        billing_day=10,
        reputation=1000,
        skips_idle_days=True,
    ),
    Account(
        user="promo@closed-casino.example",
        name="closed-casino",
        since=date(2024, 3, 15),
        volume=120_000,
        package="Silver Package",
        credits=4_000_000,
        labels={"tier": "silver"},
        rates=Rates(failed=140_000, opened=60_000, unsubscribed=9_000, complained=5_200),
        billing_day=15,
        reputation=312,
        suspended=date(2025, 7, 1),
        skips_idle_days=True,
    ),
)

# Its own mails are not its customers': the vendor counts them apart.
RESELLER = Account(
    user="post@mailhouse.example",
    name="mailhouse",
    since=date(2024, 2, 1),
    volume=4_200,
    package="Silver Package",
    credits=200_000,
    labels={"tier": "own"},
    hours=OFFICE,
    week=WORKDAYS,
    rates=Rates(failed=11_000, opened=460_000),
    reputation=988,
)
