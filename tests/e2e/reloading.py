"""An exporter whose configuration becomes another one while it runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.programs import Exporter, labels_of
from tests.e2e.shell import Shell
from tests.e2e.sources import write_configuration


class Running:
    """An exporter and the file that it is told to read anew."""

    def __init__(self, shell: Shell, sources: Sequence[Mapping[str, Any]], *arguments: str, **polling: Any) -> None:
        """Start it on these sources."""
        self.file: Path = shell.configure(sources, **polling)
        self.exporter: Exporter = shell.serve("run", f"--config.file={self.file}", *arguments)

    def write(self, *sources: Mapping[str, Any], **polling: Any) -> None:
        """Write the file anew; nobody is told."""
        write_configuration(self.file, sources, **polling)

    def post(self, **headers: str) -> tuple[int, list[str]]:
        """Ask for a reload; return the status and the lines of the answer."""
        answer = self.exporter.ask("/-/reload", "POST", headers=headers)
        return answer.status_code, answer.text.splitlines()

    def reload(self, *sources: Mapping[str, Any], **polling: Any) -> list[str]:
        """Write the file anew and have it taken; return what is said of that."""
        self.write(*sources, **polling)
        status, lines = self.post()
        assert status == 200, lines
        return lines

    def has(self, name: str, **labels: str) -> set[str]:
        """Return the customers that have a series of this name."""
        wanted = set(labels.items())
        return {
            labels_of(found).get("customer", "")
            for found in self.exporter.values()
            if found[0] == name and wanted <= found[1]
        }
