"""A running container of the image, asked from within: it has no network but its own loopback."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.image.workshop import IMAGE, Workshop

# The image has no other program that speaks HTTP.
_ASK = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=4)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
sys.stdout.write(answer.read().decode())
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container came to its end."""

    status: int
    seconds: float


class Container:
    """A container of the image that runs until the end of the block."""

    def __init__(self, workshop: Workshop, *command: str, options: Sequence[str] = ()) -> None:
        """Start it with the arguments of the program; ``options`` are podman's."""
        self._workshop = workshop
        self._id = workshop.run("--detach", *options, IMAGE, *command).stdout.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._workshop.podman("rm", "--force", "--time=0", self._id)

    def run(self, command: Sequence[str], user: str = "65532") -> tuple[int, str]:
        """Run a program beside the exporter; return its exit status and its output."""
        done = self._workshop.podman("exec", f"--user={user}", self._id, *command, check=False)
        return done.returncode, done.stdout

    def python(self, script: str, *arguments: str, user: str = "65532") -> str:
        """Run a Python script beside the exporter; return its output."""
        status, output = self.run(["python", "-I", "-c", script, *arguments], user)
        assert status == 0, (output, self.log)
        return output

    def ask(self, path: str, port: int = 10587) -> tuple[int, str]:
        """Ask the exporter for a page; return status and text."""
        status, _, text = self.python(_ASK, f"http://localhost:{port}{path}").partition("\n")
        return int(status), text

    def stop(self) -> Ended:
        """Send SIGTERM and wait."""
        began = time.monotonic()
        self._workshop.podman("stop", "--time=30", self._id)
        seconds = time.monotonic() - began
        status = self._workshop.podman("inspect", "--format={{.State.ExitCode}}", self._id).stdout
        return Ended(int(status), seconds)

    @property
    def log(self) -> str:
        """What the program has printed and logged."""
        done = self._workshop.podman("logs", self._id)
        return done.stdout + done.stderr
