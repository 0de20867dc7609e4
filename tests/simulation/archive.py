"""Days that are over, in a real Prometheus: blocks made by promtool, and queries at any time in them."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.e2e.programs import Program, free_port

# Long enough for one block, and for that of a whole year.
_LONGEST_BLOCK = "8760h"


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of an answer: its labels, and its values by Unix time."""

    labels: Mapping[str, str]
    values: Mapping[float, float]


class Archive(Program):
    """A real Prometheus that scrapes nothing and answers from blocks in a folder; ends with the block.

    An instant value counts for 16 minutes, since samples of longer ago may be 15 minutes apart.
    """

    def __init__(self, folder: Path) -> None:
        """Start it on the blocks in ``folder/data``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yml").write_text("{}", encoding="utf-8")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False
        super().__init__(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=100y",
                "--query.lookback-delta=16m",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            folder,
        )

    def __enter__(self) -> Self:
        self.eventually(lambda: self._session.get(f"{self.url}/-/ready", timeout=5).ok)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._session.close()
        super().__exit__(kind, error, trace)

    def at(self, expression: str, moment: float) -> Sequence[Curve]:
        """Return what an expression is at a Unix time; a scalar is a series without labels."""
        answer = self._ask("query", query=expression, time=moment)
        if answer["resultType"] == "scalar":
            return [Curve({}, {moment: float(answer["result"][1])})]
        return [Curve(each["metric"], {moment: float(each["value"][1])}) for each in answer["result"]]

    def over(self, expression: str, begin: float, end: float, step: float) -> Sequence[Curve]:
        """Return what an expression is from one Unix time to another, every so many seconds."""
        answer = self._ask("query_range", query=expression, start=begin, end=end, step=step)
        return [
            Curve(each["metric"], {float(at): float(value) for at, value in each["values"]})
            for each in answer["result"]
        ]

    def labels(self, name: str, selector: str, begin: float, end: float) -> Sequence[str]:
        """Return the values that a label has in the series of a selector, between two Unix times."""
        answer = self._ask(f"label/{name}/values", **{"match[]": selector, "start": begin, "end": end})
        return [str(value) for value in answer]

    def _ask(self, what: str, **parameters: Any) -> Any:
        reply = self._session.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=60).json()
        assert reply["status"] == "success", f"{reply['error']}: {parameters}"
        return reply["data"]


def add(folder: Path, file: Path) -> None:
    """Make blocks of an OpenMetrics file, for the archive of this folder."""
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", f"--max-block-duration={_LONGEST_BLOCK}"]
    done = subprocess.run([*command, str(file), str(folder / "data")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
