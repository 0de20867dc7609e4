"""The unit of systemd is one that systemd takes, locked as far as its page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.flags import parser

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "systemd"
UNIT = FOLDER / "email-stats-exporter.service"
INSTALLED = "/opt/email-stats-exporter/bin/email-stats-exporter"


@pytest.fixture(scope="module")
def unit():
    """Give the unit's keys in order, as pairs."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("=", 1)) for line in lines if re.match(r"\w+=", line)]


@pytest.fixture(scope="module")
def analyze():
    """Run systemd-analyze; where CI=true a missing one is a failure."""
    if shutil.which("systemd-analyze") is None:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("systemd-analyze is not installed; on Debian: apt-get install systemd, or make servers")

    def run(*arguments):
        command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


@pytest.fixture
def folder(tmp_path):
    """Copy the units, with a program that is there in the place of the installed one."""
    for path in FOLDER.glob("email-stats-exporter.*"):
        text = path.read_text(encoding="utf-8").replace(INSTALLED, "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["email-stats-exporter.service", "email-stats-exporter.socket"])
def test_systemd_takes_the_unit_without_a_word(analyze, folder, name):
    result = analyze("verify", folder / name)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_key_that_systemd_does_not_know_would_be_found(analyze, folder):
    """The test above relies on a word for each mistake."""
    unit = folder / "email-stats-exporter.service"
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectClock=", "ProtectClocks="), encoding="utf-8")

    assert "'ProtectClocks'" in analyze("verify", unit).stderr


def test_the_page_states_the_exposure_that_systemd_measures(analyze, folder):
    """Another version may weigh the locks in another way, or know more of them, but the lock is not to grow weaker."""
    page = (ROOT / "docs" / "systemd.md").read_text(encoding="utf-8")
    stated = re.search(r"systemd (\d+) gives the unit an exposure of \*\*([\d.]+)\*\*", page)
    version = analyze("--version").stdout.split()[1]
    result = analyze("security", "--offline=true", folder / "email-stats-exporter.service")
    measured = re.search(r"Overall exposure level for email-stats-exporter.service: ([\d.]+) OK", result.stdout)

    assert stated
    assert measured, result.stdout + result.stderr
    assert (version != stated[1] and float(measured[1]) < 2) or measured[1] == stated[2]


def test_the_page_gives_a_reason_for_each_lock_that_systemd_misses(analyze, folder):
    page = (ROOT / "docs" / "systemd.md").read_text(encoding="utf-8")
    result = analyze("security", "--offline=true", folder / "email-stats-exporter.service")
    missed = re.findall(r"^✗ (\w+)=", result.stdout, re.MULTILINE)

    assert missed
    assert [name for name in missed if f"`{name}=" not in page] == []


def test_the_unit_runs_a_command_that_there_is(unit):
    [command] = [value for key, value in unit if key == "ExecStart"]
    program, *arguments = command.split()
    options = parser(version="0", scenarios=()).parse_args([each for each in arguments if each != "$ARGS"])

    assert program == INSTALLED
    assert (options.command, str(options.config_file)) == ("run", "/etc/email-stats-exporter/config.yaml")


def test_the_unit_waits_for_the_program_s_word_and_goes_on_watching_it(unit):
    assert [(key, value) for key, value in unit if key in {"Type", "NotifyAccess", "WatchdogSec"}] == [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("WatchdogSec", "60s"),
    ]


def test_nothing_but_the_state_can_be_written(unit):
    keys = dict(unit)

    assert keys["ProtectSystem"] == "strict"
    assert [(key, value) for key, value in unit if key.startswith(("ReadWrite", "Bind")) or "Directory" in key] == [
        ("StateDirectory", "email-stats-exporter"),
        ("StateDirectoryMode", "0700"),
    ]


def test_the_configuration_beside_the_unit_is_a_good_one(unit, tmp_path):
    """Its secrets are where the unit's LoadCredential= puts them, its state where StateDirectory= lets it be."""
    (tmp_path / "secret_sendgrid").write_text("a password\n", encoding="utf-8")
    text = (FOLDER / "config.yaml").read_text(encoding="utf-8")
    folder = f"/run/credentials/{UNIT.name}/"
    assert re.findall(r" path: (\S+)", text) == [f"/var/lib/{dict(unit)['StateDirectory']}/state.db"]
    assert [value for key, value in unit if key == "LoadCredential"] == ["secret:/etc/email-stats-exporter/secrets"]
    assert re.findall(r"_file: (\S+)", text) == [f"{folder}secret_sendgrid"]
    (tmp_path / "config.yaml").write_text(text.replace(folder, f"{tmp_path}/"), encoding="utf-8")

    # A process of its own, because a command sets the logging of its process up.
    program = [sys.executable, "-m", "exporter", "check", f"--config.file={tmp_path / 'config.yaml'}"]
    result = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (0, "")
