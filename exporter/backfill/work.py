"""The whole of a backfill: lists are read, the plan is told, days are fetched, and the file is written."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from exporter.backfill.fetching import Fetching
from exporter.backfill.keeping import Journal
from exporter.backfill.plan import Order, Plan, check_days, plan, size_in_words
from exporter.backfill.progress import progress
from exporter.backfill.writing import Times, Writer
from exporter.clock import Clock
from exporter.config import Config
from exporter.errors import FetchError, StartError, Stopped, UsageError
from exporter.providers.base import Found
from exporter.selection import Selection
from exporter.source import Source
from exporter.state import KeptList, Lists, account, fact_name, list_name

# How often it is looked whether somebody wants the program to end.
_LOOK_AGAIN = 0.1
# So many failures, or counters that begin late, are named one by one.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Backfill:
    """One command: what is asked of whom, and where it goes.

    Attributes:
        say: prints a line for the user.
        is_told: whether somebody wants the program to end.
        shows: where progress is shown.
    """

    order: Order
    output: Path
    sources: Sequence[Source]
    journal: Journal
    clock: Clock
    concurrency: int
    say: Callable[[str], None]
    is_told: Callable[[], bool]
    shows: TextIO

    def plan(self) -> Plan:
        """Return what is to be asked, and say so; lists that were read are known, others not yet.

        Raises:
            UsageError: a day is asked for that has not ended, or nothing that has a history.
        """
        check_days(self.order, self.sources, self.clock.time())
        for source in self.sources:
            if source.discovery is not None and (kept := self._lists(source).read()):
                source.take_list(kept.found)
                source.is_listed = True
        return self._tell()

    def run(self) -> bool:
        """Fetch and write everything; return whether nothing failed.

        Raises:
            StartError: a list can't be read, or a file can't be written.
            Stopped: somebody wanted the program to end; what was fetched is kept.
        """
        planned = self.plan()
        if unlisted := [source for source in self.sources if not source.is_listed]:
            for source in unlisted:
                self._list(source)
            planned = self._tell()
        fetching = Fetching(planned, self.concurrency)
        with progress("fetched", planned.calls(), "calls", self.shows) as done:
            is_whole = fetching.run(self.is_told, done)
        if not is_whole:
            raise Stopped("stopped; what was fetched is kept, and the same command goes on from there")
        self._write(planned)
        failures = [str(failure) for failure in fetching.failures]
        self._name(failures, "left out, so give the same command again to ask for these alone")
        return not failures

    def _tell(self) -> Plan:
        planned = plan(self.order, self.sources, self.journal)
        for line in planned.lines():
            self.say(line)
        if not planned.errands and all(source.is_listed for source in self.sources):
            raise UsageError("there is nothing to write: see what is said of each source")
        return planned

    def _list(self, source: Source) -> None:
        try:
            found = self._found(source)
        except FetchError as error:
            raise StartError(f"source {source.name}: {error}") from None
        self._lists(source).write(KeptList(found, self.clock.time()))
        source.take_list(found)
        source.is_listed = True

    def _found(self, source: Source) -> Sequence[Found]:
        """Return a list, asked for on a thread: the vendor may want an hour's pause, which nobody need sit out."""
        found: Future[Sequence[Found]] = Future()

        def find() -> None:
            try:
                found.set_result(source.find())
            except BaseException as error:  # noqa: BLE001 - raised where the list is waited for
                found.set_exception(error)

        threading.Thread(target=find, name=f"{source.name}-list", daemon=True).start()
        while not wait([found], _LOOK_AGAIN).done:
            if self.is_told():
                # Who waits at the limiter is sent away; a request under way is left behind.
                source.upstream.close()
                raise Stopped("stopped before a list was read; the same command begins with it")
        return found.result()

    def _lists(self, source: Source) -> Lists:
        return Lists(self.journal.facts, list_name(source.config), source.config.listed_settings)

    def _write(self, planned: Plan) -> None:
        writer = Writer(planned, Times(self.order.step, self.journal.began))
        with progress("written", self.journal.count(), "series", self.shows) as done:
            writer.write(self.output, planned.families, self.is_told, done)
        written, size = writer.written, size_in_words(self.output.stat().st_size)
        self.say(f"{self.output}: {written.series:,} series, {written.samples:,} samples, {size}")
        self.say(
            f"blocks of it: promtool tsdb create-blocks-from openmetrics --max-block-duration=8760h {self.output} ."
        )
        self._name(written.shortened, "not as far back as asked for")

    def _name(self, lines: Sequence[str], what: str) -> None:
        if lines:
            self.say(f"{len(lines):,} {what}:")
            for line in islice(lines, _MOST_NAMED):
                self.say(f"  {line}")
            if len(lines) > _MOST_NAMED:
                self.say(f"  and {len(lines) - _MOST_NAMED:,} more")


def purpose(order: Order, config: Config, selection: Selection) -> Mapping[str, object]:
    """Return what tells the journal of one command from that of another: days, accounts and what is asked of them."""
    sources = {
        fact_name("source", account(source)): {
            name: json.loads(settings.model_dump_json(exclude={"enabled", "interval"}))
            for name, settings in source.collectors
            if selection.has(selection.collectors, name)
        }
        for source in config.sources
        if selection.has(selection.sources, source.name)
    }
    return {"from": str(order.first), "to": str(order.last), "sources": sources}
