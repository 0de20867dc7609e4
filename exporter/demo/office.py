"""What the reseller has beside customers' statistics: packages, addresses, pending changes, invoices, running bills."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from exporter.demo.accounts import Account
from exporter.demo.world import Story, World

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Package:
    """What a customer can buy.

    Attributes:
        price: in cents a month.
        overage: price of a thousand mails beyond the credits, in cents.
        addresses: how many IP addresses come with it.
        reseller_price: what the reseller pays for it, in cents; None where the vendor does not say.
    """

    name: str
    price: int
    credits: int
    overage: int
    addresses: int = 0
    reseller_price: int | None = None


PACKAGES: Sequence[Package] = (
    Package("Free Package", 0, 6_000, 200),
    Package("Pay As You Go", 0, 0, 150),
    Package("Bronze Package", 995, 40_000, 100, reseller_price=500),
    Package("Silver Package", 7_995, 2_000_000, 75, 1, reseller_price=5_000),
    Package("Gold Package", 39_995, 15_000_000, 50, 3, reseller_price=30_000),
    Package("Platinum Package", 149_900, 75_000_000, 25, 8, reseller_price=110_000),
)
_BY_NAME: Mapping[str, Package] = MappingProxyType({package.name: package for package in PACKAGES})
_SPARE_ADDRESSES = 5
_FIRST_INVOICE = date(2024, 4, 1)
# The days of a month until the last bill is paid.
_PAID_AFTER = 14
# Bills that had a fate of their own, by the month that they are for.
_FATES: Mapping[str, str] = MappingProxyType(
    {"2024-08": "Refunded", "2025-02": "Canceled", "2025-11": "Deferred", "2026-01": "Refunded"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a customer's account that has been asked for and not been made."""

    user: str
    type: str
    current: str
    update: str
    after: int

    def due(self, today: date) -> date:
        """Return the day on which it will be made."""
        return today + self.after * _ONE_DAY


CHANGES: Sequence[Change] = (
    Change("alerts@skywatch.example", "Account Upgrade", "Bronze Package", "Gold Package", 3),
    Change("contact@river-yoga.example", "Account Upgrade", "Free Package", "Bronze Package", 9),
    Change("hello@green-grocer.example", "Account Downgrade", "Pay As You Go", "Free Package", 17),
)


@dataclass(frozen=True, slots=True)
class Address:
    """One of the reseller's IP addresses, and the customer that sends from it; None where it is free."""

    ip: str
    account: Account | None

    def is_available(self, day: date) -> bool:
        """Return whether it is free, or used by a customer alone that may not send."""
        return self.account is None or not self.account.is_active(day)


def addresses(world: World) -> Sequence[Address]:
    """Return all of the reseller's IP addresses; the network is reserved for documentation."""
    users: list[Account | None] = [
        account for account in world.customers for _ in range(_BY_NAME[account.package].addresses)
    ]
    users += [None] * _SPARE_ADDRESSES
    return [Address(f"192.0.2.{10 + n}", user) for n, user in enumerate(users)]


@dataclass(frozen=True, slots=True)
class Invoice:
    """One bill; money in cents.

    Attributes:
        start: the first day it is for; ``end`` is the last.
        user: the customer it is for; empty for the reseller's own.
    """

    number: str
    package: str
    credits: int
    invoiced: date
    status: str
    amount: int
    overage: int
    start: date
    end: date
    user: str = ""

    @property
    def final_amount(self) -> int:
        """Return what is to be paid, in cents."""
        return self.amount + self.overage

    def printed(self) -> dict[str, Any]:
        """Return it as the vendor prints it: money as numbers, and the name of a customer where it is for one."""
        return {
            "number": self.number,
            "package": self.package,
            "credits": self.credits,
            "date_invoiced": f"{self.invoiced} 00:00:00",
            "status": self.status,
            "amount": money(self.amount),
            "additional_charges": 0,
            "overage": money(self.overage),
            "type": "Recurring Bill",
            "prorated": 0,
            "start_date": str(self.start),
            "end_date": str(self.end),
            **({"username": self.user} if self.user else {}),
            "final_amount": money(self.final_amount),
        }


def money(cents: int) -> int | float:
    """Return cents as the vendor prints an amount: a whole number where it is one."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def invoices(today: date) -> Iterator[Invoice]:
    """Yield the reseller's own bills, one for each month that has ended, oldest first."""
    invoiced = _FIRST_INVOICE
    while invoiced <= today:
        end = invoiced - _ONE_DAY
        start = end.replace(day=1)
        dice = int.from_bytes(blake2b(f"invoice {start}".encode(), digest_size=4).digest())
        is_open = (today - invoiced).days < _PAID_AFTER
        yield Invoice(
            number=f"{start:%Y%m}0001",
            package="Reseller Package",
            credits=200_000_000,
            invoiced=invoiced,
            status=_FATES.get(f"{start:%Y-%m}", "Unpaid" if is_open else "Paid"),
            amount=250_000,
            overage=dice % 90_000,
            start=start,
            end=end,
        )
        invoiced = (invoiced + 31 * _ONE_DAY).replace(day=1)


def running_bills(story: Story, at: float) -> Iterator[Invoice]:
    """Yield what each customer that may send has run up in its billing period so far."""
    for position, account in enumerate(story.world.customers):
        today = story.world.today(account.user, at)
        if not account.is_active(today):
            continue
        overview, package = story.overview(account.user, at), _BY_NAME[account.package]
        yield Invoice(
            number=f"{today:%Y%m}{position + 1:06}",
            package=package.name,
            credits=int(overview["credits_used"]),
            invoiced=today,
            status="Unpaid",
            amount=package.price,
            overage=int(overview["credits_overage"]) * package.overage // 1000,
            start=date.fromisoformat(str(overview["billing_start_date"])),
            end=date.fromisoformat(str(overview["billing_end_date"])),
            user=account.user,
        )
