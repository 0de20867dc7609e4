"""Where the history of a counter begins, so that it ends exactly where the live counter goes on.

The value at the end of a day is the total as it is now, less what came later. While total and days are asked for, a
customer goes on sending, so the days after the last written one are asked for before the total and once more after
it: what had been added at the time of the total lies between the two. Where nothing came in between, they agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a counter's history begins.

    Attributes:
        day: the first day on which it is shown.
        value: its value as that day begins.
        cause: why it does not reach further back, in words; empty if nothing is wrong.
    """

    day: date
    value: float
    cause: str = ""


def end_of(total: float, before: float, after: float, written: float | None) -> float:
    """Return the value at the end of the last written day.

    Args:
        total: the total that the vendor told.
        before: what later days had added shortly before that.
        after: what they had added shortly after that.
        written: what the written days added, all of them; None if that of one is not known.
    """
    least, most = sorted((total - after, total - before))
    # Of an account that began within the written days they are all there is, and tell to the unit what was counted.
    return written if written is not None and least <= written <= most else least


def beginning(end: float, backward: Iterable[tuple[date, float | None]], first: date, last: date) -> Beginning | None:
    """Return where the history of a counter begins; None where no value of it is known.

    Args:
        end: its value at the end of ``last``.
        backward: the days that the vendor has, newest first, each with what it added; None where that is not known.
        first: the day on which history is to begin.
        last: the last day that is written.
    """
    if end < 0:
        return None
    value, oldest = end, last + _ONE_DAY
    for day, added in backward:
        if added is None:
            return Beginning(day + _ONE_DAY, value, f"{day} has no number")
        if added > value:
            return Beginning(day + _ONE_DAY, value, f"its days to {day} sum up to more than the total")
        value, oldest = value - added, day
    # Nothing was counted before the first day that the vendor has: that may well be where the account began.
    return Beginning(first if value else oldest, value)
