"""Payloads of SendGrid's v3 API → samples of days, months, credits and reputation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, TypeAlias, TypeVar

from exporter.errors import FetchError, NotFound, may_be_of_one
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.sendgrid_statistics import samples, sums
from exporter.providers.sendgrid_v3.accounts import AccountKind
from exporter.providers.sendgrid_v3.api import BATCH_SIZE, Answers, V3Api
from exporter.providers.sendgrid_v3.config import CreditsConfig, DailyConfig, MonthConfig, ReputationConfig
from exporter.providers.sendgrid_v3.metrics import (
    CREDITS,
    CREDITS_FAMILIES,
    DAILY_FAMILIES,
    MONTH_FAMILIES,
    REPUTATION_FAMILIES,
    RESETS,
)
from exporter.providers.sendgrid_v3.statistics import Table, Window
from exporter.samples import Family, Sample

Answer = TypeVar("Answer")
Shown: TypeAlias = Mapping[Customer, Iterable[Sample] | FetchError]


def ask_together(
    customers: Sequence[Customer], ask: Callable[[Sequence[Customer]], Mapping[Customer, Answer | FetchError]]
) -> Mapping[Customer, Answer | FetchError]:
    """Return every customer's answer, where ``ask`` is for all subusers at once and for each other customer alone.

    Raises:
        ClientRefused: the vendor refused the subusers' call; one of them may have spoilt it for all.
        NotFound: the same.
    """
    subusers = [customer for customer in customers if customer.settings is AccountKind.SUBUSER]
    alone = [[customer] for customer in customers if customer.settings is not AccountKind.SUBUSER]
    answers: dict[Customer, Answer | FetchError] = {}
    for group in ([subusers] if subusers else []) + alone:
        try:
            answers |= ask(group)
        except FetchError as error:
            if may_be_of_one(error) and len(group) > 1:
                raise
            answers |= dict.fromkeys(group, error)
    return answers


def shown(answers: Answers[Answer], show: Callable[[Customer, Answer], Iterable[Sample]]) -> Shown:
    """Return the samples that ``show`` makes of each answer; who was not found stays that."""
    return {
        customer: answer if isinstance(answer, NotFound) else [*show(customer, answer)]
        for customer, answer in answers.items()
    }


@dataclass(frozen=True, slots=True)
class DailyCollector:
    """Collects the newest and the last complete day of each customer's statistics."""

    api: V3Api
    settings: DailyConfig
    name: ClassVar[str] = "daily"
    families: ClassVar[Sequence[Family]] = DAILY_FAMILIES
    batch_size: ClassVar[int] = BATCH_SIZE

    def fetch_batch(self, customers: Sequence[Customer]) -> Shown:
        """Return a sample for each configured counter of the two days, as far as the vendor sent them.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        return ask_together(customers, self._ask)

    def _ask(self, customers: Sequence[Customer]) -> Shown:
        # Asked before the call, as the call is what the word "today" is about.
        todays = {customer: customer.today() for customer in customers}
        before = timedelta(days=self.settings.days - 1)
        window = Window(min(todays.values()) - before, takes_older=True)
        tables = self.api.statistics(customers, [window], self.settings.fields)
        return shown(tables, lambda customer, table: self._samples(customer, todays[customer], table))

    def _samples(self, customer: Customer, today: date, table: Table) -> Iterable[Sample]:
        # An idle customer may have no row at all. No row is no sample: a zero
        # would claim a measurement that nobody made.
        if newest := max(table, default=None):
            yield from samples(metrics.LATEST_DAY, table[newest], self.settings.fields)
            yield metrics.LATEST_DAY_TIMESTAMP.sample(customer.midnight(newest))
        yesterday = today - timedelta(days=1)
        if complete := table.get(yesterday):
            yield from samples(metrics.LAST_COMPLETE_DAY, complete, self.settings.fields)
            yield metrics.LAST_COMPLETE_DAY_TIMESTAMP.sample(customer.midnight(yesterday))


@dataclass(frozen=True, slots=True)
class MonthCollector:
    """Collects the sums of each customer's days since the month began."""

    api: V3Api
    settings: MonthConfig
    name: ClassVar[str] = "month"
    families: ClassVar[Sequence[Family]] = MONTH_FAMILIES
    batch_size: ClassVar[int] = BATCH_SIZE

    def fetch_batch(self, customers: Sequence[Customer]) -> Shown:
        """Return a sample for each configured counter that all days of the month have.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        return ask_together(customers, self._ask)

    def _ask(self, customers: Sequence[Customer]) -> Shown:
        firsts = {customer: customer.today().replace(day=1) for customer in customers}
        tables = self.api.statistics(customers, [Window(min(firsts.values()))], self.settings.fields)
        return shown(tables, lambda customer, table: self._samples(customer, firsts[customer], table))

    def _samples(self, customer: Customer, first: date, table: Table) -> Iterable[Sample]:
        rows = [counters for day, counters in table.items() if day.replace(day=1) == first]
        if rows:
            yield from samples(metrics.MONTH_TO_DATE, sums(rows, self.settings.fields), self.settings.fields)
            yield metrics.MONTH_TO_DATE_START.sample(customer.midnight(first))


@dataclass(frozen=True, slots=True)
class CreditsCollector:
    """Collects each customer's credits."""

    api: V3Api
    settings: CreditsConfig
    name: ClassVar[str] = "credits"
    families: ClassVar[Sequence[Family]] = CREDITS_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Sample]:
        """Yield a sample for each field of the credits that the vendor sent; null is not sent.

        Raises:
            FetchError: the vendor's answer has nothing of credits.
        """
        answer = self.api.credits(customer)
        for field, number in answer.numbers.items():
            yield CREDITS[field].sample(number)
        yield metrics.CREDITS_UNLIMITED.sample(answer.is_unlimited)
        for field, day in answer.resets.items():
            yield RESETS[field].sample(customer.midnight(day))


@dataclass(frozen=True, slots=True)
class ReputationCollector:
    """Collects each customer's reputation as a sender."""

    api: V3Api
    settings: ReputationConfig
    name: ClassVar[str] = "reputation"
    families: ClassVar[Sequence[Family]] = REPUTATION_FAMILIES
    batch_size: ClassVar[int] = BATCH_SIZE

    def fetch_batch(self, customers: Sequence[Customer]) -> Shown:
        """Return the reputation of each customer, if the vendor sent one.

        Raises:
            FetchError: the vendor refused all of them because of one.
        """
        return ask_together(customers, self._ask)

    def _ask(self, customers: Sequence[Customer]) -> Shown:
        first = customers[0]
        if first.settings is AccountKind.SUBUSER:
            return shown(self.api.reputations(customers), _reputation)
        return shown({first: self.api.reputation(first)}, _reputation)


def _reputation(_: Customer, reputation: Decimal | None) -> Iterable[Sample]:
    if reputation is not None:
        # Divided as a decimal: 95.2 / 100 as floats is not the float of 0.952.
        yield metrics.REPUTATION.sample(float(reputation / 100))
