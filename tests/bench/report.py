"""The page of the benchmarks: the machine, the method, and every finding in a table."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from tests.bench.finding import Extent, Finding

_HEAD = ("What", "Customers", "Ours", "Beside", "Figure", "Goal", "")
_VERDICTS = {True: "met", False: "**missed**", None: ""}


def page(found: Mapping[str, Sequence[Finding]], extent: Extent, texts: Path) -> str:
    """Return docs/benchmarks.md; ``texts`` is a folder with what is said around the tables, by hand."""
    parts = [(texts / "method.md").read_text(encoding="utf-8").rstrip(), "", "## Machine", "", machine(extent)]
    for name, findings in found.items():
        text = texts / f"{name}.md"
        parts += ["", f"## {_title(name)}", "", *_table(findings)]
        parts += ["", text.read_text(encoding="utf-8").rstrip()] if text.exists() else []
    return "\n".join([*parts, ""])


def machine(extent: Extent) -> str:
    """Return in words what this ran on, and how long: enough to judge by, nothing that names the machine."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.+)", cpus)
    kernel, memory = platform.release().partition("-")[0], os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("prometheus_client", "requests", "uvicorn", "isal"))
    load = os.getloadavg()
    return (
        f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, {memory / 2**30:.0f} GiB, "
        f"Linux {kernel}, Python {platform.python_version()}; {libraries}.\n"
        f"{extent.rounds} rounds; what goes on by itself was watched for {extent.seconds:g} s. "
        f"Load of the machine at the end: {load[0]:.1f}."
    )


def _title(name: str) -> str:
    return name.capitalize()


def _table(findings: Sequence[Finding]) -> Sequence[str]:
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, findings)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _row(each: Finding) -> Sequence[str]:
    customers = "" if each.customers is None else f"{each.customers:,}"
    return (each.what, customers, each.ours, each.peer, each.figure, each.goal, _VERDICTS[each.is_met])
