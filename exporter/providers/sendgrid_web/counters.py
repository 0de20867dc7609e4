"""The statistics that the Web API keeps of a customer: counters of all time and counters by day."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from exporter.errors import InvalidResponse
from exporter.providers.base import Customer
from exporter.providers.documents import Value
from exporter.providers.records import Record
from exporter.providers.sendgrid_statistics import Counters, not_ahead_of, read_counters, read_day, sums
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.metrics import STATISTICS_FIELDS


@dataclass(frozen=True, slots=True)
class Month:
    """The counters of a month up to today, and its first day."""

    first: date
    counters: Counters


def totals(api: WebApi, customer: Customer, fields: Collection[str]) -> Counters:
    """Return a customer's counters since its account began, as far as they were sent.

    Raises:
        FetchError: no object, or one of the required counters is not there as a whole number.
    """
    return read_counters(api.record("the totals", api.ask("totals", customer)), fields, STATISTICS_FIELDS)


def daily(api: WebApi, customer: Customer, days: int, fields: Collection[str]) -> Mapping[date, Counters]:
    """Return a customer's counters for each of the last ``days`` days that the vendor has.

    Raises:
        FetchError: no list of rows, a row without a real date or a required counter, a row from the future, or
            two rows of one day that say different things.
    """
    # Before the call: what the vendor counts while midnight passes may not hold all of the day that ends.
    check = not_ahead_of(customer)
    document = api.ask("daily", customer, ("days", str(days)))
    return _by_day(api, "the daily statistics", document, fields, check)


def month_to_date(api: WebApi, customer: Customer, fields: Collection[str]) -> Month | None:
    """Return the sums of a customer's days from the first of this month on; None if there is no day.

    A counter that one of the days lacks has no sum. Days of other months that the vendor sends all the same are left
    out.

    Raises:
        FetchError: as with ``daily``.
    """
    today = customer.today()
    first = today.replace(day=1)
    check = not_ahead_of(customer)
    document = api.ask("daily", customer, *asked_days(customer, first, today))
    rows = _by_day(api, "the daily statistics", document, fields, check)
    of_month = [counters for day, counters in rows.items() if day.replace(day=1) == first]
    return Month(first, sums(of_month, fields)) if of_month else None


def between(
    api: WebApi, customer: Customer, first: date, last: date | None, fields: Collection[str]
) -> Mapping[date, Counters]:
    """Return a customer's counters for each day that the vendor has, from one to another or to the vendor's today.

    Raises:
        FetchError: as with ``daily``.
    """
    check = not_ahead_of(customer)
    document = api.ask("daily", customer, *asked_days(customer, first, last))
    rows = _by_day(api, "the daily statistics", document, fields, check)
    return {day: counters for day, counters in rows.items() if first <= day and (last is None or day <= last)}


def asked_days(customer: Customer, first: date, last: date | None) -> Sequence[tuple[str, str]]:
    """Return the fields of a request for these days at least."""
    if last is None:
        # The vendor's today may be a day ahead, and it counts back from there.
        return (("days", str((customer.today() - first).days + 2)),)
    # The vendor wants an end after the start.
    return (("start_date", first.isoformat()), ("end_date", max(last, first + timedelta(days=1)).isoformat()))


def _by_day(
    api: WebApi, what: str, document: Value, fields: Collection[str], check: Callable[[Record, date], None]
) -> Mapping[date, Counters]:
    rows: dict[date, Counters] = {}
    for number, row in enumerate(api.rows(what, document), start=1):
        record = api.record(f"row {number} of {what}", row)
        day = read_day(record, check)
        counters = read_counters(record, fields, STATISTICS_FIELDS)
        if rows.setdefault(day, counters) != counters:
            raise InvalidResponse(f"{record.what}: its date was in an earlier row, with other numbers")
    return rows
