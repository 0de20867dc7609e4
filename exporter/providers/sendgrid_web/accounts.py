"""What the Web API says of a customer's account: its overview, its limit, its suppression lists, and who there is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from exporter.errors import InvalidResponse
from exporter.providers.base import Customer, Found
from exporter.providers.documents import Value
from exporter.providers.numbers import Number, percentage, whole_number
from exporter.providers.records import Record, plain_text, real_day
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.metrics import OVERVIEW_CREDITS, OVERVIEW_DATES

# Small, so that a server that gives less than it is asked for is not taken for one at its end.
PAGE_SIZE = 100
_MOST_PAGES = 10_000
_ERROR_FIELDS = ("error", "errors", "message")
_CUSTOMER_FIELDS = (*_ERROR_FIELDS, "id", "username", "active")
_ACTIVE: Mapping[object, bool] = {
    **dict.fromkeys((True, "true", "1", Number("1")), True),
    **dict.fromkeys((False, "false", "0", Number("0")), False),
}


@dataclass(frozen=True, slots=True)
class Overview:
    """What the account overview says of a customer; what was not sent is missing or None.

    Attributes:
        credits: whole numbers by the vendor's field; never empty.
        reputation: from 0 to 100.
        dates: the billing period's, by the vendor's field.
    """

    credits: Mapping[str, int]
    reputation: Decimal | None
    requests: int | None
    package: str | None
    dates: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a customer may send until its limit is reset; what was not sent is None."""

    credits: int | None
    remaining: int | None
    last_reset: date | None


def overview(api: WebApi, customer: Customer) -> Overview:
    """Return what the account overview says of a customer.

    Raises:
        InvalidResponse: no object, or none of the credits is there as a whole number.
    """
    record = api.record("the account overview", api.ask("overview", customer))
    numbers = {field: record.find(field, whole_number) for field in OVERVIEW_CREDITS}
    dates = {field: record.find(field, real_day) for field in OVERVIEW_DATES}
    found = Overview(
        credits={field: number for field, number in numbers.items() if number is not None},
        reputation=record.find("reputation", percentage),
        requests=record.find("requests", whole_number),
        package=record.find("package", plain_text),
        dates={field: day for field, day in dates.items() if day is not None},
    )
    if not found.credits:
        raise InvalidResponse(f"{record.what}: none of the credits fields was sent as a whole number")
    return found


def limit(api: WebApi, customer: Customer) -> Limit | None:
    """Return a customer's limit, or None if it has none, which the vendor says by an empty answer.

    Raises:
        InvalidResponse: neither empty nor one object, or none of the credits is there as a whole number.
    """
    what = "the account limits"
    document = api.ask("limits", customer, is_blank_good=True)
    rows = [] if document in ({}, [{}]) else api.rows(what, document)
    if not rows:
        return None
    if len(rows) > 1:
        raise InvalidResponse(f"{what}: more than one object")
    record = api.record(what, rows[0])
    found = Limit(
        record.find("credit", whole_number),
        record.find("credit_remain", whole_number),
        record.find("last_reset", real_day),
    )
    if found.credits is None and found.remaining is None:
        raise InvalidResponse(f"{what}: neither credit nor credit_remain was sent as a whole number")
    return found


def count_suppressions(api: WebApi, customer: Customer, list_: str) -> int:
    """Return how many entries one of a customer's suppression lists has; none of them is kept while it is read.

    Raises:
        InvalidResponse: no list, or a row that is no entry.
    """
    entries = api.ask_for_addresses(list_, customer, _entry)
    if entries is _ENTRY:
        return 1
    if not isinstance(entries, list):
        raise InvalidResponse(f"the suppression list {list_}: not a list")
    for number, entry in enumerate(entries, start=1):
        if entry is not _ENTRY:
            raise InvalidResponse(f"row {number} of the suppression list {list_}: not an entry with an email")
    return len(entries)


# Stands for an entry, whatever was in it.
_ENTRY: Value = object()


def _entry(members: Mapping[str, Value]) -> Value:
    errors = {field: members[field] for field in _ERROR_FIELDS if field in members}
    return errors if errors or not isinstance(members.get("email"), str) else _ENTRY


def listed_customers(api: WebApi) -> Sequence[Found]:
    """Return every customer on the vendor's list, all its pages.

    Raises:
        InvalidResponse: no list, a row without a user name, or pages without end.
    """
    found: dict[str, Found] = {}
    for page in _pages(api):
        known = len(found)
        for record in page:
            one = _found(record)
            found[one.key] = _same(found[one.key], one) if one.key in found else one
        if len(page) == PAGE_SIZE and len(found) == known and api.dialect.is_paged:
            raise InvalidResponse("the list of customers: a full page brought nobody new")
    return [*found.values()]


def first_page(api: WebApi) -> Sequence[Found]:
    """Return customers of the vendor's list, where it comes in pages those of the first.

    Raises:
        FetchError: no list, or a row without a user name.
    """
    return [_found(record) for record in next(_pages(api))]


def _pages(api: WebApi) -> Iterator[Sequence[Record]]:
    if not api.dialect.is_paged:
        yield _page(api, 0)
        return
    read = 0
    for _ in range(_MOST_PAGES):
        page = _page(api, read, ("limit", str(PAGE_SIZE)), ("offset", str(read)))
        yield page
        read += len(page)
        # A longer page comes from a server that doesn't turn pages, and has sent them all.
        if len(page) != PAGE_SIZE:
            return
    raise InvalidResponse(f"the list of customers: longer than {_MOST_PAGES} pages of {PAGE_SIZE}")


def _page(api: WebApi, read: int, *fields: tuple[str, str]) -> Sequence[Record]:
    document = api.ask_for_all("customers", *fields, shrink=_without_personal_data)
    rows = api.rows("the list of customers", document)
    return [api.record(f"row {number} of the list of customers", row) for number, row in enumerate(rows, read + 1)]


def _without_personal_data(members: Mapping[str, Value]) -> Value:
    """Leave out addresses, names and telephone numbers, which come along."""
    return {field: members[field] for field in _CUSTOMER_FIELDS if field in members}


def _found(record: Record) -> Found:
    user = record.require("username", _user, "user name")
    return Found(user, user, record.find("id", _id) or user, record.find("active", _is_active))


def _same(one: Found, other: Found) -> Found:
    """Return a customer that is listed twice; whether it is active is known only where both rows agree."""
    return one if one.is_active is other.is_active else replace(one, is_active=None)


def _user(value: object) -> str | None:
    return plain_text(value, 512)


def _id(value: object) -> str | None:
    return value.text if isinstance(value, Number) else plain_text(value)


def _is_active(value: object) -> bool | None:
    return _ACTIVE.get(value) if isinstance(value, str | bool | Number) else None
