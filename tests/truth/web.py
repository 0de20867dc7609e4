"""What a source of SendGrid's Web API must show."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from exporter.demo import office
from exporter.demo.world import Story
from tests.truth.choice import is_included
from tests.truth.series import Named, Series, collectors, customers_named, fields, is_active

Shown: TypeAlias = Iterator[tuple[Series, float]]

# Ours, and SendGrid's where it differs.
FIVE = {name: name for name in ("requests", "bounces", "clicks", "opens")} | {"spam_reports": "spamreports"}
SUMMABLE = {
    **FIVE,
    "delivered": "delivered",
    "unsubscribes": "unsubscribes",
    "blocks": "blocks",
    "invalid_emails": "invalid_email",
    "repeat_bounces": "repeat_bounces",
    "repeat_unsubscribes": "repeat_unsubscribes",
    "repeat_spam_reports": "repeat_spamreports",
}
DAILY = {**SUMMABLE, "unique_clicks": "unique_clicks", "unique_opens": "unique_opens"}
# What else was dropped as spam is what was dropped for an earlier report of it, in this world.
CATEGORY = {**DAILY, "spam_report_drops": "repeat_spamreports"}
# By type: what totals, days and categories tell.
TOLD = {
    "sendgrid_reseller": (SUMMABLE, DAILY, CATEGORY),
    "sendgrid_distributor": (FIVE, FIVE, FIVE),
    "sendgrid_customer": (FIVE, DAILY, FIVE),
}
OF_CUSTOMERS = {"totals": True, "daily": True, "categories": False, "month": False, "limits": False}
OF_RESELLERS = {
    **OF_CUSTOMERS,
    "credits": True,
    **dict.fromkeys(("suppressions", "ips", "pending", "packages", "invoices", "usage"), False),
}
OF_THE_SOURCE = {"ips", "pending", "packages", "invoices"}


def shown(source: Mapping[str, Any], story: Story) -> Shown:
    """Yield every series of a source, without its own name."""
    known = OF_CUSTOMERS if source["type"] == "sendgrid_customer" else OF_RESELLERS
    for name, options in collectors(source, known):
        if name in OF_THE_SOURCE:
            yield from _OF_SOURCES[name](story)
            continue
        for customer in customers_named(source, story):
            for series, value in _OF_CUSTOMERS[name](story, customer, options, source["type"]):
                yield series.of(customer=customer.label), value
    if source.get("discovery"):
        for customer in customers_named(source, story):
            yield Series.named("sendgrid_customer_active", customer=customer.label), is_active(story, customer.account)


def totals(story: Story, customer: Named, options: Mapping[str, Any], type_: str) -> Shown:
    """Yield the counters since the account began."""
    told = story.totals(customer.account.user, story.world.clock.time())
    for ours, theirs in fields(options, TOLD[type_][0]).items():
        yield Series.named(f"sendgrid_{ours}_total"), told[theirs]


def daily(story: Story, customer: Named, options: Mapping[str, Any], type_: str) -> Shown:
    """Yield the newest day, and yesterday in the customer's zone."""
    at = story.world.clock.time()
    rows = story.world.days(customer.account.user, options.get("days", 3), at)
    yesterday = str(customer.today(at) - timedelta(days=1))
    complete = [row for row in rows if row["date"] == yesterday]
    for name, row in (*(("latest_day", row) for row in rows[-1:]), *(("last_complete_day", row) for row in complete)):
        yield Series.named(f"sendgrid_{name}_timestamp_seconds"), customer.midnight(row["date"])
        for ours, theirs in fields(options, TOLD[type_][1]).items():
            yield Series.named(f"sendgrid_{name}_{ours}"), row[theirs]


def month(story: Story, customer: Named, options: Mapping[str, Any], type_: str) -> Shown:
    """Yield the sums of the days since the month began in the customer's zone."""
    at = story.world.clock.time()
    today = customer.today(at)
    first = today.replace(day=1)
    if rows := story.world.between(customer.account.user, first, today, at):
        yield Series.named("sendgrid_month_to_date_start_timestamp_seconds"), customer.midnight(first)
        for ours, theirs in fields(options, TOLD[type_][1]).items():
            if not ours.startswith("unique_"):
                yield Series.named(f"sendgrid_month_to_date_{ours}"), sum(row[theirs] for row in rows)


def categories(story: Story, customer: Named, options: Mapping[str, Any], type_: str) -> Shown:
    """Yield the newest day of all allowed categories."""
    at, user = story.world.clock.time(), customer.account.user
    names = [name for name in story.world.categories(user) if is_included(name, options.get("include"))]
    today = story.world.today(user, at)
    first = today - timedelta(days=options.get("days", 3) - 1)
    rows = story.world.category_rows(user, names, first, today, at)
    newest = max((row["date"] for row in rows), default=None)
    for row in rows:
        if row["date"] == newest:
            for ours, theirs in fields(options, TOLD[type_][2]).items():
                yield Series.named(f"sendgrid_category_latest_day_{ours}", category=row["category"]), row[theirs]


