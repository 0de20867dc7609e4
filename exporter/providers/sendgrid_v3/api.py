"""The read calls of SendGrid's v3 API, each with the values that it answers.

Reads and writes share paths here, and the verb tells them apart: every call is a GET, and the allow list has
no other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias, TypeVar

from exporter.errors import InvalidResponse, NotFound, VendorRefused
from exporter.providers.base import Customer
from exporter.providers.documents import Value, read_json
from exporter.providers.numbers import percentage, whole_number
from exporter.providers.records import Record, plain_text, real_day
from exporter.providers.refusals import describe, refusal
from exporter.providers.sendgrid_statistics import Counters
from exporter.providers.sendgrid_v3.accounts import AccountKind, on_behalf_of, path_segment
from exporter.providers.sendgrid_v3.metrics import CREDITS, RESETS
from exporter.providers.sendgrid_v3.statistics import NAMELESS, Table, Window, listed, read_tables
from exporter.upstream import AllowList, Client, Operation, Request

_PATHS = (
    "/v3/subusers",
    "/v3/subusers/stats",
    "/v3/subusers/reputations",
    "/v3/subusers/{}/credits",
    "/v3/stats",
    "/v3/categories",
    "/v3/categories/stats",
    "/v3/user/credits",
    "/v3/user/account",
    "/v3/partners/accounts",
)
ALLOW_LIST = AllowList([Operation("GET", path) for path in _PATHS], ())

# Names that one call can be for.
BATCH_SIZE = 10
# What the vendor's general page on paging has as the most. Nobody says whether statistics count periods or rows, so
# a window has no more than these of the two multiplied; a call without a limit would be cut off at five by some.
MOST_ROWS = 500
MOST_PERIODS = MOST_ROWS // BATCH_SIZE
# Customers of one call may be a day apart, and the vendor's today a day ahead of them.
MOST_DAYS = MOST_PERIODS - 2
_ACCEPT = (("Accept", "application/json"),)

Answer = TypeVar("Answer")
Answers: TypeAlias = Mapping[Customer, Answer | NotFound]


@dataclass(frozen=True, slots=True)
class Credits:
    """What is said of a customer's credits; what was not sent is missing.

    Attributes:
        numbers: by the vendor's field.
        is_unlimited: whether the vendor says that there is no limit.
        resets: dates by the vendor's field.
    """

    numbers: Mapping[str, int]
    is_unlimited: bool
    resets: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class V3Api:
    """Asks one source's vendor for one collector."""

    client: Client

    def statistics(
        self, customers: Sequence[Customer], windows: Iterable[Window], fields: Collection[str]
    ) -> Answers[Table]:
        """Return the counters of subusers, all in one call for each window, or of one other customer.

        A subuser without a row where others have some is not found. Where nobody has one, nobody has sent anything.

        Raises:
            InvalidResponse: no statistics, or a row from the future.
        """
        # Before the call: what the vendor counts while midnight passes may not hold all of the day that ends.
        last = {customer: customer.today() + timedelta(days=1) for customer in customers}
        tables: dict[str, dict[date, Counters]] = {}
        for window in windows:
            for name, table in self._window(customers, window, fields).items():
                within = {day: counters for day, counters in table.items() if window.has(day)}
                tables.setdefault(name, {}).update(within)
        answers = {customer: _pick(tables, customer) for customer in customers}
        for customer, answer in answers.items():
            if not isinstance(answer, NotFound) and max(answer, default=date.min) > last[customer]:
                raise InvalidResponse("the statistics: a date is more than one day ahead of the customer's today")
        return answers

    def credits(self, customer: Customer) -> Credits:
        """Return what is said of a customer's credits.

        Raises:
            InvalidResponse: no object, or nothing of credits in it.
        """
        is_subuser = customer.settings is AccountKind.SUBUSER
        path = f"/v3/subusers/{path_segment(customer)}/credits" if is_subuser else "/v3/user/credits"
        headers = () if is_subuser else on_behalf_of(customer)
        record = self.record("the credits", self.ask(path, headers=headers))
        numbers = {field: record.find(field, whole_number) for field in CREDITS}
        resets = {field: record.find(field, real_day) for field in RESETS}
        answer = Credits(
            numbers={field: number for field, number in numbers.items() if number is not None},
            is_unlimited=record.find("type", plain_text) == "unlimited",
            resets={field: day for field, day in resets.items() if day is not None},
        )
        if not answer.numbers and not answer.is_unlimited:
            raise InvalidResponse(f"{record.what}: none of the fields was sent as a whole number")
        return answer

    def reputations(self, subusers: Sequence[Customer]) -> Answers[Decimal | None]:
        """Return the reputation of each subuser, from 0 to 100; None where it was not sent.

        Raises:
            InvalidResponse: no list, a row without a name, or two rows of one name that say different things.
        """
        query = tuple(("usernames", customer.id) for customer in subusers)
        found: dict[str, Decimal | None] = {}
        rows = listed("the reputations", self.ask("/v3/subusers/reputations", query))
        for number, row in enumerate(rows, start=1):
            record = self.record(f"row {number} of the reputations", row)
            name = record.require("username", plain_text, "plain text")
            reputation = record.find("reputation", percentage)
            if found.setdefault(name, reputation) != reputation:
                raise InvalidResponse(f"{record.what}: its subuser was in an earlier row, with another number")
        return {customer: found[customer.id] if customer.id in found else _missing() for customer in subusers}

    def reputation(self, customer: Customer) -> Decimal | None:
        """Return the reputation of an account, from 0 to 100; None where it was not sent.

        Raises:
            InvalidResponse: no object, or one that is about something else.
        """
        record = self.record("the account", self.ask("/v3/user/account", headers=on_behalf_of(customer)))
        if not record.members.keys() & {"reputation", "type"}:
            raise InvalidResponse(f"{record.what}: reputation is missing")
        return record.find("reputation", percentage)

    def category_statistics(
        self, customer: Customer, categories: Sequence[str], window: Window, fields: Collection[str]
    ) -> Mapping[str, Table]:
        """Return the counters of a customer's categories, of which there are no more than ``BATCH_SIZE``.

        Raises:
            InvalidResponse: no statistics, or a row from the future.
        """
        last = customer.today() + timedelta(days=1)
        query = (*(("categories", name) for name in categories), *window.query, ("limit", str(MOST_ROWS)))
        document = self.ask("/v3/categories/stats", query, headers=on_behalf_of(customer))
        tables = read_tables(document, fields, self.record, is_named=True)
        if any(day > last for table in tables.values() for day in table):
            raise InvalidResponse("the statistics: a date is more than one day ahead of the customer's today")
        return {
            name: {day: counters for day, counters in tables.get(name, {}).items() if window.has(day)}
            for name in categories
        }

    def ask(
        self,
        path: str,
        query: tuple[tuple[str, str], ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Value:
        """Return what a call answers.

        Raises:
            FetchError: no answer came, it is an error body, or it can't be read.
        """
        reply = self.client.send(Request("GET", path, query=query, headers=(*_ACCEPT, *headers)))
        document = read_json(reply.body)
        # An error comes under status 200 too, so it is looked for before the shape is judged.
        words = refusal(document)
        if words is not None:
            raise VendorRefused(describe(words))
        return document

    def record(self, what: str, members: Value) -> Record:
        """Return an object of an answer, to be read field by field.

        Raises:
            InvalidResponse: it is no object.
        """
        return Record.of(what, members, self.client.rejected)

    def _window(
        self, customers: Sequence[Customer], window: Window, fields: Collection[str]
    ) -> Mapping[str, dict[date, Counters]]:
        rest = (*window.query, ("limit", str(MOST_ROWS)))
        if customers[0].settings is AccountKind.SUBUSER:
            query = (*(("subusers", customer.id) for customer in customers), *rest)
            document = self.ask("/v3/subusers/stats", query)
            return read_tables(document, fields, self.record, is_named=True)
        document = self.ask("/v3/stats", rest, headers=on_behalf_of(customers[0]))
        return read_tables(document, fields, self.record, is_named=False)


def _pick(tables: Mapping[str, Table], customer: Customer) -> Table | NotFound:
    name = customer.id if customer.settings is AccountKind.SUBUSER else NAMELESS
    if name in tables or not tables:
        return tables.get(name, {})
    return _missing()


def _missing() -> NotFound:
    return NotFound("the vendor's answer has other subusers, but not this one")
