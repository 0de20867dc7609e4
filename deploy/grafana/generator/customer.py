"""The dashboard of one customer of SendGrid, with its first rows: now, and the last 24 hours."""

from deploy.grafana.generator.colours import (
    BAD,
    GOOD,
    PURPLE,
    VERMILLION,
    Json,
    State,
    bad_above,
    worse_above,
    worse_below,
)
from deploy.grafana.generator.customer_details import categories, credits_left, freshness, month, quality
from deploy.grafana.generator.measures import (
    ALERTS,
    DAY,
    NOT_POLLED,
    bounce_ratio,
    credits_pace,
    in_hour,
    period_end,
    spam_ratio,
    today,
)
from deploy.grafana.generator.page import DATASOURCE, Band, Row, annotation, choice, jump, page, typed
from deploy.grafana.generator.panels import Curve, stat, time_series
from deploy.grafana.generator.queries import BY_CUSTOMER, ONE_CUSTOMER, count, latest

_LEFT = latest("sendgrid_credits_remaining", where=ONE_CUSTOMER)


def dashboard() -> Json:
    """Return the dashboard."""
    return page(
        uid="email-stats-customer",
        title="E-mail statistics / One customer",
        description="One customer of SendGrid: today against other days, quality, credits, and how fresh all that is.",
        since="now-7d",
        variables=_variables(),
        links=[
            jump("email-stats-overview", "All customers", "datasource"),
            jump("email-stats-exporter", "Exporter", "datasource", "source"),
        ],
        annotations=_annotations(),
        rows=[
            Row("Now", [Band(4, _now()), Band(4, [*_forecast(), *_account()])]),
            Row("The last 24 hours, against yesterday and last week", [Band(9, [_so_far(), _hours()])]),
            quality(),
            credits_left(),
            month(),
            categories(),
            freshness(),
        ],
    )


def _variables() -> list[Json]:
    customers = 'label_values(sendgrid_customer_info{source="$source", customer=~".*$search.*"}, customer)'
    return [
        DATASOURCE,
        choice("source", "Source", "label_values(sendgrid_customer_info, source)"),
        typed("search", "Search", "", "A part of the customer's name, where the list of customers is long."),
        choice("customer", "Customer", customers),
    ]


def _annotations() -> list[Json]:
    by = "alertname, severity, source, customer"
    held = latest("email_stats_exporter_counter_held", [*BY_CUSTOMER, "metric"], ONE_CUSTOMER)
    return [
        annotation(
            "Alerts",
            f'max by ({by}) (ALERTS{{alertstate="firing", {ALERTS}, {ONE_CUSTOMER}}})',
            title="{{alertname}}",
            text="{{severity}}",
            colour=VERMILLION,
        ),
        annotation(
            "Corrections of counters",
            f"{held} > 0",
            title="The vendor's total fell",
            text="{{metric}} is held until the vendor's number passes it again",
            colour=PURPLE,
        ),
    ]


def _now() -> list[Json]:
    sent, before = today("requests", ONE_CUSTOMER), today("requests", ONE_CUSTOMER, "1w")
    return [
        stat(
            "Sent today",
            "Messages that SendGrid was asked to send since midnight in the customer's time zone. Polled every 15m, "
            "provisional until the day is over.",
            sent,
            empty="nothing yet",
        ),
        stat(
            "Against last week",
            "Sent today as a part of what was sent on the same weekday last week up to this hour: 100 % is the same.",
            f"{sent} / ({before} > 0)",
            "percentunit",
            decimals=0,
        ),
        stat(
            "Sent in the last hour",
            "By how much the vendor's total grew in the last hour. Polled every 15m, so the hour is up to 15m shifted.",
            in_hour("requests", ONE_CUSTOMER),
            decimals=0,
            empty="no totals",
        ),
        stat(
            "Bounced",
            "Bounces as a part of what was sent on the last complete day, which ended at the customer's midnight.",
            bounce_ratio(ONE_CUSTOMER),
            "percentunit",
            thresholds=worse_above(0.02, 0.05),
            decimals=2,
        ),
        stat(
            "Reported as spam",
            "Spam reports as a part of what was delivered on the last complete day.",
            spam_ratio(ONE_CUSTOMER),
            "percentunit",
            thresholds=worse_above(0.0005, 0.001),
            decimals=3,
        ),
        stat(
            "Reputation",
            "SendGrid's own measure of the customer as a sender. Polled hourly.",
            latest("sendgrid_reputation_ratio", where=ONE_CUSTOMER),
            "percentunit",
            thresholds=worse_below(0.9, 0.75),
            decimals=1,
            empty=NOT_POLLED,
        ),
    ]


