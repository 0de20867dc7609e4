"""The verdicts as docs/fidelity.md."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from exporter.demo import Account
from tests.fidelity import questions
from tests.fidelity.questions import QUESTIONS, Question, Verdict, Verdicts

HEAD = Path(__file__).with_name("head.md")
# A difference over the moment at which an account began anew tells nothing but that.
_MANY = 10.0
WHY: Mapping[Question, str] = {
    questions.COMPLETE: "the vendor's own row of the day",
    questions.BOUNCED: "the same",
    questions.RATIO: "two numbers of the same row",
    questions.MONTH: "the sum of the vendor's rows, each taken at noon of the day after",
    questions.OPENED: "the row was last fetched up to an hour before the day was over for which it is shown",
    questions.OPENED_AT_LAST: "who opens a mail days later is in the vendor's row, not in what was shown the day after",
    questions.STEP: "at midnight the counter is up to 45 minutes old, six hours in the night in which the vendor "
    "fails: what is missing here is in the next day. A corrected total is held meanwhile; over the moment at which an "
    "account begins anew, a difference tells nothing",
    questions.INCREASE: "the same; from the first to the last scrape of a day a quarter of an hour is missing, for "
    "which Prometheus adds in proportion. A reset is taken for what it is",
    questions.MONTH_INCREASE: "the same, once a month instead of once a day",
    questions.CREDITS: "what was sent since they were fetched, an hour before at most. On day 33 the exporter is gone "
    "at noon",
}


def page(verdicts: Verdicts, accounts: Sequence[Account]) -> str:
    """Return the page."""
    return "\n".join((HEAD.read_text(encoding="utf-8"), *_summary(verdicts), "", *_customers(verdicts, accounts), ""))


def _summary(verdicts: Verdicts) -> Iterator[str]:
    yield "## By question\n"
    yield "A deviation is a fraction of what stands behind it; DAYS is the number of days of the month.\n"
    yield "| question | PromQL | answers | to the unit | without an answer | largest deviation | why |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for question in QUESTIONS:
        found = verdicts[question]
        answers, exact = (sum(getattr(each, name) for each in found.values()) for name in ("answers", "exact"))
        missing = sum(len(each.missing) for each in found.values())
        name, worst = max(found.items(), key=lambda each: each[1].worst[0])
        deviation = "none"
        if worst.worst[1] is not None:
            deviation = f"{_part(worst)} of {question.measure} ({name}, {worst.worst[1]})"
        row = (question.words, f"`{question.query}`", f"{answers:,}", f"{exact:,}", missing, deviation, WHY[question])
        yield _row(row)


def _customers(verdicts: Verdicts, accounts: Sequence[Account]) -> Iterator[str]:
    exact = (questions.COMPLETE, questions.BOUNCED, questions.RATIO, questions.MONTH)
    rough = (questions.STEP, questions.INCREASE, questions.MONTH_INCREASE, questions.CREDITS)
    yield "## By customer\n"
    yield "First how many answers are the truth to the unit, of how many; then the largest deviation.\n"
    names = (
        "sent on a day",
        "bounced",
        "ratio",
        "sent in a month",
        "by the counter",
        "increase",
        "of a month",
        "credits",
    )
    yield _row(("customer", "time zone", *names))
    yield _row(["---"] * (2 + len(names)))
    for account in accounts:
        found: Mapping[Question, Verdict] = {question: verdicts[question][account.name] for question in verdicts}
        yield _row(
            (
                *(account.name, account.zone.key),
                *(f"{found[each].exact} of {found[each].answers + len(found[each].missing)}" for each in exact),
                *(_part(found[each]) for each in rough),
            )
        )


def _part(verdict: Verdict) -> str:
    part = verdict.worst[0]
    return f"{part:.2%}" if part < _MANY else "many times"


def _row(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
