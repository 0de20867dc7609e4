"""The one way to a vendor: every request of every collector passes here."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

from tenacity import Retrying

from exporter.clock import Clock
from exporter.errors import CircuitOpen, NotAllowed
from exporter.instruments import Instruments
from exporter.upstream.allow_list import AllowList
from exporter.upstream.circuit import Circuit
from exporter.upstream.gate import Gate
from exporter.upstream.limiter import Limiter, Permit
from exporter.upstream.rate_headers import RateHeaders
from exporter.upstream.request import Authorize, Reply, Request
from exporter.upstream.retry import Backoff, Retry, retrying
from exporter.upstream.session import Session
from exporter.upstream.status import refusal


class _Fetch(threading.local):
    """The fetch that a thread is in the middle of, if ``admitted`` let it in, and its permit while it is unused."""

    is_under_way = False
    permit: Permit | None = None


class Upstream:
    """The connection of one source to its vendor, shared by all of its collectors and threads.

    Attributes:
        circuit: whether the vendor is worth asking.
    """

    def __init__(
        self,
        *,
        source: str,
        base_url: str,
        allow_list: AllowList,
        authorize: Authorize,
        limiter: Limiter,
        circuit: Circuit,
        retry: Retry,
        timeout: float,
        max_response_bytes: int,
        concurrency: int,
        proxy_url: str | None,
        ca_file: Path | None,
        instruments: Instruments,
        clock: Clock,
    ) -> None:
        """Prepare to connect; nothing is sent yet.

        Raises:
            StartError: the file of certificate authorities can't be used.
        """
        self.circuit = circuit
        self._source = source
        self._allow_list = allow_list
        self._authorize = authorize
        self._limiter = limiter
        self._take(retry)
        self._timeout = timeout
        self._instruments = instruments
        self._clock = clock
        self._gate = Gate(source, limiter, circuit, instruments, clock)
        self._fetch = _Fetch()
        self._session = Session(
            base_url=base_url,
            timeout=timeout,
            max_response_bytes=max_response_bytes,
            concurrency=concurrency,
            proxy_url=proxy_url,
            ca_file=ca_file,
        )

    def tune(
        self, *, authorize: Authorize, retry: Retry, timeout: float, max_response_bytes: int, concurrency: int
    ) -> None:
        """Ask in another manner from now on; a request under way ends as it began."""
        self._authorize = authorize
        self._take(retry)
        self._timeout = timeout
        self._session.tune(timeout=timeout, max_response_bytes=max_response_bytes, concurrency=concurrency)

    def _take(self, retry: Retry) -> None:
        self._attempts, self._backoff = retry.attempts, Backoff(retry.initial_backoff, retry.max_backoff)

    def client(self, collector: str) -> "Client":
        """Return what a collector sends its requests with."""
        return Client(
            partial(self._attempt, collector),
            lambda: retrying(self._attempts, self._backoff, self._gate),
            partial(self._instruments.rejected, self._source, collector),
            partial(self._instruments.repaired, self._source, collector),
        )

    def prober(self) -> "Client":
        """Return what a probe sends its only request with, be the circuit open or not."""
        return Client(
            partial(self._attempt, "probe", is_probe=True),
            lambda: retrying(1, self._backoff, self._gate),
            partial(self._instruments.rejected, self._source, "probe"),
            partial(self._instruments.repaired, self._source, "probe"),
        )

    @contextmanager
    def admitted(self) -> Generator[None]:
        """Wait until one request may be sent, and keep its place for this thread's first one inside the block.

        While the circuit is open there is nothing to wait for.

        Raises:
            Stopped: the source was closed.
        """
        try:
            permit = self._gate.admit()
        except CircuitOpen:
            permit = None
        self._fetch.is_under_way, self._fetch.permit = True, permit
        try:
            with self._gate.progress.under_way(self._timeout):
                yield
        finally:
            self._fetch.is_under_way, self._fetch.permit = False, None
            if permit is not None:
                permit.give_back()

    @property
    def is_stuck(self) -> bool:
        """Return whether a thread that was let in is in one step of its fetch for longer than any may take."""
        return self._gate.progress.is_stuck

    def pause_left(self) -> float:
        """Return for how many seconds more the vendor wants no request; 0 or less for none."""
        return self._gate.pause_left()

    def pause(self, seconds: float) -> None:
        """Send nothing for so long, as the vendor asked for on another way to it."""
        self._gate.pause(seconds)

    def keep_pauses(self, keep: Callable[[float], None]) -> None:
        """Let ``keep`` be told how many seconds are left of each pause that begins from now on."""
        self._gate.keep_pause = keep

    def close(self) -> None:
        """Give up everything that waits, and close the idle connections; nothing is sent any more."""
        self._gate.close()
        self._session.close()

    def _attempt(self, collector: str, request: Request, attempt: int, *, is_probe: bool = False) -> Reply:
        self._check(request)
        permit = self._admit(attempt, is_probe=is_probe)
        try:
            if attempt > 1:
                self._instruments.retried(self._source, collector)
            self._gate.progress.step(self._timeout)
            return self._transmit(request, permit, collector, attempt)
        finally:
            permit.give_back()

    def _check(self, request: Request) -> None:
        if not self._allow_list.admits(request):
            raise NotAllowed(f"{request} is not on the allow list of source {self._source}")

    def _admit(self, attempt: int, *, is_probe: bool) -> Permit:
        fetch = self._fetch
        permit, fetch.permit = fetch.permit, None
        if permit is None:
            # A fetch that waits long holds up its thread, and its customers' next fetch: it had better fail. A probe
            # holds up nobody who would not wait for the same.
            is_new = is_probe or (attempt == 1 and not fetch.is_under_way)
            return self._gate.admit(None if is_new else self._backoff.longest, is_probe=is_probe)
        if self._gate.is_shut(is_probe=is_probe):
            permit.give_back()
            return self._gate.admit(is_probe=is_probe)
        return permit

    def _transmit(self, request: Request, permit: Permit, collector: str, attempt: int) -> Reply:
        authorized = self._authorize(request)
        self._check(authorized)

        def answered(status: int | None, headers: Mapping[str, str]) -> None:
            self._instruments.requested(self._source, collector, "error" if status is None else str(status))
            if status is not None:
                self._heed(status, RateHeaders.read(headers, self._clock.time()), attempt)

        reply = self._session.transmit(authorized, permit, answered)
        if reply.status == HTTPStatus.OK:
            return reply
        pause = RateHeaders.read(reply.headers, self._clock.time()).pause(reply.status)
        raise refusal(reply.status, self._session.host, pause)

    def _heed(self, status: int, rate: RateHeaders, attempt: int) -> None:
        self._instruments.rate_limit_seen(self._source, rate.remaining, rate.reset)
        if rate.limit is not None:
            self._limiter.lower(rate.limit)
        pause = rate.pause(status)
        if pause is None and status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = self._backoff.seconds(attempt)
        if pause is not None:
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                # No request has been refused: one call's own limit may be used up, and the others' not. The next
                # refusal says for how long.
                pause = min(pause, self._backoff.longest)
            self._gate.pause(pause)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends the requests of one collector."""

    _attempt: Callable[[Request, int], Reply]
    _retrying: Callable[[], Retrying]
    _reject: Callable[[int], None]
    _repair: Callable[[], None]

    def send(self, request: Request) -> Reply:
        """Return the vendor's answer of status 200, whole, after as many attempts as the configuration allows.

        Raises:
            FetchError: no attempt brought such an answer.
            NotAllowed: the request is not on the allow list; nothing was sent.
            Stopped: the source was closed.
        """
        for attempt in self._retrying():
            with attempt:
                return self._attempt(request, attempt.retry_state.attempt_number)
        raise AssertionError("the last attempt returns or raises")

    def rejected(self, fields: int = 1) -> None:
        """Count optional fields of the vendor that the collector left out because they were ill-formed."""
        self._reject(fields)

    def repaired(self) -> None:
        """Count one answer that the collector could read only after a documented repair."""
        self._repair()
