"""The probes of a source whose circuit is open: one cheap call now and then, until the vendor answers again."""

import itertools
from collections.abc import Callable, Iterator
from typing import ClassVar

import structlog

from exporter.errors import FetchError, Reason, Stopped
from exporter.upstream import Circuit, Upstream

log = structlog.get_logger(__name__)


class Probe:
    """Asks again and again while the circuit is as it was opened; a ``Turn`` of the poller."""

    is_probe: ClassVar[bool] = True

    def __init__(self, source: str, circuit: Circuit, ask: Callable[[], None]) -> None:
        """Probe for one opening of the circuit; ``ask`` makes the call and raises what comes of it."""
        self.source = source
        self.interval = circuit.patience
        self.phase = 0.0
        self.due = 0.0
        self._circuit = circuit
        self._opening = circuit.openings
        self._ask = ask

    def is_over(self) -> bool:
        """Return whether the circuit has closed since; another opening has a probe of its own."""
        return not self._circuit.is_open or self._circuit.openings != self._opening

    def skip(self, upstream: Upstream) -> None:
        """Do nothing: a probe is what an open circuit lets through."""

    def run(self, upstream: Upstream) -> bool:  # noqa: ARG002 - a turn is handed it; the call has its own way to it
        """Make the call, and tell the circuit what came of it.

        Raises:
            Stopped: the program is stopping.
        """
        if self.is_over():
            return True
        try:
            self._ask()
        except FetchError as error:
            log.info("probe failed", source=self.source, reason=error.reason.value, error=str(error))
            self._circuit.probed(error.reason)
            return False
        except Stopped:
            raise
        except Exception as error:
            # Fetches find out how the vendor does; a circuit that only a broken probe could close would stay open.
            log.exception("internal error in a probe", source=self.source, error=type(error).__name__)
            self._circuit.probed(Reason.INTERNAL)
            return False
        self._circuit.probed(None)
        return True


class Probing:
    """Watches the circuit of one source: has it probed while it is open, and lets the poll go on when it closes."""

    def __init__(
        self,
        source: str,
        circuit: Circuit,
        ask: Callable[[int], None],
        begin: Callable[[Probe, float], None],
        resume: Callable[[], None],
    ) -> None:
        """Begin to watch.

        Args:
            source: the value of the label ``source``.
            circuit: what is watched.
            ask: makes one cheap call; each is handed another number, so that no one customer can be in its way.
            begin: takes a probe, to be run after so many seconds and then on its interval.
            resume: takes up all that was skipped.
        """
        self._source = source
        self._circuit = circuit
        self._ask = ask
        self._begin = begin
        self._resume = resume
        self._numbers: Iterator[int] = itertools.count()
        circuit.listen(self._changed)

    def _changed(self) -> None:
        reason: Reason | None = self._circuit.reason
        if reason is None:
            log.info("circuit closed", source=self._source)
            self._resume()
            return
        probe = Probe(self._source, self._circuit, lambda: self._ask(next(self._numbers)))
        log.warning("circuit opened", source=self._source, reason=reason.value, probe_interval_seconds=probe.interval)
        self._begin(probe, probe.interval)
