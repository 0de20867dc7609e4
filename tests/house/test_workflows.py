"""What runs elsewhere, at each change and each release, is valid, pinned, and may do no more than it must."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+")
# What a job may have besides reading the repository, and what for.
RIGHTS = {
    ("image", "push"): {"packages", "id-token", "attestations"},
    ("release", "attest"): {"id-token", "attestations"},
    ("release", "publish"): {"id-token"},
    ("release", "announce"): {"contents"},
}


@pytest.fixture(scope="module")
def texts(root):
    paths = sorted((root / ".github" / "workflows").iterdir())
    assert [path.name for path in paths] == ["image.yml", "release.yml", "tests.yml"]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="module")
def workflows(texts):
    return {name: yaml.safe_load(text) for name, text in texts.items()}


@pytest.fixture(scope="module")
def jobs(workflows):
    return {(name, job): found for name, workflow in workflows.items() for job, found in workflow["jobs"].items()}


@pytest.mark.parametrize(
    ("kind", "files"), [("github-workflows", ".github/workflows/*.yml"), ("dependabot", ".github/dependabot.yml")]
)
def test_they_are_valid_by_their_schema(root, kind, files):
    paths = [str(path) for path in root.glob(files)]
    command = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema=vendor.{kind}", *paths]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert paths
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_action_is_pinned_to_a_commit_and_says_of_which_version(texts):
    lines = [line.strip(" -") for text in texts.values() for line in text.splitlines() if "uses:" in line]
    pins = {(match[1], match[2]) for line in lines if (match := PINNED.fullmatch(line))}

    assert [line for line in lines if not PINNED.fullmatch(line)] == []
    assert len(pins) == len({action for action, _ in pins}) > 5


def test_nothing_is_allowed_but_what_a_job_says_itself(workflows, jobs):
    rights = {
        key: {right for right, level in job["permissions"].items() if level == "write"} for key, job in jobs.items()
    }

    assert [workflow["permissions"] for workflow in workflows.values()] == [{}, {}, {}]
    assert {key: found for key, found in rights.items() if found} == RIGHTS


def test_no_job_runs_for_ever(jobs):
    assert [key for key, job in jobs.items() if not 0 < job["timeout-minutes"] <= 60] == []


def test_a_change_has_to_pass_what_passes_here_on_every_python(jobs, root):
    """Those that the project says it runs on, and newer ones."""
    job = jobs["tests", "tests"]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))

    assert job["steps"][-1] == {"run": ".ci/run"}
    assert f">={job['strategy']['matrix']['python'][0]}" == project["requires-python"]
    assert set(said) <= set(job["strategy"]["matrix"]["python"])


def test_only_what_was_checked_is_published(jobs):
    order = {name: job.get("needs") for (workflow, name), job in jobs.items() if workflow == "release"}

    assert order == {"build": None, "attest": "build", "publish": "attest", "announce": "publish"}
    assert {"run": "make release-check"} in jobs["release", "build"]["steps"]


def test_the_image_is_pushed_for_both_architectures_after_it_has_run(jobs):
    [build] = [step["with"] for step in jobs["image", "push"]["steps"] if step.get("id") == "push"]

    assert jobs["image", "push"]["needs"] == "build"
    assert (build["platforms"], build["provenance"], build["sbom"]) == ("linux/amd64,linux/arm64", "mode=max", True)
