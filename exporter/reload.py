"""The reload: reads the whole configuration anew on request, one request after the other."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import structlog

from exporter.app import App
from exporter.config import Config
from exporter.errors import ConfigError, Problem, Stopped
from exporter.memory import without_garbage_collection
from exporter.succession import Outcome, Succession

log = structlog.get_logger(__name__)


def _nothing() -> None:
    """Do nothing."""


class Reloads:
    """Reloads on a thread of its own, so that whoever asks, scrapes or waits for a vendor is kept from nothing.

    Attributes:
        check: raises a ``ConfigError`` if something else of the configuration is broken that is read on its own.
        began, ended: told before each reload, and after it, however it went.
    """

    def __init__(self, app: App, load: Callable[[], Config], file: Path) -> None:
        """Reload what ``load`` returns, as if it stood in this file; it raises a ``ConfigError`` for mistakes."""
        self.check: Callable[[], None] = _nothing
        self.began: Callable[[], None] = _nothing
        self.ended: Callable[[], None] = _nothing
        self._app = app
        self._load = load
        self._file = file
        self._lock = threading.Lock()
        self._next: Future[Outcome] | None = None
        self._is_working = False

    def ask(self) -> Future[Outcome]:
        """Begin a reload; who asks while one is under way shares the next, since files may have changed meanwhile.

        The outcome may be a ``ConfigError``: then nothing has changed.
        """
        with self._lock:
            if self._next is None:
                self._next = Future()
                # Nobody who has lost interest can cancel it for others.
                self._next.set_running_or_notify_cancel()
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, name="reload", daemon=True).start()
            return self._next

    def _work(self) -> None:
        while (future := self._take()) is not None:
            try:
                future.set_result(self._reload())
            except Stopped as error:
                future.set_exception(error)
            except ConfigError as error:
                self._app.tell("reload", error.problems)
                log.warning("configuration not reloaded", problems=len(error.problems))
                future.set_exception(error)
            except Exception as error:
                log.exception("internal error in a reload", error=type(error).__name__)
                self._app.tell("reload", [Problem(str(self._file), None, "", "internal error; the log says more")])
                future.set_exception(error)

    def _take(self) -> Future[Outcome] | None:
        with self._lock:
            future, self._next = self._next, None
            self._is_working = future is not None
            return future

    def _reload(self) -> Outcome:
        if self._app.stopping.is_set():
            raise Stopped("the program is stopping")
        self.began()
        try:
            with self._app.changing, without_garbage_collection():
                outcome = self._prepared().apply()
        finally:
            self.ended()
        # What was wrong before has been read anew.
        self._app.tell("files", ())
        self._app.tell("reload", ())
        self._report(outcome)
        return outcome

    def _prepared(self) -> Succession:
        problems: list[Problem] = []
        succession: Succession | None = None
        try:
            self.check()
        except ConfigError as error:
            problems += error.problems
        try:
            config = self._load()
            if not problems:
                succession = Succession(self._app, config, self._file)
        except ConfigError as error:
            problems = [*error.problems, *problems]
        if succession is None or problems:
            raise ConfigError(problems)
        return succession

    def _report(self, outcome: Outcome) -> None:
        for warning in self._app.config.warnings:
            log.warning("configuration", problem=str(warning))
        log.info(
            "configuration reloaded",
            sources_added=",".join(outcome.added),
            sources_changed=",".join(outcome.changed),
            sources_removed=",".join(outcome.removed),
            customers_joined=outcome.joined,
            customers_left=outcome.left,
        )
