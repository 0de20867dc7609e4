"""The Web API's statistics by category: which categories a customer has, and their counters by day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from exporter.errors import InvalidResponse
from exporter.providers.base import Customer
from exporter.providers.documents import Ambiguous, Value
from exporter.providers.records import any_text, plain_text
from exporter.providers.sendgrid_statistics import Counters, not_ahead_of, read_counters, read_day
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.metrics import CATEGORY_STATISTICS_FIELDS

# So many one call can be for: forms with a thousand fields are cut by many servers, without a word.
MOST_IN_A_CALL = 100
# The vendor lets a category have this many characters.
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class CategoryDay:
    """A day of one category."""

    category: str
    day: date


@dataclass(frozen=True, slots=True)
class Spellings:
    """Tells which category a row is about, though the vendor may print it in other letters than its list has."""

    listed: frozenset[str]
    folded: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, listed: Iterable[str]) -> "Spellings":
        """Return the spellings of a customer's list of categories."""
        names = frozenset(listed)
        folded: dict[str, list[str]] = {}
        for name in names:
            folded.setdefault(name.casefold(), []).append(name)
        return cls(names, folded)

    def find(self, printed: str) -> str | None:
        """Return the listed category that is meant; None if that can't be told."""
        if printed in self.listed:
            return printed
        alike = self.folded.get(printed.casefold(), ())
        return alike[0] if len(alike) == 1 else None


def category_names(api: WebApi, customer: Customer) -> Sequence[str]:
    """Return all categories that a customer has ever used, as far as they can be shown.

    Raises:
        InvalidResponse: no list, or a row without a category.
    """
    document = api.ask("category_list", customer)
    # An object can hold the whole list here, so an empty one is an empty list.
    rows = [] if document == {} else api.rows("the list of categories", document)
    return [
        name for number, row in enumerate(rows, start=1) for name in _names(api, f"row {number} of the categories", row)
    ]


def _names(api: WebApi, what: str, row: Value) -> Iterable[str]:
    """Yield the names in a row: a text, an object of one, or an object that has all of them under one key."""
    if not isinstance(row, str):
        row = api.record(what, row).members
        if "category" not in row:
            raise InvalidResponse(f"{what}: category is missing")
        row = row["category"]
    if isinstance(row, Ambiguous) and api.dialect.is_repaired:
        api.client.repaired()
    for value in row.values if isinstance(row, Ambiguous) else (row,):
        if value in (None, ""):
            continue
        name = plain_text(value, _LONGEST_NAME)
        if name is None:
            api.client.rejected()
        else:
            yield name


def category_days(
    api: WebApi,
    customer: Customer,
    names: Sequence[str],
    spellings: Spellings,
    *,
    days: Sequence[tuple[str, str]],
    fields: Collection[str],
) -> Mapping[CategoryDay, Counters]:
    """Return the counters of each of these categories for each day that the vendor has of those asked for.

    ``days`` are the fields of the request that say which these are.

    Rows of other categories are judged like the rest, and left out.

    Raises:
        InvalidResponse: no list of rows, a row without a category, a real date or a required counter, a row from
            the future, or two rows of one category and day that say different things.
    """
    check = not_ahead_of(customer)
    asked = [("category[]", name) for name in names]
    document = api.ask("daily", customer, *days, *asked, is_blank_good=True)
    # For what it doesn't know the vendor promises an empty answer, and says no more about it.
    rows = [] if document == {} else api.rows("the category statistics", document)
    kept: dict[CategoryDay, Counters] = {}
    for number, row in enumerate(rows, start=1):
        record = api.record(f"row {number} of the category statistics", row)
        category = spellings.find(record.require("category", any_text, "text"))
        day = read_day(record, check)
        counters = read_counters(record, fields, CATEGORY_STATISTICS_FIELDS)
        if category is None or category not in names:
            continue
        if kept.setdefault(CategoryDay(category, day), counters) != counters:
            raise InvalidResponse(f"{record.what}: its category and date were in an earlier row, with other numbers")
    return kept
