"""The two answers: the page for people, and its JSON for programs."""

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exporter.errors import BadQuery
from exporter.web.status.document import document, refusal
from exporter.web.status.page import HEADERS, Surroundings, render
from exporter.web.status.query import Query
from exporter.web.status.report import Report

# Of a large account each takes some tenths of a second of work, so that a crowd of watchers must not
# take all the threads that scrapes are answered on.
_AT_ONCE = 2
_JSON_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class StatusAnswers:
    """Answers with the report of a query, in one form or the other; a few at a time, the others wait."""

    def __init__(self, report: Callable[[Query], Report], surroundings: Surroundings) -> None:
        """Ask nothing yet."""
        self._report = report
        self._surroundings = surroundings
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def page(self, request: Request) -> Response:
        """Answer with HTML."""
        try:
            html = await self._made(request, lambda report: render(report, self._surroundings))
        except BadQuery as error:
            raise HTTPException(400, str(error)) from None
        return HTMLResponse(html, headers=HEADERS)

    async def document(self, request: Request) -> Response:
        """Answer with JSON."""
        try:
            text, status = await self._made(request, document), 200
        except BadQuery as error:
            text, status = refusal(str(error)), 400
        return Response(text, status, media_type="application/json", headers=_JSON_HEADERS)

    async def _made(self, request: Request, form: Callable[[Report], str]) -> str:
        query = Query.read(request.query_params.multi_items())
        async with self._turn:
            return await run_in_threadpool(lambda: form(self._report(query)))
