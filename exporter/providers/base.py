"""What a provider is: the code for one vendor API, seen from the rest of the program.

A provider turns its section of the configuration into customers and collectors; a collector turns
a vendor's payload into samples. Neither knows when it runs, where its samples go, or how a request is sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

from exporter.clock import Clock
from exporter.config import CollectorConfig, LimitsConfig, SourceConfig
from exporter.errors import FetchError
from exporter.samples import Family, Item, Sample
from exporter.upstream import AllowList, Authorize, Client


# Not frozen, though nothing changes one: that would make it four times as slow to make, and there are very many.
@dataclass(slots=True, eq=False)
class Customer:
    """One account under a source: whose numbers a fetch is about.

    Attributes:
        id: what the vendor calls it; never shown where ``name`` differs.
        name: the value of the label ``customer``.
        zone: the time zone of the vendor's days for this customer.
        clock: where ``today`` comes from.
        labels: what stands on the customer's info series beside its name.
        settings: what only its provider understands (a Bento site's segments).
    """

    id: str
    name: str
    zone: ZoneInfo
    clock: Clock
    labels: Mapping[str, str] = field(default_factory=dict)
    settings: Any = None

    def is_like(self, other: "Customer") -> bool:
        """Return whether another customer differs in nothing but its labels, so that the same is fetched for it."""
        is_same = self.id == other.id and self.name == other.name and self.zone == other.zone
        return is_same and bool(self.settings == other.settings)

    def today(self) -> date:
        """Return the date that it is now in the customer's time zone."""
        return datetime.fromtimestamp(self.clock.time(), self.zone).date()

    def midnight(self, day: date) -> float:
        """Return the Unix time at which a day begins in the customer's time zone."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()


class Collector(Protocol):
    """One kind of data, fetched for each customer on an interval of its own.

    Attributes:
        name: the value of the label ``collector``.
        families: every family that it may give samples of.
        settings: its section of the configuration, the interval among it.
    """

    name: ClassVar[str]

    # Properties, since frozen dataclasses are to be collectors too.
    @property
    def families(self) -> Sequence[Family]:
        """Return every family that it may give samples of."""

    @property
    def settings(self) -> CollectorConfig:
        """Return its section of the configuration."""


@runtime_checkable
class CustomerCollector(Collector, Protocol):
    """A collector that asks the vendor for one customer at a time."""

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Ask the vendor and return the customer's samples, those of one family in a row.

        Raises:
            FetchError: the fetch failed; nothing of it may be shown.
        """


@runtime_checkable
class BatchCollector(Collector, Protocol):
    """A collector whose vendor answers for several customers in one call."""

    @property
    def batch_size(self) -> int:
        """Return how many customers one call can be for."""

    def fetch_batch(self, customers: Sequence[Customer]) -> Mapping[Customer, Iterable[Item] | FetchError]:
        """Ask the vendor and return each customer's samples, or why that customer alone failed.

        Raises:
            FetchError: the fetch failed for all of them.
        """


@runtime_checkable
class SourceCollector(Collector, Protocol):
    """A collector of what belongs to the source itself and to none of its customers."""

    def fetch_source(self) -> Iterable[Item]:
        """Ask the vendor and return the samples, whose families are not ``per_customer``.

        Raises:
            FetchError: the fetch failed; nothing of it may be shown.
        """


AnyCollector: TypeAlias = CustomerCollector | BatchCollector | SourceCollector

Figures: TypeAlias = Sequence[Sample]
"""What a vendor says of one day: of a gauge its value for that day, of a counter what the day added to it.

An addition of nan is one that the vendor did not send, though it has the day.
"""


class History(Protocol):
    """Days that are over, as a vendor still knows them; asked by what collectors ask with, and read as they read it."""

    @property
    def collectors(self) -> Sequence[str]:
        """Return the names of the collectors whose series it brings."""

    @property
    def families(self) -> Sequence[Family]:
        """Return every family that it may give figures of, in the order in which they are written."""

    @property
    def batch_size(self) -> int:
        """Return how many customers one call can be for."""

    @property
    def span(self) -> int:
        """Return the most days that one call is for."""

    @property
    def since(self) -> date | None:
        """Return the first day that counters count; None where that is the day on which the account began."""

    @property
    def most_series(self) -> int:
        """Return how many series one customer can have at most."""

    def calls_for_days(self) -> int:
        """Return how many requests ``days`` makes at most."""

    def calls_for_totals(self, today: date) -> int:
        """Return how many requests ``totals`` makes; none where there are no counters."""

    def days(
        self, customers: Sequence[Customer], first: date, last: date | None
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        """Return what the vendor says of each day that it has, or why a customer alone failed.

        Without ``last`` these are the days to the vendor's today, which is not over.

        Raises:
            FetchError: it failed for all of them.
        """

    def totals(self, customers: Sequence[Customer]) -> Mapping[Customer, Figures | FetchError]:
        """Return the counters as the poller would show them now.

        Raises:
            FetchError: it failed for all of them.
        """


@runtime_checkable
class Historian(Protocol):
    """A provider whose vendor can be asked for days that are over."""

    def histories(self, collectors: Sequence[AnyCollector]) -> Sequence[History]:
        """Return what there is of the past for these collectors, which the provider has made."""


# Has a name because a class with a member `type` can't write `type[...]`.
SourceModel: TypeAlias = type[SourceConfig]


@dataclass(frozen=True, slots=True)
class Found:
    """One customer on a vendor's list.

    Attributes:
        key: what calls name it by; ``Customer.id``.
        user: its user name.
        id: the vendor's number for it; the user name where the vendor has none.
        is_active: whether it may send; None where the list does not say.
        settings: ``Customer.settings`` for it.
        option: the key that ``key`` stands under in a configuration.
    """

    key: str
    user: str
    id: str
    is_active: bool | None
    settings: Any = None
    option: str = "user"


class Provider(Protocol):
    """The code for one vendor API, found by its ``type`` in the configuration."""

    @property
    def type(self) -> str:
        """Return what a configuration names it by."""

    @property
    def config(self) -> SourceModel:
        """Return the model of its section of the configuration."""

    @property
    def families(self) -> Sequence[Family]:
        """Return every family that its collectors may give samples of."""

    @property
    def info(self) -> Family:
        """Return the family of its customers' configured labels; the store fills it in."""

    @property
    def active(self) -> Family | None:
        """Return the family that shows whether a customer may send; None where no list says so."""

    def allow_list(self, source: Any) -> AllowList:
        """Return the read calls that may be made for this source; nothing else can be sent."""

    def authorize(self, source: Any) -> Authorize:
        """Return what puts the source's credentials into a request, just before it is sent."""

    def customers(self, source: Any, clock: Clock) -> Sequence[Customer]:
        """Return the configured customers, in the order of the configuration."""

    def collectors(self, source: Any, client: Callable[[str], Client], limits: LimitsConfig) -> Sequence[AnyCollector]:
        """Return the enabled collectors; ``client(name)`` is the upstream client for one of them."""

    def discover(self, source: Any, client: Client) -> Sequence[Found]:
        """Return every customer on the vendor's list, all its pages; empty for a vendor that has no list.

        Raises:
            FetchError: the list could not be read whole; a part of it is of no use.
        """

    def probe(self, source: Any, client: Client, customers: Sequence[Customer]) -> None:
        """Make one cheap call that tells whether the vendor answers and the credentials work.

        Raises:
            FetchError: it does not, or they do not.
        """
