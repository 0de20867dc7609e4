"""The vendor's lists, read page by page to their end or not at all: subusers, partner accounts, categories."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exporter.errors import InvalidResponse
from exporter.providers.base import Customer, Found
from exporter.providers.numbers import whole_number
from exporter.providers.records import Record, plain_text
from exporter.providers.sendgrid_v3.accounts import AccountKind, on_behalf_of
from exporter.providers.sendgrid_v3.api import V3Api
from exporter.providers.sendgrid_v3.statistics import listed

# The vendor lets a category have this many characters.
_LONGEST_CATEGORY = 255


@dataclass(frozen=True, slots=True)
class _Paged:
    """A list that is cut into so many pages at most, each of a size, by ``limit`` and ``offset``."""

    path: str
    size: int
    most: int
    what: str


# The most of the vendor's general page on paging.
_SUBUSERS = _Paged("/v3/subusers", 500, 10_000, "the subusers")
# The documented default: nobody says what the most is, and a page cut shorter than asked would look like the last.
_CATEGORIES = _Paged("/v3/categories", 50, 1_000, "the categories")
# The documented most.
_ACCOUNTS_PAGE = 100
_MOST_ACCOUNTS_PAGES = 10_000


def subusers(api: V3Api) -> Sequence[Found]:
    """Return every subuser of the account.

    Raises:
        InvalidResponse: a page is no list of subusers with a name each, or its pages repeat themselves or do not end.
    """
    found: dict[str, Found] = {}
    for row in _rows(api, _SUBUSERS, found.__len__):
        name = row.require("username", plain_text, "plain text")
        number = row.find("id", whole_number)
        is_disabled = row.find("disabled", _flag)
        is_active = None if is_disabled is None else not is_disabled
        found[name] = Found(
            name, name, name if number is None else str(number), is_active, AccountKind.SUBUSER, "subuser"
        )
    return [*found.values()]


def categories(api: V3Api, customer: Customer) -> Sequence[str]:
    """Return the names of all of a customer's categories, as far as they can be shown.

    Raises:
        InvalidResponse: a page is no list of categories with a name each, or its pages repeat themselves or do not end.
    """
    names: dict[str, None] = {}
    for row in _rows(api, _CATEGORIES, names.__len__, customer):
        if "category" not in row.members:
            raise InvalidResponse(f"{row.what}: category is missing")
        name = row.find("category", _category)
        if name is not None:
            names[name] = None
    return [*names]


def accounts(api: V3Api) -> Sequence[Found]:
    """Return every partner account under the reseller's.

    Raises:
        InvalidResponse: a page is no list of accounts with an id each, or its pages repeat themselves or do not end.
    """
    found: dict[str, Found] = {}
    cursor, what = None, "the partner accounts"
    for _ in range(_MOST_ACCOUNTS_PAGES):
        known = len(found)
        after = () if cursor is None else (("offset", cursor),)
        document = api.ask("/v3/partners/accounts", (("limit", str(_ACCOUNTS_PAGE)), *after))
        page = api.record(what, document)
        rows = listed(what, page.members.get("accounts"))
        for number, row in enumerate(rows, start=1):
            id_ = api.record(f"row {number} of {what}", row).require("id", plain_text, "plain text")
            # The list has no user names, and its e-mail addresses are a person's.
            found[id_] = Found(id_, id_, id_, None, AccountKind.ACCOUNT, "account")
        cursor = _next_cursor(api, page)
        if len(rows) < _ACCOUNTS_PAGE or cursor is None:
            return [*found.values()]
        _refuse_repetition(what, known, len(found))
    raise _too_long(what, _MOST_ACCOUNTS_PAGES, _ACCOUNTS_PAGE)


def _next_cursor(api: V3Api, page: Record) -> str | None:
    pages = page.members.get("pages")
    return api.record("the pages of the partner accounts", pages).find("last", plain_text) if pages else None


def _rows(api: V3Api, pages: _Paged, count: Callable[[], int], customer: Customer | None = None) -> Iterator[Record]:
    """Yield the rows of all pages; ``count`` tells how many different ones the caller has seen."""
    headers = () if customer is None else on_behalf_of(customer)
    for offset in range(0, pages.most * pages.size, pages.size):
        known = count()
        query = (("limit", str(pages.size)), ("offset", str(offset)))
        rows = listed(pages.what, api.ask(pages.path, query, headers=headers))
        for number, row in enumerate(rows, start=offset + 1):
            yield api.record(f"row {number} of {pages.what}", row)
        # A page that is longer than asked for is of a vendor that knows no pages.
        if len(rows) != pages.size:
            return
        _refuse_repetition(pages.what, known, count())
    raise _too_long(pages.what, pages.most, pages.size)


def _too_long(what: str, pages: int, size: int) -> InvalidResponse:
    # It would fill the memory without end.
    return InvalidResponse(f"{what}: longer than {pages} pages of {size}")


def _refuse_repetition(what: str, before: int, now: int) -> None:
    # Such a list may be the first page again and again, and who is missing from it would be taken for gone.
    if now == before:
        raise InvalidResponse(f"{what}: a page repeats what earlier pages had")


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _category(value: object) -> str | None:
    return plain_text(value, _LONGEST_CATEGORY)
