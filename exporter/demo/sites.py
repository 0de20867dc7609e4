"""The sites of the stand-in Bento: lists that grow or shrink, their segments and reports, and what ads brought."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

_DAY = 86_400
_MILLION = 1_000_000
# When the counting of joins and departures began.
_BEGAN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many users there are, and how many of them have unsubscribed."""

    users: int
    unsubscribers: int

    @property
    def subscribers(self) -> int:
        """Return how many have not unsubscribed."""
        return self.users - self.unsubscribers


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a site's users: so many of a million of them, and of those who unsubscribed."""

    id: str
    name: str
    users: int
    unsubscribers: int


@dataclass(frozen=True, slots=True)
class Report:
    """A report that someone built on the site: a number, or an object where ``is_table``."""

    id: str
    name: str
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """Where visitors come from, as one value of a dimension.

    Attributes:
        key: free text out of a link.
        signups: in a hundred days.
        customers: of a thousand signups, how many buy.
        cents: what a customer spends, by currency.
    """

    key: str
    signups: int
    customers: int
    cents: Mapping[str, int]


def _money(**cents: int) -> Mapping[str, int]:
    return MappingProxyType(cents)


CHANNELS: Mapping[str, Sequence[Channel]] = MappingProxyType(
    {
        "source": (
            Channel("youtube", 42_000, 190, _money(USD=2_499, EUR=311)),
            Channel("google", 31_500, 120, _money(USD=3_150)),
            Channel("meta", 28_000, 60, _money(USD=1_999, EUR=1_205)),
            Channel("podcast", 6_400, 240, _money(EUR=4_990)),
            # A link that someone's mail program had written into: nobody's business.
            Channel("jane.doe@example.com", 900, 100, _money(USD=1_000)),
            Channel("partner", 900, 80, _money(USD=1_490)),
        ),
        "campaign": (
            Channel("spring_launch", 22_000, 150, _money(USD=2_100)),
            Channel("refer a friend", 18_000, 210, _money(USD=1_800, EUR=950)),
        ),
        "medium": (Channel("cpc", 40_000, 110, _money(USD=2_250)), Channel("email", 9_000, 320, _money(EUR=3_400))),
        "content": (Channel("banner-a", 8_000, 90, _money(USD=1_700)),),
        "ad": (Channel("ad-1", 5_000, 70, _money(USD=1_650)),),
    }
)
# Of all revenue, in a thousand.
REVENUE_MODES: Mapping[str, int] = MappingProxyType({"all_revenue": 1000, "first_revenue": 620, "subscriptions": 380})


@dataclass(frozen=True, slots=True)
class Taking:
    """What one channel brought in a window; money in cents by currency."""

    key: str
    signups: int
    customers: int
    cents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Site:
    """One site, whose numbers depend on nothing but the time.

    Attributes:
        users: how many it had at the beginning of 2025, the ``unsubscribers`` among them.
        joins: how many come in a day.
        leaves: how many unsubscribe in a day.
        fame: of the visitors that ads bring in all, how many in a thousand come to this site.
        is_truncated: whether its revenue is too much for the vendor to add up.
    """

    uuid: str
    name: str
    users: int
    unsubscribers: int
    joins: int
    leaves: int
    segments: Sequence[Segment] = ()
    reports: Sequence[Report] = ()
    fame: int = 0
    is_truncated: bool = False

    def counts(self, at: float) -> Counts:
        """Return its counts at a Unix time."""
        users = self.users + _since(self.joins, at)
        return Counts(users, min(users, self.unsubscribers + _since(self.leaves, at)))

    def segment_counts(self, segment: Segment, at: float) -> Counts:
        """Return the counts of a segment at a Unix time."""
        whole = self.counts(at)
        users = whole.users * segment.users // _MILLION
        return Counts(users, min(users, whole.unsubscribers * segment.unsubscribers // _MILLION))

    def report_data(self, report: Report, at: float) -> int | dict[str, Any]:
        """Return what a report shows at a Unix time."""
        sent = _since(self.joins * 37, at)
        if not report.is_table:
            return sent
        return {
            "sent": sent,
            "rate": {"open": 0.4125, "click": 0.0375},
            "best_subject": "We saved you a seat",
            "weekly": [sent // 52, sent // 51],
        }

    def takings(self, dimension: str, days: float, revenue_mode: str) -> Iterator[Taking]:
        """Yield what each channel brought in so many days, as Bento counts revenue in that mode."""
        for channel in CHANNELS[dimension]:
            signups = int(channel.signups * self.fame * days) // 100_000
            customers = signups * channel.customers // 1000
            spent = ((name, customers * each) for name, each in channel.cents.items())
            cents = {name: each * REVENUE_MODES[revenue_mode] // 1000 for name, each in spent}
            yield Taking(channel.key, signups, customers, cents)


def _since(daily: int, at: float) -> int:
    return max(0, int((at - _BEGAN) * daily)) // _DAY


SITES: Sequence[Site] = (
    Site(
        uuid="5f0a6c1e4b7d4c0c9a51a7b2d3e4f501",
        name="lighthouse-shop",
        users=410_000,
        unsubscribers=36_000,
        joins=5_200,
        leaves=640,
        segments=(
            Segment("seg_buyers", "buyers", 180_000, 60_000),
            Segment("81", "vip", 21_000, 4_000),
        ),
        reports=(Report("rep_visitors", "visitors"), Report("rep_campaign", "campaign", is_table=True)),
        fame=1000,
    ),
    Site(
        uuid="a1c9e2d84f6b4d7f8e3b6c5d4e3f2a02",
        name="fern-and-fable",
        users=2_600_000,
        unsubscribers=90_000,
        joins=190,
        leaves=1_350,
        segments=(Segment("segment-readers", "readers", 640_000, 910_000),),
        reports=(Report("rep_readers", "readers"),),
        fame=140,
        is_truncated=True,
    ),
    Site(
        uuid="0e7d1b3c5a9f4e2d8c6b4a2f1e0d9c03",
        name="quiet-harbour",
        users=48,
        unsubscribers=3,
        joins=1,
        leaves=0,
    ),
)
