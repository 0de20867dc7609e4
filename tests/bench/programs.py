"""Programs under measurement: started as processes of their own, asked over a pipe, their CPU read exactly."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
_PATIENCE = 300.0
_PIECE = 1024 * 1024
# Servers hang up on connections that idle for a while.
_IDLE = 2.0


class Program:
    """A process that serves on a port; a context manager that ends it.

    Attributes:
        port: where it listens on loopback.
        process: its number.
        ending: what is closed before it ends.
    """

    def __init__(self, command: Sequence[str], *, port: int | None = None) -> None:
        """Start it, and wait until it serves; without a ``port`` it prints its own as its first line."""
        self._name = command[0]
        self.ending = ExitStack()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        self.process = self._popen.pid
        self.port = int(self._line()) if port is None else port
        self._wait_until_it_listens()

    @classmethod
    def of_module(cls, module: str, *arguments: object) -> Self:
        """Start a module of these benchmarks."""
        return cls([sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)])

    def __enter__(self) -> Self:
        """Return the program, which runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up, and end it."""
        self.ending.close()
        self._popen.kill()
        self._popen.communicate()

    def ask(self, *words: object) -> Any:
        """Send a line of words; return what it answers, read as JSON."""
        assert self._popen.stdin is not None
        print(*words, file=self._popen.stdin, flush=True)
        return json.loads(self._line())

    def cpu(self) -> float:
        """Return the CPU seconds that it has used so far."""
        # clock_getcpuclockid(3) has no name in Python; this is how Linux numbers the clock of a process.
        return time.clock_gettime(~self.process << 3 | 2)

    def memory(self) -> Mapping[str, float]:
        """Return the memory it has (VmRSS), and the most it ever had (VmHWM), in MB."""
        return resident(self.process)

    def _line(self) -> str:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        assert line, f"{self._name} ended without a word"
        return line

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"{self._name} does not listen")


def resident(process: int | str = "self") -> Mapping[str, float]:
    """Return the memory of a process, and the most that it has ever had, in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return {name: int(size) / 1024 for name, size in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Cost:
    """What one scrape cost: CPU seconds of the server, seconds until the last byte, and how many bytes came."""

    cpu: float
    wall: float
    length: int


class Scraper:
    """Asks a program for a page as Prometheus does, over one connection that stays open, and keeps nothing of it."""

    def __init__(self, program: Program, path: str = "/metrics", paths: Mapping[str, str] | None = None) -> None:
        """Make ready; ``paths`` gives the path for an encoding where each has its own."""
        self.program = program
        self._path = path
        self._paths = paths or {}
        self._connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=_PATIENCE)
        program.ending.callback(self._connection.close)
        self._buffer = bytearray(_PIECE)
        self._used = 0.0

    def path(self, encoding: str) -> str:
        """Return where the page of an encoding is."""
        return self._paths.get(encoding, self._path)

    def scrape(self, encoding: str) -> Cost:
        """Ask once; ``encoding`` is gzip or identity."""
        path = self.path(encoding)
        if time.monotonic() - self._used > _IDLE:
            self._connection.close()
        spent, began, length = self.program.cpu(), time.perf_counter(), 0
        self._connection.request("GET", path, headers={"Accept-Encoding": encoding})
        reply = self._connection.getresponse()
        assert reply.status == http.client.OK
        while received := reply.readinto(self._buffer):
            length += received
        wall = time.perf_counter() - began
        self._used = time.monotonic()
        return Cost(self.program.cpu() - spent, wall, length)

    def body(self, encoding: str) -> bytes:
        """Return the page itself."""
        self._connection.request("GET", self._path, headers={"Accept-Encoding": encoding})
        return self._connection.getresponse().read()
