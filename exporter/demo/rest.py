"""SendGrid's v3 REST API as the stand-in speaks it: subusers, partner accounts and the key's own account.

Checked more strictly than the vendor's: a parameter that its pages don't name is refused. Source: the OpenAPI
files of the public repository twilio/sendgrid-oai.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias
from urllib.parse import unquote

from exporter.demo.accounts import Account
from exporter.demo.traffic import FIELDS, v3_counters
from exporter.demo.wire import Answer, Call, Refused, json_answer
from exporter.demo.world import Story

_PREFIX = "/v3/"
_CREDITS = re.compile(r"subusers/(?P<name>[^/]+)/credits")
_MOST_NAMES = 10
_ONE_DAY = timedelta(days=1)
_LONGEST_WINDOW = 1_500
_WINDOW = ("start_date", "end_date", "aggregated_by", "limit", "offset")
# By path: the parameters that it takes.
_PARAMETERS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "subusers": ("username", "limit", "offset", "region", "include_region"),
        "subusers/stats": ("subusers", *_WINDOW),
        "subusers/reputations": ("usernames",),
        "subusers/{}/credits": (),
        "stats": _WINDOW,
        "categories": ("limit", "offset", "category"),
        "categories/stats": ("categories", *_WINDOW),
        "user/credits": (),
        "user/account": (),
        "partners/accounts": ("limit", "offset"),
    }
)
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "subusers": "discovery",
        "partners/accounts": "discovery",
        "subusers/stats": "daily",
        "stats": "daily",
        "subusers/reputations": "reputation",
        "user/account": "reputation",
        "subusers/{}/credits": "credits",
        "user/credits": "credits",
        "categories": "categories",
        "categories/stats": "categories",
    }
)
_Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RestV3:
    """Answers ``/v3/*`` for the owner of an API key; implements ``Dialect``.

    Attributes:
        refuses_strangers: whether one unknown subuser spoils a whole batch; else it is missing from the answer.
            The vendor's pages don't say which.
    """

    key: str = field(repr=False)
    refuses_strangers: bool = False
    name: ClassVar[str] = "v3"
    too_many: ClassVar[Answer] = json_answer({"errors": [{"field": None, "message": "too many requests"}]}, 429)
    tells_limit: ClassVar[bool] = True

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""
        return path.startswith(_PREFIX)

    def kind(self, call: Call) -> str | None:
        """Return the name of the collector that makes such a call; days of a month are asked for as ``daily``."""
        kind = _KINDS.get(_route(call))
        return "totals" if kind == "daily" and call.query.get("aggregated_by") == "month" else kind

    def users(self, call: Call) -> Collection[str]:
        """Return the subusers that a call names, or the account on whose behalf it is made."""
        named = call.query.every("subusers", "usernames")
        match = _CREDITS.fullmatch(call.path.removeprefix(_PREFIX))
        behalf = call.headers.get("on-behalf-of", "")
        return [*named, *([unquote(match["name"])] if match else []), *([behalf] if behalf else [])]

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, or shows the key in its URL."""
        return call.verb != "GET" or self.key in call.query.values()

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return the query, and on whose behalf the call is made."""
        behalf = call.headers.get("on-behalf-of")
        return {**call.query.without(), **({"on-behalf-of": behalf} if behalf else {})}

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
        route = _route(call)
        try:
            _check_headers(call, self.key)
            handler = self._handlers().get(route)
            if handler is None:
                return _error("Not found", status=404)
            for name in call.query:
                _require(name in _PARAMETERS[route], "unknown parameter", name)
            behalf = _subject(call, story)
            _require(behalf is None or not route.startswith(("subusers", "partners")), "On-Behalf-Of is not supported")
            return json_answer(handler(call, story, behalf or story.world.reseller))
        except Refused as refused:
            return refused.answer

    def _handlers(self) -> Mapping[str, Callable[[Call, Story, Account], Any]]:
        return {
            "subusers": _subusers,
            "subusers/stats": self._subuser_stats,
            "subusers/reputations": self._reputations,
            "subusers/{}/credits": _subuser_credits,
            "stats": _stats,
            "categories": _categories,
            "categories/stats": _category_stats,
            "user/credits": _user_credits,
            "user/account": _user_account,
            "partners/accounts": _partner_accounts,
        }

    def _subuser_stats(self, call: Call, story: Story, _: Account) -> Any:
        subusers = self._named(call, story, "subusers")
        rows = [(row, each) for each in subusers for row in _rows(call, story, each)]
        named = (
            (row["date"], {"type": "subuser", "name": each.user, "metrics": v3_counters(row)}) for row, each in rows
        )
        return _by_date(call, named)

    def _reputations(self, call: Call, story: Story, _: Account) -> Any:
        return [
            {"username": each.user, "reputation": _reputation(story, each)}
            for each in self._named(call, story, "usernames")
        ]

    def _named(self, call: Call, story: Story, parameter: str) -> list[Account]:
        names = call.query.every(parameter)
        _require(1 <= len(names) <= _MOST_NAMES, f"between 1 and {_MOST_NAMES} are needed", parameter)
        found = [story.world.find(name) for name in dict.fromkeys(names)]
        _require(None not in found or not self.refuses_strangers, "No user found")
        return [each for each in found if each is not None]


def _route(call: Call) -> str:
    path = call.path.removeprefix(_PREFIX)
    return "subusers/{}/credits" if _CREDITS.fullmatch(path) else path


def _check_headers(call: Call, key: str) -> None:
    if "json" not in call.headers.get("accept", "") and call.headers.get("accept") != "*/*":
        raise Refused(_error("Not acceptable", status=406))
    authorization = call.headers.get("authorization")
    if authorization is None:
        raise Refused(_error("authorization required", status=401))
    if authorization != f"Bearer {key}":
        raise Refused(_error("The provided authorization grant is invalid, expired, or revoked", status=401))


