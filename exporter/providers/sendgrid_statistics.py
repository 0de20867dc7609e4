"""The counters of SendGrid's statistics, read from a row and added up, whichever of SendGrid's APIs sent it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import nan
from typing import TypeAlias, TypeVar

from exporter.errors import FetchError, InvalidResponse
from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer, Figures
from exporter.providers.numbers import LARGEST, whole_number
from exporter.providers.records import Record, real_day
from exporter.samples import Family, Sample

Counters: TypeAlias = Mapping[str, int]
"""Counters by our names; what was not sent is missing."""
Answer = TypeVar("Answer")

# The counters of the oldest documented payloads: an answer without one of them is something else.
REQUIRED_STATISTICS = ("requests", "bounces", "clicks", "opens", "spam_reports")
DEFAULT_FIELDS = ("requests", "delivered", "bounces", "clicks", "opens", "spam_reports")


def not_ahead_of(customer: Customer) -> Callable[[Record, date], None]:
    """Return what refuses a row dated more than a day ahead of now; to be called before the vendor is.

    Raises:
        InvalidResponse: by what is returned.
    """
    last = customer.today() + timedelta(days=1)

    def check(record: Record, day: date) -> None:
        if day > last:
            raise InvalidResponse(f"{record.what}: its date is more than one day ahead of the customer's today")

    return check


def read_day(record: Record, check: Callable[[Record, date], None]) -> date:
    """Return the date of a row.

    Raises:
        InvalidResponse: it has none, or one that ``check`` refuses.
    """
    day = record.require("date", real_day, "real date (YYYY-MM-DD)")
    check(record, day)
    return day


def read_counters(record: Record, fields: Collection[str], names: Mapping[str, Sequence[str]]) -> Counters:
    """Return the required counters of a row and, as far as they were sent, those of ``fields``.

    ``names`` has the vendor's names of each. A counter that is not required, and whose names say different things, is
    left out and counted as rejected.

    Raises:
        InvalidResponse: a required counter is not there as a whole number.
    """
    counters = {name: record.require(names[name][0], whole_number, "whole number") for name in REQUIRED_STATISTICS}
    for name in fields:
        if name not in counters and (number := _find(record, names[name])) is not None:
            counters[name] = number
    return counters


def sums(rows: Sequence[Counters], fields: Iterable[str]) -> Counters:
    """Return the sum of each counter that every row has; a counter that one row lacks has no sum."""
    whole = [name for name in fields if all(name in row for row in rows)]
    added = {name: sum(row[name] for row in rows) for name in whole}
    return {name: number for name, number in added.items() if number <= LARGEST}


def samples(families: Mapping[str, Family], counters: Counters, fields: Iterable[str]) -> Iterable[Sample]:
    """Return a sample for each of ``fields`` that there is a counter of."""
    return (families[name].sample(counters[name]) for name in fields if name in counters)


def figures(
    customer: Customer, day: date, counters: Counters, shown: Iterable[str] | None, summed: Iterable[str]
) -> Figures:
    """Return what a day's row says: the fields ``shown`` of a complete day, and what ``summed`` ones add to totals."""
    complete: list[Sample] = []
    if shown is not None:
        complete = [*samples(metrics.LAST_COMPLETE_DAY, counters, shown)]
        complete.append(metrics.LAST_COMPLETE_DAY_TIMESTAMP.sample(customer.midnight(day)))
    return [*complete, *(metrics.TOTALS[name].sample(counters.get(name, nan)) for name in summed)]


def _find(record: Record, names: Sequence[str]) -> int | None:
    sent = {number for each in names if (number := record.find(each, whole_number)) is not None}
    if len(sent) > 1:
        record.reject()
        return None
    return next(iter(sent), None)


def each_alone(
    customers: Sequence[Customer], ask: Callable[[Customer], Answer]
) -> Mapping[Customer, Answer | FetchError]:
    """Return each customer's answer, or why it failed."""
    answers: dict[Customer, Answer | FetchError] = {}
    for customer in customers:
        try:
            answers[customer] = ask(customer)
        except FetchError as error:
            answers[customer] = error
    return answers
