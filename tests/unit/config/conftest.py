from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.config import Config, load
from exporter.errors import ConfigError
from tests.unit.config.letters import LETTERS


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration file and return its path."""

    def write(content: str | bytes, name: str = "config.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def loaded(written) -> Callable[..., Config]:
    """Load a configuration file of this content."""
    return lambda content, name="config.yaml": load(written(content, name), LETTERS)


@pytest.fixture
def problems(written) -> Callable[..., list[str]]:
    """Return what is wrong with a file of this content, line by line, without its folder."""

    def refuse(content: str | bytes, name: str = "config.yaml") -> list[str]:
        path = written(content, name)
        with pytest.raises(ConfigError) as raised:
            load(path, LETTERS)
        return [str(problem).removeprefix(f"{path.parent}/") for problem in raised.value.problems]

    return refuse
