import re
from pathlib import Path

import pytest

from exporter.config import load
from exporter.errors import ConfigError
from tests.unit.config.letters import LETTERS

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))
# `# expect: 3: …` is said of line 3 of the file itself, `# expect in other.yaml: 3: …` of another one beside it.
EXPECTED = re.compile("# expect(?: in (.+?))?: (.+)")


def told(path, match):
    """Return the line of output that a comment in a file expects."""
    file, message = match.groups()
    where = path.parent / file if file else path
    return f"{where}:{'' if message[0].isdigit() else ' '}{message}".replace("FOLDER", str(path.parent))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_line_path_and_remedy(path):
    expected = [told(path, match) for match in map(EXPECTED.fullmatch, path.read_text().splitlines()) if match]

    with pytest.raises(ConfigError) as raised:
        load(path, LETTERS)

    assert str(raised.value).splitlines() == expected


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
