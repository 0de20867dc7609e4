"""The benchmarks run and say what they found; how fast anything is, no test asks."""

import shutil

import pytest

from tests.bench.__main__ import PARTS
from tests.bench.finding import Extent, Finding
from tests.bench.report import page

pytestmark = pytest.mark.e2e

TINY = Extent((20, 40), largest=40, rounds=1, seconds=2)


def test_a_scrape_is_measured_beside_the_peers_and_a_missing_one_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program, path=None: None)

    found = list(PARTS["scrape"](TINY))

    assert [(each.what, each.customers, each.peer.partition(":")[0], each.is_met) for each in found] == [
        (f"CPU of a scrape, {encoding}", customers, peer, None)
        for customers in (20, 40)
        for encoding in ("plain", "gzip")
        for peer in ("prometheus_client", "promhttp", "nginx")
    ]
    assert found[1].peer == (
        "promhttp: missing, for want of Debian's packages golang-go and golang-github-prometheus-client-golang-dev"
    )


@pytest.mark.parametrize("part", ["changes", "commits", "growth", "fetch", "throughput", "limit", "memory", "start"])
def test_each_part_finds_out_what_it_is_for(part):
    found = list(PARTS[part](TINY))

    assert found
    assert all(each.ours and each.peer for each in found)


def test_a_restart_shows_all_that_was_kept_and_asks_for_nothing():
    """These goals too have nothing to do with how fast the machine is."""
    [_, series, calls] = PARTS["restart"](TINY)

    assert (series.is_met, calls.is_met) == (True, True)


def test_never_more_calls_are_sent_than_the_limit_allows():
    """The one goal that has nothing to do with how fast the machine is."""
    [_, closest] = PARTS["limit"](TINY)

    assert closest.is_met


def test_the_page_has_a_row_for_each_finding_and_what_is_said_of_a_part(tmp_path):
    (tmp_path / "method.md").write_text("# Benchmarks\n\nHow.\n", encoding="utf-8")
    (tmp_path / "scrape.md").write_text("What holds it.\n", encoding="utf-8")
    found = {
        "scrape": [
            Finding("CPU", 10_000, "2 ms", "them: 4 ms", "2 × less", "≥ 3 × less", is_met=False),
            Finding("memory", None, "2 MB", "", "", "≤ 3 MB", is_met=True),
        ]
    }

    lines = page(found, TINY, tmp_path).splitlines()

    assert lines[:5] == ["# Benchmarks", "", "How.", "", "## Machine"]
    assert lines[-6:] == [
        "| What | Customers | Ours | Beside | Figure | Goal |  |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| CPU | 10,000 | 2 ms | them: 4 ms | 2 × less | ≥ 3 × less | **missed** |",
        "| memory |  | 2 MB |  |  | ≤ 3 MB | met |",
        "",
        "What holds it.",
    ]
