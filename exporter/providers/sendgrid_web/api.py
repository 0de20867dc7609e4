"""The read calls of SendGrid's Web API, each with the values that it answers.

Reads and writes share address and verb here, so what a call does hangs on its fields ``method`` and ``task``:
each call names them, and the allow list lets no other pair through.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from exporter.config import Secret
from exporter.errors import InvalidResponse, VendorRefused
from exporter.providers.base import Customer
from exporter.providers.documents import read_json
from exporter.providers.numbers import decimal_number, whole_number
from exporter.providers.records import Record, plain_text, real_day
from exporter.providers.refusals import describe, refusal
from exporter.providers.sendgrid_web.metrics import (
    OVERVIEW_CREDITS,
    OVERVIEW_DATES,
    REQUIRED_STATISTICS,
    STATISTICS_FIELDS,
)
from exporter.upstream import AllowList, Client, Operation, Request

# Fields that choose what a call does; one that a call does not pin may not be sent with it.
_SELECTORS = ("method", "task", "aggregate", "list", "category")
_BEST_REPUTATION = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One read call: its action, and the fields that choose what the action does."""

    action: str
    selectors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where one of the Web API's three dialects lives, and how it spells the calls.

    Attributes:
        prefix: what stands before the action in the path.
        calls: by our name; a call that the dialect has not is missing.
    """

    prefix: str
    calls: Mapping[str, Call]

    def path(self, call: Call) -> str:
        """Return the path of a call; its suffix asks for the answer as JSON."""
        return f"{self.prefix}{call.action}.json"

    def allow_list(self) -> AllowList:
        """Return the dialect's calls, the only ones that can be sent."""
        calls = self.calls.values()
        return AllowList([Operation("POST", self.path(call), call.selectors) for call in calls], _SELECTORS)


RESELLER = Dialect(
    "/apiv2/reseller.",
    {
        "totals": Call("manage", {"method": "stats", "aggregate": "1"}),
        "daily": Call("manage", {"method": "stats"}),
        "overview": Call("account", {"task": "overview"}),
    },
)


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
class WebApi:
    """Asks one source's vendor for one collector.

    Attributes:
        secrets: what no error's text may hold, even if the vendor says it.
    """

    client: Client
    dialect: Dialect
    secrets: Sequence[Secret]

    def totals(self, customer: Customer, fields: Collection[str]) -> Mapping[str, int]:
        """Return a customer's counters since its account began, by our names, as far as they were sent.

        Raises:
            InvalidResponse: no object, or one of the required counters is not there as a whole number.
        """
        document = self._ask("totals", customer)
        return _statistics(self._record("the totals", document), fields)

    def daily(self, customer: Customer, days: int, fields: Collection[str]) -> Mapping[date, Mapping[str, int]]:
        """Return a customer's counters for each of the last ``days`` days that the vendor has.

        Raises:
            InvalidResponse: no list of rows, a row without a real date or a required counter, a row from the
                future, or two rows of one day that say different things.
        """
        # Before the call: what the vendor counts while midnight passes may not hold all of the day that ends.
        last = customer.today() + timedelta(days=1)
        document = self._ask("daily", customer, days=str(days))
        rows: dict[date, Mapping[str, int]] = {}
        # The vendor's pages print some lists of one row without their brackets.
        for number, row in enumerate([document] if isinstance(document, dict) else _listed(document), start=1):
            record = self._record(f"row {number} of the daily statistics", row)
            day = record.require("date", real_day, "real date (YYYY-MM-DD)")
            if day > last:
                raise InvalidResponse(f"{record.what}: its date is more than one day ahead of the customer's today")
            counters = _statistics(record, fields)
            if rows.setdefault(day, counters) != counters:
                raise InvalidResponse(f"{record.what}: its date was in an earlier row, with other numbers")
        return rows

    def overview(self, customer: Customer) -> Overview:
        """Return what the account overview says of a customer.

        Raises:
            InvalidResponse: no object, or none of the credits is there as a whole number.
        """
        record = self._record("the account overview", self._ask("overview", customer))
        numbers = {field: record.find(field, whole_number) for field in OVERVIEW_CREDITS}
        dates = {field: record.find(field, real_day) for field in OVERVIEW_DATES}
        overview = Overview(
            credits={field: number for field, number in numbers.items() if number is not None},
            reputation=record.find("reputation", _reputation),
            requests=record.find("requests", whole_number),
            package=record.find("package", plain_text),
            dates={field: day for field, day in dates.items() if day is not None},
        )
        if not overview.credits:
            raise InvalidResponse(f"{record.what}: none of the credits fields was sent as a whole number")
        return overview

    def _ask(self, name: str, customer: Customer, **parameters: str) -> Any:
        call = self.dialect.calls[name]
        form = {**call.selectors, "user": customer.id, **parameters}
        reply = self.client.send(Request("POST", self.dialect.path(call), tuple(form.items())))
        document = read_json(reply.body)
        # An error comes under status 200 too, so it is looked for before the shape is judged.
        words = refusal(document)
        if words is not None:
            raise VendorRefused(self._describe(words, customer))
        return document

    def _record(self, what: str, members: Any) -> Record:
        if not isinstance(members, dict):
            raise InvalidResponse(f"{what}: not an object")
        return Record(what, members, self.client.rejected)

    def _describe(self, words: str, customer: Customer) -> str:
        private = [secret.value() for secret in self.secrets]
        if customer.id != customer.name:
            private.append(customer.id)
        return describe(words, private)


def _listed(document: Any) -> list[Any]:
    if not isinstance(document, list):
        raise InvalidResponse("the daily statistics: not a list")
    return document


def _statistics(record: Record, fields: Collection[str]) -> Mapping[str, int]:
    counters = {
        name: record.require(STATISTICS_FIELDS[name], whole_number, "whole number") for name in REQUIRED_STATISTICS
    }
    for name in fields:
        if name not in counters:
            number = record.find(STATISTICS_FIELDS[name], whole_number)
            if number is not None:
                counters[name] = number
    return counters


def _reputation(value: object) -> Decimal | None:
    number = decimal_number(value)
    return number if number is not None and number <= _BEST_REPUTATION else None
