"""What users read agrees with what they run."""

import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO

import pytest

import exporter
from exporter.cli import main

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "config.example.yaml",
    "Makefile",
    "docs/configuration.md",
    "docs/metrics.md",
    "docs/providers.md",
]


def test_the_newest_entry_of_the_changelog_is_this_version(root):
    newest = re.search(r"^## (\S+) / (.+)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest
    assert newest[1] == exporter.__version__
    assert re.fullmatch(r"unreleased|\d{4}-\d{2}-\d{2}", newest[2])


def test_each_change_says_of_what_kind_it_is(root):
    lines = (root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    kinds = r"\* \[(CHANGE|FEATURE|ENHANCEMENT|BUGFIX|SECURITY)\] \S.*\."

    assert [line for line in lines if line and not line.startswith("## ") and not re.fullmatch(kinds, line)] == []


def test_the_image_is_labelled_with_this_version(root):
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^ARG VERSION=(\S+)$", dockerfile, re.MULTILINE) == [exporter.__version__]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_a_command_that_does_not_exist(root, document, commands):
    text = (root / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![/\w-])email-stats-exporter ([a-z]+)\b", text)) - {"or"}

    assert named - commands == set()


def test_the_readme_names_every_command(root, commands):
    text = (root / "README.md").read_text(encoding="utf-8")

    assert {command for command in commands if f"`email-stats-exporter {command}`" not in text} == set()


@pytest.mark.parametrize("document", ["README.md", "config.example.yaml"])
def test_no_document_names_a_flag_that_does_not_exist(root, document, flags):
    text = (root / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z.-]*[a-z])", text))

    assert named - flags == set()


def test_the_configuration_in_the_readme_is_a_good_one(root, tmp_path):
    text = (root / "README.md").read_text(encoding="utf-8")
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("sources:")]
    (tmp_path / "secret").write_text("a password\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text(shown.replace("/run/secrets/sendgrid", "secret"), encoding="utf-8")

    # A process of its own, because a command sets the logging of its process up.
    program = [sys.executable, "-m", "exporter", "check", f"--config.file={tmp_path / 'config.yaml'}"]
    result = subprocess.run(program, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.fixture(scope="module")
def commands():
    _, _, listed = help_of().partition("\ncommands:\n")
    names = re.findall(r"^    ([a-z]+)  ", listed, re.MULTILINE)
    assert names
    return set(names)


@pytest.fixture(scope="module")
def flags(commands):
    texts = [help_of(), *(help_of(command) for command in sorted(commands))]
    return {flag for text in texts for flag in re.findall(r"--[a-z][a-z.-]*[a-z]", text)}


def help_of(*command):
    """Return what ``--help`` prints."""
    with redirect_stdout(StringIO()) as output, pytest.raises(SystemExit):
        main([*command, "--help"])
    return output.getvalue()
