"""Helm, kubectl and what checks manifests, as `make chart-tools` has put them down, and what they make of the chart."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/email-stats-exporter"
VALUES = ROOT / "tests/deploy/chart"
VALUE_FILES = sorted(path.stem for path in VALUES.glob("*.yaml"))
MANIFESTS = ROOT / "deploy/kubernetes"
RELEASE, NAMESPACE = "email-stats", "mail"
_TOOLS = ROOT / ".cache/chart-tools"

Manifest = Mapping[str, Any]


def tool(name: str) -> str:
    """Return the path of a program; where it could not be had, the test is skipped and says why."""
    path, reason = _TOOLS / name, _TOOLS / "missing"
    if not path.exists():
        if reason.exists():
            pytest.skip(f"{path.name}: {reason.read_text(encoding='utf-8').strip()}")
        _complain(f"{path.name} is not there; run: make chart-tools")
    return str(path)


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run promtool; where it is not installed, the test is skipped and says how it would be."""
    if shutil.which("promtool") is None:
        _complain("not installed: promtool; on Debian: apt-get install prometheus, or make servers")
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def run(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program that sees nothing of who runs it."""
    home = str(_TOOLS / "home")
    return subprocess.run(
        [tool(name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": home, "LOG_LEVEL": "ERROR"},
        cwd=ROOT,
    )


def template(
    *value_files: str,
    settings: Mapping[str, object] | None = None,
    release: str = RELEASE,
    chart: Path = CHART,
) -> Sequence[Manifest]:
    """Return what the chart makes of value files, by their names, and of single settings by their paths."""
    result = run("helm", *_command(value_files, settings or {}, release, chart))
    assert result.returncode == 0, result.stderr
    return manifests(result.stdout)


def refusal(*value_files: str, settings: Mapping[str, object]) -> str:
    """Return why the chart refuses values."""
    result = run("helm", *_command(value_files, settings, RELEASE, CHART))
    assert result.returncode != 0, result.stdout
    return "\n".join(line for line in result.stderr.splitlines() if not line.startswith("level=INFO"))


def manifests(text: str) -> Sequence[Manifest]:
    """Return the objects in a stream of YAML."""
    return [each for each in yaml.safe_load_all(text) if each]


def kinds(objects: Sequence[Manifest]) -> Sequence[str]:
    """Return the kinds of objects, sorted."""
    return sorted(each["kind"] for each in objects)


def only(objects: Sequence[Manifest], kind: str) -> Any:
    """Return the only object of a kind."""
    [found] = [each for each in objects if each["kind"] == kind]
    return found


def named(objects: Sequence[Manifest], kind: str, suffix: str) -> Any:
    """Return the only object of a kind whose name ends so."""
    [found] = [each for each in objects if each["kind"] == kind and each["metadata"]["name"].endswith(suffix)]
    return found


def pod_of(objects: Sequence[Manifest]) -> Any:
    """Return what the StatefulSet makes of its pods."""
    return only(objects, "StatefulSet")["spec"]["template"]


def values_of(name: str) -> Any:
    """Return a value file as it is."""
    return yaml.safe_load((VALUES / f"{name}.yaml").read_text(encoding="utf-8"))


def _complain(reason: str) -> None:
    complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    complain(reason)


def _command(value_files: Sequence[str], settings: Mapping[str, object], release: str, chart: Path) -> Iterator[str]:
    yield from ("template", release, str(chart), "--namespace", NAMESPACE)
    for name in value_files:
        yield f"--values={VALUES / name}.yaml"
    for path, value in settings.items():
        yield f"--set-json={path}={json.dumps(value)}"
