"""The HTTP server: uvicorn on sockets that already listen, in a thread of its own."""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog
import uvicorn
from starlette.types import ASGIApp

from exporter.web.protocol import Bounds, Connection

log = structlog.get_logger(__name__)

_STOP_WITHIN = 2
DEFAULT_BOUNDS = Bounds()


class Server:
    """Answers requests from ``start`` until ``stop``."""

    def __init__(
        self,
        app: ASGIApp,
        sockets: Sequence[socket.socket],
        died: Callable[[], None],
        tls: ssl.SSLContext | None = None,
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        """Prepare to serve ``app``; ``died`` is called if the server ends without having been told to."""
        config = uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            http=partial(Connection, bounds=bounds),  # type: ignore[arg-type]  # called as a class is
            ws="none",
            limit_concurrency=bounds.connections,
            ssl_context_factory=(lambda _config, _default: tls) if tls else None,
            timeout_graceful_shutdown=_STOP_WITHIN,
        )
        self._sockets = list(sockets)
        self._server = uvicorn.Server(config)
        self._died = died
        self._is_stopped = False
        # Outside the main thread uvicorn leaves the signals alone, which are the program's own to handle.
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; a client that is slow to take its answer is cut off after two seconds."""
        self._is_stopped = True
        self._server.should_exit = True
        self._thread.join(_STOP_WITHIN + 1)

    def _run(self) -> None:
        try:
            self._server.run(sockets=self._sockets)
        except Exception as error:  # noqa: BLE001 - whatever ended it, the process must say so and end
            log.critical("the web server died", error=f"{type(error).__name__}: {error}")
        finally:
            if not self._is_stopped:
                self._died()
