"""What the Dockerfile says about itself holds without building it; tests/image builds it."""

import ast
import fnmatch
import json
import os
import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

from exporter import __version__
from exporter.flags import DEFAULT_ADDRESS, parser
from tests.deploy.catalogue import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
LAST_STAGE = LINES[max(number for number, (word, _) in enumerate(LINES) if word == "FROM") :]


def said(word: str, lines: list[list[str]] | None = None) -> list[str]:
    """Return what follows an instruction, wherever it stands."""
    return [rest for each, rest in lines or LINES if each == word]


def test_the_linter_of_dockerfiles_finds_nothing():
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    if not linter.exists():
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("hadolint is not installed beside Python: make lint installs it")

    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, check=False, text=True)

    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_labelled_with_the_version_that_is_built():
    [version] = [value for value in said("ARG") if value.startswith("VERSION=")]
    [labels] = said("LABEL", LAST_STAGE)
    found = dict(word.split("=", 1) for word in shlex.split(labels))

    assert version == f"VERSION={__version__}"
    assert {name.removeprefix("org.opencontainers.image.") for name in found} == {
        *("title", "description", "licenses", "source", "documentation", "base.name", "version", "revision"),
    }
    assert (ROOT / found["org.opencontainers.image.documentation"].partition("/blob/main/")[2]).is_file()


def test_it_is_built_on_what_it_runs_on():
    bases = [line.split()[0] for line in said("FROM")]

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert f'org.opencontainers.image.base.name="{bases[0]}"' in said("LABEL")[0]


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_build():
    copied = {source for line in said("COPY") if "--from=" not in line for source in line.split()[:-1]}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}

    assert "*" in lines
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    assert {source for source in copied if not any(fnmatch.fnmatch(source, f"{each}*") for each in sent)} == set()
    assert {each for each in sent if not any(source.startswith(each) for source in copied)} == set()


def test_it_runs_as_a_number_that_is_not_root():
    """A name would have to be looked up, which Kubernetes does not do when it wants to know that it is not root."""
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", said("USER")[-1])


def test_its_command_is_one_that_the_exporter_has():
    [entry] = said("ENTRYPOINT")
    [command] = said("CMD", LAST_STAGE)
    options = parser(version=__version__, scenarios=()).parse_args(json.loads(command))

    assert json.loads(entry) == ["email-stats-exporter"]
    assert options.command == "run"
    assert str(options.config_file) == "/etc/email-stats-exporter/config.yaml"


def test_it_is_asked_whether_it_is_healthy_where_it_listens():
    [health] = said("HEALTHCHECK")
    python, *_, script = json.loads(health.partition("CMD ")[2])

    assert python == "python"
    assert ast.parse(script)
    assert f"'http://localhost:{DEFAULT_ADDRESS.port}/-/healthy'" in script
    assert said("EXPOSE") == [str(DEFAULT_ADDRESS.port)]


def test_nothing_is_installed_without_its_hash():
    installs = [line for run in said("RUN") for line in run.split("&&") if "pip" in line and " install " in line]

    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
