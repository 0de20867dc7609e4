"""The dashboard of the exporter itself, with its first rows: at a glance, calls against the limits, fetches."""

from deploy.grafana.generator.colours import (
    BLUE,
    GREY,
    ORANGE,
    Json,
    bad_above,
    worse_above,
)
from deploy.grafana.generator.exporter_details import BY_FETCH, configuration, failures, grown, process, series
from deploy.grafana.generator.heatmap import heatmap
from deploy.grafana.generator.measures import stale
from deploy.grafana.generator.page import DATASOURCE, Band, Row, choice, jump, options, page
from deploy.grafana.generator.panels import Curve, stat, time_series
from deploy.grafana.generator.queries import SOURCES, count, latest


def dashboard() -> Json:
    """Return the dashboard."""
    return page(
        uid="email-stats-exporter",
        title="E-mail statistics / Exporter",
        description="Whether the exporter keeps up: calls against the vendors' limits, lag, failures, durations.",
        variables=[
            DATASOURCE,
            choice("source", "Source", "label_values(email_stats_exporter_customers, source)", several=True),
            options("top", "Rows", ["10", "25", "50"], "How many rows each list shows."),
        ],
        links=[
            jump("email-stats-overview", "All customers", "datasource"),
            jump("email-stats-customer", "One customer", "datasource"),
            jump("email-stats-bento", "Bento", "datasource"),
        ],
        rows=[
            Row("At a glance", [Band(4, [*_health(), *_pace()])]),
            Row("Calls and limits", [Band(8, [_budget(), _calls()]), Band(7, [_waiting(), _left(), _load()])]),
            Row("Fetches", [Band(8, [_lag(), _fetches()]), Band(8, [_durations(), _quantiles()])]),
            failures(),
            series(),
            configuration(),
            process(),
        ],
    )


def _budget_used() -> str:
    calls = f"max by (source, collector, code) (rate(email_stats_exporter_api_requests_total{{{SOURCES}}}[1h]))"
    period = latest("email_stats_exporter_rate_limit_period_seconds", ["source"])
    return f"sum by (source) ({calls}) * {period} / {latest('email_stats_exporter_rate_limit_calls', ['source'])}"


def _lags() -> str:
    due = f"email_stats_exporter_oldest_due_timestamp_seconds{{{SOURCES}}}"
    return f"clamp_min(max by (source) (timestamp({due}) - {due}), 0)"


def _health() -> list[Json]:
    answering = latest("email_stats_exporter_source_up", ["source"])
    refused = latest(
        "email_stats_exporter_fetch_failing", ["source", "customer", "collector"], f'{SOURCES}, reason="auth"'
    )
    up = latest("email_stats_exporter_up", ["source", "customer", "collector"])
    return [
        stat(
            "Sources down",
            "Sources of which no fetch has succeeded for three times their shortest interval.",
            count(f"{answering} == 0"),
            thresholds=bad_above(1),
        ),
        stat(
            "Refused credentials",
            "Fetches that failed the last time because the vendor did not take the credentials.",
            count(refused),
            thresholds=bad_above(1),
        ),
        stat(
            "Failing",
            "The part of all fetches, one for each customer and collector, that failed the last time. What they "
            "brought before is still shown.",
            f"1 - avg({up})",
            "percentunit",
            thresholds=worse_above(0.01, 0.1),
            decimals=1,
        ),
        stat(
            "Stale",
            "The part of all fetches that had no success for three times their interval (polling.stale_after).",
            f"avg({stale()})",
            "percentunit",
            thresholds=worse_above(0.01, 0.1),
            decimals=1,
        ),
    ]


def _pace() -> list[Json]:
    return [
        stat(
            "Lag",
            "How long the most overdue fetch of all chosen sources had been due at the last scrape. Right after a "
            "start every fetch is due at once, and the limit spreads them.",
            f"max({_lags()})",
            "s",
            thresholds=worse_above(600, 1800),
            decimals=1,
        ),
        stat(
            "Largest budget used",
            "Requests of the last hour as a part of what the limit allows, of the source where that is most.",
            f"max({_budget_used()})",
            "percentunit",
            thresholds=worse_above(0.8, 0.95),
            decimals=0,
        ),
        stat(
            "Customers",
            "Customers of the chosen sources, configured and found.",
            f"sum({latest('email_stats_exporter_customers', ['source'])})",
        ),
        stat(
            "Vendors' series",
            "Series of the chosen sources that are named for their vendors.",
            f"sum({latest('email_stats_exporter_series', ['source'])})",
        ),
    ]


