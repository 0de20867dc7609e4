"""The command that fetches days that are over: what it asks for, what it leaves behind, and how it goes on."""

import signal
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from exporter.demo import Scenario
from tests.e2e.programs import Program
from tests.e2e.sources import PASSWORD, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

DAY = timedelta(days=1)
COLLECTORS = {"totals": {"fields": ["requests"]}, "daily": {"fields": ["requests"]}, "credits": {"enabled": False}}
STRANGER = "stranger@example.com"
NOBODY = b'{"errors":["User does not exist"],"message":"error"}'


@pytest.fixture
def today(world) -> date:
    return datetime.fromtimestamp(world.clock.time(), UTC).date()


@pytest.fixture
def accounts(world):
    """Give those whose days are those of UTC."""
    return [account for account in world.customers if account.zone.key == "UTC"]


@pytest.fixture
def own_vendor(new_vendor):
    """Give a vendor whom nobody else asks."""
    return new_vendor()


@pytest.fixture
def backfill(shell, own_vendor, accounts, today):
    """Start the command for ten days with further flags, in a folder that stays the same if it is given."""

    def start(*flags: str, file: Path | None = None, customers=accounts, **more) -> tuple[Program, Path]:
        if file is None:
            file = shell.configure([source(own_vendor, customers, collectors=COLLECTORS, **more)])
        output = file.parent / "history.om"
        first = "" if any(flag.startswith("--from") for flag in flags) else f"--from={today - 10 * DAY}"
        words = ("backfill", f"--config.file={file}", f"--output={output}", "--step=1h", first, *flags)
        return shell.start(*filter(None, words)), output

    return start


def samples(output: Path) -> dict[str, dict[tuple[str, ...], dict[int, float]]]:
    """Return values by the name of the metric, the source and customer, and the time."""
    found: dict[str, dict[tuple[str, ...], dict[int, float]]] = {}
    for family in parse(output.read_text(encoding="utf-8")):
        for sample in family.samples:
            key = (sample.labels["source"], sample.labels["customer"])
            found.setdefault(sample.name, {}).setdefault(key, {})[int(float(sample.timestamp))] = sample.value
    return found


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def test_what_is_written_is_openmetrics_with_a_step_at_the_end_of_each_day(backfill, world, accounts, today):
    program, output = backfill(f"--to={today - 2 * DAY}", "--label=job=mail")

    assert program.wait() == 0
    written, now = samples(output), world.clock.time()
    for account in accounts:
        rows = {
            date.fromisoformat(row["date"]): row["requests"]
            for row in world.between(account.user, today - 10 * DAY, today, now)
        }
        total = world.totals(account.user, now)["requests"]
        counter = written["sendgrid_requests_total"]["acme", account.name]
        for day in (today - back * DAY for back in range(1, 10)):
            later = sum(value for each, value in rows.items() if each >= day)
            assert counter[midnight(day)] == total - later
            assert counter[midnight(day) + 3600 * 23] == total - later
        # History ends with the day after its last one.
        assert max(counter) == midnight(today - DAY) + 3600 * 23
    assert 'job="mail"' in output.read_text(encoding="utf-8")
    assert output.read_text(encoding="utf-8").endswith("\n# EOF\n")
    assert not output.with_name("history.om.partial").exists()


def test_a_dry_run_asks_for_nothing_and_leaves_nothing(backfill, own_vendor, accounts, today):
    program, output = backfill("--dry-run", rate_limit={"calls": 100, "per": "1m"})

    assert program.wait() == 0
    count = len(accounts)
    days = f"{today - 10 * DAY} to {today - DAY}"
    assert program.stdout.splitlines()[:2] == [
        f"source acme (sendgrid_reseller): totals, daily of {count} customers, {days}: {3 * count} calls",
        f"{3 * count} calls at most, {-(-3 * count * 60 // 100)}s at 100 per 1m",
    ]
    assert own_vendor.requests == ()
    assert sorted(file.name for file in output.parent.iterdir()) == ["config.yaml"]


def test_a_share_of_the_limit_is_all_that_is_used(backfill, accounts):
    program, _ = backfill("--dry-run", "--rate-share=0.25", rate_limit={"calls": 100, "per": "1m"})

    assert program.wait() == 0
    assert " at 25 per 1m" in program.stdout