def _forecast() -> list[Json]:
    pace = credits_pace(ONE_CUSTOMER)
    return [
        stat(
            "Credits run out in",
            "For how long the credits last at the trend of the last 24 hours. Polled hourly; when the vendor has reset "
            "the credits, the trend is wrong for a day. Empty while the credits don't shrink.",
            f"({_LEFT} == 0) or {_LEFT} / ({pace} > 0)",
            "s",
            thresholds=worse_below(7 * DAY, DAY),
            decimals=1,
            empty="not in sight",
        ),
        stat(
            "Period ends in",
            "Time until the vendor resets the credits, or else until the end of the billing period's last day.",
            f"{period_end(ONE_CUSTOMER)} - time()",
            "s",
            decimals=1,
            empty=NOT_POLLED,
        ),
        stat(
            "Left at the period's end",
            "Credits left when the period ends, if the trend of the last 24 hours goes on; below 0 they run out "
            "before. Polled hourly.",
            f"{_LEFT} - {pace} * ({period_end(ONE_CUSTOMER)} - time())",
            thresholds=worse_below(1, 0),
            decimals=0,
            empty="no forecast",
        ),
    ]


def _account() -> list[Json]:
    firing = f'max by (alertname) (ALERTS{{alertstate="firing", {ALERTS}, {ONE_CUSTOMER}}})'
    return [
        stat(
            "Package",
            "What the customer has booked, as the account overview names it. Polled hourly.",
            latest("sendgrid_package_info", [*BY_CUSTOMER, "package"], ONE_CUSTOMER),
            "none",
            label="package",
            empty="unknown",
        ),
        stat(
            "Account",
            "Whether the vendor's list of customers has it as active. Read hourly, where discovery is switched on.",
            latest("sendgrid_customer_active", where=ONE_CUSTOMER),
            "none",
            states=[State(1, "active", GOOD), State(0, "inactive", BAD)],
            empty="unknown",
        ),
        stat(
            "Alerts",
            "How many alerts fire for this customer now.",
            count(firing),
            thresholds=bad_above(1),
        ),
    ]


def _so_far() -> Json:
    return time_series(
        "Sent since midnight",
        "The count of the day up to each point, today, yesterday and a week before. Each curve begins with the "
        "day's first row at the customer's midnight, not the browser's. Polled every 15m.",
        [
            Curve("Today", today("requests", ONE_CUSTOMER)),
            Curve("Yesterday", today("requests", ONE_CUSTOMER, "1d"), dashed=True),
            Curve("A week before", today("requests", ONE_CUSTOMER, "1w"), dashed=True),
        ],
        span="24h",
    )


def _hours() -> Json:
    return time_series(
        "Sent per hour",
        "By how much the vendor's total grew in the hour before each point. Polled every 15m. A gap in the vendor's "
        "answers ends with a step. Sources of type sendgrid_v3 have totals only if that collector is switched on.",
        [
            Curve("Today", in_hour("requests", ONE_CUSTOMER)),
            Curve("Yesterday", in_hour("requests", ONE_CUSTOMER, "1d"), dashed=True),
            Curve("A week before", in_hour("requests", ONE_CUSTOMER, "1w"), dashed=True),
        ],
        span="24h",
        decimals=0,
    )
