"""The page on security claims nothing that no test proves, and the page on faults nothing that isn't there."""

import ast
import re

import pytest
import yaml

TEST = re.compile(r"\[(test_\w+)\]\(\.\./(tests/[\w./-]+\.py)\)")
METRIC = re.compile(r"`((?:email_stats_exporter|sendgrid|bento)_\w+)")
ALERT = re.compile(r"\b((?:EmailStats|SendGrid|Bento)[A-Z]\w+)")


@pytest.fixture(scope="module")
def security(root):
    return (root / "docs/security.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def faults(root):
    return (root / "docs/faults.md").read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    """Return the cells of all rows of a page's tables, without their headings."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row, following in zip(cells, [*cells[1:], [""]], strict=True) if "---" not in {*row, *following}]


def test_each_test_that_the_page_on_security_names_exists(root, security):
    named = TEST.findall(security)
    defined = {path: functions((root / path).read_text(encoding="utf-8")) for _, path in named}

    assert len(named) > 80
    assert [f"{path}::{name}" for name, path in named if name not in defined[path]] == []


def test_each_threat_has_a_test_that_proves_what_stands_against_it(security):
    assert len(rows(security)) > 50
    assert [row[0] for row in rows(security) if len(row) != 3 or not TEST.search(row[2])] == []


def test_each_metric_that_the_page_on_faults_names_is_in_the_reference(root, faults):
    reference = (root / "docs/metrics.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `(\w+)` \|", reference, re.MULTILINE))
    named = set(METRIC.findall(faults))

    assert len(named) > 20
    assert named - known == set()


def test_the_page_on_faults_has_every_alert_on_the_exporter_and_no_other(root, faults):
    file = root / "deploy/prometheus/rules/exporter-alerts.yml"
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}

    assert set(ALERT.findall(faults)) == alerts


def test_each_fault_says_what_the_numbers_show_and_what_to_do(faults):
    assert len(rows(faults)) > 15
    assert [row[0] for row in rows(faults) if len(row) != 5 or not row[1] or not row[4]] == []


def functions(module: str) -> set[str]:
    nodes = ast.walk(ast.parse(module))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
