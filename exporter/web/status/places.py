"""The choice of a page of rows among hundreds of thousands, from the store's columns.

The lock is held for one group of customers at a time, and no object is made for a row that is not shown.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any, TypeAlias

from exporter.store import Group, Place, Shelf, Store
from exporter.web.status.query import Order, Query, State
from exporter.web.status.words import visible

DueColumns: TypeAlias = Callable[[], Mapping[tuple[Group, str], Sequence[float]]]
"""Gives when the fetches of each group and collector are due, by row."""

# States as bytes, the worst first; 0 is no place, or one that is not asked for.
_CODES: Mapping[State, int] = {state: number for number, state in enumerate(State, 1)}
_STATES: Sequence[State] = tuple(State)
# Sorts after any text.
_LAST = "\U0010ffff"
# With fewer rows before the end of a page than this part of all, picking them is quicker than sorting all.
_FEW = 20


@dataclass(slots=True)
class Choice:
    """The places of a page.

    Attributes:
        places: with the state of each.
        total: how many match, on all pages.
        states: how many would match in each state, if the query left the state open.
        by_source: how many there are of each source in each state, whatever the query.
    """

    places: Sequence[tuple[Place, State]] = ()
    total: int = 0
    states: Counter[State] = field(default_factory=Counter)
    by_source: dict[str, Counter[State]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Block:
    """A group's places that match, customer by customer: those of a row stand beside each other, one a shelf."""

    group: Group
    shelves: Sequence[Shelf]
    states: bytes

    def place(self, position: int) -> tuple[Place, State] | None:
        """Return what stands at a position; None if the customer has just left."""
        row, number = divmod(position, len(self.shelves))
        record = self.group.records[row]
        if record is None:
            return None
        return Place(record, self.shelves[number]), _STATES[self.states[position] - 1]


def choose(store: Store, query: Query, paused: frozenset[str], dues: DueColumns) -> Choice:
    """Return the page of places that a query asks for.

    Args:
        store: where they are.
        query: which are asked for.
        paused: names of the sources of whom nothing is asked at present.
        dues: asked for only if the rows are ordered by it.
    """
    choice = Choice()
    with store.lock:
        store.advance()
        groups = store.groups
        choice.by_source = {name: Counter(dict.fromkeys(State, 0)) for name in store.sources}
    choice.states.update(dict.fromkeys(State, 0))
    keys = _keys(query.sort, dues)
    blocks, columns = [], []
    for group in groups:
        with store.lock:
            block = _block(group, query, choice, paused=group.source in paused)
            if block and keys:
                columns.append(_interleaved([keys(shelf) for shelf in block.shelves]))
        if block:
            blocks.append(block)
    choice.total = sum(choice.states[state] for state in query.state or State)
    start, end = (query.page - 1) * query.limit, min(query.page * query.limit, choice.total)
    positions = _by_key(blocks, columns, query, end) if keys else _by_state(blocks, query)
    found = (block.place(position) for block, position in _slice(positions, start, end))
    with store.lock:
        choice.places = [each for each in found if each]
    return choice


# The states of a group


def _block(group: Group, query: Query, choice: Choice, *, paused: bool) -> _Block | None:
    known = choice.by_source.setdefault(group.source, Counter())
    shelves, columns = [], []
    for shelf in group.shelves.values():
        if not shelf.collector:
            continue
        states = _states(shelf, len(group.records), paused=paused)
        _count(known, states)
        if not query.collector or shelf.collector in query.collector:
            shelves.append(shelf)
            columns.append(states)
    if not shelves or (query.source and group.source not in query.source):
        return None
    if query.search:
        columns = _found(group, shelves, columns, visible(query.search).casefold())
    states = bytes(_interleaved(columns))
    _count(choice.states, states)
    if query.state:
        unwanted = bytes(code for state, code in _CODES.items() if state not in query.state)
        states = states.translate(bytes.maketrans(unwanted, bytes(len(unwanted))))
    return _Block(group, shelves, states) if any(states) else None


