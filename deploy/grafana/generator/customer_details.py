"""The rows of one customer's dashboard below its first ones: quality, credits, month, categories, freshness."""

from deploy.grafana.generator.colours import (
    BAD,
    BLUE,
    GOOD,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    WARNING,
    Json,
    State,
    worse_above,
    worse_below,
)
from deploy.grafana.generator.measures import (
    BY_COLLECTOR,
    DAY,
    NOT_POLLED,
    age,
    bounce_ratio,
    complete_day,
    delivered,
    in_hour,
    ratio,
    spam_ratio,
    stale,
)
from deploy.grafana.generator.page import Band, Row
from deploy.grafana.generator.panels import Curve, bar_gauge, stat, state_timeline, time_series
from deploy.grafana.generator.queries import BY_CUSTOMER, ONE_CUSTOMER, beside, history, latest
from deploy.grafana.generator.tables import Column, table

_BY_CATEGORY = (*BY_CUSTOMER, "category")
_LEFT = latest("sendgrid_credits_remaining", where=ONE_CUSTOMER)


def quality() -> Row:
    """Return the row of ratios and of SendGrid's own measure."""
    return Row("Quality", [Band(8, [_bounces(), _spam()]), Band(8, [_reading(), _reputation(), _days()])])


def credits_left() -> Row:
    """Return the row of credits and their forecast."""
    return Row("Credits", [Band(8, [_credits(), _credits_parts()], widths=[16, 8])])


def month() -> Row:
    """Return the row of the month so far."""
    return Row("This month", [Band(4, _month())])


def categories() -> Row:
    """Return the row of categories."""
    return Row("Categories", [Band(9, [_categories(), _category_table()], widths=[9, 15])])


def freshness() -> Row:
    """Return the row of collectors, and of what their numbers came to."""
    return Row("Freshness", [Band(8, [_health(), _collectors()]), Band(7, [_outcomes(), _held()])])


def _bounces() -> Json:
    return time_series(
        "Bounced, day by day",
        "Bounces as a part of what was sent on the last complete day before each point; another day begins after the "
        "customer's midnight, and late bounces still come in. Lines at 2 % and 5 %.",
        [Curve("Bounced", bounce_ratio(ONE_CUSTOMER))],
        "percentunit",
        thresholds=worse_above(0.02, 0.05),
        step="1h",
        decimals=2,
    )


def _spam() -> Json:
    return time_series(
        "Reported as spam, day by day",
        "Spam reports as a part of what was delivered on the last complete day before each point; it grows until the "
        "next midnight, as late reports come in. Lines at 0.05 % and 0.1 %.",
        [Curve("Reported", spam_ratio(ONE_CUSTOMER))],
        "percentunit",
        thresholds=worse_above(0.0005, 0.001),
        step="1h",
        decimals=3,
    )


def _reading() -> Json:
    whole = delivered(ONE_CUSTOMER)
    return time_series(
        "Opened and clicked",
        "Opens and clicks, repeated ones too, as a part of what was delivered on the last complete day before each "
        "point; it grows as late readers come. One reader may open many times, so it can be above 100 %.",
        [
            Curve("Opened", ratio(complete_day("opens", ONE_CUSTOMER), whole)),
            Curve("Clicked", ratio(complete_day("clicks", ONE_CUSTOMER), whole)),
        ],
        "percentunit",
        step="1h",
        decimals=1,
    )


def _reputation() -> Json:
    return time_series(
        "Reputation over time",
        "SendGrid's own measure of the customer as a sender. Polled hourly. Lines at 90 % and 75 %.",
        [Curve("Reputation", latest("sendgrid_reputation_ratio", where=ONE_CUSTOMER))],
        "percentunit",
        thresholds=worse_below(0.9, 0.75),
        lowest=None,
        highest=1,
        step="1h",
        decimals=1,
    )


def _days() -> Json:
    return time_series(
        "Complete days",
        "What was sent and delivered on the last complete day before each point.",
        [
            Curve("Sent", complete_day("requests", ONE_CUSTOMER)),
            Curve("Delivered", delivered(ONE_CUSTOMER)),
        ],
        step="1h",
        decimals=0,
    )


def _credits() -> Json:
    window = history("sendgrid_credits_remaining", "1d:1h")
    return time_series(
        "Credits left",
        "Credits left, polled hourly; what is left a day later if the trend of the 24 hours before goes on; and what "
        "was forecast so a day earlier. When the vendor has reset the credits, the trend is wrong for a day.",
        [
            Curve("Left", _LEFT),
            Curve("Left in a day, forecast", f"clamp_min(predict_linear({window}, {DAY}), 0)", dashed=True),
            Curve(
                "Forecast a day before",
                f"clamp_min(predict_linear({window} offset 1d, {DAY}), 0)",
                colour=GREY,
                dashed=True,
            ),
        ],
        step="15m",
        decimals=0,
    )


