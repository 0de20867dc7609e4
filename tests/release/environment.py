"""A virtual environment in which nothing is but what a test has put there."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class Environment:
    """A fresh virtual environment, and the programs in it."""

    def __init__(self, python: str, folder: Path) -> None:
        """Make it of an interpreter."""
        self.folder = folder
        subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)

    def install(self, *arguments: str) -> None:
        """Let pip install something, from wherever this machine gets its packages."""
        self.run("pip", "install", "--quiet", *arguments)

    def run(
        self, program: str, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, outside the repository; return its output.

        Raises:
            AssertionError: its exit status is not 0.
        """
        result = subprocess.run(
            [str(self.folder / "venv" / "bin" / program), *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONWARNINGS": "error" if program != "pip" else "default", **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{program} {' '.join(arguments)}: {result.stdout}{result.stderr}"
        return result