def _subject(call: Call, story: Story) -> Account | None:
    """Return on whose behalf a call is made: a subuser, or ``account-id`` and a partner account."""
    behalf = call.headers.get("on-behalf-of")
    if behalf is None:
        return None
    names = {each.user: each for each in story.world.customers}
    names |= {f"account-id {each.partner_id}": each for each in story.world.customers}
    _require(behalf in names, "No user found")
    return names[behalf]


def _subusers(call: Call, story: Story, _: Account) -> Any:
    offset, limit = _page(call, most=500, default=500)
    now = story.world.clock.time()
    rows = [
        {
            "disabled": not each.is_active(story.world.today(each.user, now)),
            "email": f"owner{each.number}@example.com",
            "id": each.number,
            "username": each.user,
        }
        for each in story.world.customers
        if each.user == call.query.get("username", each.user)
    ]
    return rows[offset : offset + limit]


def _subuser_credits(call: Call, story: Story, _: Account) -> Any:
    found = story.world.find(unquote(_CREDITS.fullmatch(call.path.removeprefix(_PREFIX))["name"]))  # type: ignore[index]  # the route matched
    if found is None:
        raise Refused(_error("No user found"))
    if not found.is_limited:
        return {"type": "unlimited", "reset_frequency": None, "remain": None, "total": None, "used": None}
    overview = story.overview(found.user, story.world.clock.time())
    remain, total = int(overview["credits_remain"]), int(overview["credits_allowed"])
    if found.tops_up:
        return {"type": "nonrecurring", "reset_frequency": None, "remain": remain, "total": None, "used": None}
    used = total - remain
    return {"type": "recurring", "reset_frequency": "monthly", "remain": remain, "total": total, "used": used}


def _stats(call: Call, story: Story, subject: Account) -> Any:
    rows = _rows(call, story, subject)
    return _by_date(call, ((row["date"], {"metrics": v3_counters(row)}) for row in rows))


def _categories(call: Call, story: Story, subject: Account) -> Any:
    offset, limit = _page(call, most=500, default=50)
    names = [each for each in story.world.categories(subject.user) if each.startswith(call.query.get("category", ""))]
    return [{"category": each} for each in names[offset : offset + limit]]


def _category_stats(call: Call, story: Story, subject: Account) -> Any:
    first, last, now = _window(call, story)
    names = dict.fromkeys(call.query.every("categories"))
    _require(1 <= len(names) <= _MOST_NAMES, f"between 1 and {_MOST_NAMES} are needed", "categories")
    rows = story.world.category_rows(subject.user, names, first, last, now)
    told = {(row["date"], row["category"]): row for row in rows}
    # A category of old has zeros on days without it; one that never was has nothing.
    known = [name for name in names if name in story.world.categories(subject.user)]
    days = [row["date"] for row in story.world.calendar(subject.user, first, last, now)]
    nothing = dict.fromkeys(FIELDS, 0)
    named = (
        (day, {"type": "category", "name": name, "metrics": v3_counters(told.get((day, name), nothing))})
        for name in known
        for day in days
    )
    return _by_date(call, named)


