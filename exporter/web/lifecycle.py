"""The reload on request: who may ask for one, and what they are told."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.errors import ConfigError, Stopped

log = structlog.get_logger(__name__)

# What a browser says of who asks: a page of this site, or a person by hand.
_OWN_SITE = ("same-origin", "none")
_PORTS = {"http": 80, "https": 443}


class Lifecycle:
    """Takes requests for a reload, unless they come from a page of another site."""

    def __init__(self, reload: Callable[[], Future[Any]] | None, external_url: str) -> None:
        """Ask for a reload by ``reload``; None refuses every request for one."""
        self._reload = reload
        self._external_url = external_url

    def route(self, path: str) -> Route:
        """Return the path as the one that takes such requests; of other methods it says that it takes POST alone."""
        return Route(path, self._answer, methods=["POST"])

    async def _answer(self, request: Request) -> Response:
        if self._reload is None:
            return _text(403, "reloads by request are switched off: the program runs with --no-web.enable-lifecycle")
        if is_of_another_site(request, self._external_url):
            return _text(403, "a page of another site may not ask for a reload")
        try:
            # Whoever hangs up leaves the reload to go on, for others may wait for it too.
            done = await asyncio.shield(asyncio.wrap_future(self._reload()))
        except ConfigError as error:
            return _text(500, str(error))
        except Stopped as error:
            return _text(503, str(error))
        except Exception as error:
            log.exception("internal error in a reload", error=type(error).__name__)
            return _text(500, "internal error; the log says more")
        return _text(200, str(done))


def is_of_another_site(request: Request, external_url: str = "") -> bool:
    """Return whether a browser says that the request comes from a page of another site than the one that it goes to.

    Programs that are no browsers say nothing of the kind. Behind a proxy, the site is that of the external URL.
    Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if any(site not in _OWN_SITE for site in request.headers.getlist("sec-fetch-site")):
        return True
    origins = request.headers.getlist("origin")
    return any(not _is_own(origin, request, external_url) for origin in origins)


def _is_own(origin: str, request: Request, external_url: str) -> bool:
    theirs = site_of(origin)
    if theirs is None:
        # Such as `null`: a page that has no address.
        return False
    if external_url and theirs == site_of(external_url):
        return True
    scheme = theirs[0]
    if request.url.scheme == "https" and scheme != "https":
        return False
    # A proxy that takes TLS off leaves the Host header as the browser sent it, without a port where that is the usual.
    return theirs == site_of(f"{scheme}://{request.headers.get('host', '')}")


def site_of(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a URL; None where there is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or parts.username is not None:
        return None
    return parts.scheme, host.rstrip("."), port or _PORTS[parts.scheme]


def _text(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text.rstrip()}\n", status, headers={"Cache-Control": "no-store"})
