"""Every panel of every dashboard, asked of a real Prometheus with days of the demo's customers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from exporter.demo import World
from tests.deploy.rendering.board import Board, Json, choices, fill
from tests.deploy.rendering.canvas import draw
from tests.deploy.rendering.rows import Row, rows
from tests.fake_clock import FakeClock
from tests.simulation.archive import Archive, Curve
from tests.simulation.days import AFTER_END, END
from tests.simulation.history import build

# The first test waits until days have been lived through.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER = Path(__file__).parents[2] / "deploy/grafana/dashboards"
MODELS: Mapping[str, Json] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
PANELS = [
    (name, panel["title"]) for name, model in MODELS.items() for panel in model["panels"] if panel["type"] != "row"
]
# Whose credits ran out in the last days.
CUSTOMER = {"source": "demo", "customer": "lucky-coupons"}
# Queries that have no answer, by dashboard, panel and letter, and why that is right.
EMPTY = {
    ("customer", "Counters held", "A"): "of this customer none is held",
    ("customer", "How old the numbers are", "C"): "of this customer nothing fails",
}
WORLD = World(FakeClock(END.timestamp()))
USERS = {account.name: account.user for account in (*WORLD.customers, WORLD.reseller)}
every_dashboard = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="session")
def archive(servers, tmp_path_factory) -> Iterator[Archive]:
    with Archive(build(tmp_path_factory.mktemp("archive"))) as archive:
        yield archive


@pytest.mark.parametrize(("name", "title"), PANELS)
def test_every_query_of_a_panel_has_an_answer(archive, name, title):
    shown = board(archive, name)
    letters = [each["refId"] for each in panel(shown, title)["targets"] if not list(answers(shown, title, each))]

    assert letters == [letter for dashboard, of, letter in EMPTY if (dashboard, of) == (name, title)]


@every_dashboard
def test_every_variable_has_something_to_choose(archive, name):
    shown = board(archive, name)
    asked = [variable for variable in shown.model["templating"]["list"] if variable["type"] == "query"]

    assert asked
    assert [variable["name"] for variable in asked if not choices(shown, variable)] == []


@every_dashboard
def test_every_mark_can_be_asked_for(archive, name):
    shown = board(archive, name)

    for mark in shown.model["annotations"]["list"]:
        times = shown.range(shown.panels[0])
        archive.over(shown.query(mark["expr"], shown.panels[0]), *times)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "customer"])
def test_all_sources_chosen_one_by_one_are_all_sources(archive, name):
    everything, chosen = board(archive, name), board(archive, name, source="(demo|shops|subusers)")

    assert numbers(chosen) == numbers(everything)


def test_a_chosen_source_is_alone(archive):
    assert number(board(archive, "overview", source="shops"), "Customers") == 3
    assert number(board(archive, "overview", source="(shops|demo)"), "Customers") == 15


@pytest.mark.parametrize("now", [END, AFTER_END], ids=["one replica", "two replicas"])
def test_what_was_sent_today_is_what_customers_sent(archive, now):
    """Between what they had sent when each was asked, and when the answer was there."""
    shown = board(archive, "overview", now=now)

    least, most = (sum(sent_today(archive, when, now)) for when in ("attempt", "success"))
    assert 1_500_000 < least <= number(shown, "Sent today") <= most < least * 1.001
    # Twelve of the reseller, three of v3, three sites.
    assert number(shown, "Customers") == 18


def test_the_worst_bounce_ratios_are_those_of_yesterday_to_the_last_mail(archive):
    table = rows(board(archive, "overview"), panel(board(archive, "overview"), "Worst bounce ratios"))

    assert [row["Customer"] for row in table[:2]] == ["lucky-coupons", "bright-recruiting"]
    assert [(row["Bounces"], row["Sent"]) for row in table if row["Source"] == "demo"] == [
        (yesterday["bounces"], yesterday["requests"]) for yesterday in map(yesterday_of, of_source("demo", table))
    ]


def test_who_sends_less_than_last_week_is_told_apart_from_who_sends_more(archive):
    shown = board(archive, "overview")
    more, less = (rows(shown, panel(shown, f"Sending {which}")) for which in ("more", "less"))

    # Polled up to a quarter of an hour before, so who sends nearly as much may be in either.
    assert [name for name in of_source("demo", more) if of_weekday(name) < 0.97 * of_weekday(name, 7)] == []
    assert [name for name in of_source("demo", less) if of_weekday(name) > 1.03 * of_weekday(name, 7)] == []
    assert len(more) > 1
    assert len(less) > 1
    assert not {*of_source("demo", more)} & {*of_source("demo", less)}


def test_credits_that_ran_out_are_at_nothing_and_in_overage(archive):
    shown = board(archive, "overview")
    [left] = [
        row for row in rows(shown, panel(shown, "Credits about to run out")) if row["Customer"] == "lucky-coupons"
    ]

    assert (left["Left"], left["Run out in"]) == (0, 0)
    overage = rows(shown, panel(shown, "Beyond their credits"))
    assert of_source("demo", overage) == ["skywatch", "lucky-coupons"]


def test_an_outage_of_an_hour_is_where_it_was(archive):
    shown = board(archive, "exporter")
    down = [line for line in shown.lines(panel(shown, "Sources that answer")) if line.name == "demo"]

    [line] = down
    moments = [at for at, up in line.curve.values.items() if up == 0]
    assert (END.timestamp() - max(moments)) / 3600 == pytest.approx(11, abs=0.2)
    # It counts as down once nothing has succeeded for three times the shortest interval.
    assert (max(moments) - min(moments)) / 3600 == pytest.approx(0.25, abs=0.2)
    # Before that, from the tenth failure on, it is left in peace.
    probed = [at for at, up in line.curve.values.items() if up == 2]
    assert probed
    assert max(probed) < min(moments)


def test_a_limit_that_gets_tight_is_used_up_and_makes_fetches_late(archive):
    shown = board(archive, "exporter")

    assert peak(shown, "Planned load", "demo") > 1
    assert peak(shown, "Lag of the most overdue fetch", "demo") > 600
    assert peak(shown, "Lag of the most overdue fetch", "shops") < 60


def test_a_customer_that_is_gone_is_named_with_the_reason(archive):
    shown = board(archive, "exporter")
    failing = rows(shown, panel(shown, "Failing now"))

    assert {(row.get("Customer"), row["Reason"]) for row in failing} == {
        ("old-town-museum", "not_found"),
        ("quiet-harbour", "auth"),
    }


def test_lists_of_sites_are_as_long_as_the_sites_say(archive):
    shown = board(archive, "bento")
    table = rows(shown, panel(shown, "Sites"))
    truth = {site.name: site.counts(END.timestamp()).subscribers for site in WORLD.sites}

    assert [row["Site"] for row in table] == ["lighthouse-shop", "fern-and-fable", "quiet-harbour"]
    # Polled up to an hour ago, the refused one up to four.
    assert {row["Site"]: row["Subscribers"] for row in table} == pytest.approx(truth, rel=1e-3)
    assert {row["Site"]: row["In a week"] for row in table} == pytest.approx(
        {"lighthouse-shop": 7 * (5_200 - 640), "fern-and-fable": 7 * (190 - 1_350), "quiet-harbour": 7}, rel=0.02
    )


@every_dashboard
def test_a_picture_can_be_drawn(archive, name, tmp_path):
    draw(board(archive, name), tmp_path / "picture.png")

    size = (tmp_path / "picture.png").stat().st_size
    assert 20_000 < size < 400_000


def board(archive: Archive, name: str, *, now: datetime = END, **chosen: str) -> Board:
    """Return a dashboard as it stands at a moment, that of one customer with the customer chosen."""
    return fill(MODELS[name], archive, now.timestamp(), {**(CUSTOMER if name == "customer" else {}), **chosen})


def panel(shown: Board, title: str) -> Json:
    [found] = [each for each in shown.panels if each["title"] == title]
    return found


def answers(shown: Board, title: str, target: Json) -> Iterator[Curve]:
    return (line.curve for line in shown.answer(target, panel(shown, title)))


def number(shown: Board, title: str) -> float:
    """Return what a panel with one number shows."""
    [line] = shown.lines(panel(shown, title))
    return line.last


def numbers(shown: Board) -> Mapping[str, Sequence[float]]:
    """Return what the panels with one number show; those of a label's text are 1."""
    return {each["title"]: [line.last for line in shown.lines(each)] for each in shown.panels if each["type"] == "stat"}


