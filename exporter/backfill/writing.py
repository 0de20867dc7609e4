"""The writing: what was fetched as OpenMetrics with the time of each sample, day by day and never all of it at once."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from exporter.backfill.joining import Beginning, beginning, end_of
from exporter.backfill.keeping import KeptCustomer, KeptSeries
from exporter.backfill.plan import Plan
from exporter.errors import StartError, Stopped
from exporter.exposition.text import Format, header
from exporter.exposition.values import escape
from exporter.samples import Family, Kind

_ONE_DAY = timedelta(days=1)
# Large, since what is written may be larger than the machine's memory.
_BUFFER = 1 << 20
# So many days' times are kept at hand: all of a year's, in two time zones.
_DAYS_AT_HAND = 1_000


@dataclass(slots=True)
class Written:
    """What was written.

    Attributes:
        shortened: which counters begin later than was asked for, and why, in words.
    """

    series: int = 0
    samples: int = 0
    shortened: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Times:
    """When samples are: every so many seconds from the beginning of each day, and none after the end of all.

    Attributes:
        end: Unix time after which nothing is written, since the live exporter has the word then.
    """

    step: int
    end: float

    def of(self, zone: str, day: date) -> Sequence[bytes]:
        """Return the times of a day's samples as they are written."""
        if _midnight(zone, day + _ONE_DAY) <= self.end:
            return _times(zone, day, self.step)
        return [time for time in _times(zone, day, self.step) if int(time) <= self.end]


class Writer:
    """Writes all that a journal has of some families."""

    def __init__(self, plan: Plan, times: Times) -> None:
        """Write what came of a plan, at these times."""
        self.written = Written()
        self._journal = plan.journal
        self._first = plan.order.first
        self._since = plan.since
        self._customers = plan.numbers
        self._times = times
        self._labels = plan.order.labels
        self._begun: set[Family] = set()

    def write(
        self,
        output: Path,
        families: Sequence[Family],
        is_told: Callable[[], bool],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Write a file whole, under a name of its own until it is; ``progress`` is told of each series.

        Raises:
            StartError: it can't be written.
            Stopped: somebody wanted the program to end.
        """
        unfinished = output.with_name(f"{output.name}.unfinished")
        try:
            with unfinished.open("wb", buffering=_BUFFER) as stream:
                for family in families:
                    for series in self._chosen(family, is_told):
                        stream.writelines(self._drawn(family, series))
                        progress(1)
                stream.write(b"# EOF\n")
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(output)
        except OSError as error:
            raise StartError(f"{output}: can't be written ({error.strerror})") from None
        finally:
            with suppress(OSError):
                unfinished.unlink()

    def _chosen(self, family: Family, is_told: Callable[[], bool]) -> Iterator[KeptSeries]:
        for series in self._journal.series(family):
            if is_told():
                raise Stopped("stopped; what was fetched is kept, and the same command writes it")
            if series.customer.number in self._customers:
                yield series

    def _drawn(self, family: Family, series: KeptSeries) -> Iterator[bytes]:
        """Yield the lines of a series, before the family's first ones its header."""
        samples = self.written.samples
        for chunk in self._counter(family, series) if family.kind is Kind.COUNTER else self._gauge(family, series):
            if chunk and family not in self._begun:
                self._begun.add(family)
                yield header(family, Format.OPENMETRICS)
            yield chunk
        self.written.series += self.written.samples > samples

    def _gauge(self, family: Family, series: KeptSeries) -> Iterator[bytes]:
        """Yield what is known of each day, through the day after it."""
        start, zone = self._start(family, series), series.customer.zone
        for day, value in self._journal.forward(series.number, self._first, series.customer.last):
            if value is not None:
                yield self._lines(start, value, self._times.of(zone, day + _ONE_DAY))

    def _counter(self, family: Family, series: KeptSeries) -> Iterator[bytes]:
        """Yield a counter that steps up as each day ends, through the day after the last one."""
        begins = self._beginning(family, series)
        if begins is None:
            return
        start, customer = self._start(family, series), series.customer
        value, day = begins.value, begins.day
        for following, added in self._journal.forward(series.number, begins.day, customer.last):
            while day <= following:
                yield self._lines(start, value, self._times.of(customer.zone, day))
                day += _ONE_DAY
            value += added or 0
        while day <= customer.last + _ONE_DAY:
            yield self._lines(start, value, self._times.of(customer.zone, day))
            day += _ONE_DAY

    def _beginning(self, family: Family, series: KeptSeries) -> Beginning | None:
        if series.total is None:
            return None
        number, last = series.number, series.customer.last
        added = [0.0, 0.0]
        for _, each in self._journal.backward(number, self._first, last):
            added[0] += each or 0
            added[1] += each is None
        before, after = self._journal.after(number, last)
        end = end_of(series.total, before, after, None if added[1] else added[0])
        first = max(self._first, self._since.get(series.customer.source, self._first))
        found = beginning(end, self._journal.backward(number, self._first, last), first, last)
        if found is None:
            why = "is left out: the days after the last one sum up to more than the total"
            self._shorten(family, series.customer, why)
        elif found.cause:
            self._shorten(family, series.customer, f"begins with {found.day}: {found.cause}")
        return found

    def _shorten(self, family: Family, customer: KeptCustomer, why: str) -> None:
        self.written.shortened.append(f"source {customer.source}, customer {customer.name}: {family.name} {why}")

    def _start(self, family: Family, series: KeptSeries) -> bytes:
        own = dict(zip(family.labels, series.labels, strict=True))
        labels = {**self._labels, "source": series.customer.source, "customer": series.customer.name, **own}
        pairs = ",".join(f'{name}="{escape(value)}"' for name, value in sorted(labels.items()))
        return f"{family.name}{{{pairs}}} ".encode()

    def _lines(self, start: bytes, value: float, times: Sequence[bytes]) -> bytes:
        if not times:
            return b""
        self.written.samples += len(times)
        start += b"%d " % value if value.is_integer() else b"%r " % value
        # A day's lines differ in their times only, and joining is the fastest that Python does.
        return start + (b"\n" + start).join(times) + b"\n"


def _midnight(zone: str, day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


@lru_cache(maxsize=_DAYS_AT_HAND)
def _times(zone: str, day: date, step: int) -> Sequence[bytes]:
    return [b"%d" % time for time in range(_midnight(zone, day), _midnight(zone, day + _ONE_DAY), step)]
