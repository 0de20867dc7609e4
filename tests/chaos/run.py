"""A chaos run: the exporter is killed again and again while vendors fail, and Prometheus looks on."""

import json
import random
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from exporter.demo import World
from tests.chaos.mischief import FullDisk, Mischief
from tests.chaos.story import HastyClock, Plot
from tests.chaos.vendors import Vendors, sources
from tests.e2e.comparison import is_same
from tests.e2e.programs import Exporter, Program, Prometheus, free_port
from tests.e2e.waiting import eventually

# The vendors' hours and minutes that pass, however long the run is.
_STORY_LASTS = 4 * 3600.0
# Seconds that a process is left alone; one in five is killed before it can do much.
_LIVES, _SHORT_LIVES = (0.5, 6.0), (0.05, 1.2)
_SHORT = 0.2
_LOOK = 0.02
_TERMINATED = 0.3
# Seconds in which a process that is asked to end has to have ended.
_END = 15.0
# Seconds until all is as it should be once all is well.
_RECOVERY = 90.0
POLLING: Mapping[str, Any] = {
    "timeout": "2s",
    "concurrency": 3,
    "probe_interval": "2s",
    "retry": {"attempts": 2, "initial_backoff": "200ms", "max_backoff": "1s"},
}
ATTEMPTS = 2
_VENDORS = '{__name__=~"(sendgrid|bento)_.+"}'


@dataclass(frozen=True, slots=True)
class Life:
    """One process of the exporter: monotonic times of its start and its end, and what it logged."""

    began: float
    ended: float
    log: str
    status: int


@dataclass(slots=True)
class Run:
    """A chaos run and what came of it; ``play`` before anything is asked.

    Attributes:
        folder: where everything is kept.
        stack: ends the programs.
        script: what a user types first.
        seed: two runs of the same seed have the same plans, though never the same moments.
        state: the file of the state.
        began: Unix time of the vendors before anybody asked them.
        disk: a disk to be filled now and then, where the state is; None for none.
    """

    folder: Path
    stack: ExitStack
    script: Sequence[str]
    seed: int
    seconds: float
    disk: Path | None = None
    lives: list[Life] = field(default_factory=list)
    faults: int = 0
    fillings: int = 0
    command: Sequence[str] = ()
    clock: HastyClock = field(init=False)
    story: Plot = field(init=False)
    vendors: Vendors = field(init=False)
    sections: Sequence[Mapping[str, Any]] = field(init=False)
    prometheus: Prometheus = field(init=False)
    prometheus_port: int = 0
    began: float = 0.0
    last: Exporter = field(init=False)
    _numbers: "count[int]" = field(default_factory=count)

    @property
    def state(self) -> Path:
        """The file of the state."""
        return (self.disk or self.folder) / "state.db"

    def play(self) -> None:
        """Run it, and wait until every value is what the vendors say.

        Raises:
            AssertionError: some value is still another.
        """
        world = self._set_up()
        with Exporter(self.command, self._next_folder()) as first:
            # What was shown first is the truth, so that all that comes can be compared with it.
            eventually(lambda: first.ask("/-/ready").ok, _RECOVERY)
        with ExitStack() as bad_times:
            self.clock.hurry()
            self.story.unfold(self.clock, world, self.seed)
            users = [each.user for each in world.customers]
            mischief = bad_times.enter_context(Mischief(self.vendors, users, self.seed))
            disk = bad_times.enter_context(FullDisk(self.disk, self.seed)) if self.disk else None
            self._kill_again_and_again()
        self.faults, self.fillings = mischief.faults, disk.times if disk else 0
        self.clock.stop(world)
        self.last = self.stack.enter_context(Exporter(self.command, self._next_folder()))
        eventually(lambda: is_same(self.last.values(), self.sections, self.vendors.story), _RECOVERY)
        eventually(lambda: is_same(self.prometheus.query(_VENDORS), self.sections, self.vendors.story))

    def _set_up(self) -> World:
        self.clock = HastyClock(self.seconds, max(1.0, _STORY_LASTS / self.seconds))
        self.began = self.clock.time()
        world = World(self.clock)
        self.story = Plot()
        self.vendors = self.stack.enter_context(Vendors(self.clock, self.story, world))
        self.sections = sources(self.vendors, world)
        port, self.prometheus_port = free_port(), free_port()
        file = self.folder / "config.json"
        content = {"polling": POLLING, "state": {"path": str(self.state)}, "sources": self.sections}
        file.write_text(json.dumps(content), encoding="utf-8")
        self.command = [*self.script, "run", f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"]
        self.prometheus = self.stack.enter_context(Prometheus(self.folder / "prometheus", port, self.prometheus_port))
        return world

    def _kill_again_and_again(self) -> None:
        dice = random.Random(f"{self.seed} kills")  # noqa: S311 - to be repeated, not to be secret
        while time.time() < self.clock.ends:
            began = time.monotonic()
            with Program(self.command, self._next_folder()) as program:
                self._let_live(program, dice)
                program.process.send_signal(signal.SIGTERM if dice.random() < _TERMINATED else signal.SIGKILL)
                status = program.wait(_END)
                self.lives.append(Life(began, time.monotonic(), program.stderr, status))

    def _let_live(self, program: Program, dice: random.Random) -> None:
        if dice.random() < _SHORT:
            time.sleep(dice.uniform(*_SHORT_LIVES))
            return
        eventually(lambda: "msg=listening" in program.stderr or program.process.poll() is not None)
        end = time.monotonic() + dice.uniform(*_LIVES)
        while time.monotonic() < end and program.process.poll() is None:
            time.sleep(_LOOK)

    def _next_folder(self) -> Path:
        return self.folder / "lives" / str(next(self._numbers))
