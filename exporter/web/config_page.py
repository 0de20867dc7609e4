"""The configuration in use, for whoever wants to know what the program goes by."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

# Names in it are anybody's, and must not be taken for markup.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ConfigPage:
    """Shows the configuration as text."""

    def __init__(self, config: Callable[[], str]) -> None:
        """Show what ``config`` returns: YAML without secrets."""
        self._config = config

    def answer(self, _: Request) -> Response:
        """Return the page; on a thread, since it may take a second to write."""
        return PlainTextResponse(self._config(), headers=_HEADERS)
