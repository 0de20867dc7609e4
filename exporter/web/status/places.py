"""The choice of a page of rows among hundreds of thousands, from the store's columns.

The lock is held for one group of customers at a time, and no object is made for a row that is not shown.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from math import inf, isnan
from operator import itemgetter
from typing import Any, TypeAlias

from exporter.store import GROUP_SIZE, Group, Place, Shelf, Store
from exporter.web.status.query import Order, Query, State
from exporter.web.status.words import visible

DueColumns: TypeAlias = Callable[[], Mapping[tuple[Group, str], Sequence[float]]]
"""Gives when the fetches of each group and collector are due, by row."""

# States as bytes, the worst first; 0 is no place, or one that is not asked for.
_CODES: Mapping[State, int] = {state: number for number, state in enumerate(State, 1)}
_STATES: Sequence[State] = tuple(State)
# Sorts after any text.
_LAST = "\U0010ffff"
# More than a block has places.
_WIDTH = 1 << 20
# So many are sorted in one step.
_AT_ONCE = 10_000


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
    ranking = _Ranking(query.sort, dues, is_descending=query.is_descending)
    blocks = []
    for group in groups:
        with store.lock:
            block = _block(group, query, choice, paused=group.source in paused)
            if block:
                blocks.append(block)
                ranking.take(block)
        ranking.sort()
    choice.total = sum(choice.states[state] for state in query.state or State)
    start, end = (query.page - 1) * query.limit, min(query.page * query.limit, choice.total)
    if query.sort is Order.STATE:
        found: Iterable[tuple[_Block, int]] = _by_state(blocks, start, end, is_descending=query.is_descending)
    else:
        found = ranking.between(start, end, choice.total)
    with store.lock:
        choice.places = [each for block, position in found if (each := block.place(position))]
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


def _by_state(blocks: Sequence[_Block], start: int, end: int, *, is_descending: bool) -> Iterator[tuple[_Block, int]]:
    """Yield some of the matching positions by state, then as they came; most blocks are only counted."""
    passed = 0
    for code in sorted(_CODES.values(), reverse=is_descending):
        for block in blocks:
            if passed >= end:
                return
            size = block.states.count(code)
            if passed + size > start:
                positions = [position for position, each in enumerate(block.states) if each == code]
                yield from ((block, position) for position in positions[max(0, start - passed) : end - passed])
            passed += size


class _Ranking:
    """Orders matching positions by something other than their state, those that are equal in it as they came.

    It sorts a few thousand at a time and merges no more than is shown: one sort of all would keep every other
    thread waiting, for it is a single step to the interpreter. And it keeps numbers alone: an object for each of
    hundreds of thousands of places would make the garbage collector look at everything there is.
    """

    def __init__(self, sort: Order, dues: DueColumns, *, is_descending: bool) -> None:
        self._column = _column_of(sort, dues)
        self._is_descending = is_descending
        self._blocks: list[_Block] = []
        self._keys: list[Any] = []
        self._places: list[int] = []
        self._sorted: list[tuple[list[Any], list[int], list[int]]] = []

    def take(self, block: _Block) -> None:
        """Take the keys of a block; needs the lock."""
        if self._column is None:
            return
        keys = _interleaved([self._column(shelf) for shelf in block.shelves])
        base = len(self._blocks) * _WIDTH
        self._blocks.append(block)
        matching = [position for position, state in enumerate(block.states) if state]
        self._keys += [keys[position] for position in matching]
        self._places += [base + position for position in matching]

    def sort(self, *, is_last: bool = False) -> None:
        """Sort what has been taken, once it is enough."""
        keys = self._keys
        if len(keys) >= _AT_ONCE or is_last:
            order = sorted(range(len(keys)), key=keys.__getitem__, reverse=self._is_descending)
            self._sorted.append((keys, self._places, order))
            self._keys, self._places = [], []

    def between(self, start: int, end: int, total: int) -> Sequence[tuple[_Block, int]]:
        """Return those from ``start`` to ``end``, counted from the end that is nearer."""
        self.sort(is_last=True)
        is_turned = start > total - end
        if is_turned:
            start, end = total - end, total - start
        columns = [_pairs(*each, is_turned=is_turned) for each in self._sorted]
        merged = heapq.merge(
            *(reversed(columns) if is_turned else columns),
            key=itemgetter(0),
            reverse=self._is_descending != is_turned,
        )
        places = [divmod(place, _WIDTH) for _, place in islice(merged, start, max(start, end))]
        return [(self._blocks[number], at) for number, at in (reversed(places) if is_turned else places)]


def _pairs(keys: Sequence[Any], places: Sequence[int], order: Sequence[int], *, is_turned: bool) -> Iterator[Any]:
    return ((keys[each], places[each]) for each in (reversed(order) if is_turned else order))


def _column_of(sort: Order, dues: DueColumns) -> Callable[[Shelf], Sequence[Any]] | None:
    """Return what gives the keys of a shelf's rows; None for the order by state, which needs none."""
    due = dues() if sort is Order.NEXT else {}
    blank = [inf] * (GROUP_SIZE + 1)
    columns: Mapping[Order, Callable[[Shelf], Sequence[Any]]] = {
        Order.CUSTOMER: lambda shelf: shelf.group.names,
        Order.SOURCE: lambda shelf: [shelf.group.source] * len(shelf.group.records),
        Order.COLLECTOR: lambda shelf: [shelf.collector] * len(shelf.group.records),
        Order.AGE: lambda shelf: [inf if isnan(moment) else -moment for moment in shelf.last_success],
        Order.NEXT: lambda shelf: due.get((shelf.group, shelf.collector), blank),
        Order.SERIES: lambda shelf: [len(layout.keys) if layout else 0 for layout in shelf.layouts],
        Order.ERROR: lambda shelf: [error or _LAST for error in shelf.errors],
    }
    return columns.get(sort)
