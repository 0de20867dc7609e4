"""A place to build and run images in, apart from whatever images and containers this machine has."""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.image.machine import SUITES, apt_options, apt_sources, pip_volumes

IMAGE = "localhost/email-stats-exporter:test"
REVISION = "0123456789abcdef0123456789abcdef01234567"

# What Debian leaves out of the packages in its slim images.
_SLIM = (
    *("path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright", "path-exclude=/usr/share/info/*"),
    *("path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/man/*"),
)
# What works inside a sandbox too, where there is neither systemd nor a right to raise limits.
_IN_A_SANDBOX = (
    *("--runtime=runc", "--cgroup-manager=cgroupfs", "--events-backend=file"),
    *("run", "--cgroups=enabled", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--no-healthcheck"),
)


class Workshop:
    """Builds the image on a base made here, and runs it; everything it made goes with the block."""

    def __init__(self, root: Path) -> None:
        """Take the folder of the Dockerfile."""
        self._root = root
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        cache = self._root / ".cache"
        cache.mkdir(exist_ok=True)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=cache, prefix="image-")))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        # Its layers are full of files of other users and of mounts that only it knows how to leave.
        self.podman("rm", "--all", "--force")
        self._stack.close()

    def podman(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run podman and return what came of it."""
        return _run("podman", *self._storage, *arguments, check=check)

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Start a container as a careful cluster does; ``arguments`` are further options, the image and its command."""
        rights = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")
        return self.podman(*_IN_A_SANDBOX, *rights, "--network=none", *arguments, check=check)

    def build_base(self) -> None:
        """Make the image that the Dockerfile begins with from Debian's packages, and give it that name."""
        dockerfile = (self._root / "Dockerfile").read_text(encoding="utf-8")
        [(name, version)] = {
            match.groups() for match in re.finditer(r"^FROM (\S+:(\d+)-slim)", dockerfile, re.MULTILINE)
        }
        archive = self._folder / "base.tar"
        _run(
            *("mmdebstrap", "--variant=minbase", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"),
            *(f"--dpkgopt={option}" for option in _SLIM),
            *(f"--aptopt={option}" for option in apt_options()),
            *(SUITES[version], str(archive), *apt_sources(SUITES[version])),
        )
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, str(archive))
        self._buildah("commit", "--quiet", "--rm", container, name)
        archive.unlink()

    def build(self) -> str:
        """Build the Dockerfile; return what the build said."""
        return self._buildah(
            *("build", "--isolation=chroot", "--pull-never", "--format=docker", f"--tag={IMAGE}"),
            *("--build-arg", f"REVISION={REVISION}", *pip_volumes(self._folder), str(self._root)),
        )

    def inspect(self) -> dict[str, Any]:
        """Return what the image says about itself."""
        image: dict[str, Any] = json.loads(self.podman("image", "inspect", IMAGE).stdout)[0]
        return image

    def healthcheck(self) -> Sequence[str]:
        """Return the command of the image's HEALTHCHECK."""
        kind, *command = json.loads(self._buildah("inspect", "--type=image", IMAGE))["Docker"]["config"]["Healthcheck"][
            "Test"
        ]
        assert kind == "CMD", "a shell in between would be one more program that can fail"
        return command

    def size_of_download(self) -> int:
        """Return the bytes that a registry would send."""
        folder = self._folder / "pushed"
        self.podman("push", "--quiet", "--compress", IMAGE, f"dir:{folder}")
        return sum(file.stat().st_size for file in folder.iterdir())

    def _buildah(self, *arguments: str) -> str:
        return _run("buildah", *self._storage, *arguments).stdout.strip()

    @property
    def _storage(self) -> Sequence[str]:
        return (f"--root={self._folder / 'storage'}", f"--runroot={self._folder / 'run'}", "--storage-driver=vfs")


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
    assert not check or done.returncode == 0, (
        f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    return done