def _states(shelf: Shelf, size: int, *, paused: bool) -> bytes:
    stale, failing = _CODES[State.STALE], _CODES[State.FAILING]
    new, good = _CODES[State.PAUSED if paused else State.WAITING], _CODES[State.PAUSED if paused else State.OK]
    rows = zip(range(size), shelf.since, shelf.is_stale, shelf.reasons, shelf.last_attempt, strict=False)
    return bytes(
        [
            # A number that is not itself is none: there is no place, or no fetch yet.
            0
            if since != since  # noqa: PLR0124 - a call for each of 300,000 would take a tenth of a second
            else stale
            if is_stale
            else failing
            if reason is not None
            else new
            if attempt != attempt  # noqa: PLR0124 - as above
            else good
            for _, since, is_stale, reason, attempt in rows
        ]
    )


def _count(counts: Counter[State], states: bytes) -> None:
    for state, code in _CODES.items():
        counts[state] += states.count(code)


def _found(group: Group, shelves: Sequence[Shelf], columns: Sequence[bytes], text: str) -> list[bytes]:
    """Return the states of those whose name or last error has a text, and 0 for the others."""
    is_named = [record is not None and text in visible(record.name).casefold() for record in group.records]
    return [
        bytes(
            [
                state if is_named or (error and text in visible(error).casefold()) else 0
                for state, is_named, error in zip(states, is_named, shelf.errors, strict=False)
            ]
        )
        for shelf, states in zip(shelves, columns, strict=True)
    ]


def _interleaved(columns: Sequence[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(zip(*columns, strict=False)))


# The order


def _keys(sort: Order, dues: DueColumns) -> Callable[[Shelf], Sequence[Any]] | None:
    """Return what gives the keys of a shelf's rows; None for the order by state, which needs none."""
    due = dues() if sort is Order.NEXT else {}
    blank = [inf] * 128
    columns: Mapping[Order, Callable[[Shelf], Sequence[Any]]] = {
        Order.CUSTOMER: lambda shelf: [record.name if record else "" for record in shelf.group.records],
        Order.SOURCE: lambda shelf: [shelf.group.source] * len(shelf.group.records),
        Order.COLLECTOR: lambda shelf: [shelf.collector] * len(shelf.group.records),
        Order.AGE: lambda shelf: [-moment if moment == moment else inf for moment in shelf.last_success],  # noqa: PLR0124 - as above
        Order.NEXT: lambda shelf: due.get((shelf.group, shelf.collector), blank),
        Order.SERIES: lambda shelf: [len(layout.keys) if layout else 0 for layout in shelf.layouts],
        Order.ERROR: lambda shelf: [error or _LAST for error in shelf.errors],
    }
    return columns.get(sort)


def _by_state(blocks: Sequence[_Block], query: Query) -> Iterator[tuple[_Block, Sequence[int]]]:
    """Yield matching positions by state, then as they came: whole blocks, so that most need no look."""
    codes = sorted(_CODES.values(), reverse=query.is_descending)
    for code in codes:
        for block in blocks:
            if code in block.states:
                yield block, _Positions(block.states, code)


class _Positions(Sequence[int]):
    """Where a code stands among others; found out only when it is asked for."""

    def __init__(self, states: bytes, code: int) -> None:
        self._states = states
        self._code = code

    def __len__(self) -> int:
        return self._states.count(self._code)

    def __getitem__(self, index: Any) -> Any:
        return [position for position, code in enumerate(self._states) if code == self._code][index]


def _by_key(
    blocks: Sequence[_Block], columns: Sequence[Sequence[Any]], query: Query, end: int
) -> Iterator[tuple[_Block, Sequence[int]]]:
    """Yield matching positions by their keys, those of equal keys as they came."""
    places = [(number, at) for number, block in enumerate(blocks) for at, code in enumerate(block.states) if code]
    keys = [columns[number][at] for number, at in places]
    order: Sequence[int]
    if end < len(places) / _FEW:
        pick = heapq.nlargest if query.is_descending else heapq.nsmallest
        order = pick(end, range(len(places)), key=keys.__getitem__)
    else:
        order = sorted(range(len(places)), key=keys.__getitem__, reverse=query.is_descending)
    for each in order[:end]:
        number, position = places[each]
        yield blocks[number], (position,)


def _slice(positions: Iterator[tuple[_Block, Sequence[int]]], start: int, end: int) -> Iterator[tuple[_Block, int]]:
    passed = 0
    for block, each in positions:
        size = len(each)
        if passed + size > start and passed < end:
            yield from ((block, position) for position in each[max(0, start - passed) : end - passed])
        passed += size
        if passed >= end:
            return
