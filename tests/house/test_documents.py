"""What users read agrees with what they run."""

import ast
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

import exporter
from exporter.cli import main
from exporter.providers import discover

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "config.example.yaml",
    "Makefile",
    "docs/configuration.md",
    "docs/faq.md",
    "docs/history.md",
    "docs/metrics.md",
    "docs/operations.md",
    "docs/providers.md",
]
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
# One for each type of source, as users copy them.
CONFIGURATIONS = [text for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if text.startswith("sources:")]


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


def test_every_log_message_is_explained(root, source_modules):
    """Whoever is woken by a line looks it up; an ellipsis in the table stands for whatever comes there."""
    text = (root / "docs/operations.md").read_text(encoding="utf-8").partition("## Logs")[2].partition("\n## ")[0]
    explained = {
        each for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for each in re.findall("`(.+?)`", row)
    }
    patterns = [re.escape(each).replace("…", ".*") for each in explained]

    logged = {message for module in source_modules for message in messages(module.tree)}

    assert "fetch failed" in logged
    assert [each for each in sorted(logged) if not any(re.fullmatch(pattern, each) for pattern in patterns)] == []


def messages(tree):
    """Yield what each call of a method of ``log`` says first."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=[ast.Constant(value=str(said)), *_]):
                yield said


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


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda text: text.split("type: ")[1].split()[0])
def test_a_configuration_in_the_readme_is_a_good_one(configuration, tmp_path):
    (tmp_path / "secret").write_text("a password\n", encoding="utf-8")
    written = re.sub(r"secrets/[a-z-]+", "secret", configuration)
    (tmp_path / "config.yaml").write_text(written, encoding="utf-8")

    result = check(tmp_path)

    assert (result.returncode, result.stderr) == (0, "")


def test_the_readme_has_a_configuration_for_every_type_of_source():
    shown = [re.findall(r"^    type: (\w+)$", text, re.MULTILINE) for text in CONFIGURATIONS]

    assert sorted(shown) == [[type_] for type_ in sorted(discover())]


@pytest.mark.parametrize(("customers", "status"), [(1000, 0), (5000, 2)])
def test_what_the_page_on_operations_says_of_check_is_what_it_prints(root, tmp_path, customers, status):
    shown = re.findall(r"```\n(.*?)```", (root / "docs/operations.md").read_text(encoding="utf-8"), re.DOTALL)
    entries = "".join(f"      - user: customer{number}@example.com\n" for number in range(customers))
    (tmp_path / "config.yaml").write_text(
        "sources:\n  - name: acme\n    type: sendgrid_reseller\n    credentials: {username: acme, password: a word}\n"
        f"    customers:\n{entries}",
        encoding="utf-8",
    )

    result = check(tmp_path)

    assert result.returncode == status
    assert (result.stderr or result.stdout.removeprefix("config.yaml is valid.\n")) in shown


def test_the_page_on_operations_has_the_figures_of_the_benchmarks(root):
    """Rounded, and maybe of another run: within a fifth of them."""
    measured = {(cells[1], cells[2]): cells[3:5] for cells in rows_of(root / "docs/benchmarks.md") if len(cells) > 4}
    [largest] = [cells for cells in rows_of(root / "docs/operations.md") if cells[1:2] == ["100,000"]]
    memory, _ = measured["memory (RSS), fetched, scraped and changed", "100,000"]
    _, cpu = measured["cold start of the command, to the last byte of the first page", "100,000"]

    assert quantity(largest[2]) == pytest.approx(quantity(memory), rel=0.2)
    assert quantity(largest[3]) == pytest.approx(quantity(cpu.removeprefix("its CPU: ")), rel=0.2)
    for customers in ("1,000", "10,000", "100,000"):
        [row] = [cells for cells in rows_of(root / "docs/operations.md") if cells[1:2] == [customers]]
        scrape, _ = measured["time of a scrape, gzip", customers]
        assert quantity(row[4]) == pytest.approx(quantity(scrape), rel=0.2)


def rows_of(page):
    """Return the cells of each row of a page's tables; the first and the last are empty."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("|")]


def quantity(text):
    """Return how many seconds or megabytes a figure says."""
    number, unit = text.split()
    return float(number) * {"ms": 0.001, "s": 1, "MB": 1}[unit]


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


def check(folder):
    """Run ``check`` on the ``config.yaml`` of a folder, in a process of its own: a command sets up its logging."""
    program = [sys.executable, "-m", "exporter", "check", "--config.file=config.yaml"]
    paths = {"PYTHONPATH": str(Path(__file__).parents[2]), "BENTO_PUBLISHABLE_KEY": "a key"}
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **paths})
