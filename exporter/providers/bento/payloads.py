"""Bento's answers as values, accepted in every shape that is known and read so strictly that no number is guessed."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.errors import InvalidResponse
from exporter.providers.documents import Ambiguous
from exporter.providers.numbers import Number, money, whole_number
from exporter.providers.records import Record, plain_text

Reject = Callable[[], None]

USERS = ("user_count", "subscriber_count", "unsubscriber_count")
_TALLIED = ("signups", "customers")
_CURRENCY = re.compile("[A-Za-z0-9]{1,8}", re.ASCII)
# What visitors bring along in an address is free text, and may be anyone's.
_LONGEST_VALUE = 128
_PERSONAL = "@"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a site: what the vendor calls it, and what it is called in the label ``segment``."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a query about ads counted, in all or for one value.

    Attributes:
        counts: whole numbers by the vendor's field, as far as they were sent.
        revenue: in units, by currency.
    """

    counts: Mapping[str, int]
    revenue: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ads:
    """The answer to a query about ads.

    Attributes:
        totals: over all values.
        is_truncated: whether revenue is missing from it; None if the vendor does not say.
        values: the breakdown by value, in the contract's order.
        unnamed: rows of the breakdown whose value can't be shown.
    """

    totals: Tally
    is_truncated: bool | None
    values: Sequence[tuple[str, Tally]] = ()
    unnamed: int = 0


def read_users(what: str, document: Any, reject: Reject) -> Mapping[str, int]:
    """Return the three counts of a site or a segment, which some of the vendor's pages wrap in ``data``.

    Raises:
        InvalidResponse: no object, or one of the counts is not there as a whole number.
    """
    whole = Record.of(what, document, reject)
    counts = Record.of(what, whole.members["data"], reject) if "data" in whole.members else whole
    return {field: counts.require(field, whole_number, "whole number") for field in USERS}


def read_segments(what: str, document: Any, reject: Reject) -> Sequence[Segment]:
    """Return a site's segments from a plain list or one wrapped in ``data``, each with a label of its own.

    Raises:
        InvalidResponse: no list, a row without an id, or an id or label that several rows have.
    """
    # An empty list comes as `{}` too.
    rows = document.get("data", None if document else []) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise InvalidResponse(f"{what}: not a list")
    names: dict[str, str | None] = {}
    for number, row in enumerate(rows, start=1):
        segment = Record.of(f"{what}: row {number}", row, reject)
        id_ = segment.require("id", _identifier, "id")
        attributes = row.get("attributes", row)
        name = Record.of(segment.what, attributes, reject).find("name", plain_text)
        if names.setdefault(id_, name) != name:
            raise InvalidResponse(f"{segment.what}: its id was in an earlier row, with another name")
    return _labelled(what, names)


def read_report(what: str, document: Any, reject: Reject) -> Any:
    """Return the data of a report, whatever it is, from either of the two shapes that the vendor's pages have.

    Raises:
        InvalidResponse: no object, or no data in it.
    """
    report = Record.of(what, document, reject)
    if "report_data" in report.members:
        report = Record.of(what, report.members["report_data"], reject)
    if "data" not in report.members:
        raise InvalidResponse(f"{what}: data is missing")
    return _unambiguous(what, "data", report.members["data"])


