"""Days that are over, as the Web API still knows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from exporter.errors import FetchError
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import AnyCollector, Customer, Figures, History
from exporter.providers.categories import choose
from exporter.providers.sendgrid_statistics import Counters, each_alone, figures
from exporter.providers.sendgrid_web import counters
from exporter.providers.sendgrid_web.categories import MOST_IN_A_CALL, Spellings, category_names
from exporter.providers.sendgrid_web.collectors import CategoriesCollector, DailyCollector, TotalsCollector
from exporter.samples import Family, Sample

# A year and its today in one answer of a few hundred kilobytes.
_MOST_DAYS = 367
# So many rows of categories make an answer of some megabytes.
_MOST_ROWS = 15_000


@dataclass(frozen=True, slots=True)
class StatisticsHistory:
    """The daily statistics of old: complete days, and what they added to the totals; implements ``History``."""

    totals_of: TotalsCollector | None
    daily: DailyCollector | None
    batch_size: ClassVar[int] = 1
    span: ClassVar[int] = _MOST_DAYS
    since: ClassVar[date | None] = None

    @property
    def collectors(self) -> Sequence[str]:
        """The names of the collectors whose series it brings."""
        return [each.name for each in (self.totals_of, self.daily) if each is not None]

    @property
    def families(self) -> Sequence[Family]:
        """The totals, and the complete day with its timestamp, as far as they are configured."""
        totals = [metrics.TOTALS[name] for name in self._summed]
        if self.daily is None:
            return totals
        shown = [metrics.LAST_COMPLETE_DAY[name] for name in self.daily.settings.fields]
        return [*totals, *shown, metrics.LAST_COMPLETE_DAY_TIMESTAMP]

    @property
    def most_series(self) -> int:
        """One for each family."""
        return len(self.families)

    def calls_for_days(self) -> int:
        """Return one."""
        return 1

    def calls_for_totals(self, today: date) -> int:  # noqa: ARG002 - other vendors add up what was since then
        """Return one, where totals are configured."""
        return 0 if self.totals_of is None else 1

    def days(
        self, customers: Sequence[Customer], first: date, last: date | None
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        """Return the figures of each day that the vendor has."""
        return each_alone(customers, lambda customer: self._days(customer, first, last))

    def totals(self, customers: Sequence[Customer]) -> Mapping[Customer, Figures | FetchError]:
        """Return the totals as the poller would show them now."""
        collector = self.totals_of
        return {} if collector is None else each_alone(customers, lambda customer: [*collector.fetch(customer)])

    def _days(self, customer: Customer, first: date, last: date | None) -> Mapping[date, Figures]:
        collector = self.daily or self.totals_of
        if collector is None:
            return {}
        shown = None if self.daily is None else self.daily.settings.fields
        fields = {*self._summed, *(shown or ())}
        rows = counters.between(collector.api, customer, first, last, fields)
        return {day: figures(customer, day, row, shown, self._summed) for day, row in rows.items()}

    @property
    def _summed(self) -> Sequence[str]:
        return () if self.totals_of is None else self.totals_of.settings.fields


@dataclass(frozen=True, slots=True)
class CategoriesHistory:
    """The statistics of categories of old; implements ``History``."""

    collector: CategoriesCollector
    # The list is the same for all windows.
    _listed: dict[str, Sequence[str]] = field(default_factory=dict)
    batch_size: ClassVar[int] = 1
    since: ClassVar[date | None] = None
    collectors: ClassVar[Sequence[str]] = (CategoriesCollector.name,)

    @property
    def families(self) -> Sequence[Family]:
        """The configured fields of categories."""
        return [metrics.CATEGORY_LATEST_DAY[name] for name in self.collector.settings.fields]

    @property
    def span(self) -> int:
        """As many days as keep an answer within a few megabytes."""
        return max(1, min(_MOST_DAYS, _MOST_ROWS // self.collector.most))

    @property
    def most_series(self) -> int:
        """One for each family and each category that there is room for."""
        return len(self.families) * self.collector.most

    def calls_for_days(self) -> int:
        """Return one for each hundred categories, and one for the list, which is asked for only once."""
        return 1 + -(-self.collector.most // MOST_IN_A_CALL)

    def calls_for_totals(self, today: date) -> int:  # noqa: ARG002 - there are none
        """Return none."""
        return 0

    def days(
        self, customers: Sequence[Customer], first: date, last: date | None
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        """Return the figures of each day on which a category has a row."""
        return each_alone(customers, lambda customer: self._days(customer, first, last))

    def totals(self, customers: Sequence[Customer]) -> Mapping[Customer, Figures | FetchError]:  # noqa: ARG002 - there are none
        """Return nothing: categories have no totals."""
        return {}

    def _days(self, customer: Customer, first: date, last: date | None) -> Mapping[date, Figures]:
        collector = self.collector
        if customer.id not in self._listed:
            self._listed[customer.id] = category_names(collector.api, customer)
        listed = self._listed[customer.id]
        names = choose(listed, collector.settings.include, collector.most).names
        days = counters.asked_days(customer, first, last)
        found: dict[date, list[Sample]] = {}
        for each, row in collector.rows(customer, names, Spellings.of(listed), days).items():
            if first <= each.day and (last is None or each.day <= last):
                found.setdefault(each.day, []).extend(_samples(each.category, row, collector.settings.fields))
        return found


def _samples(category: str, row: Counters, fields: Sequence[str]) -> Iterable[Sample]:
    return (metrics.CATEGORY_LATEST_DAY[name].sample(row[name], category) for name in fields if name in row)


def histories(collectors: Sequence[AnyCollector]) -> Sequence[History]:
    """Return what there is of the past for these collectors."""
    totals = next((each for each in collectors if isinstance(each, TotalsCollector)), None)
    daily = next((each for each in collectors if isinstance(each, DailyCollector)), None)
    found: list[History] = [StatisticsHistory(totals, daily)] if totals or daily else []
    return [*found, *(CategoriesHistory(each) for each in collectors if isinstance(each, CategoriesCollector))]
