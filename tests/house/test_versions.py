"""One version stands everywhere, and the code has it."""

import re
import subprocess
import tomllib

import pytest
import yaml

import exporter

# Where a version is written a second time, and how.
PLACES = {
    "deploy/compose/compose.yaml": r"^    image: email-stats-exporter:(\S+)$",
    "deploy/kubernetes/kustomization.yaml": r"^    newTag: (\S+)$",
    "docs/container.md": r"email-stats-exporter:(\d[\w.-]*)",
}


def test_the_package_takes_its_version_from_the_code(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))

    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"] == {"path": "exporter/__init__.py"}


def test_it_is_a_semantic_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?", exporter.__version__)


def test_the_chart_and_what_it_installs_have_it(root):
    chart = yaml.safe_load((root / "deploy/helm/email-stats-exporter/Chart.yaml").read_text(encoding="utf-8"))

    assert (chart["version"], chart["appVersion"]) == (exporter.__version__, exporter.__version__)


@pytest.mark.parametrize("place", PLACES)
def test_each_other_place_has_it(root, place):
    found = re.findall(PLACES[place], (root / place).read_text(encoding="utf-8"), re.MULTILINE)

    assert found
    assert set(found) == {exporter.__version__}


def test_the_changelog_goes_back_from_it_and_older_versions_have_a_date(root):
    titles = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    versions = [title.partition(" / ")[0] for title in titles]

    assert versions[0] == exporter.__version__
    assert [title for title in titles[1:] if not re.fullmatch(r"\d+\.\d+\.\d+ / \d{4}-\d{2}-\d{2}", title)] == []
    assert versions == sorted(set(versions), key=numbers, reverse=True)


def test_every_target_is_listed_by_make_help(root):
    """Those with a hyphen too; what has no words after ## is no target for people."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split())
    result = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=root, capture_output=True, text=True, check=True
    )
    listed = set(re.findall(r"^  make ([a-z-]+) +\w", result.stdout, re.MULTILINE))

    assert "release-check" in listed
    assert phony - listed == {"servers", "chart-tools"}


def numbers(version):
    return tuple(map(int, re.findall(r"\d+", version)))
