"""Bento's stats API as the stand-in speaks it: sites, segments, reports and ads, in either of its two envelopes.

Source: the public pages bentonow.com/docs and the SDKs under github.com/bentonow.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from exporter.demo.sites import CHANNELS, REVENUE_MODES, Counts, Site, Taking
from exporter.demo.wire import Answer, Call, Refused, json_answer
from exporter.demo.world import Story

_PREFIX = "/api/v1/"
_BLOCKED = Answer(403, b"<!DOCTYPE html><html><body><h1>403 Forbidden</h1></body></html>", type="text/html")
_GENERIC_AGENTS = ("python-", "curl", "wget", "go-http-client", "java/")
# Reads, but of people's addresses.
_PERSONAL = frozenset({"fetch/subscribers", "fetch/search"})
_KEYS = frozenset({"publishable_key", "secret_key"})
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "stats/site": "site",
        "stats/segment": "segments",
        "fetch/segments": "segments",
        "stats/report": "reports",
        "stats/ads": "ads",
    }
)
_PARAMETERS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "stats/segment": ("segment_id",),
        "stats/report": ("report_id",),
        "stats/ads": ("dimension", "value", "start_date", "end_date", "revenue_mode"),
    }
)
# In days, before the present.
_DATES: Mapping[str, float] = MappingProxyType(
    {"now": 0, "today": 0.5, "yesterday": 1.5, "last week": 7, "last month": 30, "last year": 365}
)
_DAYS_AGO = re.compile(r"([0-9]{1,4}) days? ago")
_USUAL_WINDOW = "30 days ago"


@dataclass(frozen=True, slots=True)
class Bento:
    """Answers ``/api/v1/*`` for all sites; implements ``Dialect``.

    Attributes:
        keys: the publishable and the secret key.
        site_keys: those of the sites that have keys of their own, by the site's identifier.
        is_wrapped: whether answers have the envelope of the newer samples, ``data`` or ``report_data``.
    """

    keys: tuple[str, str] = field(repr=False)
    site_keys: Mapping[str, tuple[str, str]] = field(repr=False, default_factory=dict)
    is_wrapped: bool = False
    name: ClassVar[str] = "bento"
    too_many: ClassVar[Answer] = Answer(429, b"Retry later\n", type="text/plain")
    tells_limit: ClassVar[bool] = False

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""
        return path.startswith(_PREFIX)

    def kind(self, call: Call) -> str | None:
        """Return the name of the collector that makes such a call."""
        return _KINDS.get(_route(call))

    def users(self, call: Call) -> Collection[str]:
        """Return the site's identifier."""
        return call.query.every("site_uuid")

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, read addresses, or show a key in its URL."""
        return call.verb != "GET" or _route(call) in _PERSONAL or bool(_KEYS & call.query.keys())

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return the query; the keys stand in a header."""
        return call.query.without(*_KEYS)

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
        agent = call.headers.get("user-agent", "").lower()
        if not agent or agent.startswith(_GENERIC_AGENTS):
            return _BLOCKED
        route, handlers = _route(call), self._handlers()
        if route not in handlers:
            return json_answer({"error": "Not found"}, 404)
        try:
            site = self._site(call, story)
            for name in call.query:
                allowed = (*_PARAMETERS.get(route, ()), "site_uuid")
                _require(name in allowed, name, "is not a parameter")
            return json_answer(handlers[route](call, site, story.world.clock.time()))
        except Refused as refused:
            return refused.answer

    def _handlers(self) -> Mapping[str, Callable[[Call, Site, float], Any]]:
        return {
            "stats/site": self._site_stats,
            "stats/segment": self._segment_stats,
            "stats/report": self._report,
            "stats/ads": _ads,
            "fetch/segments": self._segments,
        }

    def _site(self, call: Call, story: Story) -> Site:
        """Return the site of a call that has the keys for it."""
        uuid = call.query.get("site_uuid")
        found = next((site for site in story.world.sites if site.uuid == uuid), None)
        keys = self.site_keys.get(uuid or "", self.keys)
        if found is None or _given_keys(call) != ":".join(keys):
            raise Refused(json_answer({"error": "Unauthorized"}, 401))
        return found

    def _site_stats(self, _: Call, site: Site, now: float) -> Any:
        return self._counts(site.counts(now))

    def _segment_stats(self, call: Call, site: Site, now: float) -> Any:
        wanted = call.query.get("segment_id")
        found = next((each for each in site.segments if each.id == wanted), None)
        if found is None:
            raise Refused(json_answer({"error": "Segment not found"}, 404))
        return self._counts(site.segment_counts(found, now))

    def _counts(self, counts: Counts) -> Any:
        printed = {
            "user_count": counts.users,
            "subscriber_count": counts.subscribers,
            "unsubscriber_count": counts.unsubscribers,
        }
        return {"data": printed} if self.is_wrapped else printed

    def _report(self, call: Call, site: Site, now: float) -> Any:
        wanted = call.query.get("report_id")
        found = next((each for each in site.reports if each.id == wanted), None)
        if found is None:
            raise Refused(json_answer({"error": "Report not found"}, 404))
        printed = {
            "data": site.report_data(found, now),
            "chart_style": "table" if found.is_table else "counter",
            "report_type": "Reporting::Reports::VisitorCountReport",
            "report_name": found.name,
        }
        return {"report_data": printed} if self.is_wrapped else printed

    def _segments(self, _: Call, site: Site, __: float) -> Any:
        ordered = sorted(site.segments, key=lambda each: each.name)
        if self.is_wrapped:
            rows = [{"id": each.id, "type": "segments", "attributes": {"name": each.name}} for each in ordered]
            return {"data": rows}
        return [{"id": each.id, "name": each.name, "visitor_event_query": {}} for each in ordered]


def window_days(start: str, end: str) -> float | None:
    """Return how many days lie between two moments in the vendor's words, None where it knows no such words."""
    ago = [_days_ago(words) for words in (start, end)]
    return None if None in ago else max(0.0, (ago[0] or 0) - (ago[1] or 0))


def _days_ago(words: str) -> float | None:
    match = _DAYS_AGO.fullmatch(words)
    return float(match[1]) if match else _DATES.get(words)


def _ads(call: Call, site: Site, _: float) -> Any:
    query = call.query
    dimension, mode = query.get("dimension", "source"), query.get("revenue_mode", "all_revenue")
    _require(dimension in CHANNELS, "dimension", "is not included in the list")
    _require(mode in REVENUE_MODES, "revenue_mode", "is not included in the list")
    days = window_days(query.get("start_date", _USUAL_WINDOW), query.get("end_date", "now"))
    _require(days is not None, "start_date", "is invalid")
    takings = [each for each in site.takings(dimension, days or 0, mode) if each.key == query.get("value", each.key)]
    return {
        "dimension": dimension,
        "dimensionLabel": dimension.capitalize(),
        "attribution": {
            "mode": "last_click",
            "modeLabel": "Last Click",
            "windowDays": 7,
            "settingsPath": "/account/sites/123/attribution_settings",
            "appliesToAdRevenue": False,
        },
        "revenueMode": {"mode": mode, "label": mode.replace("_", " ").capitalize(), "description": "Revenue events"},
        "totals": _totals(takings),
        "chartData": [],
        "breakdown": [_row(each) for each in takings if each.signups],
        "revenueTruncated": site.is_truncated,
    }


def _totals(takings: list[Taking]) -> dict[str, Any]:
    signups, customers = sum(each.signups for each in takings), sum(each.customers for each in takings)
    names = sorted({name for each in takings for name, cents in each.cents.items() if cents})
    cents = {name: sum(each.cents.get(name, 0) for each in takings) for name in names}
    return {
        "signups": signups,
        "customers": customers,
        **_money(cents),
        "revenueVisitorCount": customers + signups // 50,
        "customerRate": customers * 100 // signups if signups else 0,
        "topSource": max(takings, key=lambda each: each.signups).key if signups else "",
    }


def _row(taking: Taking) -> dict[str, Any]:
    return {
        "key": taking.key,
        "label": taking.key.capitalize(),
        "signups": taking.signups,
        "customers": taking.customers,
        "customerRate": taking.customers * 100 // taking.signups,
        **_money({name: cents for name, cents in taking.cents.items() if cents}),
        "revenuePerSignupCents": sum(taking.cents.values()) // taking.signups,
    }


def _money(cents: Mapping[str, int]) -> dict[str, Any]:
    currency = next(iter(cents), "USD")
    return {"revenueCents": cents.get(currency, 0), "revenueCurrency": currency, "revenueByCurrency": dict(cents)}


def _given_keys(call: Call) -> str | None:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    try:
        return b64decode(encoded, validate=True).decode() if scheme == "Basic" else None
    except (NotBase64, UnicodeDecodeError):
        return None


def _route(call: Call) -> str:
    return call.path.removeprefix(_PREFIX)


def _require(condition: object, name: str, words: str) -> None:
    if not condition:
        raise Refused(json_answer({"errors": [{"field": name, "message": words}]}, 400))
