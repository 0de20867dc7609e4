"""Bento's calls, which all of its sources draw from one budget: ``check`` adds them up before anything is asked."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.e2e.programs import Program

pytestmark = pytest.mark.e2e

# Two segments, a report and a question: an hourly call, and four more every four hours.
RICH = {
    "segments": [{"id": "1"}, {"id": "2"}],
    "reports": [{"id": "3"}],
    "ads": [{"name": "by-source"}],
}


def shop(name: str, sites: int, options: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    """Return a source of Bento's at the vendor's own address and limit; nothing here calls it."""
    return {
        "name": name,
        "type": "bento",
        "credentials": {"publishable_key": "demo", "secret_key": "open sesame"},
        "customers": [{"site_uuid": f"{name}-{number}", **options} for number in range(sites)],
        **more,
    }


def check(shell, sources: Sequence[Mapping[str, Any]]) -> Program:
    program: Program = shell.start("check", f"--config.file={shell.configure(sources)}")
    program.wait()
    return program


def test_check_shows_what_each_source_needs_of_the_budget_that_they_share(shell):
    program = check(shell, [shop("rich", 2, RICH), shop("plain", 3, {})])

    assert (program.wait(), program.stderr) == (0, "")
    assert program.stdout.splitlines()[1:] == [
        "source rich (bento): 2 customers at https://app.bentonow.com",
        "  site every 1h: 2 calls per hour",
        "  segments every 4h: 1 calls per hour",
        "  reports every 4h: 0.5 calls per hour",
        "  ads every 4h: 0.5 calls per hour",
        "  7 of 30 calls per hour (23.3%); limit 30 per 1h, shared as bento",
        "source plain (bento): 3 customers at https://app.bentonow.com",
        "  site every 1h: 3 calls per hour",
        "  segments every 4h: 0 calls per hour",
        "  reports every 4h: 0 calls per hour",
        "  ads every 4h: 0 calls per hour",
        "  7 of 30 calls per hour (23.3%); limit 30 per 1h, shared as bento",
    ]


def test_check_refuses_what_breaks_it_with_intervals_that_would_fit(shell):
    program = check(shell, [shop("rich", 10, RICH), shop("plain", 20, {})])

    assert (program.wait(), program.stdout) == (2, "")
    lines = program.stderr.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines):
        assert f'sources[{number}].rate_limit: the sources that share "bento" need 40 calls per 1h' in line
        assert "but 30 are allowed; make the intervals 1.34 times as long" in line

    rich, plain = (re.findall(r"(site|segments|reports|ads) ([0-9a-z]+)", line) for line in lines)
    assert rich == [("site", "1h20m24s"), ("segments", "5h21m36s"), ("reports", "5h21m36s"), ("ads", "5h21m36s")]
    assert plain == [("site", "1h20m24s")]
    longer = [{name: {"interval": interval} for name, interval in each} for each in (rich, plain)]
    mended = [shop("rich", 10, RICH, collectors=longer[0]), shop("plain", 20, {}, collectors=longer[1])]
    assert check(shell, mended).wait() == 0


def test_a_source_with_a_limit_of_its_own_takes_nothing_from_the_others(shell):
    limit = {"calls": 30, "per": "1h", "shared": "other"}
    program = check(shell, [shop("one", 20, {}), shop("two", 20, {}, rate_limit=limit)])

    assert program.wait() == 0
    assert "20 of 30 calls per hour (66.7%); limit 30 per 1h, shared as other" in program.stdout
