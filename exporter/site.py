"""The web side of a running program: its pages, what protects them, and the sockets that they are served on."""

import argparse
import socket
from collections.abc import Sequence
from functools import partial

import structlog

from exporter.app import App
from exporter.config.redaction import redacted
from exporter.flags import DEFAULT_ADDRESS, prefix_of
from exporter.overview import Overview
from exporter.reload import Reloads
from exporter.web import Address, Guard, Server, Settings, View, handed_over, listen, pages

log = structlog.get_logger(__name__)


class Site:
    """Pages on sockets, served from ``start`` until ``stop``."""

    def __init__(self, app: App, options: argparse.Namespace, reloads: Reloads) -> None:
        """Open what the flags name, and serve nothing yet.

        Raises:
            ConfigError: the web configuration can't be used.
            StartError: an address can't be listened on.
        """
        file = options.web_config_file
        self._settings = Settings(file, partial(app.tell, "web"), app.clock) if file else None
        if self._settings:
            reloads.check = self._settings.check
        self._reload = reloads.ask if options.enable_lifecycle else None
        self._path: str = options.telemetry_path
        self._prefix = prefix_of(options)
        self._external_url: str = options.external_url or ""
        self._sockets = _sockets(options)
        self._server = self._new_server(app)

    def start(self) -> None:
        """Begin to answer, and say in the log where."""
        self._server.start()
        for each in self._sockets:
            log.info("listening", address=_name(each), telemetry_path=f"{self._prefix}{self._path}")

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()

    @property
    def addresses(self) -> Sequence[str]:
        """Where a browser on this machine finds the status page, without a slash at the end."""
        if self._external_url:
            return [self._external_url]
        scheme = "https" if self._settings and self._settings.tls else "http"
        ports = [each.getsockname()[1] for each in self._sockets if each.family != socket.AF_UNIX]
        return [f"{scheme}://localhost:{port}{self._prefix}" for port in ports]

    @property
    def telemetry_path(self) -> str:
        """Where the metrics are, below the prefix."""
        return self._path

    def _new_server(self, app: App) -> Server:
        view = View(
            exposition=app.exposition,
            status=Overview(app).report,
            ailments=lambda: app.ailments,
            is_ready=app.is_ready,
            telemetry_path=self._path,
            prefix=self._prefix,
            customers=app.store.customers,
            config=lambda: redacted(app.config),
            reload=self._reload,
            external_url=self._external_url,
        )
        site, settings = pages(view), self._settings
        if settings is None:
            return Server(site, self._sockets, app.stopping.set)
        return Server(Guard(site, settings, app.clock), self._sockets, app.stopping.set, settings.tls)


def _sockets(options: argparse.Namespace) -> Sequence[socket.socket]:
    if options.systemd_socket:
        return handed_over()
    return [listen(address) for address in options.listen_addresses or [DEFAULT_ADDRESS]]


def _name(listener: socket.socket) -> str:
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return str(Address(host, port))
