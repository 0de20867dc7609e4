"""What the tests of the house look at: its files, its modules as syntax trees, its comments."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def comments(self) -> Iterator[tuple[int, str]]:
        """Yield each comment with its line."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def _modules(*folders: str) -> list[Module]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return [Module(path, text, ast.parse(text, path)) for path, text in texts.items()]


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def source_modules() -> Sequence[Module]:
    """Give every module of the program."""
    return _modules("exporter")


@pytest.fixture(scope="session")
def all_modules() -> Sequence[Module]:
    """Give every module of the program, of its tests and of what writes its reference and its dashboards."""
    return _modules("deploy", "docs", "exporter", "tests")


@pytest.fixture(scope="session")
def tracked_files() -> Sequence[Path]:
    """Give every file that is under version control."""
    # In a container the checkout often belongs to another user than the one who runs the tests.
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        pytest.skip(f"no checkout of a repository: {result.stderr.strip()}")
    paths = [ROOT / name for name in result.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]
