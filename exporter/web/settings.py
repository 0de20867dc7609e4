"""The web configuration in use: read again as soon as one of its files changes, and never taken if it is broken."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from exporter.clock import Clock
from exporter.config import Stamp, WebConfig, load_web, stamp_of, web_problem
from exporter.errors import ConfigError, Problem
from exporter.web.tls import TlsFault, files_of, renewed, server_context
from exporter.web.users import Users

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Bucket:
    """Lets one request through for each interval, and ``burst`` at once after a pause; with an interval of 0, all."""

    interval: float = 0.0
    burst: int = 0
    _level: float = 0.0
    _since: float = 0.0

    def take(self, now: float) -> bool:
        """Return whether a request may pass at this monotonic time."""
        if not self.interval:
            return True
        self._level = max(0.0, self._level - (now - self._since) / self.interval)
        self._since = now
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        return True


class Settings:
    """What a web configuration file says; all of it is used by the server's thread alone.

    Attributes:
        users: who may ask.
        bucket: how often.
    """

    def __init__(self, path: Path, tell: Callable[[Sequence[Problem]], None], clock: Clock) -> None:
        """Read the file; ``tell`` hears of what is wrong with it later, and of nothing when that is mended.

        Raises:
            ConfigError: it can't be used.
        """
        self._path = path
        self._tell = tell
        self._clock = clock
        self.users = Users(clock)
        self.bucket = Bucket()
        self._stamps: Mapping[Path, Stamp | None] = {}
        self._is_broken = False
        self._take(self._look())
        self.tls = renewed(self._context_now) if self._context else None

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every answer."""
        return self._headers

    def renew(self) -> None:
        """Look whether a file has changed, and take what is in it if it can be used."""
        if all(stamp_of(file) == stamp for file, stamp in self._stamps.items()):
            return
        try:
            config, context = self._look()
            self._refuse_switch(config)
        except ConfigError as error:
            self._tell(error.problems)
            self._is_broken = True
        else:
            self._take((config, context))
            if self._is_broken:
                self._tell(())
                self._is_broken = False
            log.info("web configuration read again", file=str(self._path))

    def check(self) -> None:
        """Look whether the files could be used as they are now, and take nothing; for any thread.

        Raises:
            ConfigError: they could not.
        """
        config = load_web(self._path)
        self._refuse_switch(config)
        if config.tls_server_config.is_on:
            self._context_of(config)

    def _look(self) -> tuple[WebConfig, ssl.SSLContext | None]:
        # The stamps come first: what changes while the files are read is read once more.
        self._stamps = {self._path: stamp_of(self._path), **{file: stamp_of(file) for file in self._stamps}}
        config = load_web(self._path)
        tls, folder = config.tls_server_config, self._path.parent
        files = [self._path, *(files_of(tls, folder) if tls.is_on else ())]
        self._stamps = {file: stamp_of(file) for file in files}
        return config, self._context_of(config) if tls.is_on else None

    def _context_of(self, config: WebConfig) -> ssl.SSLContext:
        tls = config.tls_server_config
        try:
            return server_context(tls, self._path.parent)
        except TlsFault as fault:
            problem = web_problem(self._path, f"tls_server_config.{fault.key}", str(fault))
        raise ConfigError([problem])

    def _refuse_switch(self, config: WebConfig) -> None:
        if config.tls_server_config.is_on != (self._context is not None):
            wish = "on" if config.tls_server_config.is_on else "off"
            message = f"can't switch TLS {wish} while the program runs; restart it"
            raise ConfigError([web_problem(self._path, "tls_server_config", message)])

    def _take(self, read: tuple[WebConfig, ssl.SSLContext | None]) -> None:
        config, self._context = read
        self._headers = {name: value for name, value in config.http_server_config.headers.items() if value}
        self.users.replace(config.basic_auth_users)
        rate = config.rate_limit
        if (rate.interval, rate.burst) != (self.bucket.interval, self.bucket.burst):
            self.bucket = Bucket(rate.interval, rate.burst)

    def _context_now(self) -> ssl.SSLContext:
        self.renew()
        assert self._context is not None  # noqa: S101 - TLS is never switched off while the program runs
        return self._context
