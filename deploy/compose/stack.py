# ruff: noqa: INP001 - a program, and no part of a package
"""Runs what compose.yaml joins without containers: the demo, Prometheus with all rules, and Alertmanager.

They are programs of this machine, in the foreground: Ctrl-C ends all of them, and nothing that they wrote stays.
Grafana is not among them, since few machines have it as a program; compose.yaml has it.
"""

import argparse
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus" / "rules"
SERVERS = ("prometheus", "prometheus-alertmanager")

GOOD, FAILED, WRONG = 0, 1, 2
# Seconds.
_LOOK_AGAIN = 0.2
_TIME_TO_END = 10.0
_LAST_LINES = 20


@dataclass(frozen=True, slots=True)
class Service:
    """A part of the stack: its name and port in compose.yaml, and the port that it has here.

    Attributes:
        usual_port: the port in compose.yaml; ``port`` differs where something else has it.
        pages: what to open, and what one sees there.
    """

    name: str
    usual_port: int
    port: int
    pages: Mapping[str, str]

    @property
    def address(self) -> str:
        """Where it listens, for this machine alone."""
        return f"127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Tell whether it answers, and has all that it needs to do so."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{self.address}/-/ready", timeout=5):
                return True
        # Of which an answer other than 2xx is a kind.
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Running:
    """A program at work, and the file that takes its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        """Return how it ended and what it said before."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join((f"{self.name} ended with exit status {self.process.poll()}:", *lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack until SIGINT or SIGTERM; return 0 then, 1 if a program ended by itself, 2 if one is missing."""
    parser = argparse.ArgumentParser(prog="make stack", description=__doc__)
    parser.add_argument("--scenario", metavar="NAME", help="what goes wrong at the vendors, as for make demo")
    options = parser.parse_args(arguments)
    if missing := [program for program in SERVERS if shutil.which(program) is None]:
        _say([f"Not installed: {', '.join(missing)}. On Debian, as root: make servers"], sys.stderr)
        return WRONG
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="email-stats-exporter-")))
        services = _services()
        commands = _commands(services, folder, options.scenario)
        running = [stack.enter_context(_started(name, command, folder)) for name, command in commands.items()]
        if ended := _watch(running, services, stopping):
            _say([ended.last_words()], sys.stderr)
            return FAILED
    return GOOD


def _watch(running: Iterable[Running], services: Iterable[Service], stopping: threading.Event) -> Running | None:
    """Say where the services are once all are ready; return what ended by itself, None when told to stop."""
    _say(["Starting the exporter's demo, Prometheus and Alertmanager; a few seconds until all of them answer."])
    is_told = False
    while not stopping.wait(_LOOK_AGAIN):
        for each in running:
            if each.process.poll() is not None:
                return each
        if not is_told and all(service.is_ready() for service in services):
            is_told = True
            _say(_where_to_look(services))
    return None


def _services() -> Sequence[Service]:
    return (
        Service("exporter", 10587, _port(10587), {"/": "status page", "/metrics": "what Prometheus scrapes"}),
        Service("prometheus", 9090, _port(9090), {"/graph": "queries", "/alerts": "rules and what fires"}),
        Service("alertmanager", 9093, _port(9093), {"/": "alerts, grouped and silenced"}),
    )


def _port(usual: int) -> int:
    """Return the usual port, or any free one where something else has that."""
    for port in (usual, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            return int(probe.getsockname()[1])
    raise OSError("this machine has no free port")


def _commands(services: Sequence[Service], folder: Path, scenario: str | None) -> Mapping[str, Sequence[str]]:
    """Write the configurations with this machine's addresses; return the command of each service."""
    exporter, prometheus, alertmanager = services
    scrape = (HERE / "prometheus.yml").read_text(encoding="utf-8").replace("rules/*.yml", f"{RULES}/*.yml")
    for service in services:
        for host in (service.name, "localhost"):
            scrape = scrape.replace(f"{host}:{service.usual_port}", service.address)
    (folder / "prometheus.yml").write_text(scrape, encoding="utf-8")
    demo = (sys.executable, "-m", "exporter", "demo", f"--web.listen-address={exporter.address}")
    return {
        exporter.name: (*demo, f"--scenario={scenario}") if scenario else demo,
        prometheus.name: (
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address={prometheus.address}",
        ),
        alertmanager.name: (
            "prometheus-alertmanager",
            f"--config.file={HERE / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={alertmanager.address}",
            "--cluster.listen-address=",
        ),
    }


@contextmanager
def _started(name: str, command: Sequence[str], folder: Path) -> Iterator[Running]:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        # A session of its own keeps Ctrl-C from it, so that what reads from another ends before that.
        process = subprocess.Popen(  # noqa: S603 - the commands are right above
            command, cwd=HERE.parents[1], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield Running(name, process, log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TIME_TO_END)
        process.kill()
        process.wait()


def _where_to_look(services: Iterable[Service]) -> Iterator[str]:
    for service in services:
        for path, text in service.pages.items():
            yield f"{service.name:<14}{f'http://{service.address}{path}':<34}{text}"
    yield "Grafana needs containers: docker compose up --build, in deploy/compose. Ctrl-C ends this."


def _say(lines: Iterable[str], stream: TextIO = sys.stdout) -> None:
    stream.write("".join(f"{line}\n" for line in lines))
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