def test_one_customers_failure_leaves_the_others_and_is_asked_for_alone_next_time(backfill, own_vendor, accounts):
    gone = accounts[3]
    own_vendor.fault(user=gone.user, status=404, body=NOBODY)
    program, output = backfill()

    assert program.wait() == 1
    assert f"  source acme, customer {gone.name}, totals, daily: not_found: " in program.stdout
    left = {account.name for account in accounts} - {gone.name}
    assert {customer for _, customer in samples(output)["sendgrid_requests_total"]} == left

    own_vendor.clear()
    before = len(own_vendor.requests)
    again, _ = backfill(file=output.parent / "config.yaml")

    assert again.wait() == 0
    assert {arrival.form["user"] for arrival in own_vendor.requests[before:]} == {gone.user}
    assert {customer for _, customer in samples(output)["sendgrid_requests_total"]} == left | {gone.name}
    assert not output.with_name("history.om.partial").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_command_goes_on_where_it_was(how, shell, own_vendor, backfill, accounts):
    """The limit lets half of the calls through at once, and the others a while later."""
    half = 3 * len(accounts) // 2
    program, output = backfill(rate_limit={"calls": half, "per": "1m"})
    eventually(lambda: len(own_vendor.requests) == half)
    eventually(lambda: output.with_name("history.om.partial").exists())

    program.process.send_signal(how)
    status = program.wait()

    assert status == (-9 if how == signal.SIGKILL else 1)
    assert not output.exists()
    if how != signal.SIGKILL:
        assert program.stderr.endswith("stopped; what was fetched is kept, and the same command goes on from there\n")
    # The vendor would still count what was asked for, but lets more through for the test not to wait for a minute.
    file = shell.configure([source(own_vendor, accounts, collectors=COLLECTORS)])
    (output.parent / "config.yaml").write_bytes(file.read_bytes())
    own_vendor.fault(status=429, headers={"Retry-After": "1"}, times=1)
    again, _ = backfill(file=output.parent / "config.yaml")
    assert again.wait() == 0
    good = [arrival for arrival in own_vendor.requests if arrival.status == 200]
    asked = Counter((arrival.path, tuple(sorted(arrival.form.items()))) for arrival in good)
    # What was under way at that moment can't be known to have been answered.
    assert sum(count - 1 for count in asked.values()) <= 8
    assert len(asked) == 3 * len(accounts)
    assert len(samples(output)["sendgrid_requests_total"]) == len(accounts)


def test_who_was_fetched_whole_as_the_command_was_killed_is_written_by_the_next(backfill, own_vendor, accounts):
    """What ends the program can do so between the last answer and the note that it was the last."""
    own_vendor.fault(user=accounts[3].user, status=404, body=NOBODY)
    program, output = backfill()
    assert program.wait() == 1
    with closing(sqlite3.connect(output.with_name("history.om.partial"), isolation_level=None)) as journal:
        assert journal.execute("DELETE FROM done WHERE step = 'whole'").rowcount == len(accounts) - 1
    own_vendor.clear()
    before = len(own_vendor.requests)

    again, _ = backfill(file=output.parent / "config.yaml")

    assert again.wait() == 0
    assert {arrival.form["user"] for arrival in own_vendor.requests[before:]} == {accounts[3].user}
    assert len(samples(output)["sendgrid_requests_total"]) == len(accounts)


def test_what_another_command_has_fetched_is_not_mixed_in(backfill, own_vendor, accounts):
    own_vendor.fault(user=accounts[0].user, status=404, body=NOBODY)
    program, output = backfill()
    assert program.wait() == 1

    other, _ = backfill("--collector=daily", file=output.parent / "config.yaml")

    assert other.wait() == 1
    assert "history.om.partial holds what another command has fetched" in other.stderr


def test_refused_credentials_are_not_tried_for_every_customer(backfill, own_vendor):
    program, _ = backfill(credentials={"username": "demo", "password": "wrong"})

    assert program.wait() == 1
    assert "auth: 401 from" in program.stdout
    assert len(own_vendor.requests) <= 3 + 8


