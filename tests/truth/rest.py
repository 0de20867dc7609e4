"""What a source of SendGrid's v3 API must show."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from exporter.demo.traffic import FIELDS
from exporter.demo.world import Story
from tests.truth.choice import is_included
from tests.truth.series import Named, Series, collectors, customers_named, fields, is_active

Shown: TypeAlias = Iterator[tuple[Series, float]]

# Ours, and the Web API's: the world knows its counters by those names.
SUMMABLE = {
    "requests": "requests",
    "delivered": "delivered",
    "bounces": "bounces",
    "clicks": "clicks",
    "opens": "opens",
    "spam_reports": "spamreports",
    "unsubscribes": "unsubscribes",
    "blocks": "blocks",
    "invalid_emails": "invalid_email",
    "bounce_drops": "repeat_bounces",
    "unsubscribe_drops": "repeat_unsubscribes",
    "spam_report_drops": "repeat_spamreports",
    "processed": "processed",
    "deferred": "deferred",
}
DAILY = {**SUMMABLE, "unique_clicks": "unique_clicks", "unique_opens": "unique_opens"}
COLLECTORS = {"daily": True, "credits": True, "reputation": True, "totals": False, "month": False, "categories": False}


def shown(source: Mapping[str, Any], story: Story) -> Shown:
    """Yield every series of a source, without its own name."""
    tellers = {
        "daily": daily,
        "credits": credits_,
        "reputation": reputation,
        "totals": totals,
        "month": month,
        "categories": categories,
    }
    for customer in customers_named(source, story):
        for name, options in collectors(source, COLLECTORS):
            for series, value in tellers[name](story, customer, options):
                yield series.of(customer=customer.label), value
        # The list of partner accounts doesn't say who may send, and nobody is on a list of its own.
        if (
            source.get("discovery", {}).get("of", "") != "accounts"
            and source.get("discovery")
            and customer.kind != "own"
        ):
            yield Series.named("sendgrid_customer_active", customer=customer.label), is_active(story, customer.account)


def daily(story: Story, customer: Named, options: Mapping[str, Any]) -> Shown:
    """Yield the newest day, and yesterday in the customer's zone; there is a row for every day."""
    at, user = story.world.clock.time(), customer.account.user
    today = customer.today(at)
    rows = story.world.calendar(user, today - timedelta(days=options.get("days", 3) - 1), date.max, at)
    yesterday = str(today - timedelta(days=1))
    complete = [row for row in rows if row["date"] == yesterday]
    for name, row in (*(("latest_day", row) for row in rows[-1:]), *(("last_complete_day", row) for row in complete)):
        yield Series.named(f"sendgrid_{name}_timestamp_seconds"), customer.midnight(row["date"])
        for ours, theirs in fields(options, DAILY).items():
            yield Series.named(f"sendgrid_{name}_{ours}"), _counters(row)[theirs]


def totals(story: Story, customer: Named, options: Mapping[str, Any]) -> Shown:
    """Yield the sums of all days since the configured one."""
    since = date.fromisoformat(str(options["since"]))
    sums = story.world.sums(customer.account.user, since, date.max - timedelta(days=1), story.world.clock.time())
    for ours, theirs in fields(options, SUMMABLE).items():
        yield Series.named(f"sendgrid_{ours}_total"), _counters(sums)[theirs]


def month(story: Story, customer: Named, options: Mapping[str, Any]) -> Shown:
    """Yield the sums of the days since the month began in the customer's zone."""
    at = story.world.clock.time()
    first = customer.today(at).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    rows = story.world.calendar(customer.account.user, first, following - timedelta(days=1), at)
    if rows:
        yield Series.named("sendgrid_month_to_date_start_timestamp_seconds"), customer.midnight(first)
        for ours, theirs in fields(options, SUMMABLE).items():
            yield Series.named(f"sendgrid_month_to_date_{ours}"), sum(_counters(row)[theirs] for row in rows)


def categories(story: Story, customer: Named, options: Mapping[str, Any]) -> Shown:
    """Yield the newest day of all allowed categories: one that was not used has zeros."""
    at, user = story.world.clock.time(), customer.account.user
    today = story.world.today(user, at)
    names = [name for name in story.world.categories(user) if is_included(name, options.get("include"))]
    rows = {row["category"]: row for row in story.world.category_rows(user, names, today, today, at)}
    for name in names:
        row = rows.get(name, dict.fromkeys(FIELDS, 0))
        for ours, theirs in fields(options, DAILY).items():
            yield Series.named(f"sendgrid_category_latest_day_{ours}", category=name), _counters(row)[theirs]


def credits_(story: Story, customer: Named, _: Mapping[str, Any]) -> Shown:
    """Yield a customer's credits, as far as the vendor tells them of an account of its kind."""
    account = customer.account
    overview = story.overview(account.user, story.world.clock.time())
    allowed, used, remaining, overage = (
        int(overview[f"credits_{name}"]) for name in ("allowed", "used", "remain", "overage")
    )
    is_subuser = customer.kind == "subuser"
    yield Series.named("sendgrid_credits_unlimited"), is_subuser and not account.is_limited
    if not is_subuser:
        yield Series.named("sendgrid_credits_allowed"), allowed
        yield Series.named("sendgrid_credits_used"), used
        yield Series.named("sendgrid_credits_remaining"), remaining
        yield Series.named("sendgrid_credits_overage"), overage
        for ours, theirs in (("last_reset", "start"), ("next_reset", "process")):
            day = customer.midnight(str(overview[f"billing_{theirs}_date"]))
            yield Series.named(f"sendgrid_credits_{ours}_timestamp_seconds"), day
    elif account.is_limited:
        yield Series.named("sendgrid_credits_remaining"), remaining
        if not account.tops_up:
            yield Series.named("sendgrid_credits_allowed"), allowed
            yield Series.named("sendgrid_credits_used"), allowed - remaining


def reputation(story: Story, customer: Named, _: Mapping[str, Any]) -> Shown:
    """Yield a customer's reputation."""
    overview = story.overview(customer.account.user, story.world.clock.time())
    yield Series.named("sendgrid_reputation_ratio"), float(Decimal(overview["reputation"]) / 100)


def _counters(row: Mapping[str, int]) -> Mapping[str, int]:
    # A mail that bounces was put off once before, one that is blocked twice; what was not dropped is processed.
    return {
        **row,
        "processed": row["delivered"] + row["bounces"] + row["blocks"],
        "deferred": row["bounces"] + row["blocks"] + row["blocks"],
    }
