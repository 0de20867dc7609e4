"""The exporter under the locks of its unit, without systemd: behind the same filter of system calls."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.confinement import UNAVAILABLE
from tests.e2e.programs import Exporter

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CONFINED = [sys.executable, str(ROOT / "tests" / "e2e" / "confinement.py")]


@pytest.fixture(scope="module")
def calls():
    """Give the system calls that the unit lets through."""
    if shutil.which("systemd-analyze") is None:
        complain("systemd-analyze is not installed; on Debian: apt-get install systemd, or make servers")
    unit = (ROOT / "deploy" / "systemd" / "email-stats-exporter.service").read_text(encoding="utf-8")
    names: set[str] = set()
    for text in re.findall(r"^SystemCallFilter=(.+)$", unit, re.MULTILINE):
        found = {name for group in text.lstrip("~").split() for name in members(group)}
        names = names - found if text.startswith("~") else names | found
    assert len(names) > 200
    return ",".join(sorted(names))


@pytest.fixture(scope="module")
def confined(calls):
    """Give the words before a program that confine it."""
    result = subprocess.run([*CONFINED, calls, "/bin/true"], capture_output=True, text=True, check=False)
    if result.returncode == UNAVAILABLE:
        complain(result.stderr)
    return [*CONFINED, calls]


def test_the_filter_is_in_force(confined):
    code = "import os; os.setpriority(os.PRIO_PROCESS, 0, 19)"
    result = subprocess.run([*confined, sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "PermissionError: [Errno 1] Operation not permitted" in result.stderr


def test_the_exporter_needs_no_call_that_the_unit_refuses(confined, shell, stack):
    """The demo is the exporter with every kind of source, and vendors that answer."""
    command = [*confined, *shell.script, "demo", "--web.listen-address=127.0.0.1:0"]
    exporter = stack.enter_context(Exporter(command, shell.new_folder()))
    exporter.eventually(lambda: exporter.ask("/-/ready").ok)

    health = {name: value for name, value in exporter.values().items() if name[0] == "email_stats_exporter_source_up"}
    assert len(health) > 1
    assert set(health.values()) == {1.0}
    assert exporter.value("process_start_time_seconds")


def members(group):
    """Return the system calls of a group of systemd's, and of the groups in it."""
    if not group.startswith("@"):
        return {group}
    result = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    words = [line.strip() for line in result.stdout.splitlines()[1:]]
    return {name for word in words if word and not word.startswith("#") for name in members(word)}


def complain(reason):
    """Skip; where CI=true, fail."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
