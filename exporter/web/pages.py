"""Paths and what they answer: the page of metrics, the status page and the probes' questions."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from exporter.errors import UnknownName
from exporter.exposition import Excerpt, Exposition, accepts_gzip, choose_media
from exporter.web.config_page import ConfigPage
from exporter.web.lifecycle import Lifecycle
from exporter.web.status import Query, Report, StatusAnswers, Surroundings
from exporter.web.targets import host_of, targets, way_of


@dataclass(frozen=True, slots=True)
class View:
    """What the pages may ask the program.

    Attributes:
        exposition: renders the metrics.
        status: reports how everything is, as far as it is asked for.
        ailments: tells in words what is wrong with the program itself; nothing, if it is healthy.
        is_ready: whether every fetch has been tried once.
        telemetry_path: where the metrics are, below the prefix.
        prefix: what all paths begin with, such as ``/mail``; empty for none.
        customers: gives the name of each customer, after its source's.
        config: gives the configuration in use, as text without secrets.
        reload: begins a reload, and gives what becomes of it; None where nobody may ask for one.
        external_url: where browsers find the pages, if not under the name by which they ask.
    """

    exposition: Exposition
    status: Callable[[Query], Report]
    ailments: Callable[[], Iterable[str]]
    is_ready: Callable[[], bool]
    telemetry_path: str = "/metrics"
    prefix: str = ""
    customers: Callable[[], Iterable[tuple[str, str]]] = tuple
    config: Callable[[], str] = str
    reload: Callable[[], Future[Any]] | None = None
    external_url: str = ""


def pages(view: View) -> Starlette:
    """Return the web application; GET and HEAD are all it takes, but for a reload."""
    answers = _Answers(view)
    surroundings = Surroundings(_prefix_of_links(view), view.telemetry_path)
    status = StatusAnswers(view.status, surroundings)
    paths: Mapping[str, Callable[[Request], Any]] = {
        view.telemetry_path: answers.metrics,
        "/": status.page,
        "/api/v1/status": status.document,
        "/-/healthy": answers.healthy,
        "/-/ready": answers.ready,
        "/sd": answers.targets,
        "/config": ConfigPage(view.config).answer,
    }
    surroundings.paths.extend(paths)
    routes = [Route(f"{view.prefix}{path}", answer) for path, answer in paths.items()]
    routes.append(Lifecycle(view.reload, view.external_url).route(f"{view.prefix}/-/reload"))
    if view.prefix:
        routes += [Route("/", answers.home), Route(view.prefix, answers.home)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    # A path with one slash too many is another path; starlette's redirect would repeat the client's Host header.
    app.router.redirect_slashes = False
    return app


def _prefix_of_links(view: View) -> str:
    outside = urlsplit(view.external_url).path.rstrip("/") if view.external_url else view.prefix
    # A proxy that takes a prefix off, or puts one on, leaves two of them; what is beside the page is so in both.
    return view.prefix if outside == view.prefix else "."


class _Answers:
    """What each path answers; plain functions run on threads, so that a large page never keeps a probe waiting."""

    def __init__(self, view: View) -> None:
        self._view = view

    def metrics(self, request: Request) -> Response:
        media = choose_media(request.headers.getlist("accept"))
        is_compressed = accepts_gzip(request.headers.getlist("accept-encoding"))
        headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
        if is_compressed:
            headers["Content-Encoding"] = "gzip"
        names = request.query_params
        excerpt = Excerpt(frozenset(names.getlist("source")), frozenset(names.getlist("customer")))
        try:
            page = self._view.exposition.page(media.format, is_compressed=is_compressed, excerpt=excerpt)
        except UnknownName as error:
            raise HTTPException(404, str(error)) from None
        headers["Content-Length"] = str(page.length)
        pieces: Iterable[bytes] = () if request.method == "HEAD" else page.pieces()
        # What has to be inflated first is made on threads, piece by piece; all else only has to be sent.
        kind = StreamingResponse if page.blocks else _PiecesResponse
        return kind(pieces, media_type=media.content_type, headers=headers)

    async def healthy(self, _: Request) -> Response:
        ailments = list(self._view.ailments())
        return _answer(not ailments, "the poller moves", "\n".join(ailments))

    async def ready(self, _: Request) -> Response:
        return _answer(self._view.is_ready(), "every fetch has been tried", "some fetches have not been tried once yet")

    def targets(self, request: Request) -> Response:
        host = host_of(request)
        if host is None:
            raise HTTPException(400, "the Host header names no address at which Prometheus could scrape")
        scheme, prefix = way_of(request, host, self._view.prefix, self._view.external_url)
        path = f"{prefix}{self._view.telemetry_path}"
        labels = {"__scheme__": "https"} if scheme == "https" else {}
        labels |= {"__metrics_path__": path} if path != "/metrics" else {}
        return JSONResponse(targets(self._view.customers(), host, labels), headers={"Cache-Control": "no-store"})

    async def home(self, _: Request) -> Response:
        # A path alone: a whole address would repeat the Host header that a client made up.
        return RedirectResponse(f"{self._view.prefix}/", 302)


class _PiecesResponse(Response):
    """An answer that is in memory, sent piece by piece and never put together."""

    def __init__(self, pieces: Iterable[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(media_type=media_type, headers=headers)
        self._pieces = pieces

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _answer(is_good: bool, good: str, bad: str) -> Response:  # noqa: FBT001 - a plain choice between two texts
    headers = {"Cache-Control": "no-store"}
    return PlainTextResponse(f"{good if is_good else bad}\n", status_code=200 if is_good else 503, headers=headers)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the only kind that this handles
    # Some words come from the client: no browser may guess that they are markup.
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(error.headers or {})}
    return PlainTextResponse(f"{error.status_code} {error.detail}\n", error.status_code, headers=headers)
