"""What users ask, in PromQL, and how far the answers are from the vendor's truth."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from exporter.demo import Account
from tests.fidelity.days import Lived, midnight
from tests.simulation.archive import Archive

_ONE_DAY = timedelta(days=1)
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of users.

    Attributes:
        words: what is asked.
        query: in PromQL, of one day or month.
        measure: what a deviation is a fraction of, in words.
        is_promised: whether every answer has to be exact.
    """

    words: str
    query: str
    measure: str
    is_promised: bool = False


COMPLETE = Question("Sent on a day", "sendgrid_last_complete_day_requests", "that day", is_promised=True)
BOUNCED = Question("Bounced on a day", "sendgrid_last_complete_day_bounces", "that day", is_promised=True)
RATIO = Question(
    "Bounce ratio of a day",
    "sendgrid_last_complete_day_bounces / sendgrid_last_complete_day_requests",
    "that ratio",
    is_promised=True,
)
OPENED = Question("Opened on a day, as it was told the day after", "sendgrid_last_complete_day_opens", "that day")
OPENED_AT_LAST = Question("Opened on a day, late opens included", "sendgrid_last_complete_day_opens", "that day")
STEP = Question(
    "Sent on a day, by the counter", "sendgrid_requests_total - sendgrid_requests_total offset 1d", "a usual day"
)
INCREASE = Question("Sent on a day, as Prometheus extrapolates", "increase(sendgrid_requests_total[1d])", "a usual day")
MONTH = Question(
    "Sent in a month",
    "sum_over_time(last_over_time(sendgrid_last_complete_day_requests[4h] offset -12h)[DAYSd:1d])",
    "that month",
    is_promised=True,
)
MONTH_INCREASE = Question(
    "Sent in a month, as Prometheus extrapolates", "increase(sendgrid_requests_total[DAYSd])", "that month"
)
CREDITS = Question("Credits left at noon", "sendgrid_credits_remaining", "a usual day")
QUESTIONS = (COMPLETE, BOUNCED, RATIO, MONTH, OPENED, OPENED_AT_LAST, STEP, INCREASE, MONTH_INCREASE, CREDITS)


@dataclass(slots=True)
class Verdict:
    """How the answers to one question compare with the truth, for one customer.

    Attributes:
        answers: how many there were.
        exact: how many of them were the truth.
        missing: days, or first days of months, without an answer, though the vendor had one.
        worst: the largest deviation, as a fraction of what the question says, and its day.
    """

    answers: int = 0
    exact: int = 0
    missing: list[date] = field(default_factory=list)
    worst: tuple[float, date | None] = (0.0, None)

    def compare(self, day: date, shown: float | None, truth: float | None, whole: float) -> None:
        """Take one answer and the truth; ``whole`` is what a deviation is a fraction of."""
        if truth is None:
            assert shown is None, f"{day}: {shown} is shown where the vendor has nothing"
        elif shown is None:
            self.missing.append(day)
        else:
            self.answers += 1
            # A ratio may differ in its last digit: Prometheus divides as everybody does.
            deviation = abs(shown - truth)
            self.exact += deviation <= 1e-12 * abs(truth)
            if deviation > 1e-12 * abs(truth):
                self.worst = max(
                    self.worst, (deviation / whole if whole else float("inf"), day), key=lambda each: each[0]
                )


Verdicts = Mapping[Question, Mapping[str, Verdict]]


def ask(lived: Lived, archive: Archive, accounts: Sequence[Account]) -> Verdicts:
    """Ask every question of every customer for every day or month, and compare."""
    asking = _Asking(lived, archive)
    verdicts: dict[Question, dict[str, Verdict]] = {}
    for question, compared in asking.compared().items():
        verdicts[question] = {}
        for account in accounts:
            verdict = verdicts[question].setdefault(account.name, Verdict())
            for day, shown, truth, whole in compared(account):
                verdict.compare(day, shown, truth, whole)
    return verdicts


_Compared = Iterator[tuple[date, float | None, float | None, float]]


