"""A request as a provider writes it, and the reply to it: plain values that know nothing of sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Request:
    """One read call to a vendor, without credentials until just before it is sent.

    Attributes:
        verb: GET, whose fields are in ``query``, or POST, whose fields are in ``form``.
        path: from the root of ``base_url``, beginning with one slash; other text in it is percent-encoded.
        form: fields of a POST, sent in the body.
        query: fields of a GET.
        headers: such as ``Accept`` or ``On-Behalf-Of``.
        account: whose credentials the request takes, where a source has those of several accounts; only the
            source's ``Authorize`` reads it, and nothing of it is sent.
    """

    verb: Literal["GET", "POST"]
    path: str
    form: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    account: object = None

    def __repr__(self) -> str:
        """Return the verb and path alone; fields and headers may hold credentials."""
        return f"Request({self.verb} {self.path})"


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's whole answer to a request.

    Attributes:
        status: the status code.
        body: the decoded body, no longer than ``limits.max_response_bytes``.
        headers: by name, in any case.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        """Return the status and size alone; a vendor's text is no text of ours."""
        return f"Reply({self.status}, {len(self.body)} bytes)"


Authorize: TypeAlias = Callable[[Request], Request]
"""Adds the credentials to a request just before it is sent; the result is never logged or kept."""
