"""What was fetched outlives whatever ends the program, and is never mixed with what another command has fetched."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from exporter.backfill.keeping import Journal
from exporter.errors import StartError
from exporter.providers.base import Customer
from exporter.providers.sendgrid_metrics import CATEGORY_LATEST_DAY, LAST_COMPLETE_DAY, TOTALS
from tests.fake_clock import FakeClock

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
REQUESTS, TOTAL, CATEGORY = LAST_COMPLETE_DAY["requests"], TOTALS["requests"], CATEGORY_LATEST_DAY["requests"]
PURPOSE = {"from": "2026-03-01"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.om.partial"


@pytest.fixture
def open_journal(path):
    """Open the file again and again; each opening ends the one before."""
    opened: list[Journal] = []

    def open_(purpose=PURPOSE, now=5.0):
        for journal in opened:
            journal.close()
        opened[:] = [Journal(path, purpose, now)]
        return opened[0]

    yield open_
    for journal in opened:
        journal.close()


def customer(id_="customer@example.com", name="acme-eu", zone="UTC"):
    return Customer(id_, name, ZoneInfo(zone), FakeClock())


def enlist(journal, *customers, last=NEXT):
    return journal.enlist("acme", [(each, last) for each in customers or [customer()]])


def test_what_was_kept_is_there_after_the_program_has_ended(open_journal):
    journal = open_journal(now=1.5)
    [kept] = enlist(journal)
    journal.keep_days("daily", "days", {kept.number: {DAY: [REQUESTS.sample(7)], NEXT: [REQUESTS.sample(8)]}})
    journal.complete("daily", [kept.number])

    again = open_journal(now=99.0)

    assert again.began == 1.5
    assert again.is_done(kept.number, "daily", "days")
    [series] = again.series(REQUESTS)
    assert (series.customer, series.labels, series.total) == (kept, (), None)
    assert list(again.forward(series.number, DAY, NEXT)) == [(DAY, 7.0), (NEXT, 8.0)]
    assert list(again.backward(series.number, DAY, NEXT)) == [(NEXT, 8.0), (DAY, 7.0)]


def test_the_last_day_stays_that_of_the_first_time(open_journal):
    enlist(open_journal(), last=DAY)

    [kept] = enlist(open_journal(), last=NEXT)

    assert kept.last == DAY


def test_a_customer_of_whom_something_is_missing_is_not_written(open_journal):
    journal = open_journal()
    [kept] = enlist(journal)
    journal.keep_days("daily", "days", {kept.number: {DAY: [REQUESTS.sample(7)]}})

    assert list(journal.series(REQUESTS)) == []


@pytest.mark.parametrize("other", [customer("another@example.com"), customer(zone="Europe/Berlin")])
def test_another_customer_of_the_same_name_has_nothing_of_the_first(other, open_journal):
    journal = open_journal()
    [kept] = enlist(journal)
    journal.keep_days("daily", "days", {kept.number: {DAY: [REQUESTS.sample(7)]}})
    journal.complete("daily", [kept.number])

    [new] = enlist(journal, other)

    assert not journal.is_done(new.number, "daily", "days")
    assert list(journal.series(REQUESTS)) == []


def test_series_come_customer_by_customer_and_in_the_order_of_their_labels(open_journal):
    journal = open_journal()
    one, two = enlist(journal, customer(), customer("b@example.com", "b"))
    for kept in (two, one):
        figures = [CATEGORY.sample(1, "z"), CATEGORY.sample(2, 'a "quote"')]
        journal.keep_days("categories", "days", {kept.number: {DAY: figures}})
        journal.complete("categories", [kept.number])

    assert [(series.customer.name, series.labels) for series in journal.series(CATEGORY)] == [
        ("acme-eu", ('a "quote"',)),
        ("acme-eu", ("z",)),
        ("b", ('a "quote"',)),
        ("b", ("z",)),
    ]


def test_what_later_days_had_added_is_known_from_before_the_total_and_from_after_it(open_journal):
    journal = open_journal()
    [kept] = enlist(journal, last=DAY)
    third = date(2026, 3, 3)
    days = {DAY: [TOTAL.sample(100)], NEXT: [TOTAL.sample(10)], third: [TOTAL.sample(1)]}
    journal.keep_days("daily", "days", {kept.number: days})
    journal.keep_totals("daily", "totals", {kept.number: [TOTAL.sample(1000)]})
    journal.keep_later("daily", "later", {kept.number: {third: [TOTAL.sample(4)]}})
    journal.complete("daily", [kept.number])

    [series] = journal.series(TOTAL)

    assert series.total == 1000
    assert journal.after(series.number, DAY) == (11, 14)


def test_totals_that_are_asked_for_anew_forget_what_came_after_the_old_ones(open_journal):
    journal = open_journal()
    [kept] = enlist(journal, last=DAY)
    journal.keep_days("daily", "days", {kept.number: {NEXT: [TOTAL.sample(10)]}})
    journal.keep_totals("daily", "totals", {kept.number: [TOTAL.sample(1000)]})
    journal.keep_later("daily", "later", {kept.number: {NEXT: [TOTAL.sample(14)]}})
    journal.keep_totals("daily", "totals again", {kept.number: []})
    journal.complete("daily", [kept.number])

    [series] = journal.series(TOTAL)

    assert series.total is None
    assert journal.after(series.number, DAY) == (10, 10)


def test_used_limits_and_lists_are_kept_too(open_journal):
    open_journal().facts.write(facts={"budget": b"600"})

    facts = open_journal().facts

    assert facts.fact("budget") == b"600"
    assert facts.fact("pause") is None


def test_the_file_is_its_owners_alone(open_journal, path):
    open_journal()

    assert path.stat().st_mode & 0o777 == 0o600


def test_another_commands_file_is_refused(open_journal):
    open_journal()

    with pytest.raises(StartError, match="holds what another command has fetched"):
        open_journal({"from": "2026-02-01"})


def test_a_file_that_another_process_has_is_refused(open_journal, path):
    open_journal()

    with pytest.raises(StartError, match="can't be kept or read there .database is locked"):
        Journal(path, PURPOSE, 0.0)


def test_a_file_of_something_else_is_refused(path):
    path.write_bytes(b"no database at all, but long enough to look like one" * 100)

    with pytest.raises(StartError, match="can't be kept or read there .file is not a database"):
        Journal(path, PURPOSE, 0.0)


def test_half_a_step_is_none(open_journal):
    """What is kept of a call is kept whole, with the word that it was made."""
    journal = open_journal()
    [kept] = enlist(journal)

    def figures():
        yield REQUESTS.sample(7)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        journal.keep_days("daily", "days", {kept.number: {DAY: figures()}})

    journal.complete("daily", [kept.number])
    assert not journal.is_done(kept.number, "daily", "days")
    assert list(journal.series(REQUESTS)) == []


def test_a_file_that_breaks_while_it_is_read_ends_the_command_with_its_name(open_journal, path):
    journal = open_journal()
    [kept] = enlist(journal)
    days = {date.fromordinal(DAY.toordinal() + number): [REQUESTS.sample(number)] for number in range(5_000)}
    journal.keep_days("daily", "days", {kept.number: days})
    journal.complete("daily", [kept.number])
    [series] = journal.series(REQUESTS)
    journal.close()
    content = path.read_bytes()
    # All but the first of the pages that hold the days.
    path.write_bytes(content[: len(content) // 2] + b"\xff" * (len(content) - len(content) // 2))
    broken = open_journal()

    with pytest.raises(StartError, match=f"^{path}: what was fetched can't be kept or read there"):
        list(broken.forward(series.number, DAY, date.max))
