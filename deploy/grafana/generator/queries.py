"""PromQL that every dashboard begins with."""

from collections.abc import Sequence

SOURCES = 'source=~"$source"'
ONE_CUSTOMER = 'source="$source", customer="$customer"'
BY_CUSTOMER: Sequence[str] = ("source", "customer")


def latest(metric: str, by: Sequence[str] = BY_CUSTOMER, where: str = SOURCES, ago: str = "") -> str:
    """Return a metric's value, once for each customer, however many replicas show it.

    Args:
        metric: its name.
        by: the labels that are kept.
        where: matchers of labels, with the dashboard's variables.
        ago: a duration to look back, such as ``1w``.
    """
    return f"max by ({', '.join(by)}) ({metric}{{{where}}}{f' offset {ago}' if ago else ''})"


def history(metric: str, window: str, by: Sequence[str] = BY_CUSTOMER, where: str = ONE_CUSTOMER, ago: str = "") -> str:
    """Return a metric over a window such as ``1h:5m``, joined over replicas before a function looks at it.

    It costs as much as a query for each step of the window: for one customer, not for all of them.
    """
    return f"({latest(metric, by, where)})[{window}]{f' offset {ago}' if ago else ''}"


def beside(expr: str, ranking: str, by: Sequence[str] = BY_CUSTOMER) -> str:
    """Return only those series of a query that a ranking such as ``topk`` holds too."""
    return f"({expr}) and on ({', '.join(by)}) {ranking}"


def count(expr: str) -> str:
    """Return how many series a query has, 0 if it has none."""
    return f"count({expr}) or vector(0)"
