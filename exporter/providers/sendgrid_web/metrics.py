"""Which fields of the Web API's payloads become which metrics, and the metrics that no other API has."""

from collections.abc import Mapping, Sequence

from exporter.providers import sendgrid_metrics as metrics
from exporter.samples import Family, Kind

# The Web API's name of each statistic, by ours.
STATISTICS_FIELDS: Mapping[str, Sequence[str]] = {each.name: (each.web,) for each in metrics.STATISTICS if each.web}
# The statistics of categories have names of their own for some, but not in every print of the vendor's pages.
CATEGORY_STATISTICS_FIELDS: Mapping[str, Sequence[str]] = {
    each.name: tuple(dict.fromkeys(field for field in (each.category, each.web) if field))
    for each in metrics.STATISTICS
    if each.category
}
DAILY_FIELDS = tuple(STATISTICS_FIELDS)
TOTALS_FIELDS = tuple(name for name in DAILY_FIELDS if name in metrics.TOTALS)
CATEGORY_FIELDS = tuple(CATEGORY_STATISTICS_FIELDS)

OVERVIEW_CREDITS: Mapping[str, Family] = {
    "credits_allowed": metrics.CREDITS_ALLOWED,
    "credits_used": metrics.CREDITS_USED,
    "credits_remain": metrics.CREDITS_REMAINING,
    "credits_overage": metrics.CREDITS_OVERAGE,
}
OVERVIEW_DATES: Mapping[str, Family] = {
    "billing_start_date": metrics.BILLING_START,
    "billing_end_date": metrics.BILLING_END,
    "billing_process_date": metrics.BILLING_PROCESS,
}

TOTALS_FAMILIES: Sequence[Family] = tuple(metrics.TOTALS[name] for name in TOTALS_FIELDS)
DAILY_FAMILIES: Sequence[Family] = (
    *(metrics.LATEST_DAY[name] for name in DAILY_FIELDS),
    metrics.LATEST_DAY_TIMESTAMP,
    *(metrics.LAST_COMPLETE_DAY[name] for name in DAILY_FIELDS),
    metrics.LAST_COMPLETE_DAY_TIMESTAMP,
)
MONTH_FAMILIES: Sequence[Family] = (
    *(metrics.MONTH_TO_DATE[name] for name in TOTALS_FIELDS),
    metrics.MONTH_TO_DATE_START,
)
CATEGORIES_FAMILIES: Sequence[Family] = tuple(metrics.CATEGORY_LATEST_DAY[name] for name in CATEGORY_FIELDS)
CREDITS_FAMILIES: Sequence[Family] = (
    *OVERVIEW_CREDITS.values(),
    metrics.CREDITS_UNLIMITED,
    metrics.REPUTATION,
    metrics.OVERVIEW_REQUESTS,
    *OVERVIEW_DATES.values(),
    metrics.PACKAGE_INFO,
)


def _gauge(name: str, text: str, origin: str, labels: tuple[str, ...] = (), *, per_customer: bool = True) -> Family:
    return Family(f"sendgrid_{name}", Kind.GAUGE, f"{text}, polled.", f"Web API {origin}", labels, per_customer)


def _of_source(name: str, text: str, origin: str, *labels: str) -> Family:
    return _gauge(name, text, origin, labels, per_customer=False)


_LIMITS = "account limits (`task=retrieve`)"
LIMIT_CREDITS = _gauge(
    "limit_credits",
    "Credits that the customer may use until its limit is reset; SendGrid's field credit",
    f"{_LIMITS}: `credit`",
)
LIMIT_CREDITS_REMAINING = _gauge(
    "limit_credits_remaining",
    "Credits left now of the customer's limit; SendGrid's field credit_remain",
    f"{_LIMITS}: `credit_remain`",
)
LIMIT_LAST_RESET = _gauge(
    "limit_last_reset_timestamp_seconds",
    "Day on which the customer's limit was last reset, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field last_reset",
    f"{_LIMITS}: `last_reset`",
)
LIMIT_ENABLED = _gauge(
    "limit_enabled",
    "Whether the customer's credits are limited now, 0 where SendGrid's answer is empty",
    f"{_LIMITS}: whether there is any",
)
LIMITS_FAMILIES: Sequence[Family] = (LIMIT_CREDITS, LIMIT_CREDITS_REMAINING, LIMIT_LAST_RESET, LIMIT_ENABLED)

