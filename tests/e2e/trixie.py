"""The Prometheus of a newer Debian, in a folder of its own: no root and nothing installed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from tests.image.machine import apt_options, apt_sources

SUITE = "trixie"
# It takes about six seconds, most of them for 200 MB that go into the folder; a test may take two minutes.
_PATIENCE = 90


class NotToBeHad(Exception):
    """The packages can't be fetched here; the message says why."""


def newer_prometheus(cache: Path) -> Sequence[str]:
    """Return what starts it, from a tree in this folder, which is made if it is missing.

    Raises:
        NotToBeHad: it can't be made.
    """
    tree = cache / f"prometheus-{SUITE}"
    if not tree.exists():
        _make(tree)
    # It needs a newer C library than this system's, and both are found beside it.
    loaders, libraries = tree.glob("usr/lib*/ld-linux-*.so.*"), tree.glob("usr/lib/*-linux-gnu*")
    return [str(next(loaders)), "--library-path", str(next(libraries)), str(tree / "usr/bin/prometheus")]


def _make(tree: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise NotToBeHad("mmdebstrap is not installed; on Debian: apt-get install mmdebstrap")
    tree.parent.mkdir(exist_ok=True)
    made = Path(mkdtemp(prefix=f"{tree.name}-", dir=tree.parent))
    command = [
        *("mmdebstrap", "--quiet", "--variant=extract", "--include=prometheus"),
        *(f"--aptopt={option}" for option in apt_options()),
        *(SUITE, str(made), *(apt_sources(SUITE) or _mirrors())),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)
        # Another test may have been quicker; either tree is whole.
        made.rename(tree)
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"fetching the packages of Debian {SUITE} took more than {_PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        last = " ".join(error.stderr.split()[-40:])
        raise NotToBeHad(f"the packages of Debian {SUITE} can't be fetched: … {last}") from None
    except OSError:
        if not tree.exists():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _mirrors() -> Sequence[str]:
    """Return where this machine finds its own suite; none, which is Debian's own mirror, if it can't be told."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    told = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=60, env=dict(os.environ)).stdout
    return told.splitlines()[:1]
