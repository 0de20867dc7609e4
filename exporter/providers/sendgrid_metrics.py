"""The metrics of SendGrid's customers, whichever of SendGrid's APIs the numbers come from.

Families are compared by identity, so each is made here once and no API has its own of the same name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.samples import Family, Kind


@dataclass(frozen=True, slots=True)
class Statistic:
    """One counter of SendGrid's statistics.

    Attributes:
        name: our name, as it stands in metrics and in the option ``fields``.
        field: the name in the statistics of the Web API.
        text: what is counted.
        is_daily: whether it counts what is unique within a day, so that no total can be had of it.
    """

    name: str
    field: str
    text: str
    is_daily: bool = False


STATISTICS = (
    Statistic("requests", "requests", "Messages requested to be sent"),
    Statistic("delivered", "delivered", "Messages delivered"),
    Statistic("bounces", "bounces", "Messages that bounced"),
    Statistic("clicks", "clicks", "Clicks on links in messages"),
    Statistic("opens", "opens", "Opens of messages"),
    Statistic("spam_reports", "spamreports", "Messages reported as spam"),
    Statistic("unsubscribes", "unsubscribes", "Unsubscriptions of recipients"),
    Statistic("blocks", "blocks", "Messages blocked by the receiving server"),
    Statistic("invalid_emails", "invalid_email", "Messages to invalid addresses"),
    Statistic("repeat_bounces", "repeat_bounces", "Messages to addresses that had bounced before"),
    Statistic("repeat_unsubscribes", "repeat_unsubscribes", "Messages to recipients who had unsubscribed before"),
    Statistic("repeat_spam_reports", "repeat_spamreports", "Messages to recipients who had reported spam before"),
    Statistic("unique_clicks", "unique_clicks", "Clicks on links in messages, each recipient once", is_daily=True),
    Statistic("unique_opens", "unique_opens", "Opens of messages, each recipient once", is_daily=True),
)


def _statistics_families(
    name: str, kind: Kind, text: str, origin: str, statistics: Iterable[Statistic]
) -> Mapping[str, Family]:
    """Return a family for each statistic, by our name; ``{}`` in ``name`` and ``text`` stands for the statistic."""
    return {
        each.name: Family(
            name.format(each.name),
            kind,
            f"{text.format(each.text)}; SendGrid's field {each.field}, polled.",
            f"{origin}: `{each.field}`",
        )
        for each in statistics
    }


def _gauge(name: str, text: str, origin: str, labels: tuple[str, ...] = ()) -> Family:
    return Family(f"sendgrid_{name}", Kind.GAUGE, text, origin, labels)


_OVERVIEW = "account overview (`task=overview`)"
_DAILY = "daily statistics (`days`)"

TOTALS = _statistics_families(
    "sendgrid_{}_total",
    Kind.COUNTER,
    "{} since the account began",
    "all-time statistics (`aggregate=1`)",
    (each for each in STATISTICS if not each.is_daily),
)

LATEST_DAY = _statistics_families(
    "sendgrid_latest_day_{}",
    Kind.GAUGE,
    "{} on the newest day of the daily statistics, a day of the customer's time zone that may still grow",
    _DAILY,
    STATISTICS,
)
LATEST_DAY_TIMESTAMP = _gauge(
    "latest_day_timestamp_seconds",
    "Start of the newest day of the daily statistics, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field date, polled.",
    f"{_DAILY}: `date`",
)

LAST_COMPLETE_DAY = _statistics_families(
    "sendgrid_last_complete_day_{}",
    Kind.GAUGE,
    "{} on the day that was yesterday in the customer's time zone when it was polled",
    _DAILY,
    STATISTICS,
)
LAST_COMPLETE_DAY_TIMESTAMP = _gauge(
    "last_complete_day_timestamp_seconds",
    "Start of the last complete day of the daily statistics, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field date, polled.",
    f"{_DAILY}: `date`",
)

CREDITS_ALLOWED = _gauge(
    "credits_allowed",
    "Credits of the customer's package in the current billing period; SendGrid's field credits_allowed, polled.",
    f"{_OVERVIEW}: `credits_allowed`",
)
CREDITS_USED = _gauge(
    "credits_used",
    "Credits used so far in the current billing period; SendGrid's field credits_used, polled.",
    f"{_OVERVIEW}: `credits_used`",
)
CREDITS_REMAINING = _gauge(
    "credits_remaining",
    "Credits left in the current billing period; SendGrid's field credits_remain, polled.",
    f"{_OVERVIEW}: `credits_remain`",
)
CREDITS_OVERAGE = _gauge(
    "credits_overage",
    "Credits used beyond the allowed ones in the current billing period; SendGrid's field credits_overage, polled.",
    f"{_OVERVIEW}: `credits_overage`",
)
CREDITS_UNLIMITED = _gauge(
    "credits_unlimited",
    "Whether SendGrid says that the customer's credits have no limit, 0 where it sent numbers in its credits_ fields, "
    "polled.",
    f"{_OVERVIEW}: `credits_*`",
)
REPUTATION = _gauge(
    "reputation_ratio",
    "Reputation of the customer as a sender now, from 0 to 1; SendGrid's field reputation divided by 100, polled.",
    f"{_OVERVIEW}: `reputation`",
)
OVERVIEW_REQUESTS = _gauge(
    "overview_requests",
    "Messages requested to be sent as the account overview counts them, over a period that SendGrid does not name; "
    "its field requests, polled.",
    f"{_OVERVIEW}: `requests`",
)
BILLING_START = _gauge(
    "billing_start_timestamp_seconds",
    "First day of the billing period, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field billing_start_date, polled.",
    f"{_OVERVIEW}: `billing_start_date`",
)
BILLING_END = _gauge(
    "billing_end_timestamp_seconds",
    "Last day of the billing period, its 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field billing_end_date, polled.",
    f"{_OVERVIEW}: `billing_end_date`",
)
BILLING_PROCESS = _gauge(
    "billing_process_timestamp_seconds",
    "Day on which the billing period is billed, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field billing_process_date, polled.",
    f"{_OVERVIEW}: `billing_process_date`",
)
PACKAGE_INFO = _gauge(
    "package_info",
    "Package that the customer has booked now, the value is 1; SendGrid's field package, polled.",
    f"{_OVERVIEW}: `package`",
    ("package",),
)

CUSTOMER_INFO = _gauge(
    "customer_info",
    "Customer with the labels that the configuration gives it, the value is 1; nothing of it is polled.",
    "configuration: `customers[].labels`",
)