def test_days_that_have_not_ended_are_not_to_be_had(backfill, today):
    program, _ = backfill(f"--to={today + DAY}")

    assert program.wait() == 2
    assert "that day has not ended" in program.stderr


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        ("--from=yesterday", "'yesterday' is no day: write one like 2026-01-31"),
        ("--step=0s", "'0s' is not between 1s and 1d in whole seconds"),
        ("--label=customer=x", "'customer=x' would take the place of the exporter's own label customer"),
        ("--label=9=x", "'9=x' is no label: write one like job=email-stats-exporter"),
        ("--rate-share=2", "'2' is no fraction: write one above 0 and up to 1, such as 0.5"),
        ("--customer=nobody", "no customer is named nobody"),
    ],
)
def test_a_wrong_flag_is_explained(flag, complaint, backfill):
    program, _ = backfill(flag)

    assert program.wait() == 2
    assert complaint in program.stderr


def test_where_nothing_has_a_history_there_is_nothing_to_write(shell, own_vendor, world, today):
    bento = {
        "name": "shops",
        "type": "bento",
        "base_url": own_vendor.base_url,
        "credentials": {"publishable_key": "demo", "secret_key": PASSWORD},
        "customers": [{"site_uuid": world.sites[0].uuid, "name": "shop"}],
    }
    file = shell.configure([bento])
    program = shell.start(
        "backfill", f"--config.file={file}", f"--output={file.parent / 'h.om'}", f"--from={today - DAY}"
    )

    assert program.wait() == 2
    assert program.stderr == "email-stats-exporter: there is nothing to write: see what is said of each source\n"
    assert own_vendor.requests == ()
    assert sorted(each.name for each in file.parent.iterdir()) == ["config.yaml"]


def test_the_counter_of_an_account_begun_anew_begins_there_too(new_vendor, backfill, shell, world, accounts, today):
    """Its days of before are more than the total has; the days' own figures are as they were."""
    account = accounts[0]

    def totals(world, user, began, at):
        return world.sums(user, today - 3 * DAY, today, at)

    vendor = new_vendor(scenario=Scenario("anew", "Begun anew.", totals=totals))
    file = shell.configure([source(vendor, [account], collectors=COLLECTORS)])
    program, output = backfill(file=file)

    assert program.wait() == 0
    begun = today - 3 * DAY
    assert (
        f"sendgrid_requests_total begins with {begun}: its days to {begun - DAY} sum up to more than the total"
        in program.stdout
    )
    written, key = samples(output), ("acme", account.name)
    counter = written["sendgrid_requests_total"][key]
    assert (min(counter), counter[min(counter)]) == (midnight(begun), 0)
    assert min(written["sendgrid_last_complete_day_requests"][key]) == midnight(today - 9 * DAY)


def test_v3_counts_from_its_first_day_and_bento_has_no_history(shell, own_vendor, world, accounts, today):
    v3 = {
        "name": "v3",
        "type": "sendgrid_v3",
        "base_url": own_vendor.base_url,
        "credentials": {"api_key": PASSWORD},
        "rate_limit": {"calls": 100_000, "per": "1m"},
        "collectors": {
            "totals": {"enabled": True, "since": str(today - 60 * DAY), "fields": ["requests"]},
            "daily": {"fields": ["requests"]},
            "categories": {"enabled": True, "fields": ["requests"], "include": ["Newsletter", "/a/"]},
        },
        "customers": [{"subuser": account.user, "name": account.name} for account in accounts],
    }
    bento = {
        "name": "shops",
        "type": "bento",
        "base_url": own_vendor.base_url,
        "credentials": {"publishable_key": "demo", "secret_key": PASSWORD},
        "customers": [{"site_uuid": world.sites[0].uuid, "name": "shop"}],
    }
    file = shell.configure([v3, bento])
    output = file.parent / "history.om"
    program = shell.start(
        "backfill", f"--config.file={file}", f"--output={output}", "--step=1h", f"--from={today - 100 * DAY}"
    )

    assert program.wait() == 0, program.stderr
    assert "source shops (bento): no history, for its vendor tells only how things are now" in program.stdout
    written, now = samples(output), world.clock.time()
    for account in accounts:
        counter = written["sendgrid_requests_total"]["v3", account.name]
        assert min(counter) == midnight(today - 60 * DAY)
        assert counter[min(counter)] == 0
        ended = world.sums(account.user, today - 60 * DAY, today - DAY, now)
        assert counter[midnight(today)] == ended["requests"]
        days = written["sendgrid_last_complete_day_requests"]["v3", account.name]
        assert min(days) == midnight(today - 99 * DAY)
    assert written["sendgrid_category_latest_day_requests"]