SUPPRESSIONS = _gauge(
    "suppressions",
    "Entries on one of the customer's suppression lists now; the length of SendGrid's list",
    "suppression lists (`task=get`): how many rows",
    ("list",),
)
# The vendor's lists, by the value of the label.
SUPPRESSION_LISTS: Mapping[str, str] = {
    "bounces": "bounces",
    "unsubscribes": "unsubscribes",
    "invalid_emails": "invalidemails",
    "spam_reports": "spamreports",
}

# By the vendor's word for a state.
IPS: Mapping[str, Family] = {
    "all": _of_source(
        "ips", "IP addresses of the account now, each once; SendGrid's list of all of them", "`ip task=all`: `ip`"
    ),
    "free": _of_source(
        "ips_free",
        "IP addresses of the account that are unused now and in no group; SendGrid's list of free ones",
        "`ip task=free`: `ip`",
    ),
    "taken": _of_source(
        "ips_taken",
        "IP addresses of the account that are used now or in a group; SendGrid's list of taken ones",
        "`ip task=taken`: `ip`",
    ),
    "available": _of_source(
        "ips_available",
        "IP addresses of the account that are free now or used by inactive customers alone; SendGrid's list of "
        "available ones",
        "`ip task=available`: `ip`",
    ),
}

PENDING_CHANGES = _of_source(
    "pending_changes",
    "Changes of customers' accounts that wait to be made, by what they change; SendGrid's field type",
    "`pending task=list`: `type`",
    "change",
)
CHANGES = ("upgrade", "downgrade", "close")

# By the vendor's field.
PACKAGES: Mapping[str, Family] = {
    "price": _of_source(
        "package_price",
        "Price of a package that can be booked now, in a currency that SendGrid does not name; its field price",
        "`packages`: `price`",
        "package",
    ),
    "credits": _of_source(
        "package_credits",
        "Credits in a package that can be booked now; SendGrid's field credits",
        "`packages`: `credits`",
        "package",
    ),
    "overage": _of_source(
        "package_overage_price",
        "Price of a credit beyond those of a package that can be booked now, in a currency that SendGrid does not "
        "name; its field overage",
        "`packages`: `overage`",
        "package",
    ),
}

INVOICES = _of_source(
    "invoices",
    "Invoices of the account that SendGrid lists, by their status now; its field status",
    "`billing.get`: `status`",
    "status",
)
INVOICES_AMOUNT = _of_source(
    "invoices_amount",
    "Sum of the account's invoices by their status now, in a currency that SendGrid does not name; its field "
    "final_amount",
    "`billing.get`: `final_amount`",
    "status",
)
INVOICE_STATUSES = ("paid", "unpaid", "refunded", "deferred", "canceled")

_USAGE = "usage since the last bill (`billing task=current`)"
# By the vendor's field.
USAGE: Mapping[str, Family] = {
    "credits": _gauge(
        "usage_credits",
        "Credits of the customer on its as-you-go invoices since the last bill; SendGrid's field credits",
        f"{_USAGE}: `credits`",
    ),
    "amount": _gauge(
        "usage_amount",
        "Amount of the customer's as-you-go invoices since the last bill, overage aside, in a currency that SendGrid "
        "does not name; its field amount",
        f"{_USAGE}: `amount`",
    ),
    "overage": _gauge(
        "usage_overage_amount",
        "Amount for overage on the customer's as-you-go invoices since the last bill, in a currency that SendGrid does "
        "not name; its field overage",
        f"{_USAGE}: `overage`",
    ),
    "final_amount": _gauge(
        "usage_final_amount",
        "Amount to pay on the customer's as-you-go invoices since the last bill, in a currency that SendGrid does not "
        "name; its field final_amount",
        f"{_USAGE}: `final_amount`",
    ),
}