def credits_(story: Story, customer: Named, *_: Any) -> Shown:
    """Yield what the account overview says."""
    overview = story.overview(customer.account.user, story.world.clock.time())
    for name in ("allowed", "used", "overage"):
        yield Series.named(f"sendgrid_credits_{name}"), int(overview[f"credits_{name}"])
    yield Series.named("sendgrid_credits_remaining"), int(overview["credits_remain"])
    yield Series.named("sendgrid_credits_unlimited"), 0
    yield Series.named("sendgrid_overview_requests"), int(overview["requests"])
    yield Series.named("sendgrid_reputation_ratio"), float(Decimal(overview["reputation"]) / 100)
    yield Series.named("sendgrid_package_info", package=customer.account.package), 1
    for name in ("start", "end", "process"):
        day = str(overview[f"billing_{name}_date"])
        yield Series.named(f"sendgrid_billing_{name}_timestamp_seconds"), customer.midnight(day)


def limits(story: Story, customer: Named, *_: Any) -> Shown:
    """Yield a customer's limit, and whether it has one."""
    yield Series.named("sendgrid_limit_enabled"), customer.account.is_limited
    if customer.account.is_limited:
        overview = story.overview(customer.account.user, story.world.clock.time())
        yield Series.named("sendgrid_limit_credits"), int(overview["credits_allowed"])
        yield Series.named("sendgrid_limit_credits_remaining"), int(overview["credits_remain"])
        start = customer.midnight(str(overview["billing_start_date"]))
        yield Series.named("sendgrid_limit_last_reset_timestamp_seconds"), start


def suppressions(story: Story, customer: Named, *_: Any) -> Shown:
    """Yield how many addresses are on each list."""
    at = story.world.clock.time()
    for ours in ("bounces", "unsubscribes", "invalid_emails", "spam_reports"):
        count = story.world.suppressed(customer.account.user, SUMMABLE[ours], at)
        yield Series.named("sendgrid_suppressions", list=ours), count


def usage(story: Story, customer: Named, *_: Any) -> Shown:
    """Yield what a customer has run up since its last bill."""
    for bill in office.running_bills(story, story.world.clock.time()):
        if bill.user == customer.account.user:
            yield Series.named("sendgrid_usage_credits"), bill.credits
            yield Series.named("sendgrid_usage_amount"), bill.amount / 100
            yield Series.named("sendgrid_usage_overage_amount"), bill.overage / 100
            yield Series.named("sendgrid_usage_final_amount"), (bill.amount + bill.overage) / 100


def ips(story: Story) -> Shown:
    """Yield how many addresses there are in each state."""
    addresses = office.addresses(story.world)
    day = story.world.today(story.world.reseller.user, story.world.clock.time())
    free = [each for each in addresses if each.account is None]
    idle = [each for each in addresses if each.account and not each.account.is_active(day)]
    yield Series.named("sendgrid_ips"), len(addresses)
    yield Series.named("sendgrid_ips_free"), len(free)
    yield Series.named("sendgrid_ips_taken"), len(addresses) - len(free)
    yield Series.named("sendgrid_ips_available"), len(free) + len(idle)


def pending(_: Story) -> Shown:
    """Yield how many changes of each kind are waiting."""
    counts = Counter(change.type.removeprefix("Account ").lower() for change in office.CHANGES)
    for change in ("upgrade", "downgrade", "close"):
        yield Series.named("sendgrid_pending_changes", change=change), counts[change]


def packages(_: Story) -> Shown:
    """Yield what each package costs and holds."""
    for each in office.PACKAGES:
        yield Series.named("sendgrid_package_price", package=each.name), each.price / 100
        yield Series.named("sendgrid_package_credits", package=each.name), each.credits
        yield Series.named("sendgrid_package_overage_price", package=each.name), each.overage / 100_000


def invoices(story: Story) -> Shown:
    """Yield how many bills have each status, and what they come to."""
    today = story.world.today(story.world.reseller.user, story.world.clock.time())
    bills = list(office.invoices(today))
    for status in ("paid", "unpaid", "refunded", "deferred", "canceled"):
        amounts = [bill.amount + bill.overage for bill in bills if bill.status.lower() == status]
        yield Series.named("sendgrid_invoices", status=status), len(amounts)
        yield Series.named("sendgrid_invoices_amount", status=status), sum(amounts) / 100


_OF_CUSTOMERS = {
    "totals": totals,
    "daily": daily,
    "month": month,
    "categories": categories,
    "credits": credits_,
    "limits": limits,
    "suppressions": suppressions,
    "usage": usage,
}
_OF_SOURCES = {"ips": ips, "pending": pending, "packages": packages, "invoices": invoices}
