"""A few days of what ``make fidelity`` does with ninety: what users rely on is the vendor's, to the unit."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fidelity.days import Span, Story, live
from tests.fidelity.page import HEAD, WHY
from tests.fidelity.questions import CREDITS, INCREASE, QUESTIONS, STEP, Verdicts, ask
from tests.simulation.archive import Archive

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# Over the night in which Europe's clocks change: a failing vendor, a new start, a correction and an account begun anew.
FEW = Story(
    days=5,
    outages=(Span(1.6, 1.7),),
    restarts=(Span(2.4, 2.42),),
    taken_back=(("mail@aurora-retail.example", Span(2.2, 2.45), 400_000),),
    anew=("noreply@pixelforge-games.example", 1.5),
    begin=datetime(2026, 3, 26, 0, 4, tzinfo=UTC),
)
# The last one sends a few mails a day, and none on some days.
NAMES = ["aurora-retail", "daily-herald", "pixelforge-games", "river-yoga", "tiny-ceramics"]
PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


@pytest.fixture(scope="module")
def verdicts(servers, tmp_path_factory) -> Verdicts:
    folder = tmp_path_factory.mktemp("days")
    lived = live(FEW, folder, lambda world: [each for each in world.customers if each.name in NAMES])
    accounts = [each for each in lived.world.customers if each.name in NAMES]
    with Archive(folder) as archive:
        return ask(lived, archive, accounts)


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.is_promised], ids=lambda each: each.words)
def test_what_is_promised_to_the_unit_is_so_on_every_day(question, verdicts):
    for verdict in verdicts[question].values():
        assert verdict.exact == verdict.answers
        assert verdict.missing == []


def test_days_were_compared_at_all(verdicts):
    asked = [each for each in QUESTIONS if "DAYS" not in each.query]

    assert {
        question.words for question in asked if not any(each.answers for each in verdicts[question].values())
    } == set()


def test_a_day_by_the_counter_is_off_by_no_more_than_what_was_sent_in_three_quarters_of_an_hour(verdicts):
    """Of a customer whose totals were neither corrected nor begun anew."""
    assert verdicts[STEP]["daily-herald"].worst[0] < 0.1
    assert verdicts[INCREASE]["daily-herald"].worst[0] < 0.1


def test_credits_are_off_by_no_more_than_what_was_sent_since_they_were_fetched(verdicts):
    assert max(verdict.worst[0] for verdict in verdicts[CREDITS].values()) < 0.35


@pytest.mark.parametrize("question", [each for each in QUESTIONS if each.is_promised], ids=lambda each: each.words)
def test_the_page_has_kept_the_promise_over_ninety_days(question):
    [row] = re.findall(rf"^\| {re.escape(question.words)} \| .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    answers, exact, missing, deviation = (cell.strip() for cell in row.split(" | ")[2:6])

    assert int(answers.replace(",", "")) > 20
    assert (exact, missing, deviation) == (answers, "0", "none")


def test_the_page_says_what_the_questions_are_and_why_they_differ():
    """All but the numbers can be compared without living through the days."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \| .* \| (.+?) \|$", text, re.MULTILINE)

    assert text.startswith(HEAD.read_text(encoding="utf-8"))
    assert rows == [(question.words, question.query, WHY[question]) for question in QUESTIONS]
