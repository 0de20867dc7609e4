"""The circuit breaker of one source: a vendor that is down, or that refuses the credentials, is left in peace.

Every fetch tells how it ended. A row of failures that point at the vendor or at the credentials, and not at one
customer, opens the circuit. While it is open nothing is sent but a probe now and then; a probe that shows that what
opened it is over, or new credentials, close it.
"""

import threading
from collections.abc import Callable, Collection
from typing import Protocol

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


class Proof(Protocol):
    """Keeps over restarts that the vendor has taken the credentials."""

    def holds(self) -> bool:
        """Return whether it has taken those in use; may take as long as a password does, but waits for no disk."""

    def keep(self) -> None:
        """Keep that it has taken those in use; may take as long, and waits for nothing."""

    def drop(self) -> None:
        """Keep no longer that it has taken any; waits for nothing."""


class Circuit:
    """Knows from the outcomes of fetches whether a vendor is worth asking.

    Attributes:
        is_open: whether nothing may be sent but a probe.
        openings: how many times it has opened so far.
        renewals: how many times the credentials have been new so far.
    """

    def __init__(self, probe_interval: float, proof: Proof | None = None) -> None:
        """Start closed.

        Args:
            probe_interval: seconds between two probes; those for refused credentials are further apart.
            proof: what knows of the credentials from before a restart.
        """
        self.is_open = False
        self.openings = 0
        self.renewals = 0
        self._probe_interval = probe_interval
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._proof = proof
        self._is_kept = False
        self._has_succeeded = False
        # Whether they have succeeded before that; None as long as nobody had to know.
        self._had_succeeded: bool | None = None
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

    @property
    def is_trusted(self) -> bool:
        """Whether the vendor takes the credentials, as far as fetches have shown."""
        return (self._has_succeeded or bool(self._had_succeeded)) and self.reason is not Reason.AUTH

    def trust(self) -> None:
        """Take it that the credentials have succeeded before."""
        with self._lock:
            self._had_succeeded = True

    def tune(self, probe_interval: float) -> None:
        """Let the probes of the next opening be so many seconds apart."""
        self._probe_interval = probe_interval

    def listen(self, changed: Callable[[], None]) -> None:
        """Let someone be told, after the fact and by any thread, whenever it opens or closes."""
        self._listeners.append(changed)

    def fetched(
        self,
        outcomes: Collection[Reason | None],
        customers: Collection[str],
        known: int,
        sharing: int | None = None,
        *,
        is_own: bool = False,
    ) -> None:
        """Take how a fetch ended.

        What ends while the circuit is open began before that, and tells nothing new. Whether the vendor took a
        customer's own credentials tells nothing of the source's.

        Args:
            outcomes: why it failed for each customer that it asked for; None where it did not.
            customers: who they are; nobody, if it asked for the source as a whole.
            known: how many customers the source has.
            sharing: how many of them are asked with the source's credentials; all of them, if nothing is said.
            is_own: whether it asked with credentials of the customers' own.
        """
        reason = next(iter(outcomes)) if len(set(outcomes)) == 1 else None
        with self._lock:
            if self.is_open:
                return
            is_news = self._succeed(is_good=None in outcomes and not is_own)
            others = sharing if reason is Reason.AUTH and sharing is not None else known
            has_opened = self._take(reason, customers, others, is_own=is_own)
        self._keep(is_news=is_news)
        if has_opened:
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
            is_news = self._succeed(is_good=reason is None)
        self._keep(is_news=is_news)
        self._tell()

    def renew(self) -> None:
        """Take it that the credentials are new: what the old ones met with does not count."""
        with self._lock:
            was_open = self.is_open
            self.renewals += 1
            self._close()
            self._has_succeeded, self._had_succeeded, self._is_kept = False, None, False
        if was_open:
            self._tell()

    def _succeed(self, *, is_good: bool) -> bool:
        """Note whether the credentials have succeeded; return whether that is to be kept."""
        self._has_succeeded |= is_good
        is_news = is_good and not self._is_kept
        self._is_kept |= is_news
        return is_news

    def _keep(self, *, is_news: bool) -> None:
        # Not under the lock: it takes a while.
        if is_news and self._proof is not None:
            self._proof.keep()

    def _take(self, reason: Reason | None, customers: Collection[str], known: int, *, is_own: bool) -> bool:
        """Let the row grow or end; open if it is long enough, and return whether it is."""
        if is_own and reason not in _OUTAGE and self._reason is Reason.AUTH:
            return False
        if reason is None or (reason not in _OUTAGE and (reason is not Reason.AUTH or is_own)):
            self._end_row()
            return False
        self._lengthen(reason, customers)
        # One customer's trouble is theirs, where there are others.
        if not self._is_long(reason) or (self._customers and len(self._customers) < min(2, known)):
            return False
        self.is_open = True
        self.openings += 1
        if reason is Reason.AUTH and self._proof is not None:
            # Else each restart would try as often again what is refused now.
            self._proof.drop()
            self._is_kept = False
        return True

    def _is_long(self, reason: Reason) -> bool:
        if reason is not Reason.AUTH:
            return self._row >= _OUTAGE_ROW
        return self._row >= _AUTH_ROW or (self._row >= _FIRST_AUTH_ROW and not self._is_proven())

    def _is_proven(self) -> bool:
        if self._had_succeeded is None and not self._has_succeeded:
            # Only now: most credentials are never refused.
            self._had_succeeded = self._proof is not None and self._proof.holds()
        return self._has_succeeded or bool(self._had_succeeded)

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