def report_numbers(what: str, data: Any, paths: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    """Yield ``value`` with the data of a report, if that is a number, and each path with the number there, or None.

    A path goes through objects only: what the rows of a list mean is nowhere said.

    Raises:
        InvalidResponse: a key on the way was sent twice, with different values.
    """
    if isinstance(data, Number):
        yield "value", finite_number(data)
    for path in paths:
        found = data
        for key in path.split("."):
            found = _unambiguous(what, path, found.get(key) if isinstance(found, dict) else None)
        yield path, finite_number(found)


def finite_number(value: object) -> float | None:
    """Return any number that a float64 stands for: None for a whole one that it can't hold exactly, or one too small.

    A fraction becomes the nearest float64, as everywhere.
    """
    if not isinstance(value, Number):
        return None
    number = float(value.text)
    if not math.isfinite(number):
        return None
    if value.text.lstrip("-").isdecimal():
        return number or 0.0 if int(value.text) == number else None
    is_zero = not value.text.lower().partition("e")[0].strip("-0.")
    return 0.0 if is_zero else (number or None)


def read_ads(what: str, document: Any, reject: Reject, *, has_breakdown: bool) -> Ads:
    """Return the totals of a query about ads and, if it is wanted, their breakdown by value.

    Raises:
        InvalidResponse: no object; totals or a row without signups or customers as whole numbers; no breakdown where
            one is wanted; or two rows of one value that say different things.
    """
    answer = Record.of(what, document, reject)
    totals = Record.of(f"{what}: the totals", answer.members.get("totals"), reject)
    visitors = totals.find("revenueVisitorCount", whole_number)
    tally = _tally(totals)
    counts = tally.counts if visitors is None else {**tally.counts, "revenueVisitorCount": visitors}
    is_truncated = answer.find("revenueTruncated", _boolean)
    if not has_breakdown:
        return Ads(Tally(counts, tally.revenue), is_truncated)
    rows = answer.require("breakdown", _list, "list")
    values, unnamed = _breakdown(what, rows, reject)
    return Ads(Tally(counts, tally.revenue), is_truncated, values, unnamed)


def _breakdown(what: str, rows: Sequence[Any], reject: Reject) -> tuple[Sequence[tuple[str, Tally]], int]:
    values: dict[str, Tally] = {}
    unnamed = 0
    for number, row in enumerate(rows, start=1):
        line = Record.of(f"{what}: row {number} of the breakdown", row, reject)
        value, tally = line.find("key", _value), _tally(line)
        if not value:
            unnamed += 1
        elif values.setdefault(value, tally) != tally:
            raise InvalidResponse(f"{line.what}: its key was in an earlier row, with other numbers")
    return sorted(values.items(), key=lambda each: (-each[1].counts["signups"], each[0])), unnamed


def _tally(members: Record) -> Tally:
    counts = {field: members.require(field, whole_number, "whole number") for field in _TALLIED}
    return Tally(counts, _revenue(members))


def _revenue(members: Record) -> Mapping[str, float]:
    cents = members.find("revenueByCurrency", _object) or {}
    amounts = Record(f"{members.what}: revenueByCurrency", cents, members.reject)
    revenue: dict[str, float] = {}
    for currency in cents:
        if _currency(currency) is None:
            members.reject()
        elif (amount := amounts.find(currency, _units)) is not None:
            revenue[currency] = amount
    if revenue:
        return revenue
    total, only = members.find("revenueCents", _units), members.find("revenueCurrency", _currency)
    return {} if total is None or only is None else {only: total}


def _labelled(what: str, names: Mapping[str, str | None]) -> Sequence[Segment]:
    """Name segments as the vendor does, by their ids where they have no name, and by both where a name is not alone."""
    bearers = Counter(name or id_ for id_, name in names.items())
    segments = []
    for id_, name in names.items():
        label = name or id_
        segments.append(Segment(id_, label if bearers[label] == 1 else f"{label} ({id_})"))
    if len({segment.label for segment in segments}) < len(segments):
        raise InvalidResponse(f"{what}: several segments are called alike")
    return segments


def _unambiguous(what: str, field: str, value: Any) -> Any:
    if isinstance(value, Ambiguous):
        raise InvalidResponse(f"{what}: {field} was sent twice, with different values")
    return value


def _identifier(value: object) -> str | None:
    # Samples have letters in some places and a number in others.
    return plain_text(value.text if isinstance(value, Number) else value)


def _value(value: object) -> str:
    """Return a value as a label, or an empty text where it can't be one."""
    text = plain_text(value, _LONGEST_VALUE) or ""
    return "" if _PERSONAL in text else text


def _units(cents: object) -> float | None:
    amount = money(cents)
    # Never -0.0, which a page would show with its sign.
    return None if amount is None else float(amount / 100) or 0.0


def _currency(value: object) -> str | None:
    return value if isinstance(value, str) and _CURRENCY.fullmatch(value) else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _list(value: object) -> Sequence[Any] | None:
    return value if isinstance(value, list) else None