def _budget() -> Json:
    return time_series(
        "Budget used",
        "Requests of the hour before each point, retries included, as a part of what the source's limit allows in an "
        "hour. At 100 % fetches wait for the limit, which is never exceeded. Of two replicas the busier one.",
        [Curve("{{source}}", _budget_used())],
        "percentunit",
        thresholds=worse_above(0.8, 0.95),
        decimals=0,
    )


def _calls() -> Json:
    sent = grown("email_stats_exporter_api_requests_total", "1h", "source", "collector", "code")
    return time_series(
        "Requests per hour, by answer",
        "Requests sent in the hour before each point, by the vendor's status code; error stands for no answer.",
        [Curve("{{code}}", f"sum by (code) ({sent})")],
        stacked=True,
        decimals=0,
    )


def _waiting() -> Json:
    waited = f"max by (source) (rate(email_stats_exporter_rate_limit_wait_seconds_total{{{SOURCES}}}[1h]))"
    return time_series(
        "Waiting for the limit",
        "How many fetches waited for the rate limit at a time, on average over the hour before each point. A little "
        "waiting only spreads requests; if it rises while the budget is used up, intervals are too short.",
        [Curve("{{source}}", waited)],
        decimals=2,
    )


def _left() -> Json:
    return time_series(
        "Requests left, as the vendor says",
        "What the vendor's last answer said is left of its limit, where it says so.",
        [Curve("{{source}}", latest("email_stats_exporter_rate_limit_remaining", ["source"]))],
        decimals=0,
    )


def _load() -> Json:
    return time_series(
        "Planned load",
        "Requests that the intervals of all collectors need, as a part of what the limit allows. Above 100 % the "
        "longest due goes first, and everything comes later than planned.",
        [Curve("{{source}}", latest("email_stats_exporter_schedule_load_ratio", ["source"]))],
        "percentunit",
        thresholds=worse_above(0.9, 1),
        decimals=0,
    )


def _lag() -> Json:
    return time_series(
        "Lag of the most overdue fetch",
        "How long the most overdue fetch of each source had been due at each scrape; of two replicas the one that lags "
        "more.",
        [Curve("{{source}}", _lags())],
        "s",
        thresholds=worse_above(600, 1800),
    )


def _fetches() -> Json:
    ended = f"sum({grown('email_stats_exporter_fetches_total', '1h', *BY_FETCH)})"
    failed = f"sum({grown('email_stats_exporter_fetch_failures_total', '1h', *BY_FETCH, 'reason')})"
    retried = f"sum({grown('email_stats_exporter_retries_total', '1h', *BY_FETCH)})"
    return time_series(
        "Fetches per hour, by result",
        "Fetches that ended in the hour before each point, one for a whole batch of customers; those that failed, "
        "counted once for each reason; and requests sent again within a fetch.",
        [Curve("Ended", ended, BLUE), Curve("Failed", failed, ORANGE), Curve("Retries", retried, GREY, dashed=True)],
        decimals=0,
    )


def _durations() -> Json:
    buckets = grown(
        "email_stats_exporter_fetch_duration_seconds_bucket", "$__rate_interval", "source", "collector", "le"
    )
    return heatmap(
        "How long fetches take",
        "Fetches by their duration, retries included, the first wait for the rate limit not.",
        f"sum by (le) ({buckets})",
        "s",
    )


def _quantiles() -> Json:
    rate = 'rate(email_stats_exporter_fetch_duration_seconds_bucket{source=~"$source"}[1h])'
    buckets = f"sum by (source, le) (max by (source, collector, le) ({rate}))"
    return time_series(
        "Duration of fetches",
        "Half of a source's fetches in the hour before each point took no longer than p50, 95 % no longer than p95; "
        "estimated within the histogram's buckets.",
        [
            Curve("{{source}} p95", f"histogram_quantile(0.95, {buckets}) >= 0"),
            Curve("{{source}} p50", f"histogram_quantile(0.5, {buckets}) >= 0", dashed=True),
        ],
        "s",
        decimals=2,
    )
