import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from exporter.demo import StandIn, World
from tests.e2e.programs import Exporter, Prometheus, free_port
from tests.e2e.shell import Shell
from tests.e2e.sources import stand_in
from tests.fake_clock import FakeClock

# Seconds; less than ``eventually`` waits.
BEFORE_MIDNIGHT = 25


@pytest.fixture(scope="session")
def console_script() -> Sequence[str]:
    """Give what a user types; where the package is not installed, what does the same."""
    script = Path(sys.executable).parent / "email-stats-exporter"
    if script.exists():
        return [str(script)]
    if os.environ.get("CI") == "true":
        pytest.fail(f"{script} is missing; install the package: pip install --no-deps --editable .")
    root = str(Path(__file__).parents[2])
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path[0] = {root!r}; from exporter.cli import main; sys.exit(main())",
    ]


@pytest.fixture(scope="session")
def servers() -> None:
    """See to it that the real servers are there: where CI=true a missing one is a failure."""
    _want("prometheus", "promtool", package="prometheus")


@pytest.fixture(scope="session")
def alertmanagers() -> None:
    """See to the same of Alertmanager."""
    _want("prometheus-alertmanager", "amtool", package="prometheus-alertmanager")


@pytest.fixture(scope="session")
def browsers() -> None:
    """See to the same of a browser."""
    _want("chromium", package="chromium")


def _want(*programs: str, package: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain(f"not installed: {', '.join(missing)}; on Debian: apt-get install {package}, or make servers")


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    """End whatever is entered here after the module's last test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def shell(console_script, stack, tmp_path_factory) -> Shell:
    """Start commands that end with the module."""
    return Shell(console_script, tmp_path_factory.mktemp("shell"), stack)


@pytest.fixture(scope="module")
def world() -> World:
    """Let time stand still for the vendor, so that what it says can be compared with what is shown.

    Right before a customer's midnight it stands still right after it: the exporter, whose time goes on, catches up.
    """
    now = float(int(time.time()))
    zones = {account.zone for account in World(FakeClock(now)).customers}
    dates = [{datetime.fromtimestamp(at, zone).date() for at in (now, now + BEFORE_MIDNIGHT)} for zone in zones]
    return World(FakeClock(now + BEFORE_MIDNIGHT if any(len(each) > 1 for each in dates) else now))


@pytest.fixture(scope="module")
def new_vendor(stack, world) -> Callable[..., StandIn]:
    """Start further stand-ins; they end with the module."""
    return lambda **options: stack.enter_context(stand_in(options.pop("world", world), **options))


@pytest.fixture(scope="module")
def vendor(new_vendor) -> StandIn:
    """Serve the world in which time stands still."""
    return new_vendor()


@pytest.fixture(scope="module")
def new_prometheus(servers, stack, tmp_path_factory) -> Callable[[Exporter], Prometheus]:
    """Start a Prometheus that scrapes an exporter."""

    def start(exporter: Exporter) -> Prometheus:
        return stack.enter_context(Prometheus(tmp_path_factory.mktemp("prometheus"), exporter.port, free_port()))

    return start
