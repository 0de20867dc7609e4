"""A place where the exporter is started, stopped and killed again and again, with what it keeps there."""

import json
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.programs import Exporter, Program, Values
from tests.e2e.shell import Shell
from tests.e2e.sources import write_configuration

OWN = "email_stats_exporter_"
# What a restart has to show as it was: every series of a vendor, and the health of every fetch.
HEALTH = tuple(OWN + name for name in ("up", "stale", "last_success_", "last_attempt_", "fetch_failing", "counter_"))


@dataclass
class Machine:
    """A place where the exporter is started, stopped and killed with one configuration and one state."""

    shell: Shell
    folder: Path
    polling: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "kept.db"

    def configure(self, sources: Sequence[Mapping[str, Any]]) -> Path:
        file = write_configuration(self.folder / "config.yaml", sources, **self.polling)
        written = json.loads(file.read_text())
        file.write_text(json.dumps({**written, "state": {"path": "kept.db"}}))
        return file

    def run(self, *arguments: str) -> Exporter:
        return self.shell.serve("run", f"--config.file={self.folder / 'config.yaml'}", *arguments)

    def refuse(self) -> str:
        """Start the exporter where it can't be started, and return what it says."""
        program = self.shell.start("run", f"--config.file={self.folder / 'config.yaml'}", "--web.listen-address=:0")
        assert program.wait() == 1
        assert "Traceback" not in program.stderr
        return program.stderr


def stop(program: Program, number: int = signal.SIGTERM) -> None:
    """End a program by a signal, and wait until it is gone."""
    program.process.send_signal(number)
    program.wait()


def kept(values: Values) -> Values:
    """Return what a restart has to show as it was."""
    return {found: value for found, value in values.items() if found[0].startswith((*HEALTH, "sendgrid_", "bento_"))}


def counters(values: Values) -> Values:
    return {
        found: value
        for found, value in values.items()
        if found[0].startswith("sendgrid_") and found[0].endswith("_total")
    }


def changed_counters(exporter: Exporter, before: Values) -> Any:
    now = counters(exporter.values())
    return now if now and now != before else None


def is_tried(exporter: Exporter) -> bool:
    return exporter.ask("/-/ready").status_code == 200


def value_of(exporter: Exporter, name: str, customer: str, collector: str = "") -> Callable[[], Any]:
    labels = {"collector": collector} if collector else {}
    return lambda: exporter.value(name, source="acme", customer=customer, **labels)
