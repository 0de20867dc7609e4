"""Which categories the customers give their mails, and how much of a day each has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

Week: TypeAlias = tuple[int, int, int, int, int, int, int]


def _daily(part: int) -> Week:
    return (part, part, part, part, part, part, part)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of mails that a customer sends.

    Attributes:
        name: free text, as the sender chose it.
        week: how many in a thousand of the customer's mails it has by weekday, Monday first.
    """

    name: str
    week: Week

    def part(self, count: int, day: date) -> int:
        """Return how much of a day's count belongs to this category; never falls while the count rises."""
        return count * self.week[day.weekday()] // 1000


# Of no customer do a day's parts make up more than the whole; what is left has no category.
CATEGORIES: Mapping[str, Sequence[Category]] = MappingProxyType(
    {
        "mail@aurora-retail.example": (
            Category("Newsletter", (0, 0, 310, 0, 0, 280, 0)),
            Category("abandoned-cart", _daily(70)),
            Category("order-confirmation", _daily(190)),
            Category("promo-outlet", (180, 180, 60, 180, 120, 60, 240)),
            Category("promo-weekend", (0, 0, 0, 60, 240, 180, 90)),
            Category("shipping-notice", _daily(150)),
        ),
        "news@daily-herald.example": (
            Category("B\u00fcchertipps & mehr", (0, 40, 0, 0, 40, 0, 0)),
            Category("breaking-news", _daily(130)),
            Category("morning-edition", (720, 700, 720, 720, 690, 0, 0)),
            Category("weekend-edition", (0, 0, 0, 0, 0, 780, 760)),
        ),
        "noreply@pixelforge-games.example": (
            Category("friend-activity", _daily(380)),
            Category("patch-notes", (0, 0, 0, 260, 0, 0, 0)),
            Category("promo-sale", (0, 0, 0, 0, 330, 400, 310)),
        ),
        "alerts@skywatch.example": (Category("daily-forecast", _daily(610)), Category("storm-alert", _daily(340))),
        "billing@northwind-saas.example": (
            Category("invoice", (420, 180, 180, 180, 180, 180, 180)),
            Category("onboarding", _daily(120)),
            Category("password-reset", _daily(210)),
        ),
        "offers@lucky-coupons.example": (
            Category("promo-daily", _daily(560)),
            Category("promo-last-chance", (0, 0, 0, 120, 220, 310, 310)),
            Category("welcome", _daily(90)),
        ),
        "hello@green-grocer.example": (
            Category("Newsletter", (0, 0, 0, 0, 450, 0, 0)),
            Category("weekly-box", (380, 380, 380, 380, 220, 510, 510)),
        ),
        "team@bright-recruiting.example": (
            Category("interview-invitation", _daily(80)),
            Category("job-alert", _daily(810)),
        ),
        "info@old-town-museum.example": (
            Category("Newsletter", (0, 0, 0, 600, 0, 0, 0)),
            Category("ticket", _daily(350)),
        ),
        "contact@river-yoga.example": (Category("class-reminder", _daily(750)),),
        "promo@closed-casino.example": (Category("promo-bonus", _daily(900)), Category("welcome", _daily(50))),
        "post@mailhouse.example": (Category("statement", _daily(330)), Category("support", _daily(420))),
    }
)
