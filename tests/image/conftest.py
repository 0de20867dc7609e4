import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.waiting import eventually
from tests.image.container import Container
from tests.image.workshop import Workshop

TOOLS = ("buildah", "podman", "runc", "mmdebstrap")


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """Build the image once for all tests; where that can't be done, say why and end with exit status 1."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        names = " ".join(missing)
        pytest.exit(f"Missing, and without it no image is built here: {names}. On Debian, as root: make image-test", 1)
    if os.geteuid() != 0:
        pytest.exit("Only root can build a base image and run containers without a daemon.", 1)
    with Workshop(Path(__file__).parents[2]) as workshop:
        workshop.build_base()
        workshop.build()
        yield workshop


@pytest.fixture(scope="session")
def demo(workshop) -> Iterator[Container]:
    """Run the demo until it has asked its vendors for everything once."""
    with Container(workshop, "demo") as demo:
        eventually(lambda: demo.ask("/-/ready")[0] == 200, seconds=60)
        yield demo