def _user_credits(_: Call, story: Story, subject: Account) -> Any:
    overview = story.overview(subject.user, story.world.clock.time())
    return {
        "remain": int(overview["credits_remain"]),
        "total": int(overview["credits_allowed"]),
        "overage": int(overview["credits_overage"]),
        "used": int(overview["credits_used"]),
        "last_reset": overview["billing_start_date"],
        "next_reset": overview["billing_process_date"],
        "reset_frequency": "monthly",
    }


def _user_account(_: Call, story: Story, subject: Account) -> Any:
    return {
        "type": "free" if subject.package == "Free Package" else "paid",
        "reputation": _reputation(story, subject),
    }


def _partner_accounts(call: Call, story: Story, _: Account) -> Any:
    limit, cursor = _count(call, "limit", 10), call.query.get("offset", "")
    _require(1 <= limit <= 100, "must be between 1 and 100", "limit")  # noqa: PLR2004 - the vendor's own limits
    accounts = sorted(story.world.customers, key=lambda each: each.partner_id)
    rows = [
        {
            "id": each.partner_id,
            "email": f"owner{each.number}@example.com",
            "created_at": f"{each.since}T15:04:05Z",
            "updated_at": f"{each.since}T15:04:05Z",
        }
        for each in accounts
        if each.partner_id > cursor
    ][:limit]
    return {"accounts": rows, "pages": {"last": rows[-1]["id"]} if rows else {}}


def _reputation(story: Story, account: Account) -> int | float:
    value = float(story.overview(account.user, story.world.clock.time())["reputation"])
    return int(value) if value.is_integer() else value


def _rows(call: Call, story: Story, account: Account) -> _Rows:
    """Return an account's rows of days, or of months where those are asked for."""
    first, last, now = _window(call, story)
    if call.query.get("aggregated_by") != "month":
        return story.world.calendar(account.user, first, last, now)
    rows, last = [], min(last, story.world.today(account.user, now))
    while first <= last:
        following = (first.replace(day=1) + 31 * _ONE_DAY).replace(day=1)
        rows.append({"date": str(first), **story.world.sums(account.user, first, min(last, following - _ONE_DAY), now)})
        first = following
    return rows


def _window(call: Call, story: Story) -> tuple[date, date, float]:
    now = story.world.clock.time()
    first = _date(call, "start_date", None)
    # Some customers' day has begun when others' has not: the latest of them is meant.
    last = _date(call, "end_date", max(story.world.today(each.user, now) for each in story.world.customers))
    _require(first <= last, "end date should be after start date", "end_date")
    _require((last - first).days < _LONGEST_WINDOW, "is too far back", "start_date")
    _require(call.query.get("aggregated_by", "day") in {"day", "month"}, "must be day or month", "aggregated_by")
    return first, last, now


def _by_date(call: Call, named: Iterable[tuple[str, dict[str, Any]]]) -> _Rows:
    """Return the answer's rows: for each date, or each month's first, what there is of every name."""
    is_by_month = call.query.get("aggregated_by") == "month"
    dated = sorted(((day[:7] + "-01" if is_by_month else day, each) for day, each in named), key=lambda pair: pair[0])
    offset, limit = _page(call, most=1_500, default=1_500)
    groups = groupby(dated, key=lambda pair: pair[0])
    rows = [{"date": day, "stats": _joined([each for _, each in group])} for day, group in groups]
    return rows[offset : offset + limit]


def _joined(stats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one date with those of one name summed."""
    sums: dict[str | None, dict[str, Any]] = {}
    for each in stats:
        name = each.get("name")
        if name in sums:
            before = sums[name]["metrics"]
            each["metrics"] = {key: value + before[key] for key, value in each["metrics"].items()}
        sums[name] = each
    return list(sums.values())


def _page(call: Call, *, most: int, default: int) -> tuple[int, int]:
    limit = _count(call, "limit", default)
    _require(1 <= limit <= most, f"must be between 1 and {most}", "limit")
    return _count(call, "offset", 0), limit


def _count(call: Call, name: str, default: int) -> int:
    value = call.query.get(name, str(default))
    _require(re.fullmatch("[0-9]{1,9}", value), "must be an integer", name)
    return int(value)


def _date(call: Call, name: str, default: date | None) -> date:
    value = call.query.get(name)
    if value is None and default is not None:
        return default
    _require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value or ""), "must be YYYY-MM-DD", name)
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        raise Refused(_error("is no date", name)) from None


def _require(condition: object, message: str, name: str | None = None) -> None:
    if not condition:
        raise Refused(_error(message, name))


def _error(message: str, name: str | None = None, *, status: int = 400) -> Answer:
    return json_answer({"errors": [{"field": name, "message": message}]}, status)
