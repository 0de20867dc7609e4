"""Paths and what they answer: the page of metrics, the status page and the probes' questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from exporter.errors import UnknownName
from exporter.exposition import Excerpt, Exposition, accepts_gzip, choose_format

# Pages that are longer are sent in pieces, so that no more than one is in memory beside what is kept anyway.
_AT_ONCE = 4 * 1024 * 1024
_HTML_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class View:
    """What the pages may ask the program.

    Attributes:
        exposition: renders the metrics.
        status: gives the status page's text, by source.
        is_healthy: whether polling goes on.
        is_ready: whether every fetch has been tried once.
        telemetry_path: where the metrics are, below the prefix.
        prefix: what all paths begin with, such as ``/mail``; empty for none.
    """

    exposition: Exposition
    status: Callable[[], str]
    is_healthy: Callable[[], bool]
    is_ready: Callable[[], bool]
    telemetry_path: str = "/metrics"
    prefix: str = ""


def pages(view: View) -> Starlette:
    """Return the web application; GET and HEAD are all it takes."""

    # These are plain functions, so that rendering a large page never keeps a probe waiting.
    def metrics(request: Request) -> Response:
        format_ = choose_format(request.headers.get("accept", ""))
        is_compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
        headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
        if is_compressed:
            headers["Content-Encoding"] = "gzip"
        names = request.query_params
        excerpt = Excerpt(frozenset(names.getlist("source")), frozenset(names.getlist("customer")))
        try:
            page = view.exposition.page(format_, is_compressed=is_compressed, excerpt=excerpt)
        except UnknownName as error:
            raise HTTPException(404, str(error)) from None
        if page.length <= _AT_ONCE:
            return Response(page.whole(), media_type=format_.value, headers=headers)
        headers["Content-Length"] = str(page.length)
        pieces = () if request.method == "HEAD" else page.pieces()
        return StreamingResponse(pieces, media_type=format_.value, headers=headers)

    def status(_: Request) -> Response:
        return HTMLResponse(view.status(), headers=_HTML_HEADERS)

    async def healthy(_: Request) -> Response:
        return _answer(view.is_healthy(), "the poller moves", "the poller has not moved for a minute")

    async def ready(_: Request) -> Response:
        return _answer(view.is_ready(), "every fetch has been tried", "some fetches have not been tried once yet")

    async def home(_: Request) -> Response:
        # A path alone: a whole address would repeat the Host header that a client made up.
        return RedirectResponse(f"{view.prefix}/", 302)

    paths: Mapping[str, Callable[[Request], Any]] = {
        view.telemetry_path: metrics,
        "/": status,
        "/-/healthy": healthy,
        "/-/ready": ready,
    }
    routes = [Route(f"{view.prefix}{path}", answer) for path, answer in paths.items()]
    if view.prefix:
        routes += [Route("/", home), Route(view.prefix, home)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    # A path with one slash too many is another path; starlette's redirect would repeat the client's Host header.
    app.router.redirect_slashes = False
    return app


def _answer(is_good: bool, good: str, bad: str) -> Response:  # noqa: FBT001 - a plain choice between two texts
    headers = {"Cache-Control": "no-store"}
    return PlainTextResponse(f"{good if is_good else bad}\n", status_code=200 if is_good else 503, headers=headers)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the only kind that this handles
    return PlainTextResponse(f"{error.status_code} {error.detail}\n", error.status_code, headers=error.headers)
