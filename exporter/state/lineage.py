"""What sources were called in the last run: whatever they are called now, their vendors go on counting."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from exporter.config import SourceConfig
from exporter.state.facts import Budget, Pause
from exporter.state.identity import budget_name, nameless_account, pause_name
from exporter.state.kept import State, Ticket

_NAME = "lineage"


class _Line(NamedTuple):
    """A source: its account, whatever it is called, and what its pause and its budget are kept under."""

    account: str
    pause: str
    budget: str


class Lineage:
    """Lets a source of another name or budget than in the last run go on from the window and the pause of that run.

    Of accounts that are told apart by keys alone, whatever is new goes on from whatever is gone.
    """

    def __init__(self, state: State) -> None:
        """Read what sources were called in the last run.

        Raises:
            CorruptState: what is there can't be trusted.
        """
        self._state = state
        self._before = {_Line(*each) for each in json.loads(state.fact(_NAME) or b"[]")}

    def hand_down(self, sources: Iterable[SourceConfig]) -> None:
        """Add what was kept under names of the last run to what is kept of their heirs, who have sent nothing yet.

        Raises:
            CorruptState: what is there can't be trusted.
        """
        now = _lines(sources)
        budgets: dict[str, set[str]] = {}
        pauses: dict[str, set[str]] = {}
        for heir, old in self._successions(now):
            budgets.setdefault(heir.budget, {heir.budget}).add(old.budget)
            pauses.setdefault(heir.pause, {heir.pause}).add(old.pause)
        facts = {heir: Budget.joined(found) for heir, names in budgets.items() if (found := self._contents(names))}
        facts |= {heir: Pause.longest(found) for heir, names in pauses.items() if (found := self._contents(names))}
        # What was handed down from a budget that is gone is not to be handed down again.
        given = {name for names in budgets.values() for name in names} - {each.budget for each in now}
        facts |= dict.fromkeys(given, Budget.joined(()))
        # All at once, so that no crash leaves an heir without; and it is to be read next.
        if ticket := self._write(now, facts):
            ticket.wait()

    def add(self, sources: Iterable[SourceConfig]) -> None:
        """Keep what sources are called from a reload on, beside what they were called; waits for nothing."""
        self._write(self._before | _lines(sources), {})

    def keep(self, sources: Iterable[SourceConfig]) -> None:
        """Keep what sources are called when the run ends, and all that they have sent is kept; waits for nothing."""
        self._write(_lines(sources), {})

    def _write(self, lines: set[_Line], facts: Mapping[str, bytes]) -> Ticket | None:
        if lines == self._before:
            return None
        self._before = lines
        return self._state.write(facts={**facts, _NAME: json.dumps(sorted(lines), separators=(",", ":")).encode()})

    def _successions(self, now: set[_Line]) -> Iterator[tuple[_Line, _Line]]:
        """Yield each source that is new or draws from another budget, with each that it goes on from."""
        names = {each.pause for each in now}
        for heir, old in product(now - self._before, self._before):
            if heir.account == old.account and (heir.pause == old.pause or old.pause not in names):
                yield heir, old

    def _contents(self, names: Iterable[str]) -> Sequence[bytes]:
        return [content for name in sorted(names) if (content := self._state.fact(name)) is not None]


def _lines(sources: Iterable[SourceConfig]) -> set[_Line]:
    return {_Line(nameless_account(each), pause_name(each), budget_name(each)) for each in sources}
