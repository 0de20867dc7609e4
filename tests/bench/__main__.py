"""``python -m tests.bench`` measures everything and writes docs/benchmarks.md.

``--only NAME`` measures one part and prints it; ``--quick`` compares smaller accounts, and takes little time.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.beginning import memory, restart, start
from tests.bench.committing import commits
from tests.bench.fetching import fetch, limit, throughput
from tests.bench.finding import Extent, Finding
from tests.bench.programs import ROOT
from tests.bench.prometheus import prometheus
from tests.bench.report import page
from tests.bench.scraping import changes, growth, scrape

PARTS: Mapping[str, Callable[[Extent], Iterator[Finding]]] = {
    part.__name__: part
    for part in (scrape, changes, commits, growth, prometheus, fetch, throughput, limit, memory, start, restart)
}
WHOLE = Extent((1_000, 10_000, 100_000), largest=100_000, rounds=9, seconds=60)
QUICK = Extent((1_000, 10_000), largest=100_000, rounds=3, seconds=12)
_TEXTS = Path(__file__).with_name("texts")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures what the exporter costs.")
    parser.add_argument("--only", metavar="NAME", action="append", choices=PARTS, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="compare smaller accounts, in little time")
    parser.add_argument("--output", type=Path, help="the page; docs/benchmarks.md if everything is measured")
    options = parser.parse_args(arguments)
    extent = QUICK if options.quick else WHOLE
    output = options.output or (None if options.only or options.quick else ROOT / "docs/benchmarks.md")
    found: dict[str, Sequence[Finding]] = {}
    for name in options.only or PARTS:
        found[name] = _measured(name, extent)
        # After each part, since it takes long and a later one may break.
        if output is not None:
            output.write_text(page(found, extent, _TEXTS), encoding="utf-8")
    return int(any(each.is_met is False for findings in found.values() for each in findings))


def _measured(name: str, extent: Extent) -> Sequence[Finding]:
    """Return the findings of a part, and print each as it comes."""
    found = []
    for each in PARTS[name](extent):
        verdict = {True: "met", False: "MISSED", None: ""}[each.is_met]
        size = "" if each.customers is None else f" ({each.customers:,} customers)"
        print(f"{name}: {each.what}{size}: {each.ours}; {each.peer}; {each.figure} {each.goal} {verdict}", flush=True)  # noqa: T201 - a report
        found.append(each)
    return found


if __name__ == "__main__":
    sys.exit(main())
