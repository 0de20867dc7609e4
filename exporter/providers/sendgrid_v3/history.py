"""Days that are over, as the v3 API still knows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from exporter.errors import FetchError
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import AnyCollector, Customer, Figures, History
from exporter.providers.categories import choose
from exporter.providers.sendgrid_statistics import each_alone, figures
from exporter.providers.sendgrid_v3.api import BATCH_SIZE, MOST_DAYS
from exporter.providers.sendgrid_v3.categories import CategoriesCollector
from exporter.providers.sendgrid_v3.collectors import DailyCollector, ask_together
from exporter.providers.sendgrid_v3.lists import categories
from exporter.providers.sendgrid_v3.statistics import Table, Window
from exporter.providers.sendgrid_v3.totals import TotalsCollector, windows
from exporter.samples import Family, Sample


@dataclass(frozen=True, slots=True)
class StatisticsHistory:
    """The statistics of days of old: complete days, and what they added to the totals; implements ``History``."""

    totals_of: TotalsCollector | None
    daily: DailyCollector | None
    batch_size: ClassVar[int] = BATCH_SIZE
    span: ClassVar[int] = MOST_DAYS

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
    def since(self) -> date | None:
        """The first day that the totals are summed up from."""
        return None if self.totals_of is None else self.totals_of.settings.first_day

    @property
    def most_series(self) -> int:
        """One for each family."""
        return len(self.families)

    def calls_for_days(self) -> int:
        """Return one."""
        return 1

    def calls_for_totals(self, today: date) -> int:
        """Return how many calls it takes to ask for every month of the totals."""
        return 0 if self.totals_of is None else len(windows(self.totals_of.settings.first_day, today))

    def days(
        self, customers: Sequence[Customer], first: date, last: date | None
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        """Return the figures of each day that the vendor has.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        return ask_together(customers, lambda group: self._days(group, Window(first, last)))

    def totals(self, customers: Sequence[Customer]) -> Mapping[Customer, Figures | FetchError]:
        """Return the sums since the configured date, as the poller would show them now.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        if self.totals_of is None:
            return {}
        answers = self.totals_of.fetch_batch(customers)
        return {who: each if isinstance(each, FetchError) else [*each] for who, each in answers.items()}

    def _days(
        self, customers: Sequence[Customer], window: Window
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        collector = self.daily or self.totals_of
        if collector is None:
            return {}
        shown = None if self.daily is None else self.daily.settings.fields
        tables = collector.api.statistics(customers, [window], {*self._summed, *(shown or ())})
        return {
            who: table if isinstance(table, FetchError) else {day: self._figures(who, day, table) for day in table}
            for who, table in tables.items()
        }

    def _figures(self, customer: Customer, day: date, table: Table) -> Figures:
        shown = None if self.daily is None else self.daily.settings.fields
        is_summed = self.since is not None and day >= self.since
        return figures(customer, day, table[day], shown, self._summed if is_summed else ())

    @property
    def _summed(self) -> Sequence[str]:
        return () if self.totals_of is None else self.totals_of.settings.fields


@dataclass(frozen=True, slots=True)
class CategoriesHistory:
    """The statistics of categories of old; implements ``History``."""

    collector: CategoriesCollector
    # A year is eight windows, and the list is the same for all of them.
    _names: dict[str, Sequence[str]] = field(default_factory=dict)
    batch_size: ClassVar[int] = 1
    span: ClassVar[int] = MOST_DAYS
    since: ClassVar[date | None] = None
    collectors: ClassVar[Sequence[str]] = (CategoriesCollector.name,)

    @property
    def families(self) -> Sequence[Family]:
        """The configured fields of categories."""
        return [metrics.CATEGORY_LATEST_DAY[name] for name in self.collector.settings.fields]

    @property
    def most_series(self) -> int:
        """One for each family and each category that there is room for."""
        return len(self.families) * self.collector.most

    def calls_for_days(self) -> int:
        """Return one for each ten categories, and one for the list, which is asked for only once."""
        return 1 + -(-self.collector.most // BATCH_SIZE)

    def calls_for_totals(self, today: date) -> int:  # noqa: ARG002 - there are none
        """Return none."""
        return 0

    def days(
        self, customers: Sequence[Customer], first: date, last: date | None
    ) -> Mapping[Customer, Mapping[date, Figures] | FetchError]:
        """Return the figures of each day on which a category has a row."""
        return each_alone(customers, lambda customer: self._days(customer, Window(first, last)))

    def totals(self, customers: Sequence[Customer]) -> Mapping[Customer, Figures | FetchError]:  # noqa: ARG002 - there are none
        """Return nothing: categories have no totals."""
        return {}

    def _days(self, customer: Customer, window: Window) -> Mapping[date, Figures]:
        found: dict[date, list[Sample]] = {}
        names = self._chosen(customer)
        for start in range(0, len(names), BATCH_SIZE):
            batch = names[start : start + BATCH_SIZE]
            fields = self.collector.settings.fields
            for name, table in self.collector.api.category_statistics(customer, batch, window, fields).items():
                for day, counters in table.items():
                    found.setdefault(day, []).extend(_samples(name, counters, fields))
        return found

    def _chosen(self, customer: Customer) -> Sequence[str]:
        names = self._names.get(customer.name)
        if names is None:
            listed = categories(self.collector.api, customer)
            names = choose(listed, self.collector.settings.include, self.collector.most).names
            self._names[customer.name] = names
        return names


def _samples(category: str, counters: Mapping[str, int], fields: Iterable[str]) -> Iterable[Sample]:
    return (metrics.CATEGORY_LATEST_DAY[name].sample(counters[name], category) for name in fields if name in counters)


def histories(collectors: Sequence[AnyCollector]) -> Sequence[History]:
    """Return what there is of the past for these collectors."""
    totals = next((each for each in collectors if isinstance(each, TotalsCollector)), None)
    daily = next((each for each in collectors if isinstance(each, DailyCollector)), None)
    found: list[History] = [StatisticsHistory(totals, daily)] if totals or daily else []
    return [*found, *(CategoriesHistory(each) for each in collectors if isinstance(each, CategoriesCollector))]
