"""The metrics of SendGrid's customers, whichever of SendGrid's APIs the numbers come from.

Families are compared by identity, so each is made here once and no API has its own of the same name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from exporter.samples import Family, Kind


@dataclass(frozen=True, slots=True)
class Statistic:
    """One counter of SendGrid's statistics.

    Attributes:
        name: our name, as it stands in metrics and in the option ``fields``.
        text: what is counted.
        web: the Web API's name of it; empty where that API does not count it.
        v3: the v3 API's name of it; empty where that API does not count it.
        category: the Web API's name of it in the statistics of categories; empty where those do not count it.
        is_daily: whether it counts what is unique within a day, so that no total can be had of it.
    """

    name: str
    text: str
    web: str = ""
    v3: str = ""
    category: str = ""
    is_daily: bool = False


def _statistic(name: str, text: str, web: str = "", v3: str = "", *, is_daily: bool = False) -> Statistic:
    return Statistic(name, text, web, v3, web, is_daily)


STATISTICS = (
    _statistic("requests", "Messages requested to be sent", "requests", "requests"),
    _statistic("delivered", "Messages delivered", "delivered", "delivered"),
    _statistic("bounces", "Messages that bounced", "bounces", "bounces"),
    _statistic("clicks", "Clicks on links in messages", "clicks", "clicks"),
    _statistic("opens", "Opens of messages", "opens", "opens"),
    _statistic("spam_reports", "Messages reported as spam", "spamreports", "spam_reports"),
    _statistic("unsubscribes", "Unsubscriptions of recipients", "unsubscribes", "unsubscribes"),
    Statistic("blocks", "Messages blocked by the receiving server", "blocks", "blocks", category="blocked"),
    _statistic("invalid_emails", "Messages to invalid addresses", "invalid_email", "invalid_emails"),
    _statistic("repeat_bounces", "Messages to addresses that had bounced before", "repeat_bounces"),
    _statistic("repeat_unsubscribes", "Messages to recipients who had unsubscribed before", "repeat_unsubscribes"),
    _statistic("repeat_spam_reports", "Messages to recipients who had reported spam before", "repeat_spamreports"),
    _statistic("bounce_drops", "Messages dropped because the address had bounced before", v3="bounce_drops"),
    _statistic(
        "unsubscribe_drops", "Messages dropped because the recipient had unsubscribed before", v3="unsubscribe_drops"
    ),
    Statistic(
        "spam_report_drops",
        "Messages dropped because the recipient had reported spam before",
        v3="spam_report_drops",
        category="spam_drop",
    ),
    _statistic("processed", "Messages processed", v3="processed"),
    _statistic("deferred", "Messages that the receiving server put off", v3="deferred"),
    _statistic(
        "unique_clicks",
        "Clicks on links in messages, each recipient once",
        "unique_clicks",
        "unique_clicks",
        is_daily=True,
    ),
    _statistic("unique_opens", "Opens of messages, each recipient once", "unique_opens", "unique_opens", is_daily=True),
)
_SUMMABLE = tuple(each for each in STATISTICS if not each.is_daily)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Which calls of the two APIs a set of statistics comes from, and the Web API's names of their fields there."""

    web: str
    v3: str
    web_field: Callable[[Statistic], str] = attrgetter("web")

    def fields(self, statistic: Statistic) -> str:
        """Return the vendor's names of a statistic, for the text of HELP."""
        web, v3 = self.web_field(statistic), statistic.v3
        return f"{web} (v3: {v3})" if web and v3 and web != v3 else web or v3

    def of(self, statistic: Statistic) -> str:
        """Return the calls with their fields, for the metric reference."""
        sources = ((f"Web API {self.web}", self.web_field(statistic)), (f"v3 {self.v3}", statistic.v3))
        return "; ".join(f"{call}: `{field}`" for call, field in sources if field)


def _statistics_families(
    name: str,
    kind: Kind,
    text: str,
    origin: _Origin,
    statistics: Iterable[Statistic],
    *,
    labels: tuple[str, ...] = (),
) -> Mapping[str, Family]:
    """Return a family for each statistic, by our name; ``{}`` in ``name`` and ``text`` stands for the statistic."""
    return {
        each.name: Family(
            name.format(each.name),
            kind,
            f"{text.format(each.text)}; SendGrid's field {origin.fields(each)}, polled.",
            origin.of(each),
            labels,
        )
        for each in statistics
    }


def _gauge(name: str, text: str, origin: str, labels: tuple[str, ...] = ()) -> Family:
    return Family(f"sendgrid_{name}", Kind.GAUGE, text, origin, labels)


