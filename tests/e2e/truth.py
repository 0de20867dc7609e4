"""What every customer's series must be, told by the stand-in's world and written without the exporter's own tables."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from exporter.demo import Account, World
from tests.e2e.programs import Series, Values, series

# Ours, and SendGrid's where it differs.
COUNTERS = {
    "requests": "requests",
    "delivered": "delivered",
    "bounces": "bounces",
    "clicks": "clicks",
    "opens": "opens",
    "spam_reports": "spamreports",
    "unsubscribes": "unsubscribes",
    "blocks": "blocks",
    "invalid_emails": "invalid_email",
    "repeat_bounces": "repeat_bounces",
    "repeat_unsubscribes": "repeat_unsubscribes",
    "repeat_spam_reports": "repeat_spamreports",
}
DAILY = {**COUNTERS, "unique_clicks": "unique_clicks", "unique_opens": "unique_opens"}
CREDITS = {
    "credits_allowed": "credits_allowed",
    "credits_used": "credits_used",
    "credits_remaining": "credits_remain",
    "credits_overage": "credits_overage",
    "overview_requests": "requests",
}


def truth(world: World, source: str) -> Values:
    """Return every vendor series that a source with all of a world's customers and all fields must have now."""
    return dict(pair for account in world.customers for pair in _customer(world, account, source))


def _customer(world: World, account: Account, source: str) -> Iterator[tuple[Series, float]]:
    at = world.clock.time()
    values = chain(
        _totals(world.totals(account.user, at)),
        _days(account, world.days(account.user, 3, at)),
        _overview(account, world.overview(account.user, at)),
    )
    for name, value in values:
        yield series(f"sendgrid_{name}", source=source, customer=account.name), float(value)
    yield series("sendgrid_customer_info", source=source, customer=account.name, **account.labels), 1.0
    yield series("sendgrid_package_info", source=source, customer=account.name, package=account.package), 1.0


def _totals(totals: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    return ((f"{ours}_total", totals[theirs]) for ours, theirs in COUNTERS.items())


def _days(account: Account, rows: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    # The world's clock may stand still; what "yesterday" is, the exporter reads from the machine's.
    yesterday = datetime.now(account.zone).date() - timedelta(days=1)
    complete = [row for row in rows if row["date"] == yesterday.isoformat()]
    for name, row in (*(("latest_day", row) for row in rows[-1:]), *(("last_complete_day", row) for row in complete)):
        yield f"{name}_timestamp_seconds", _midnight(account, row["date"])
        yield from ((f"{name}_{ours}", row[theirs]) for ours, theirs in DAILY.items())


def _overview(account: Account, overview: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    yield from ((ours, int(overview[theirs])) for ours, theirs in CREDITS.items())
    yield "credits_unlimited", 0
    yield "reputation_ratio", round(float(overview["reputation"]) / 100, 6)
    for name in ("start", "end", "process"):
        yield f"billing_{name}_timestamp_seconds", _midnight(account, overview[f"billing_{name}_date"])


def _midnight(account: Account, day: str) -> float:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), account.zone).timestamp()
