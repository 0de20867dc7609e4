"""The console script as a user has it, with everything that was started in it ended at the end."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.programs import Exporter, Program
from tests.e2e.sources import write_configuration


@dataclass(frozen=True, slots=True)
class Shell:
    """Starts commands of the console script, each in a folder of its own.

    Attributes:
        script: what a user types first.
        folder: under which the commands' folders are made.
        stack: ends the commands.
    """

    script: Sequence[str]
    folder: Path
    stack: ExitStack
    _numbers: "count[int]" = field(default_factory=count)

    def start(self, *arguments: str, **environment: str) -> Program:
        """Start a command: ``start("check", "--online")``."""
        return self.start_other(*self.script, *arguments, **environment)

    def start_other(self, *words: str, **environment: str) -> Program:
        """Start another program."""
        return self.stack.enter_context(Program(words, self.new_folder(), environment))

    def serve(self, command: str, *arguments: str, **environment: str) -> Exporter:
        """Start ``run`` or ``demo`` on a free port, and wait until it listens."""
        words = (*self.script, command, "--web.listen-address=127.0.0.1:0", *arguments)
        return self.stack.enter_context(Exporter(words, self.new_folder(), environment))

    def run(self, sources: Iterable[Mapping[str, Any]], *arguments: str, **polling: Any) -> Exporter:
        """Run the exporter on sources; ``polling`` are the keys of that section."""
        return self.serve("run", f"--config.file={self.configure(sources, **polling)}", *arguments)

    def configure(self, sources: Iterable[Mapping[str, Any]], **polling: Any) -> Path:
        """Write a configuration and return its path."""
        return write_configuration(self.new_folder() / "config.yaml", sources, **polling)

    def new_folder(self) -> Path:
        """Return a folder that nobody else has; it is made when something is put into it."""
        return self.folder / str(next(self._numbers))
