"""Payloads of Bento's stats API → samples."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import ClassVar

from exporter.errors import NotFound
from exporter.providers.base import Customer
from exporter.providers.bento import metrics
from exporter.providers.bento.api import BentoApi
from exporter.providers.bento.config import (
    AdsCollectorConfig,
    AdsConfig,
    ReportsConfig,
    SegmentsConfig,
    SiteConfig,
    site_of,
)
from exporter.providers.bento.payloads import Ads, Segment, Tally
from exporter.samples import Family, Item, LeftOut, Sample

# Segments come and go seldom, and the list costs one of few calls.
_LIST_LASTS = 86_400.0


@dataclass(frozen=True, slots=True)
class SiteCollector:
    """Collects the numbers of each site's users."""

    api: BentoApi
    settings: SiteConfig
    name: ClassVar[str] = "site"
    families: ClassVar[Sequence[Family]] = metrics.SITE_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Yield a sample for each of the three counts.

        Raises:
            FetchError: the vendor's answer does not hold them.
        """
        for name, count in self.api.site(customer).items():
            yield metrics.SITE[name].sample(count)


@dataclass(frozen=True, slots=True)
class SegmentLists:
    """Knows the segments of each site for a day after it has read their list."""

    api: BentoApi
    _read: dict[str, tuple[float, Sequence[Segment]]] = field(default_factory=dict)

    def get(self, customer: Customer) -> Sequence[Segment]:
        """Return all segments of a site.

        Raises:
            FetchError: the list had to be read and could not be.
        """
        now = customer.clock.monotonic()
        at, segments = self._read.get(customer.id, (-_LIST_LASTS, ()))
        if now - at >= _LIST_LASTS:
            segments = self.api.segments(customer)
            self._read[customer.id] = (now, segments)
        return segments

    def forget(self, customer: Customer) -> None:
        """Read the site's list again the next time."""
        self._read.pop(customer.id, None)


@dataclass(frozen=True, slots=True)
class SegmentsCollector:
    """Collects the numbers of users of each site's segments."""

    api: BentoApi
    settings: SegmentsConfig
    lists: SegmentLists
    name: ClassVar[str] = "segments"
    families: ClassVar[Sequence[Family]] = metrics.SEGMENTS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Return a sample for each of the three counts of each segment.

        Raises:
            FetchError: the vendor's answer for one of them does not hold them; the others' are of no use then.
        """
        try:
            users = [(segment, self.api.segment(customer, segment)) for segment in self._segments(customer)]
        except NotFound:
            # Its list may be older than the end of a segment.
            self.lists.forget(customer)
            raise
        return _in_rows(
            metrics.SEGMENT[name].sample(count, segment.label)
            for segment, counts in users
            for name, count in counts.items()
        )

    def _segments(self, customer: Customer) -> Sequence[Segment]:
        configured = site_of(customer).segments
        if configured == "all":
            return self.lists.get(customer)
        return [Segment(each.id, each.label) for each in configured]


@dataclass(frozen=True, slots=True)
class ReportsCollector:
    """Collects the numbers of each site's reports."""

    api: BentoApi
    settings: ReportsConfig
    name: ClassVar[str] = "reports"
    families: ClassVar[Sequence[Family]] = metrics.REPORTS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Yield a sample for each number of each report; a configured path that leads to none is left out.

        Raises:
            FetchError: the vendor's answer for one of them is no report.
        """
        missing = 0
        for report in site_of(customer).reports:
            for name, number in self.api.report(customer, report):
                if number is None:
                    missing += 1
                else:
                    yield metrics.REPORT_VALUE.sample(number, report.label, name)
        if missing:
            yield LeftOut("report_fields", missing)


@dataclass(frozen=True, slots=True)
class AdsCollector:
    """Collects the signups, customers and revenue that each site owes to its ads.

    Attributes:
        most_rows: values of one breakdown that are shown at most.
    """

    api: BentoApi
    settings: AdsCollectorConfig
    most_rows: int
    name: ClassVar[str] = "ads"
    families: ClassVar[Sequence[Family]] = metrics.ADS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Yield the samples of each query; rows of breakdowns that can't be shown or are too many are left out.

        Raises:
            FetchError: the vendor's answer to one of them is not what the query asks for.
        """
        answers = [(query, self.api.ads(customer, query)) for query in site_of(customer).ads]
        yield from _in_rows(chain.from_iterable(self._samples(query, ads) for query, ads in answers))
        if unnamed := sum(ads.unnamed for _, ads in answers):
            yield LeftOut("label_value", unnamed)
        if surplus := sum(len(ads.values[self.most_rows :]) for _, ads in answers):
            yield LeftOut("breakdown_rows", surplus)

    def _samples(self, query: AdsConfig, ads: Ads) -> Iterator[Sample]:
        name = query.name
        for counted, count in ads.totals.counts.items():
            yield metrics.ADS_COUNTS[counted].sample(count, name)
        for currency, amount in ads.totals.revenue.items():
            yield metrics.ADS_REVENUE.sample(amount, name, currency)
        if ads.is_truncated is not None:
            yield metrics.ADS_REVENUE_TRUNCATED.sample(ads.is_truncated, name)
        yield metrics.ADS_QUERY_INFO.sample(
            1, name, query.dimension or "", query.revenue_mode or "", query.start_date or ""
        )
        for value, tally in ads.values[: self.most_rows]:
            yield from _row(name, value, tally)


def _row(query: str, value: str, tally: Tally) -> Iterator[Sample]:
    for counted, count in tally.counts.items():
        yield metrics.BREAKDOWN_COUNTS[counted].sample(count, query, value)
    for currency, amount in tally.revenue.items():
        yield metrics.BREAKDOWN_REVENUE.sample(amount, query, value, currency)


def _in_rows(samples: Iterable[Sample]) -> list[Sample]:
    """Return samples with those of one family in a row, for they come by segment or query."""
    families: dict[Family, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.family, []).append(sample)
    return [sample for row in families.values() for sample in row]
