"""A configuration that is watched, as the tests of what changes in one see it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exporter.config import Changes, CustomerConfig, Watch, load
from tests.unit.config.letters import LETTERS

NOTHING = Changes({}, frozenset(), [])
SOURCE = "  - {name: post, type: letters, credentials: {password: hunter2}, rate_limit: {calls: 1000}"


class Watched:
    """A configuration with its files, watched."""

    def __init__(self, folder: Path, content: str, models=LETTERS) -> None:
        self.folder = folder
        (folder / "config.yaml").write_text(content)
        self.config = load(folder / "config.yaml", models)
        self.watch = Watch(self.config, folder / "config.yaml")

    def poll(self) -> Changes:
        return self.watch.poll()

    def boxes(self) -> list[str]:
        """Poll, and return the ids of the customers that are new to the caller; none where nothing changed."""
        return ids(self.poll().customers.get("post", ()))

    def problems(self) -> list[str]:
        """Poll, and return what is wrong, without the folder."""
        return [str(problem).replace(f"{self.folder}/", "") for problem in self.poll().problems]

    def in_use(self) -> list[str]:
        return ids(self.watch.config.sources[0].customers)


def passwords(sections: Sequence[Any]) -> list[str | None]:
    """Return the passwords of sources or customers, as far as they have credentials."""
    return [each.credentials and each.credentials.password.value() for each in sections]


def ids(customers: Sequence[CustomerConfig]) -> list[str]:
    return [customer.id for customer in customers]


def put(file: Path, boxes: Sequence[str]) -> None:
    """Write a customer file, in its place and at once."""
    new = file.with_name(".new")
    new.write_text(json.dumps([{"box": box} for box in boxes]))
    new.replace(file)
