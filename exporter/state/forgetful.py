"""The state of a program that keeps none: it remembers those who left, for as long as it runs."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence

from exporter.state.kept import Kept, Row, Scope, Ticket, Whose

# A customer has two or three rows, so this is some ten megabytes at most.
_MOST = 20_000


class ForgetfulState:
    """Keeps what belongs to customers who left, so that their counters go on if they come back; implements ``State``.

    Attributes:
        is_lasting: False, for nothing outlives the process.
        is_up, is_stuck, failures: as if all were well, for nothing is written.
    """

    is_lasting = False
    is_up = True
    is_stuck = False
    failures = 0

    def __init__(self) -> None:
        """Know of nobody."""
        self._parted: OrderedDict[tuple[int, bytes], Kept] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Return whether nobody has left."""
        return not self._parted

    def write(self, rows: Sequence[Row] = (), facts: Mapping[str, bytes] | None = None) -> Ticket:  # noqa: ARG002 - nothing is kept
        """Return the ticket of something that is as safe as it will ever be."""
        return _DONE

    def rows(self, scope: Scope, customers: Mapping[bytes, Whose]) -> Iterator[tuple[Whose, Kept]]:
        """Yield what was kept of those who left and are back now."""
        with self._lock:
            back = [(whose, self._parted.pop((scope.number, each), None)) for each, whose in customers.items()]
        yield from ((whose, kept) for whose, kept in back if kept is not None)

    def begin(self) -> None:
        """Do nothing: what is remembered can be trusted."""

    def part(self, rows: Sequence[Row]) -> None:
        """Keep this of customers who leave; of very many, those who left last."""
        with self._lock:
            for row in rows:
                self._parted[row.scope, row.customer] = row.kept
            while len(self._parted) > _MOST:
                self._parted.popitem(last=False)

    def fact(self, name: str) -> bytes | None:  # noqa: ARG002 - nothing is kept
        """Return None: nothing is known from before."""
        return None

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


_DONE = Ticket()
_DONE.end(is_kept=True)
