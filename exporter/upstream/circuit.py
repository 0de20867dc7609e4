"""The circuit breaker of one source: a vendor that is down, or that refuses the credentials, is left in peace.

Every fetch tells how it ended. A row of failures that point at the vendor or at the credentials, and not at one
customer, opens the circuit. While it is open nothing is sent but a probe now and then; a probe that shows that what
opened it is over, or new credentials, close it.
"""

import threading
from collections.abc import Callable, Collection

from exporter.errors import Reason

# What says that the vendor, or the way to it, is down.
_OUTAGE = frozenset({Reason.TIMEOUT, Reason.CONNECTION, Reason.SERVER_ERROR})
# So many fetches in a row open the circuit.
_OUTAGE_ROW = 10
# Vendors answer wrong credentials and a stranger's customer alike: until something has succeeded, it is the
# credentials that are in doubt.
_FIRST_AUTH_ROW = 3
_AUTH_ROW = 20
# Vendors block whoever keeps trying wrong credentials.
_AUTH_PATIENCE = 5
# What a probe brings that shows that the credentials are taken: data, or that this one customer is unknown. A limit or
# an error in words may be the vendor's way to answer wrong ones. An error of our own must not keep a circuit open.
_ACCEPTED = frozenset({None, Reason.NOT_FOUND, Reason.INTERNAL})


class Circuit:
    """Knows from the outcomes of fetches whether a vendor is worth asking.

    Attributes:
        is_open: whether nothing may be sent but a probe.
        openings: how many times it has opened so far.
        renewals: how many times the credentials have been new so far.
    """

    def __init__(self, probe_interval: float) -> None:
        """Start closed.

        Args:
            probe_interval: seconds between two probes; those for refused credentials are further apart.
        """
        self.is_open = False
        self.openings = 0
        self.renewals = 0
        self._probe_interval = probe_interval
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._has_succeeded = False
        self._reason: Reason | None = None
        # The failures since anything else happened, all of the vendor's or all of the credentials'.
        self._row = 0
        self._customers: set[str] = set()

    @property
    def reason(self) -> Reason | None:
        """Why it opened; None while it is closed."""
        return self._reason if self.is_open else None

    @property
    def patience(self) -> float:
        """How many seconds lie between two probes, for the reason that it opened for."""
        return self._probe_interval * (_AUTH_PATIENCE if self.reason is Reason.AUTH else 1)

    def tune(self, probe_interval: float) -> None:
        """Let the probes of the next opening be so many seconds apart."""
        self._probe_interval = probe_interval

    def listen(self, changed: Callable[[], None]) -> None:
        """Let someone be told, after the fact and by any thread, whenever it opens or closes."""
        self._listeners.append(changed)

    def fetched(
        self, outcomes: Collection[Reason | None], customers: Collection[str], known: int, *, is_own: bool = False
    ) -> None:
        """Take how a fetch ended.

        What ends while the circuit is open began before that, and tells nothing new. Whether the vendor took a
        customer's own credentials tells nothing of the source's.

        Args:
            outcomes: why it failed for each customer that it asked for; None where it did not.
            customers: who they are; nobody, if it asked for the source as a whole.
            known: how many customers the source has.
            is_own: whether it asked with credentials of the customers' own.
        """
        reason = next(iter(outcomes)) if len(set(outcomes)) == 1 else None
        with self._lock:
            if self.is_open:
                return
            if is_own and reason not in _OUTAGE:
                # It shows that the vendor is there, and no more.
                if self._reason is not Reason.AUTH:
                    self._end_row()
                return
            self._has_succeeded |= None in outcomes
            if reason is None or (reason not in _OUTAGE and reason is not Reason.AUTH):
                self._end_row()
                return
            self._lengthen(reason, customers)
            # One customer's trouble is theirs, where there are others.
            if self._row < self._longest(reason) or (self._customers and len(self._customers) < min(2, known)):
                return
            self.is_open = True
            self.openings += 1
        self._tell()

    def probed(self, reason: Reason | None) -> None:
        """Take how a probe ended.

        An answer of whatever kind shows that the vendor is back; its fetches then find out the rest. Refused
        credentials are to be seen accepted.

        Args:
            reason: why it failed; None where it did not.
        """
        with self._lock:
            is_over = reason in _ACCEPTED if self._reason is Reason.AUTH else reason not in _OUTAGE
            if not self.is_open or not is_over:
                return
            self._close()
            self._has_succeeded |= reason is None
        self._tell()

    def renew(self) -> None:
        """Take it that the credentials are new: what the old ones met with does not count."""
        with self._lock:
            was_open = self.is_open
            self.renewals += 1
            self._close()
            self._has_succeeded = False
        if was_open:
            self._tell()

    def _longest(self, reason: Reason) -> int:
        if reason is not Reason.AUTH:
            return _OUTAGE_ROW
        return _AUTH_ROW if self._has_succeeded else _FIRST_AUTH_ROW

    def _lengthen(self, reason: Reason, customers: Collection[str]) -> None:
        if self._row and (reason is Reason.AUTH) != (self._reason is Reason.AUTH):
            self._end_row()
        self._reason = reason
        self._row += 1
        if self._row == 1 or (self._customers and customers):
            self._customers.update(customers)
        else:
            # A fetch for the source as a whole speaks for everybody.
            self._customers.clear()

    def _end_row(self) -> None:
        self._row = 0
        self._customers = set()

    def _close(self) -> None:
        self.is_open = False
        self._end_row()

    def _tell(self) -> None:
        for changed in self._listeners:
            changed()
