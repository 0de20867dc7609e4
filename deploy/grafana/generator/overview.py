"""The dashboard of all customers: who moves, who bounces, whose credits end, who is stale."""

from deploy.grafana.generator.colours import BAD, GOOD, WARNING, Json, bad_above, worse_above, worse_below
from deploy.grafana.generator.measures import (
    ALERTS,
    BY_COLLECTOR,
    DAY,
    age,
    bounce_ratio,
    complete_day,
    delivered,
    grown,
    period_end,
    risen_in_a_week,
    seconds_of_credits,
    spam_ratio,
    stale,
    today,
    today_or_zero,
)
from deploy.grafana.generator.page import DATASOURCE, Band, Row, choice, drill, jump, options, page, typed
from deploy.grafana.generator.panels import Curve, stat, time_series
from deploy.grafana.generator.queries import BY_CUSTOMER, beside, count, latest
from deploy.grafana.generator.tables import Column, table

_LABELS = {"source": "Source", "customer": "Customer"}
_OF_ROW = {
    "source": "${__data.fields.Source:percentencode}",
    "customer": "${__data.fields.Customer:percentencode}",
}
_TO_CUSTOMER = drill("email-stats-customer", "Show this customer", **_OF_ROW)
_TO_SITE = drill("email-stats-bento", "Show this site of Bento", **_OF_ROW)
_TO_EXPORTER = drill("email-stats-exporter", "Show this source in the exporter", source=_OF_ROW["source"])
# Alerts of the chosen sources, and those that are about no source.
_ALERTS = f'{ALERTS}, source=~"$source|"'
_OF_ALERT = ("alertname", "severity", *BY_CUSTOMER)


def dashboard() -> Json:
    """Return the dashboard."""
    return page(
        uid="email-stats-overview",
        title="E-mail statistics / All customers",
        description="Every customer of the chosen sources: who moves, who bounces, whose credits end, who is stale.",
        variables=_variables(),
        links=[
            jump("email-stats-customer", "One customer", "datasource"),
            jump("email-stats-bento", "Bento", "datasource"),
            jump("email-stats-exporter", "Exporter", "datasource"),
        ],
        rows=[
            Row("At a glance", [Band(4, [*_volume(), *_worries()]), Band(8, [_alerts(), _hours()])]),
            Row("Movers, against the same weekday last week", [Band(9, [_risen(), _fallen()])]),
            Row("Quality", [Band(9, [_bounces(), _spam(), _reputation()])]),
            Row("Credits", [Band(9, [_credits(), _overage()], widths=[15, 9])]),
            Row("Freshness", [Band(9, [_stale(), _stale_share()], widths=[14, 10])]),
        ],
    )


def _variables() -> list[Json]:
    return [
        DATASOURCE,
        choice("source", "Source", "label_values(email_stats_exporter_customers, source)", several=True),
        options("top", "Rows", ["10", "25", "50"], "How many customers each list shows."),
        typed("min_volume", "Least volume", "1000", "Ratios are shown of customers who sent more than this that day."),
        typed("bounce_limit", "Bounce limit", "0.05", "From which part of bounces on a customer is counted on top."),
        typed("spam_limit", "Spam limit", "0.001", "From which part of spam reports on a customer is counted on top."),
    ]


def _volume() -> list[Json]:
    return [
        stat(
            "Customers",
            "Customers of the chosen sources, as the configuration and the vendors' lists have them; new ones appear "
            "with the next reload or discovery.",
            f"sum({latest('email_stats_exporter_customers', by=['source'])})",
        ),
        stat(
            "Sent today",
            "Messages that customers asked SendGrid to send today, each in its own time zone. Polled every 15m unless "
            "configured otherwise, and provisional until the day is over.",
            f"sum({today('requests')})",
        ),
        stat(
            "Sent in the last hour",
            "By how much the vendors' totals grew in the last hour; they are polled every 15m, so the hour is up to "
            "15m shifted. Sources of type sendgrid_v3 have totals only if that collector is switched on.",
            f"sum({grown('sendgrid_requests_total', '1h')})",
            empty="no totals",
        ),
    ]


