"""The maps that a newcomer is given show what is there."""

import re
from pathlib import Path

import exporter
from exporter import errors


def test_the_map_of_the_package_names_exactly_the_rooms_that_exist(root):
    drawn = re.findall(r"^    (\w+(?:/|\.py))  ", exporter.__doc__, re.MULTILINE)

    assert sorted(drawn) == sorted(rooms(root / "exporter"))


def test_the_tree_of_errors_names_exactly_the_errors_that_exist():
    drawn = re.findall(r"^    [│├└─ ]*([A-Z]\w+)", errors.__doc__, re.MULTILINE)
    defined = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)]

    assert sorted(drawn) == sorted(defined)


def test_the_contributing_guide_names_only_files_that_exist(root):
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:exporter|tests|requirements|\.ci)/[\w./-]*)`", text)

    assert named
    assert [path for path in named if not (root / path).exists()] == []


def rooms(package: Path) -> list[str]:
    """Return the modules and folders of a package as its map writes them."""
    modules = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
    return modules + [f"{path.parent.name}/" for path in package.glob("*/__init__.py")]