def _credits_parts() -> Json:
    parts = {
        "Allowed": "sendgrid_credits_allowed",
        "Used": "sendgrid_credits_used",
        "Beyond the allowed": "sendgrid_credits_overage",
    }
    return time_series(
        "Credits of the period",
        "What the package allows in the period, what is used of it, and what went beyond and is billed. Polled hourly.",
        [Curve(name, latest(metric, where=ONE_CUSTOMER)) for name, metric in parts.items()],
        step="15m",
        decimals=0,
    )


def _month() -> list[Json]:
    counts = {
        "Sent": "requests",
        "Delivered": "delivered",
        "Bounces": "bounces",
        "Spam reports": "spam_reports",
        "Opens": "opens",
        "Clicks": "clicks",
    }
    return [
        stat(
            f"{name} this month",
            "Sum of the days since the first of the month in the customer's time zone, today so far included. Polled "
            "hourly, if the collector month is switched on.",
            latest(f"sendgrid_month_to_date_{field}", where=ONE_CUSTOMER),
            empty=NOT_POLLED,
        )
        for name, field in counts.items()
    ]


def _categories() -> Json:
    sent = _category("requests")
    return bar_gauge(
        "Sent today by category",
        "The fifteen largest categories on the newest day that has any. Polled hourly, if the collector categories "
        "is switched on and includes them.",
        Curve("{{category}}", f"topk(15, {sent})"),
        decimals=0,
    )


def _category_table() -> Json:
    sent = _category("requests")
    ranking = f"topk(50, {sent})"

    def part(field: str) -> str:
        return beside(f"{_category(field)} / ({sent} > 0)", ranking, _BY_CATEGORY)

    return table(
        "Categories",
        "The fifty largest categories on the newest day that has any: what was sent, and parts of it. Polled hourly; "
        "provisional until the day is over.",
        {"category": "Category"},
        [
            Column("Sent", ranking, decimals=0),
            Column("Bounced", part("bounces"), "percentunit", worse_above(0.02, 0.05), decimals=2),
            Column("Reported as spam", part("spam_reports"), "percentunit", worse_above(0.0005, 0.001), decimals=3),
            Column("Opened", part("opens"), "percentunit", decimals=1),
            Column("Clicked", part("clicks"), "percentunit", decimals=1),
        ],
        sort="Sent",
        hidden=["source", "customer"],
        empty="No category is polled.",
    )


def _category(field: str) -> str:
    return latest(f"sendgrid_category_latest_day_{field}", _BY_CATEGORY, ONE_CUSTOMER)


def _health() -> Json:
    up = latest("email_stats_exporter_up", BY_COLLECTOR, ONE_CUSTOMER)
    return state_timeline(
        "Collectors",
        "What each collector's last fetch came to: fresh, failed but not yet stale, or stale because nothing "
        "succeeded for three times its interval.",
        [Curve("{{collector}}", f"2 * ({stale(ONE_CUSTOMER)} == 1) or 1 - {up}")],
        [State(0, "fresh", GOOD), State(1, "last fetch failed", WARNING), State(2, "stale", BAD)],
    )


def _collectors() -> Json:
    interval = latest("email_stats_exporter_collector_interval_seconds", ["source", "collector"], 'source="$source"')
    by = (*BY_COLLECTOR, "reason")
    return table(
        "How old the numbers are",
        "For each collector the time since its last success, its interval, and the reason if its last fetch failed. "
        "What the exporter shows is from the last success, until it drops out a day later.",
        {"collector": "Collector", "reason": "Failing with"},
        [
            Column("Last success", age(ONE_CUSTOMER), "s", decimals=1),
            Column("Interval", f"{interval} and on (collector) {stale(ONE_CUSTOMER)}", "s"),
            Column("Failing", latest("email_stats_exporter_fetch_failing", by, ONE_CUSTOMER)),
        ],
        sort="Last success",
        hidden=["source", "customer", "Failing"],
    )


def _outcomes() -> Json:
    return time_series(
        "What became of it, per hour",
        "By how much the vendor's totals grew in the hour before each point. Polled every 15m.",
        [
            Curve("Delivered", in_hour("delivered", ONE_CUSTOMER), BLUE),
            Curve("Bounces", in_hour("bounces", ONE_CUSTOMER), VERMILLION),
            Curve("Spam reports", in_hour("spam_reports", ONE_CUSTOMER), PURPLE),
            Curve("Opens", in_hour("opens", ONE_CUSTOMER), GREEN),
            Curve("Clicks", in_hour("clicks", ONE_CUSTOMER), ORANGE),
        ],
        step="15m",
        decimals=0,
    )


def _held() -> Json:
    held = latest("email_stats_exporter_counter_held", [*BY_CUSTOMER, "metric"], ONE_CUSTOMER)
    return table(
        "Counters held",
        "Totals that the vendor has corrected downwards. The exporter shows the last value until the vendor passes it "
        "again, and this is by how much they differ; until then nothing grows.",
        {"metric": "Counter"},
        [Column("Held above the vendor's", held, decimals=0)],
        sort="Held above the vendor's",
        hidden=["source", "customer"],
        empty="No counter is held.",
    )
