"""What is to be asked of the vendors, customer by customer, and what that takes in calls, time and space."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from exporter.backfill.keeping import WHOLE, Journal, KeptCustomer
from exporter.config import VENDOR_ZONE, Config, format_duration
from exporter.errors import UsageError
from exporter.providers.base import Customer, Historian, History
from exporter.samples import Family
from exporter.source import Source
from exporter.upstream import Limiter

_ONE_DAY = timedelta(days=1)
# Of a line: what is neither the name nor the labels of a series.
_REST_OF_LINE = 22
_KILO = 1_000


@dataclass(frozen=True, slots=True)
class Order:
    """What a user wants.

    Attributes:
        first, last: the days; without a last one, up to yesterday.
        step: seconds between two samples.
        labels: what every sample carries besides.
    """

    first: date
    last: date | None
    step: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to ask a vendor for.

    Attributes:
        name: what it is kept under.
        calls: how many requests it takes, at most.
        kind: days that are written, the totals, or the days after those once more.
        first, last: of days; without a last one, to the vendor's today.
    """

    name: str
    calls: int
    kind: str
    first: date = date.min
    last: date | None = None


DAYS, TOTALS, LATER = "days", "totals", "later"


@dataclass(frozen=True, slots=True)
class Errand:
    """The past of a few customers, who are asked for together.

    Attributes:
        history: what asks.
        name: what its steps are kept under.
        customers: each with how it is kept.
    """

    source: Source
    history: History
    customers: tuple[tuple[Customer, KeptCustomer], ...]
    first: date

    @property
    def name(self) -> str:
        """What its steps are kept under."""
        return " ".join(self.history.collectors)

    def alone(self) -> Iterator["Errand"]:
        """Yield an errand for each of the customers."""
        return (Errand(self.source, self.history, (each,), self.first) for each in self.customers)

    def unfinished(self, journal: Journal) -> "Errand":
        """Return the errand for those of whom not all is there, if no more than the word that it is."""
        rest = tuple(each for each in self.customers if not journal.is_done(each[1].number, self.name, WHOLE))
        return replace(self, customers=rest)

    def left(self, journal: Journal) -> Sequence[Step]:
        """Return the steps that have not been made for all of the customers of whom not all is there."""
        rest = self.unfinished(journal)
        numbers = [kept.number for _, kept in rest.customers]
        if not numbers:
            return ()
        return [
            step
            for step in rest.steps()
            if not all(journal.is_done(number, self.name, step.name) for number in numbers)
        ]

    def steps(self) -> Iterator[Step]:
        """Yield all steps, made or not, in the order in which they are to be made."""
        last = max(kept.last for _, kept in self.customers)
        today = min(customer.today() for customer, _ in self.customers)
        calls, totals = self.history.calls_for_days(), self.history.calls_for_totals(today)
        start, until = self.first, today if totals else last
        while (following := start + self.history.span * _ONE_DAY) <= until:
            yield Step(f"days from {start}", calls, DAYS, start, following - _ONE_DAY)
            start = following
        if not totals:
            yield Step(f"days from {start}", calls, DAYS, start, last)
            return
        # These three belong together: on another day they are asked for anew.
        yield Step(f"days from {start} on {today}", calls, DAYS, start)
        yield Step(f"totals on {today}", totals, TOTALS)
        later = max(start, min(kept.last for _, kept in self.customers) + _ONE_DAY)
        yield Step(f"days from {later} on {today}, once more", calls, LATER, later)


