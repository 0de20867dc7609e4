"""What the Web API says of the reseller's own account: addresses, pending changes, packages, invoices and usage."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

from exporter.providers.base import Customer
from exporter.providers.documents import Value
from exporter.providers.numbers import decimal_number, money, whole_number
from exporter.providers.records import any_text, plain_text
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.metrics import CHANGES, INVOICE_STATUSES, USAGE

# The vendor's filter has the bare words, its sample prose.
_CHANGE_WORDS = {**{change: change for change in CHANGES}, **{f"account {change}": change for change in CHANGES}}


@dataclass(frozen=True, slots=True)
class Invoices:
    """The invoices of one status.

    Attributes:
        count: how many there are.
        amount: the sum of what they come to; None where one of them does not say.
    """

    count: int
    amount: Decimal | None


def count_ips(api: WebApi, state: str) -> int:
    """Return how many different addresses of the account are in a state.

    Raises:
        FetchError: no list, or a row that is no address.
    """
    what = f"the list of {state} addresses"
    addresses = set()
    for number, row in enumerate(api.rows(what, api.ask_for_all(f"ips_{state}")), start=1):
        # Rows are bare texts in v1 and in XML, objects in v2.
        members = {"ip": row} if isinstance(row, str) else row
        addresses.add(api.record(f"row {number} of {what}", members).require("ip", _address, "address"))
    return len(addresses)


def pending_changes(api: WebApi) -> Mapping[str, int]:
    """Return how many changes of each kind wait to be made.

    A kind without a change has 0, unless a row's kind is not known: it might be that one.

    Raises:
        FetchError: no list, or a row without a kind.
    """
    what = "the pending changes"
    changes = []
    for number, row in enumerate(api.rows(what, api.ask_for_all("pending")), start=1):
        record = api.record(f"row {number} of {what}", row)
        changes.append(_known(api, record.require("type", any_text, "text"), _CHANGE_WORDS))
    return _counted(changes, CHANGES)


def packages(api: WebApi) -> Mapping[str, Mapping[str, float]]:
    """Return the numbers of each package by its name and the vendor's field; one listed in two ways is left out.

    Raises:
        FetchError: no list, or a row without a name.
    """
    what = "the packages"
    parsers = {"price": decimal_number, "credits": _whole, "overage": decimal_number}
    found: dict[str, Mapping[str, float]] = {}
    unclear = set()
    for number, row in enumerate(api.rows(what, api.ask_for_all("packages")), start=1):
        record = api.record(f"row {number} of {what}", row)
        name = plain_text(record.require("name", any_text, "text"))
        if name is None:
            api.client.rejected()
            continue
        sent = {
            field: float(value) for field, parse in parsers.items() if (value := record.find(field, parse)) is not None
        }
        if found.setdefault(name, sent) != sent:
            unclear.add(name)
    for name in sorted(unclear):
        api.client.rejected()
        del found[name]
    return found


def invoices(api: WebApi) -> Mapping[str, Invoices]:
    """Return the account's invoices by status.

    A status without an invoice has 0, unless a row's status is not known: it might be that one.

    Raises:
        FetchError: no list, or a row without a status.
    """
    what = "the invoices"
    statuses: list[str | None] = []
    amounts: dict[str, list[Decimal | None]] = {}
    for number, row in enumerate(_distinct(api.rows(what, api.ask_for_all("invoices"))), start=1):
        record = api.record(f"row {number} of {what}", row)
        status = _known(api, record.require("status", any_text, "text"), {each: each for each in INVOICE_STATUSES})
        statuses.append(status)
        if status is not None:
            amounts.setdefault(status, []).append(record.find("final_amount", money))
    counts = _counted(statuses, INVOICE_STATUSES)
    return {status: Invoices(count, _sum(amounts.get(status, ()))) for status, count in counts.items()}


def usage(api: WebApi, customers: Sequence[Customer]) -> Mapping[str, Mapping[str, Decimal]]:
    """Return what these customers have used since the last bill, by their ids and the vendor's field.

    Several invoices of one customer are added up, and a field that one of them lacks has no sum.

    Raises:
        FetchError: no list of invoices, or one without a user name.
    """
    wanted = {customer.id for customer in customers}
    what = "the usage"
    numbers: dict[str, dict[str, list[Decimal | None]]] = {}
    for number, row in enumerate(_usage_rows(api, what), start=1):
        record = api.record(f"row {number} of {what}", row)
        user = record.require("username", any_text, "text")
        if user in wanted:
            of_user = numbers.setdefault(user, {field: [] for field in USAGE})
            for field, values in of_user.items():
                values.append(record.find(field, _whole if field == "credits" else money))
    return {
        user: {field: total for field, values in of_user.items() if (total := _sum(values)) is not None}
        for user, of_user in numbers.items()
    }


def _usage_rows(api: WebApi, what: str) -> Iterator[Value]:
    document = api.ask_for_all("usage")
    # A list, a lone invoice, or an object around the list: the vendor's prints have all three.
    if isinstance(document, dict) and "invoices" in document:
        document = document["invoices"]
    return _distinct([] if document == {} else api.rows(what, document))


def _distinct(rows: Sequence[Any]) -> Iterator[Value]:
    """Yield the rows, but none that repeats an earlier one of the same number."""
    seen: dict[str, Value] = {}
    for row in rows:
        number = row.get("number") if isinstance(row, dict) else None
        is_repeated = isinstance(number, str) and number in seen and seen[number] == row
        if isinstance(number, str) and number:
            seen.setdefault(number, row)
        if not is_repeated:
            yield row


def _known(api: WebApi, word: str, words: Mapping[str, str]) -> str | None:
    """Return what a word of the vendor's stands for, in any case of letters; count one that is not known."""
    meaning = words.get(word.casefold())
    if meaning is None:
        api.client.rejected()
    return meaning


def _counted(values: Sequence[str | None], kinds: Sequence[str]) -> Mapping[str, int]:
    counts = Counter(values)
    return {kind: counts[kind] for kind in kinds if kind in counts or None not in counts}


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    sent = [value for value in values if value is not None]
    return sum(sent, Decimal(0)) if len(sent) == len(values) else None


def _address(value: object) -> str | None:
    try:
        # The same IPv6 address can be printed in many ways.
        return str(ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole(value: object) -> Decimal | None:
    number = whole_number(value)
    return None if number is None else Decimal(number)
