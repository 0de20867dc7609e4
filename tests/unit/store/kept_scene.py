"""A store whose numbers outlive it, on a disk that can fail, in a process that can be killed."""

import resource
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from exporter.exposition import Exposition
from exporter.providers.base import Customer
from exporter.state import ForgetfulState, Scope, SqliteState, State
from exporter.store import Place, Store
from tests.unit.store.scene import FAMILIES, Scene

SCOPE = Scope(7, b"settings", {family.name: family for family in FAMILIES})


class KeptScene(Scene):
    """What a test does to a store with a state, and what it then sees on the page."""

    def __init__(self, folder: Path | None, *, scope: Scope = SCOPE, **options: float) -> None:
        super().__init__()
        self.folders = (folder / str(number) for number in count()) if folder else iter(())
        self.scope = scope
        self.options: Mapping[str, float] = {"stale_after": 3, "drop_after": 86_400, "max_series": 1_000, **options}
        self.folder = next(self.folders, Path())
        self.places: dict[str, Place] = {}
        if folder:
            self.folder.mkdir()
        self.state: State = self.new_state() if folder else ForgetfulState()
        self.begin()

    def new_state(self) -> State:
        return SqliteState(self.folder / "state.db", self.clock)

    def begin(self) -> None:
        """Start the program on what there is."""
        self.store = Store(self.clock, state=self.state, **self.options)  # type: ignore[arg-type]  # a count of series is a whole number
        self.exposition = Exposition(self.store, FAMILIES, CollectorRegistry())
        self.places = {}

    def customer(self, name: str = "a", id_: str = "", interval: float = 900) -> Place:
        """Configure a customer."""
        [record] = self.store.enrol("acme", [name], [Customer(id_ or name, name, ZoneInfo("UTC"), self.clock)])
        self.store.open([record], "totals", interval, self.scope)
        self.places[name] = record.place("totals", interval)
        return self.places[name]

    def restart(self, *names: str) -> None:
        """Stop the program and start it again with these customers."""
        self.state.close()
        self.state = self.new_state() if self.folder.name else ForgetfulState()
        self.begin()
        for name in names:
            self.customer(name)

    def crash(self, *names: str) -> None:
        """Go on with what was on the disk at this moment, as after a kill."""
        before, self.folder = self.folder, next(self.folders)
        shutil.copytree(before, self.folder)
        self.state.close()
        shutil.rmtree(before)
        self.state = self.new_state()
        self.begin()
        for name in names:
            self.customer(name)

    def ask_for_other_things(self) -> None:
        self.scope = replace(self.scope, settings=b"others..")


@contextmanager
def broken_disk() -> Iterator[None]:
    """Let no file of this process grow, for as long as the block lasts; what pytest captures is one, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with capture_logs():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