@dataclass(frozen=True, slots=True)
class _Asking:
    lived: Lived
    archive: Archive

    def compared(self) -> Mapping[Question, Callable[[Account], _Compared]]:
        """Return, by question, what compares its answers."""
        return {
            COMPLETE: lambda account: self._complete(account, COMPLETE, "requests"),
            BOUNCED: lambda account: self._complete(account, BOUNCED, "bounces"),
            RATIO: self._ratio,
            OPENED: lambda account: self._complete(account, OPENED, "opens"),
            OPENED_AT_LAST: lambda account: self._complete(account, OPENED_AT_LAST, "opens", is_final=True),
            STEP: lambda account: self._by_counter(account, STEP),
            INCREASE: lambda account: self._by_counter(account, INCREASE),
            MONTH: lambda account: self._months(account, MONTH, 12 * _HOUR),
            MONTH_INCREASE: lambda account: self._months(account, MONTH_INCREASE, None),
            CREDITS: self._credits,
        }

    def _complete(self, account: Account, question: Question, name: str, *, is_final: bool = False) -> _Compared:
        """A day's figure at the end of the day after it, when the exporter has last asked for it."""
        for day in self.lived.ended(account):
            moment = self._evening_after(account, day)
            row = self.lived.row(account, day, self.lived.end + 30 * 86_400 if is_final else moment)
            truth = None if row is None else float(row[name])
            yield day, self._value(account, question.query, moment), truth, truth or 0.0

    def _ratio(self, account: Account) -> _Compared:
        for day in self.lived.ended(account):
            moment = self._evening_after(account, day)
            row = self.lived.row(account, day, moment)
            # Of nothing there is no ratio.
            if row is not None and row["requests"]:
                truth = row["bounces"] / row["requests"]
                yield day, self._value(account, RATIO.query, moment), truth, truth

    def _by_counter(self, account: Account, question: Question) -> _Compared:
        for day in self.lived.ended(account):
            row = self.lived.row(account, day, self.lived.end)
            moment = midnight(account, day + _ONE_DAY)
            truth = 0.0 if row is None else float(row["requests"])
            yield day, self._value(account, question.query, moment), truth, account.volume

    def _months(self, account: Account, question: Question, after: float | None) -> _Compared:
        first = self.lived.story.begin.date().replace(day=1)
        while (following := (first + 31 * _ONE_DAY).replace(day=1)) <= max(self.lived.ended(account)):
            days = (following - first).days
            query = question.query.replace("DAYS", str(days))
            # Of all zones but those far in the east, noon in UTC is on the same date.
            moment = midnight(account, following) if after is None else _utc(following) + after
            shown = self._value(account, query, moment)
            truth = float(self.lived.world.sums(account.user, first, following - _ONE_DAY, self.lived.end)["requests"])
            if shown is not None or truth:
                yield first, shown, truth, truth
            first = following

    def _credits(self, account: Account) -> _Compared:
        for day in self.lived.ended(account):
            moment = midnight(account, day) + 12 * _HOUR
            used, allowed = self.lived.world.credits(account.user, moment)
            yield day, self._value(account, CREDITS.query, moment), float(max(0, allowed - used)), account.volume

    def _evening_after(self, account: Account, day: date) -> float:
        """A moment shortly before the end of the day after a day."""
        return midnight(account, day + 2 * _ONE_DAY) - 60

    def _value(self, account: Account, query: str, moment: float) -> float | None:
        return _answers(self.archive, query, moment).get(account.name)


@lru_cache(maxsize=4_096)
def _answers(archive: Archive, query: str, moment: float) -> Mapping[str, float]:
    """Return the answer of every customer: those of a zone are asked about at the same moments."""
    answers: dict[str, float] = defaultdict()
    for curve in archive.at(query, moment):
        answers[curve.labels["customer"]] = next(iter(curve.values.values()))
    return answers


def _utc(day: date) -> float:
    return (day - date(1970, 1, 1)).days * 86_400.0
