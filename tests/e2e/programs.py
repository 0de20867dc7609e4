"""Programs that run while a test does: the exporter as its users start it, a real Prometheus and Alertmanager."""

import json
import os
import re
import socket
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
            self.port: int = self.eventually(lambda: self.ports)[0]
        except BaseException:
            super().__exit__(None, None, None)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._session.close()
        super().__exit__(kind, error, trace)
        if kind is None:
            assert "Traceback" not in self.stderr

    @property
    def ports(self) -> Sequence[int]:
        """Those of 127.0.0.1 that it has said it listens on so far; with further addresses, more may come."""
        return [int(port) for port in re.findall(r"msg=listening .*?address=127\.0\.0\.1:(\d+)", self.stderr)]

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
    """A real Prometheus that scrapes one exporter, each second if nothing else is said."""

    def __init__(
        self,
        folder: Path,
        exporter_port: int,
        own_port: int,
        *,
        scrape_interval: str = "1s",
        rules: Sequence[Path] = (),
        alertmanager_port: int | None = None,
        scrape: Mapping[str, Any] | None = None,
        jobs: Sequence[Mapping[str, Any]] | None = None,
        program: Sequence[str] = ("prometheus",),
    ) -> None:
        """Start it; its data goes into ``folder``, and the alerts of its rules to an Alertmanager.

        ``scrape`` are further keys of the scrape configuration, such as ``scheme``; ``jobs`` stand in its place.
        ``program`` is another Prometheus, with further arguments if there are any.
        """
        folder.mkdir(parents=True, exist_ok=True)
        job = {
            "job_name": "exporter",
            "honor_labels": True,
            "static_configs": _targets(exporter_port),
            **(scrape or {}),
        }
        configuration = {
            "global": {"scrape_interval": scrape_interval},
            "scrape_configs": [job] if jobs is None else jobs,
            "rule_files": [str(path.absolute()) for path in rules],
        }
        if alertmanager_port is not None:
            configuration["alerting"] = {"alertmanagers": [{"static_configs": _targets(alertmanager_port)}]}
        (folder / "prometheus.yml").write_text(json.dumps(configuration), encoding="utf-8")
        self._api = f"http://127.0.0.1:{own_port}/api/v1"
        command = [
            *program,
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

    def alerts(self, state: str = "firing") -> Sequence[Mapping[str, str]]:
        """Return the labels of each alert that is ``firing``, or ``pending``."""
        return [alert["labels"] for alert in self._get("alerts")["alerts"] if alert["state"] == state]

    def _get(self, what: str, **parameters: str) -> Any:
        answer = requests.get(f"{self._api}/{what}", parameters, timeout=5).json()
        assert answer["status"] == "success", answer
        return answer["data"]


class Alertmanager(Program):
    """A real Alertmanager, alone, without peers."""

    def __init__(self, folder: Path, configuration: Path, own_port: int) -> None:
        """Start it and wait until it answers; its data goes into ``folder``."""
        self.port = own_port
        command = [
            "prometheus-alertmanager",
            f"--config.file={configuration.absolute()}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{own_port}",
            "--cluster.listen-address=",
        ]
        super().__init__(command, folder)
        try:
            self.eventually(lambda: requests.get(f"http://127.0.0.1:{own_port}/-/ready", timeout=5).ok)
        except BaseException:
            super().__exit__(None, None, None)
            raise

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Return every alert that has not ended, with its ``labels`` and its ``status``."""
        alerts: Sequence[Mapping[str, Any]] = requests.get(self._alerts, timeout=5).json()
        return alerts

    def silencers(self) -> Mapping[tuple[str, str], set[str]]:
        """Return the names of the alerts that silence each alert, by its name and its customer."""
        alerts = self.alerts()
        names = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in alerts}
        return {
            (alert["labels"]["alertname"], alert["labels"].get("customer", "")): {
                names[fingerprint] for fingerprint in alert["status"]["inhibitedBy"] if fingerprint in names
            }
            for alert in alerts
        }

    def send(self, *alerts: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> None:
        """Let alerts of these labels fire, as a Prometheus does."""
        body = [{"labels": labels, "annotations": annotations or {}} for labels in alerts]
        requests.post(self._alerts, json=body, timeout=5).raise_for_status()

    @property
    def _alerts(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2/alerts"


def _targets(port: int) -> list[dict[str, list[str]]]:
    return [{"targets": [f"127.0.0.1:{port}"]}]


def free_port() -> int:
    """Return a port that was free a moment ago: these servers can't pick one and tell which."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def parsed(page: str) -> Values:
    """Return every sample on a page of the text format."""
    return {
        series(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
