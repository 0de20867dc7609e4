from pathlib import Path

import pytest

from exporter.config import load
from exporter.errors import ConfigError
from tests.unit.config.letters import LETTERS

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))
EXPECTED = "# expect: "


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_line_path_and_remedy(path):
    expected = [line.removeprefix(EXPECTED) for line in path.read_text().splitlines() if line.startswith(EXPECTED)]

    with pytest.raises(ConfigError) as raised:
        load(path, LETTERS)

    assert str(raised.value).splitlines() == [f"{path}:{line}" for line in expected]


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_no_message_holds_a_secret_of_the_file(path):
    with pytest.raises(ConfigError) as raised:
        load(path, LETTERS)

    assert "hunter" not in str(raised.value)
    assert "12345" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_there_is_a_file_for_each_kind_of_mistake():
    assert len(MISTAKES) >= 100
