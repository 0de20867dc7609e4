"""Programs that run while a test does: the exporter as its users start it, and a real Prometheus."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.waiting import PATIENCE, eventually

Series = tuple[str, frozenset[tuple[str, str]]]
Values = Mapping[Series, float]

_TARGET_LABELS = ("instance", "job")


def series(name: str, **labels: str) -> Series:
    """Return a key of ``Values``; as in Prometheus, an empty label is none."""
    return name, frozenset((label, value) for label, value in labels.items() if value)


def labels_of(found: Series) -> dict[str, str]:
    """Return the labels of a series."""
    return dict(found[1])


class Program:
    """A program with its output in files, started at once and ended with the block."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it; of this process's environment it gets no more than the search path."""
        folder.mkdir(parents=True, exist_ok=True)
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": os.environ["PATH"], **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self._stdout.read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What it has logged so far."""
        return self._stderr.read_text(encoding="utf-8")

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit status once it has ended by itself."""
        return self.process.wait(seconds)

    def eventually(self, look: Callable[[], Any]) -> Any:
        """Wait as ``eventually`` does, but no longer than the program runs."""

        def alive() -> Any:
            status = self.process.poll()
            if status is not None:
                raise RuntimeError(f"the program ended with {status}:\n{self.stderr}")
            return look()

        return eventually(alive)


class Exporter(Program):
    """The exporter, started with arguments that make it serve."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it says where it listens."""
        super().__init__(command, folder, environment)
        self._session = requests.Session()
        self._session.trust_env = False
        try:
            self.addresses: list[str] = self.eventually(
                lambda: re.findall(r"msg=listening .*?address=127\.0\.0\.1:(\d+)", self.stderr)
            )
        except BaseException:
            super().__exit__(None, None, None)
            raise
        self.port = int(self.addresses[0])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._session.close()
        super().__exit__(kind, error, trace)
        if kind is None:
            assert "Traceback" not in self.stderr

    def ask(self, path: str, verb: str = "GET", **options: Any) -> requests.Response:
        """Send it a request; an answer is due at once, whatever a vendor does."""
        return self._session.request(verb, f"http://127.0.0.1:{self.port}{path}", timeout=5, **options)

    def values(self) -> Values:
        """Return every sample on the page of metrics."""
        return parsed(self.ask("/metrics").text)

    def value(self, name: str, **labels: str) -> float | None:
        """Return one sample of the page of metrics, None where it is not there."""
        return self.values().get(series(name, **labels))


class Prometheus(Program):
    """A real Prometheus that scrapes one exporter each second."""

    _SCRAPE_CONFIG = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: exporter
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

    def __init__(self, folder: Path, exporter_port: int, own_port: int) -> None:
        """Start it; its data goes into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yml").write_text(self._SCRAPE_CONFIG.format(port=exporter_port))
        self._api = f"http://127.0.0.1:{own_port}/api/v1"
        command = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{own_port}",
        ]
        super().__init__(command, folder)

    def query(self, expression: str) -> Values:
        """Return the instant vector of a PromQL expression, without the labels of the scrape target."""
        values = {}
        for result in self._get("query", query=expression)["result"]:
            labels = {name: value for name, value in result["metric"].items() if name not in _TARGET_LABELS}
            values[series(labels.pop("__name__", ""), **labels)] = float(result["value"][1])
        return values

    def scalar(self, expression: str) -> float | None:
        """Return the only value of a PromQL expression, None where it has none."""
        values = self.query(expression)
        assert len(values) <= 1, values
        return next(iter(values.values()), None)

    def metadata(self) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """Return the type and the help of every metric."""
        metadata: Mapping[str, Sequence[Mapping[str, str]]] = self._get("metadata")
        return metadata

    def _get(self, what: str, **parameters: str) -> Any:
        answer = requests.get(f"{self._api}/{what}", parameters, timeout=5).json()
        assert answer["status"] == "success", answer
        return answer["data"]


def parsed(page: str) -> Values:
    """Return every sample on a page of the text format."""
    return {
        series(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
