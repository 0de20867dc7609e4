"""What is installed is pinned by hash, and the pins are those that pyproject.toml asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([\w.-]+)==([\w.!+]+)(?: ;.*)? \\$")
FILES = {
    "runtime.txt": [],
    "dev.txt": ["test", "lint", "site"],
    "build.txt": ["build"],
    "chart.txt": ["chart"],
    "lock.txt": ["lock"],
    "release.txt": ["release"],
}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(FILES))
def file(request):
    return request.param


def test_every_file_is_looked_at(root):
    assert {path.name for path in (root / "requirements").iterdir()} == set(FILES)


def test_every_pin_has_a_hash(root, file):
    blocks = re.split(r"\n(?=\S)", (root / "requirements" / file).read_text(encoding="utf-8"))
    pins = [block for block in blocks if not block.startswith("#")]

    assert pins
    assert [block for block in pins if not PIN.match(block.splitlines()[0]) or "--hash=sha256:" not in block] == []


def test_no_file_says_where_packages_come_from(root, file):
    """That is for the machine to say on which they are installed; the hashes say which are right."""
    lines = (root / "requirements" / file).read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("-") or "://" in line] == []


def test_the_pins_are_those_that_the_project_asks_for(root, project, file):
    pinned = pins(root, file)
    wanted = requirements(project, file)

    assert {requirement.name for requirement in wanted if canonicalize_name(requirement.name) not in pinned} == set()
    assert {
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    } == set()


def test_no_pin_is_left_that_the_project_no_longer_asks_for(root, project, file):
    text = (root / "requirements" / file).read_text(encoding="utf-8")
    asked = re.findall(r"^([\w.-]+)==[^#]*?# via(?:[^=]*?)email-stats-exporter \(", text, re.MULTILINE)

    assert sorted(asked) == sorted({canonicalize_name(requirement.name) for requirement in requirements(project, file)})


def test_the_tests_run_with_the_versions_that_users_get(root):
    runtime, dev = pins(root, "runtime.txt"), pins(root, "dev.txt")

    assert {name: dev.get(name) for name in runtime} == runtime


def pins(root, file):
    """Return version by name."""
    lines = (root / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return {match[1]: match[2] for line in lines if (match := PIN.match(line))}


def requirements(project, file):
    """Return what pyproject.toml asks for in one of the files."""
    with_runtime = file in {"runtime.txt", "dev.txt"}
    texts = list(project["project"]["dependencies"]) if with_runtime else []
    for group in FILES[file]:
        texts += project["dependency-groups"][group]
    return [Requirement(text) for text in texts]
