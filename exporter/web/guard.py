"""What stands before all pages: users, the limit on requests, and headers of every answer."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.clock import Clock
from exporter.web.settings import Settings
from exporter.web.users import Busy


class Guard:
    """Lets a request through to the pages if the web configuration has nothing against it."""

    def __init__(self, pages: ASGIApp, settings: Settings, clock: Clock) -> None:
        """Stand before these pages."""
        self._pages = pages
        self._settings = settings
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, by the configuration of this moment."""
        self._settings.renew()
        headers = self._settings.headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        answer = await self._refusal(scope) or self._pages
        await answer(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope) -> Response | None:
        settings, headers = self._settings, Headers(scope=scope)
        if not settings.bucket.take(self._clock.monotonic()):
            return _refuse(429, "too many requests", {"Retry-After": "1"})
        if not settings.users:
            return None
        try:
            is_known = await settings.users.admit(headers.get("authorization", ""), network_of(scope))
        except Busy:
            return _refuse(503, "too many passwords wait to be checked", {"Retry-After": "1"})
        challenge = {"WWW-Authenticate": 'Basic realm="email-stats-exporter", charset="UTF-8"'}
        return None if is_known else _refuse(401, "user and password are needed", challenge)


def network_of(scope: Scope) -> str:
    """Return where a request comes from: an IPv4 address, or the network of an IPv6 one, as one client has many."""
    host, _ = scope.get("client") or ("", 0)
    try:
        address = ip_address(host)
    except ValueError:
        # Such as a socket in the file system.
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False))


def _refuse(status: int, words: str, headers: dict[str, str]) -> Response:
    return PlainTextResponse(f"{status} {words}\n", status, headers={"Cache-Control": "no-store", **headers})