def _worries() -> list[Json]:
    high = f"{bounce_ratio(least='$min_volume')} > $bounce_limit"
    complaints = f"{spam_ratio(least='$min_volume')} > $spam_limit"
    return [
        stat(
            "Bounces high",
            "Customers whose bounces on the last complete day are above the bounce limit, of those who sent more "
            "than the least volume. The day ended at the customer's midnight, and may be up to a day ago.",
            count(high),
            thresholds=worse_above(1),
        ),
        stat(
            "Spam reports high",
            "Customers whose spam reports on the last complete day are above the spam limit, of those who sent more "
            "than the least volume.",
            count(complaints),
            thresholds=bad_above(1),
        ),
        stat(
            "Credits end soon",
            "Customers with no credits left, or who at the pace of the last 24 hours will have none in a day. Polled "
            "hourly.",
            count(f"{seconds_of_credits()} < {DAY}"),
            thresholds=bad_above(1),
        ),
        stat(
            "Stale",
            "The part of all fetches, one for each customer and collector, that had no success for three times their "
            "interval (polling.stale_after). Their last numbers stay on the page for a day.",
            f"avg({stale()})",
            "percentunit",
            thresholds=worse_above(0.01, 0.1),
            decimals=1,
        ),
        stat(
            "Customers with alerts",
            "Customers of the chosen sources for whom at least one alert fires now, as Prometheus evaluated its rules "
            "last.",
            count(
                f'max by (source, customer) (ALERTS{{alertstate="firing", customer!="", {ALERTS}, source=~"$source"}})'
            ),
            thresholds=worse_above(1),
        ),
    ]


def _alerts() -> Json:
    by = ", ".join(_OF_ALERT)
    since = f"time() - max by ({by}) (ALERTS_FOR_STATE{{{_ALERTS}}})"
    firing = f'max by ({by}) (ALERTS{{alertstate="firing", {_ALERTS}}})'
    return table(
        "Alerts that fire",
        "Alerts of the rules that come with these dashboards, with how long their condition has held; at most 100.",
        {"severity": "Severity", "alertname": "Alert", **_LABELS},
        [Column("Since", f"topk(100, {since} and on ({by}) {firing})", "s", decimals=0)],
        sort="Severity",
        descending=False,
        colours={"Severity": {"critical": BAD, "warning": WARNING, "info": GOOD}},
        links=[_TO_CUSTOMER, _TO_SITE],
        empty="No alert fires.",
    )


def _hours() -> Json:
    total = "sendgrid_requests_total"
    return time_series(
        "Sent per hour",
        "By how much the totals of all customers grew in the hour before each point, now, a day and a week earlier. "
        "Polled every 15m; sources of type sendgrid_v3 have totals only if that collector is switched on.",
        [
            Curve("Now", f"sum({grown(total, '1h')})"),
            Curve("A day before", f"sum({grown(total, '1h', '1d')})", dashed=True),
            Curve("A week before", f"sum({grown(total, '1h', '1w')})", dashed=True),
        ],
        step="30m",
    )


def _risen() -> Json:
    return _movers(
        "Sending more",
        "Customers who sent the most more today than on the same weekday last week up to this hour. Who sent nothing "
        "that day counts from 0; who is known for less than a week is left out. Polled every 15m.",
        f"topk($top, {risen_in_a_week('requests')} > 0)",
    )


def _fallen() -> Json:
    return _movers(
        "Sending less",
        "Customers who sent the most less today than on the same weekday last week up to this hour. Who sent nothing "
        "yet today counts as 0; who is stale is left out. Polled every 15m.",
        f"bottomk($top, {risen_in_a_week('requests')} < 0)",
        descending=False,
    )


def _movers(title: str, description: str, ranking: str, *, descending: bool = True) -> Json:
    return table(
        title,
        description,
        _LABELS,
        [
            Column("Difference", ranking, decimals=0),
            Column("Sent today", beside(today_or_zero("requests"), ranking), decimals=0),
            Column("A week before", beside(today_or_zero("requests", "1w"), ranking), decimals=0),
        ],
        sort="Difference",
        descending=descending,
        links=[_TO_CUSTOMER],
        empty="Nobody.",
    )


def _bounces() -> Json:
    ranking = f"topk($top, {bounce_ratio(least='$min_volume')})"
    return table(
        "Worst bounce ratios",
        "Bounces as a part of what was sent on the last complete day in each customer's time zone, of customers who "
        "sent more than the least volume. Colours change at 2 % and 5 %.",
        _LABELS,
        [
            Column("Bounced", ranking, "percentunit", worse_above(0.02, 0.05), decimals=2),
            Column("Bounces", beside(complete_day("bounces"), ranking), decimals=0),
            Column("Sent", beside(complete_day("requests"), ranking), decimals=0),
        ],
        sort="Bounced",
        links=[_TO_CUSTOMER],
        empty="Nobody sent more than the least volume.",
    )


