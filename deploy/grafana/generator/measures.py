"""What is asked of SendGrid's numbers, as PromQL: a day so far, ratios, growth, time until credits end."""

from deploy.grafana.generator.queries import BY_CUSTOMER, SOURCES, history, latest

DAY = 86400
# Seconds by the durations that a day so far is compared over.
AGO = {"": 0, "1d": DAY, "1w": 7 * DAY}
# What stands in place of a number that an optional collector would bring.
NOT_POLLED = "not polled"
# The labels of a fetch's health.
BY_COLLECTOR = (*BY_CUSTOMER, "collector")
# Alerts of the rules beside these dashboards; those of the whole exporter have no source.
ALERTS = 'alertname=~"(SendGrid|Bento|EmailStats).+"'


def today(field: str, where: str = SOURCES, ago: str = "") -> str:
    """Return a count of the day so far, or of another day up to this hour of it.

    The newest row may be an older day's; then nothing was counted today, and there is no number.
    """
    count = latest(f"sendgrid_latest_day_{field}", where=where, ago=ago)
    start = latest("sendgrid_latest_day_timestamp_seconds", where=where, ago=ago)
    return f"({count} and {start} > time() - {DAY + AGO[ago]})"


def today_or_zero(field: str, ago: str = "") -> str:
    """Return the same, 0 for a customer whose newest row is an older day's."""
    count = latest(f"sendgrid_latest_day_{field}", ago=ago)
    start = latest("sendgrid_latest_day_timestamp_seconds", ago=ago)
    return f"{count} * ({start} > bool time() - {DAY + AGO[ago]})"


def risen_in_a_week(field: str) -> str:
    """Return by how much the day so far differs from the same weekday last week, of customers whose days are fresh."""
    stale_days = 'email_stats_exporter_stale{source=~"$source", collector="daily"} == 1'
    fresh = f"unless on ({', '.join(BY_CUSTOMER)}) max by ({', '.join(BY_CUSTOMER)}) ({stale_days})"
    return f"({today_or_zero(field)} - {today_or_zero(field, '1w')} {fresh})"


def complete_day(field: str, where: str = SOURCES, ago: str = "") -> str:
    """Return a count of the last complete day."""
    return latest(f"sendgrid_last_complete_day_{field}", where=where, ago=ago)


def delivered(where: str = SOURCES) -> str:
    """Return how many messages the last complete day delivered, where a vendor doesn't say: all but the bounces."""
    rest = f"{complete_day('requests', where)} - {complete_day('bounces', where)}"
    return f"({complete_day('delivered', where)} or {rest})"


def ratio(part: str, whole: str, where: str = SOURCES, least: str = "") -> str:
    """Return a part of a whole; with ``least``, only of customers who sent more than that on the last complete day."""
    guard = f" and {complete_day('requests', where)} > {least}" if least else ""
    return f"({part} / ({whole} > 0){guard})"


def bounce_ratio(where: str = SOURCES, least: str = "") -> str:
    """Return bounces as a part of what was sent on the last complete day."""
    return ratio(complete_day("bounces", where), complete_day("requests", where), where, least)


def spam_ratio(where: str = SOURCES, least: str = "") -> str:
    """Return spam reports as a part of what was delivered on the last complete day."""
    return ratio(complete_day("spam_reports", where), delivered(where), where, least)


def grown(metric: str, window: str, ago: str = "") -> str:
    """Return how much a counter of every customer has grown in a window.

    The difference of two moments, whole as the vendor counts it, and for 100,000 customers much cheaper than
    ``increase``, which reads every sample between them. Where the vendor began anew it is 0.
    """
    then = {"": window, "1d": f"1d{window}", "1w": f"1w{window}"}[ago]
    return f"clamp_min({latest(metric, ago=ago)} - {latest(metric, ago=then)}, 0)"


def seconds_of_credits() -> str:
    """Return for how long each customer's credits last at the pace of the last 24 hours, 0 where none are left."""
    left = latest("sendgrid_credits_remaining")
    used = f"{latest('sendgrid_credits_used')} - {latest('sendgrid_credits_used', ago='1d')}"
    # Where the vendor doesn't say what is used; credits that were bought in between make this too small. Where it does,
    # and a new period began, the difference would be that of two packages.
    fallen = f"{latest('sendgrid_credits_remaining', ago='1d')} - {left}"
    used_or_fallen = f"{used} > 0 or {fallen} > 0 unless {latest('sendgrid_credits_used')}"
    return f"(({left} == 0) or {DAY} * {left} / ({used_or_fallen}))"


def period_end(where: str = SOURCES) -> str:
    """Return when credits are reset: the vendor's date, or the end of the billing period's last day."""
    reset = latest("sendgrid_credits_next_reset_timestamp_seconds", where=where)
    return f"({reset} or {latest('sendgrid_billing_end_timestamp_seconds', where=where)} + {DAY})"


def stale(where: str = SOURCES) -> str:
    """Return 1 for each collector of each customer that is stale, else 0."""
    return latest("email_stats_exporter_stale", BY_COLLECTOR, where)


def age(where: str = SOURCES) -> str:
    """Return for how many seconds a collector has not succeeded; it is how old its numbers are."""
    return f"time() - {latest('email_stats_exporter_last_success_timestamp_seconds', BY_COLLECTOR, where)}"


def in_hour(field: str, where: str, ago: str = "") -> str:
    """Return by how much one customer's all-time total grew in an hour."""
    return f"increase({history(f'sendgrid_{field}_total', '1h:5m', where=where, ago=ago)})"


def credits_pace(where: str) -> str:
    """Return how many credits one customer uses in a second, by the trend of the last 24 hours."""
    return f"-deriv({history('sendgrid_credits_remaining', '1d:1h', where=where)})"