@dataclass(frozen=True, slots=True)
class Plan:
    """All errands, by source.

    Attributes:
        sources: every source that was chosen.
        errands: what there is to ask each for; a source without history is missing.
    """

    order: Order
    sources: Sequence[Source]
    errands: Mapping[str, Sequence[Errand]]
    journal: Journal

    @property
    def families(self) -> Sequence[Family]:
        """Every family that is written, in order."""
        histories = {id(errand.history): errand.history for errands in self.errands.values() for errand in errands}
        return [*dict.fromkeys(family for history in histories.values() for family in history.families)]

    @property
    def numbers(self) -> Collection[int]:
        """What the journal finds the customers by."""
        return {kept.number for errands in self.errands.values() for errand in errands for _, kept in errand.customers}

    @property
    def since(self) -> Mapping[str, date]:
        """The first day that counters count, by source, where it is configured."""
        found = {(name, errand.history.since) for name, errands in self.errands.items() for errand in errands}
        return {name: since for name, since in found if since is not None}

    def calls(self) -> int:
        """Return how many requests are left, at most."""
        return sum(self._calls(source) for source in self.sources)

    def seconds(self) -> float:
        """Return how long these take at the rate limits, which all sources use at once."""
        taken: dict[Limiter, int] = {}
        for source in self.sources:
            taken[source.limiter] = taken.get(source.limiter, 0) + self._calls(source)
        return max((calls * limiter.per / limiter.calls for limiter, calls in taken.items()), default=0.0)

    def lines(self) -> Iterator[str]:
        """Yield in words what is asked, and what will come of it."""
        for source in self.sources:
            yield f"source {source.name} ({source.config.type}): {self._about(source)}"
        calls, shares = self.calls(), {(source.limiter.calls, source.limiter.per) for source in self._asked()}
        limits = ", ".join(f"{limit} per {format_duration(per)}" for limit, per in sorted(shares))
        yield f"{calls:,} calls at most, {_duration(self.seconds())} at {limits or 'no limit'}"
        series, samples, size = self._estimate()
        yield f"estimated, at most: {series:,} series, {samples:,} samples, {size_in_words(size)}"

    def _asked(self) -> Sequence[Source]:
        return [source for source in self.sources if self.errands.get(source.name)]

    def _about(self, source: Source) -> str:
        if not isinstance(source.provider, Historian):
            return "no history, for its vendor tells only how things are now"
        if not source.is_listed:
            return "its customers are on the vendor's list, which is read first; the numbers below are without them"
        errands = self.errands.get(source.name, ())
        if not errands:
            return "nothing that has a history is enabled and chosen"
        customers = {kept.number for errand in errands for _, kept in errand.customers}
        names = dict.fromkeys(name for errand in errands for name in errand.history.collectors)
        days = max((kept.last for _, kept in errands[0].customers), default=self.order.first)
        return (
            f"{', '.join(names)} of {len(customers):,} customers, {self.order.first} to {days}: "
            f"{self._calls(source):,} calls"
        )

    def _calls(self, source: Source) -> int:
        errands = self.errands.get(source.name, ())
        return sum(step.calls for errand in errands for step in errand.left(self.journal))

    def _estimate(self) -> tuple[int, int, int]:
        series = samples = size = 0
        added = sum(len(f',{name}="{value}"') for name, value in self.order.labels.items())
        for errands in self.errands.values():
            for errand in errands:
                each = errand.history.most_series
                name = sum(len(family.name) for family in errand.history.families) // len(errand.history.families)
                for _, kept in errand.customers:
                    # Through the day after the last one.
                    days = (kept.last - errand.first).days + 2
                    lines = each * days * 86_400 // self.order.step
                    labels = len(f'{{source="{kept.source}",customer="{kept.name}"}}') + added
                    series, samples = series + each, samples + lines
                    size += lines * (name + labels + _REST_OF_LINE)
        return series, samples, size


def plan(order: Order, sources: Sequence[Source], journal: Journal) -> Plan:
    """Return what there is to ask of the customers that are known."""
    errands = {source.name: [*_errands(order, source, journal)] for source in sources}
    return Plan(order, sources, {name: found for name, found in errands.items() if found}, journal)


def check_days(order: Order, sources: Sequence[Source], now: float) -> None:
    """See to it that only days are asked for that have ended.

    Raises:
        UsageError: another day is asked for, wherever a customer is, or nobody knows where that is.
    """
    zones = {source.config.timezone for source in sources}
    zones |= {customer.zone for source in sources for customer in source.customers}
    if VENDOR_ZONE in zones:
        raise UsageError("timezone: vendor: no time of a day that is over can be written by it; name the time zone")
    newest = max(datetime.fromtimestamp(now, zone).date() for zone in zones) - _ONE_DAY
    last = order.last or newest
    if last > newest:
        raise UsageError(f"--to={last}: that day has not ended; {newest} is the last one that has")
    if order.first > last:
        raise UsageError(f"--from={order.first}: that is after {last}, the last day to be written")


def shared(config: Config, share: float) -> Config:
    """Return a configuration whose rate limits are only so much of what they were, but one call at least."""
    sources = []
    for source in config.sources:
        calls = max(1, int(source.rate_limit.calls * share))
        limit = source.rate_limit.model_copy(update={"calls": calls})
        sources.append(source.model_copy(update={"rate_limit": limit}))
    return config.model_copy(update={"sources": tuple(sources)})


def _errands(order: Order, source: Source, journal: Journal) -> Iterator[Errand]:
    if not isinstance(source.provider, Historian):
        return
    customers = source.customers
    enlisted = journal.enlist(source.name, [(each, _last(order, each)) for each in customers])
    known = [each for each in zip(customers, enlisted, strict=True) if order.first <= each[1].last]
    for history in source.provider.histories(source.collectors):
        for start in range(0, len(known), history.batch_size):
            yield Errand(source, history, tuple(known[start : start + history.batch_size]), order.first)


def _last(order: Order, customer: Customer) -> date:
    yesterday = customer.today() - _ONE_DAY
    return yesterday if order.last is None else min(order.last, yesterday)


def _duration(seconds: float) -> str:
    return format_duration(float(-(-seconds // 1)))


def size_in_words(count: float) -> str:
    """Return a number of bytes as a person reads it."""
    for unit in ("bytes", "kB", "MB"):
        if count < _KILO:
            return f"{count:,.0f} {unit}"
        count /= _KILO
    return f"{count:,.1f} GB"
