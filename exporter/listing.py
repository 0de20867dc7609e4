"""The reading of a vendor's list of customers, on an interval of its own."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import structlog

from exporter.errors import FetchError, Reason, Stopped
from exporter.fetch import Desk
from exporter.providers.base import Found
from exporter.state import KeptList, Lists, Missing
from exporter.upstream import Upstream

log = structlog.get_logger(__name__)


class Listed(Protocol):
    """A source whose vendor has a list of its customers."""

    name: str
    is_listed: bool
    is_list_missing: bool

    def find(self) -> Sequence[Found]:
        """Return the vendor's whole list."""

    def take_list(self, found: Sequence[Found]) -> Sequence[Missing] | None:
        """Let customers come and go as a list says; return who stays though missing, None if none of it counts."""

    def expire_list(self) -> None:
        """Show no more what the list said of customers."""


class Listing:
    """Reads the list again and again; a ``Turn`` of the poller.

    While the circuit is open it waits, and shows how it went the last time.

    Attributes:
        last_success: Unix time at which the list was last read; None until it was.
        error: why it could not be read the last time, in words; empty if it could.
    """

    is_probe: ClassVar[bool] = False

    def __init__(self, of: Listed, interval: float, desk: Desk, lists: Lists) -> None:
        """Read the list of a source every ``interval`` seconds, and keep it over restarts."""
        self.source = of.name
        self.interval = interval
        self.phase = 0.0
        self.due = 0.0
        self.last_success: float | None = None
        self.error = ""
        self._of = of
        self._desk = desk
        self._lists = lists
        self._failure = ""
        self._read_at: float | None = None

    def recall(self, kept: KeptList | None, attempted: float) -> None:
        """Go on from before a restart: the next reading is due when it would have been.

        Args:
            kept: the list as it was last read; None if it never was.
            attempted: Unix time at which it was last asked for.
        """
        clock = self._desk.clock
        if kept is not None:
            self.last_success = min(kept.read, clock.time())
            self._read_at = self.last_success - clock.time() + clock.monotonic()
            self._age()
            self._desk.instruments.discovered(self.source, self.last_success)
        if kept is None or kept.read < attempted:
            self._desk.instruments.discovered(self.source, None)
            self._of.is_list_missing = True
        self._of.is_listed = True
        self.due = min(attempted, clock.time()) + self.interval - clock.time() + clock.monotonic()

    def is_over(self) -> bool:
        """Return False: a list is read for as long as its source is polled."""
        return False

    def skip(self, upstream: Upstream) -> None:  # noqa: ARG002 - as run
        """Wait without a word, but for what the list said of customers: it leaves at its age."""
        self._age()

    def run(self, upstream: Upstream) -> bool:  # noqa: ARG002 - a turn is handed it; the source has its own way to it
        """Read the list and move customers as it says; a list that can't be read moves nobody.

        Raises:
            Stopped: the program is stopping.
        """
        try:
            return self._read()
        finally:
            self._of.is_listed = True

    def _read(self) -> bool:
        try:
            found = self._of.find()
        except Stopped:
            raise
        except FetchError as error:
            self._note(error.reason, str(error))
            return False
        except Exception as error:
            log.exception("internal error in a discovery", source=self.source, error=type(error).__name__)
            self._note(Reason.INTERNAL, type(error).__name__)
            return False
        missing = self._of.take_list(found)
        self._note(None, "")
        if missing is not None:
            self._lists.write(KeptList(found, self._desk.clock.time(), missing))
        return True

    def _note(self, reason: Reason | None, words: str) -> None:
        """Show how it went; a line is logged when a failure begins, changes or ends."""
        now = self._desk.clock.time()
        self._lists.attempt(now)
        success = now if reason is None else None
        self._desk.instruments.discovered(self.source, success)
        self.last_success, self.error = success or self.last_success, words
        self._of.is_list_missing = reason is not None
        if reason is None:
            self._read_at = self._desk.clock.monotonic()
        self._age()
        before, self._failure = self._failure, reason or ""
        if reason and reason != before:
            log.warning("discovery failed", source=self.source, reason=reason.value, error=words)
        elif before and not reason:
            log.info("discovery recovered", source=self.source)

    def _age(self) -> None:
        """Let what the list said of customers leave, as what a fetch brought does; they themselves stay."""
        _, drop_after = self._desk.store.deadlines.ages(self.interval)
        if self._read_at is not None and self._desk.clock.monotonic() - self._read_at >= drop_after:
            self._of.expire_list()