_OVERVIEW = "account overview (`task=overview`)"
_CREDITS = "credits (`/v3/subusers/{name}/credits`, `/v3/user/credits`)"
_DAILY = _Origin("daily statistics (`days`)", "statistics by day (`/v3/subusers/stats`, `/v3/stats`)")
_MONTH = _Origin("daily statistics (`start_date`, `end_date`)", "statistics by day, summed over the month")
_CATEGORY = _Origin(
    "statistics by category (`category[]`)", "statistics by category (`/v3/categories/stats`)", attrgetter("category")
)
_DATE = "Web API and v3 statistics by day: `date`"

TOTALS = _statistics_families(
    "sendgrid_{}_total",
    Kind.COUNTER,
    "{} since the account began, or since the configured date where SendGrid has no such total",
    _Origin("all-time statistics (`aggregate=1`)", "statistics by day, summed over the months since `since`"),
    _SUMMABLE,
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
    _DATE,
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
    _DATE,
)

MONTH_TO_DATE = _statistics_families(
    "sendgrid_month_to_date_{}",
    Kind.GAUGE,
    "{} since the first day of the month in the customer's time zone, the sum of its days, today's still growing",
    _MONTH,
    _SUMMABLE,
)
MONTH_TO_DATE_START = _gauge(
    "month_to_date_start_timestamp_seconds",
    "Start of the month that the month_to_date_ metrics are about, its first day's 00:00 in the customer's time zone, "
    "as Unix time; asked for in SendGrid's field start_date, polled.",
    "Web API and v3 statistics by day: `start_date` of the request",
)

CATEGORY_LATEST_DAY = _statistics_families(
    "sendgrid_category_latest_day_{}",
    Kind.GAUGE,
    "{}: one category, on the newest day of all the customer's categories, in its time zone and possibly still growing",
    _CATEGORY,
    STATISTICS,
    labels=("category",),
)

CREDITS_ALLOWED = _gauge(
    "credits_allowed",
    "Credits of the customer's package in the current billing period; SendGrid's field credits_allowed (v3: total), "
    "polled.",
    f"Web API {_OVERVIEW}: `credits_allowed`; v3 {_CREDITS}: `total`",
)
CREDITS_USED = _gauge(
    "credits_used",
    "Credits used so far in the current billing period; SendGrid's field credits_used (v3: used), polled.",
    f"Web API {_OVERVIEW}: `credits_used`; v3 {_CREDITS}: `used`",
)
CREDITS_REMAINING = _gauge(
    "credits_remaining",
    "Credits left in the current billing period; SendGrid's field credits_remain (v3: remain), polled.",
    f"Web API {_OVERVIEW}: `credits_remain`; v3 {_CREDITS}: `remain`",
)
CREDITS_OVERAGE = _gauge(
    "credits_overage",
    "Credits used beyond the allowed ones in the current billing period; SendGrid's field credits_overage "
    "(v3: overage), polled.",
    f"Web API {_OVERVIEW}: `credits_overage`; v3 credits of an account (`/v3/user/credits`): `overage`",
)
CREDITS_UNLIMITED = _gauge(
    "credits_unlimited",
    "Whether SendGrid says that the customer's credits have no limit (v3: type), 0 where it sent numbers of credits, "
    "polled.",
    f"Web API {_OVERVIEW}: `credits_*`; v3 {_CREDITS}: `type`",
)
CREDITS_LAST_RESET = _gauge(
    "credits_last_reset_timestamp_seconds",
    "Day on which the credits were last reset, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field last_reset, polled.",
    "v3 credits of an account (`/v3/user/credits`): `last_reset`",
)
CREDITS_NEXT_RESET = _gauge(
    "credits_next_reset_timestamp_seconds",
    "Day on which the credits will be reset next, 00:00 in the customer's time zone, as Unix time; "
    "SendGrid's field next_reset, polled.",
    "v3 credits of an account (`/v3/user/credits`): `next_reset`",
)
REPUTATION = _gauge(
    "reputation_ratio",
    "Reputation of the customer as a sender now, from 0 to 1; SendGrid's field reputation divided by 100, polled.",
    f"Web API {_OVERVIEW}: `reputation`; v3 `/v3/subusers/reputations`, `/v3/user/account`: `reputation`",
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
CUSTOMER_ACTIVE = _gauge(
    "customer_active",
    "Whether the customer's account is active now; SendGrid's field active (v3: disabled, turned round), polled.",
    "list of customers (discovery): Web API `active`; v3 `/v3/subusers`: `disabled`, negated",
)