def _spam() -> Json:
    ranking = f"topk($top, {spam_ratio(least='$min_volume')})"
    return table(
        "Worst spam report ratios",
        "Spam reports as a part of what was delivered on the last complete day, of customers who sent more "
        "than the least volume. Colours change at 0.05 % and 0.1 %.",
        _LABELS,
        [
            Column("Reported", ranking, "percentunit", worse_above(0.0005, 0.001), decimals=3),
            Column("Reports", beside(complete_day("spam_reports"), ranking), decimals=0),
            Column("Delivered", beside(delivered(), ranking), decimals=0),
        ],
        sort="Reported",
        links=[_TO_CUSTOMER],
        empty="Nobody sent more than the least volume.",
    )


def _reputation() -> Json:
    reputation = "sendgrid_reputation_ratio"
    ranking = f"bottomk($top, {latest(reputation)})"

    def change(ago: str) -> str:
        return beside(f"{latest(reputation)} - {latest(reputation, ago=ago)}", ranking)

    return table(
        "Lowest reputation",
        "SendGrid's own measure of a sender, polled hourly, and by how much it changed within a day and a week, in "
        "percent points. Colours change at 90 % and 75 %.",
        _LABELS,
        [
            Column("Reputation", ranking, "percentunit", worse_below(0.9, 0.75), decimals=1),
            Column("In a day", change("1d"), "percentunit", decimals=1),
            Column("In a week", change("1w"), "percentunit", decimals=1),
        ],
        sort="Reputation",
        descending=False,
        links=[_TO_CUSTOMER],
    )


def _credits() -> Json:
    ranking = f"bottomk($top, {seconds_of_credits()})"
    left, allowed = latest("sendgrid_credits_remaining"), latest("sendgrid_credits_allowed")
    return table(
        "Credits about to run out",
        "For how long the credits last at the pace of the last 24 hours, beside how long they have to: until the "
        "vendor resets them or the billing period ends. Polled hourly. Whose billing period began within the last "
        "day has no pace yet.",
        _LABELS,
        [
            Column("Run out in", ranking, "s", worse_below(7 * DAY, DAY), decimals=1),
            Column("Period ends in", beside(f"{period_end()} - time()", ranking), "s", decimals=1),
            Column("Left", beside(left, ranking), decimals=0),
            Column(
                "Part left",
                beside(f"{left} / ({allowed} > 0)", ranking),
                "percentunit",
                worse_below(0.2, 0.05),
                decimals=1,
            ),
        ],
        sort="Run out in",
        descending=False,
        links=[_TO_CUSTOMER],
        empty="Nobody uses credits.",
    )


def _overage() -> Json:
    ranking = f"topk($top, {latest('sendgrid_credits_overage')} > 0)"
    used = latest("sendgrid_credits_used")
    return table(
        "Beyond their credits",
        "Customers who used more credits in this period than they were allowed, which SendGrid bills. Polled hourly.",
        _LABELS,
        [
            Column("Overage", ranking, decimals=0),
            Column("Used", beside(used, ranking), decimals=0),
        ],
        sort="Overage",
        links=[_TO_CUSTOMER],
        empty="Nobody is beyond their credits.",
    )


def _stale() -> Json:
    ranking = f"topk($top, ({stale()} == 1) * ({age()} or 0 * {stale()} + time()))"
    by = ", ".join((*BY_COLLECTOR, "reason"))
    failing = f'max by ({by}) (email_stats_exporter_fetch_failing{{source=~"$source"}})'
    return table(
        "Stale customers, and why",
        "Fetches without a success for three times their interval, those without any first, with the reason of the "
        "last failure. Their last numbers stay for a day after the last success, then they leave.",
        {**_LABELS, "collector": "Collector", "reason": "Reason"},
        [
            Column("Rank", ranking),
            Column("Last success", beside(age(), ranking, BY_COLLECTOR), "s", decimals=1),
            Column("Failing", beside(failing, ranking, BY_COLLECTOR)),
        ],
        sort="Last success",
        hidden=["Rank", "Failing"],
        links=[_TO_CUSTOMER, _TO_SITE, _TO_EXPORTER],
        empty="Nothing is stale.",
    )


def _stale_share() -> Json:
    return time_series(
        "Stale by collector",
        "The part of each collector's customers that is stale. An alert fires above 10 %.",
        [Curve("{{source}} {{collector}}", f"avg by (source, collector) ({stale()})")],
        "percentunit",
        thresholds=bad_above(0.1),
        step="1m",
        decimals=1,
    )