def peak(shown: Board, title: str, name: str) -> float:
    """Return the largest value of a curve."""
    [line] = [line for line in shown.lines(panel(shown, title)) if line.name == name]
    return max(line.curve.values.values())


def of_source(source: str, table: Sequence[Row]) -> list[str]:
    return [row["Customer"] for row in table if row["Source"] == source]


def yesterday_of(name: str) -> Mapping[str, int]:
    return WORLD.days(USERS[name], 2, END.timestamp())[0]


def of_weekday(name: str, days: int = 0) -> int:
    """Return what a customer had sent at this hour, so many days ago."""
    at = (END - timedelta(days=days)).timestamp()
    return sum(row["requests"] for row in WORLD.days(USERS[name], 1, at))


def sent_today(archive: Archive, when: str, now: datetime) -> Iterator[int]:
    """Yield what each customer had sent of its day when its days were last asked for, or answered."""
    metric = f'email_stats_exporter_last_{when}_timestamp_seconds{{collector="daily"}}'
    for curve in archive.at(f"max by (source, customer) ({metric})", now.timestamp()):
        [at] = curve.values.values()
        name = curve.labels["customer"]
        user = USERS.get(name, name)
        if name != "old-town-museum":
            yield from (row["requests"] for row in WORLD.days(user, 1, at) if row["date"] == str(WORLD.today(user, at)))
