import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.release.environment import Environment

ROOT = Path(__file__).parents[2]


def _ask_git(*arguments: str) -> Sequence[str]:
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def tools() -> Path:
    """Give the environment of what checks a release."""
    folder = Path(os.environ.get("RELEASE_TOOLS", ROOT / ".cache" / "release-tools"))
    if not (folder / "bin" / "twine").exists():
        pytest.exit(f"{folder} holds no twine; make release-check puts it there", 1)
    return folder / "bin"


@pytest.fixture(scope="session")
def distributions() -> Path:
    """Give the folder of the sdist and the wheel, which have been built of what is committed."""
    folder = Path(os.environ.get("DISTRIBUTIONS", ROOT / "dist"))
    if not folder.exists():
        pytest.exit(f"{folder} is not there; make release-check builds it", 1)
    return folder


@pytest.fixture(scope="session")
def sdist(distributions) -> Path:
    """Give the only sdist."""
    [path] = distributions.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def wheel(distributions) -> Path:
    """Give the only wheel."""
    [path] = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def committed() -> Sequence[str]:
    """Give the path of each file that is committed, symbolic links left out."""
    lines = _ask_git("ls-tree", "-r", "HEAD", "--format=%(objectmode) %(path)")
    return [path for mode, path in (line.split(" ", 1) for line in lines) if mode != "120000"]


@pytest.fixture(scope="session")
def revision() -> str:
    """Give the commit that is checked."""
    return _ask_git("rev-parse", "HEAD")[0]


@pytest.fixture(scope="session")
def builder(tmp_path_factory) -> Environment:
    """Give an environment in which a wheel can be built."""
    environment = Environment(sys.executable, tmp_path_factory.mktemp("builder"))
    environment.install("--require-hashes", "-r", str(ROOT / "requirements" / "build.txt"))
    return environment


@pytest.fixture(scope="session", params=["sdist", "wheel"])
def installed(request, builder, tmp_path_factory) -> Environment:
    """Install the pins and one of the two, as a user does; the sdist by way of a wheel of its own."""
    path = request.getfixturevalue(request.param)
    if request.param == "sdist":
        folder = tmp_path_factory.mktemp("wheel")
        builder.run("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", str(path))
        [path] = folder.iterdir()
    environment = Environment(sys.executable, tmp_path_factory.mktemp(request.param))
    environment.install("--require-hashes", "-r", str(ROOT / "requirements" / "runtime.txt"))
    environment.install("--no-deps", str(path))
    return environment
