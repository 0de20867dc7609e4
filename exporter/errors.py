"""Every error that the exporter raises on purpose, drawn here as one tree.

::

    ExporterError
    ├── ConfigError             mistakes in the configuration, all of them at once
    ├── UsageError              a command was given a name that nothing has
    ├── UnknownName             a page was asked for of a source or customer that there is none of
    ├── BadQuery                a page was asked for with parameters that it can't take
    ├── StartError              the program can't start: an address in use, a file that can't be read
    ├── CorruptState            what was kept over a restart can't be trusted
    ├── Stopped                 the program is stopping, so this wait or request was given up
    ├── NotAllowed              a request that is not on its source's allow list: a fault of this program
    ├── ImpossibleSamples       a collector gave samples that no page may show: a fault of this program
    └── FetchError              a fetch failed; ``reason`` is from the contract's closed list
        ├── RequestTimeout      timeout
        ├── ConnectionFailed    connection
        ├── AuthRejected        auth
        ├── NotFound            not_found
        ├── RateLimited         rate_limited
        ├── ServerFailed        server_error
        ├── ClientRefused       client_error
        │   └── Redirected      the same, for a status 3xx
        ├── VendorRefused       vendor_error
        ├── InvalidResponse     invalid_response
        ├── TooLarge            too_large
        └── CircuitOpen         the reason that opened the circuit of its source; nothing was sent

``Reason.INTERNAL`` has no class: it is what the poller counts for any other exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard


class Reason(StrEnum):
    """Why a fetch failed: the values of the label ``reason``."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CLIENT_ERROR = "client_error"
    VENDOR_ERROR = "vendor_error"
    INVALID_RESPONSE = "invalid_response"
    TOO_LARGE = "too_large"
    INTERNAL = "internal"


class ExporterError(Exception):
    """Anything that the exporter raises on purpose; its text is fit for a user to read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where it stands, what it is and what mends it."""

    file: str
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        """Return ``config.yaml:14: sources[0].name: message``."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigError(ExporterError):
    """A configuration that can't be used; ``problems`` holds every mistake, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the mistakes; the text of the error is one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(ExporterError):
    """A command was given a name that nothing in the configuration has."""


class UnknownName(ExporterError):
    """A page was asked for of a source or customer that there is none of."""


class BadQuery(ExporterError):
    """A page was asked for with parameters that it can't take."""


class StartError(ExporterError):
    """The program can't start for a reason outside its configuration."""


class CorruptState(ExporterError):
    """What was kept over a restart is not what was written."""


class Stopped(ExporterError):
    """The program is stopping, so a wait or a request was given up."""


class ImpossibleSamples(ExporterError):
    """A collector gave samples that no page may show, such as one series twice: a fault of this program."""


class NotAllowed(ExporterError):
    """A request that is not on its source's allow list, or that can't be written as HTTP; it was not sent."""


class FetchError(ExporterError):
    """A fetch failed; its text says in words what a person can act on, and never holds a secret."""

    reason: Reason


class RequestTimeout(FetchError):
    """No whole answer came within the deadline of the request."""

    reason = Reason.TIMEOUT


class ConnectionFailed(FetchError):
    """The vendor could not be reached, or the connection broke: DNS, TCP, TLS, a cut body."""

    reason = Reason.CONNECTION


class AuthRejected(FetchError):
    """The vendor refused the credentials: status 401 or 403."""

    reason = Reason.AUTH


class NotFound(FetchError):
    """The vendor does not know what was asked for: status 404, or a customer missing from a batch."""

    reason = Reason.NOT_FOUND


class RateLimited(FetchError):
    """The vendor asked to slow down (status 429); ``pause`` is how many seconds it asked for, if it did."""

    reason = Reason.RATE_LIMITED

    def __init__(self, message: str, pause: float | None = None) -> None:
        """Keep the pause in seconds; None where the vendor named none."""
        super().__init__(message)
        self.pause = pause


class ServerFailed(FetchError):
    """The vendor failed: status 5xx."""

    reason = Reason.SERVER_ERROR


class ClientRefused(FetchError):
    """The vendor refused the request: a redirect, or a status 4xx without a reason of its own."""

    reason = Reason.CLIENT_ERROR


class Redirected(ClientRefused):
    """The vendor sent the request elsewhere, where none is ever followed."""


class VendorRefused(FetchError):
    """The vendor sent an error body under a status of success."""

    reason = Reason.VENDOR_ERROR


class InvalidResponse(FetchError):
    """The answer is not what the API promises: syntax, shape, or a value that can't be true."""

    reason = Reason.INVALID_RESPONSE


class TooLarge(FetchError):
    """The answer is longer than ``limits.max_response_bytes``."""

    reason = Reason.TOO_LARGE


class CircuitOpen(FetchError):
    """Nothing is sent to this source but a probe now and then, for its vendor failed or refused again and again."""

    def __init__(self, reason: Reason) -> None:
        """Fail for the reason that opened the circuit."""
        what = "refuses the credentials" if reason is Reason.AUTH else f"is not to be reached ({reason})"
        super().__init__(f"not asked: the vendor {what}, and a probe now and then finds out when that ends")
        self.reason = reason


def may_be_of_one(error: object) -> TypeGuard[ClientRefused | NotFound]:
    """Return whether a batch may have failed for one customer in it, so that each is to be asked alone.

    That is a 4xx without a meaning of its own, or a 404. A redirect is about the address, whoever is asked for.
    """
    return isinstance(error, ClientRefused | NotFound) and not isinstance(error, Redirected)
