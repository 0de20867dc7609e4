"""Programs that judge what is in deploy/."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def promtool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run promtool, and return its status and what it prints."""
    if shutil.which("promtool") is None:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("not installed: promtool; on Debian: apt-get install prometheus, or make servers")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def amtool() -> Callable[..., str]:
    """Run amtool, which must find nothing wrong, and return what it prints."""
    if shutil.which("amtool") is None:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("not installed: amtool; on Debian: apt-get install prometheus-alertmanager, or make servers")

    def run(*arguments: str) -> str:
        result = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run
