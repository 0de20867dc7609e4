"""Log lines on stderr, as logfmt or JSON, for the exporter and for the libraries that it runs on."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

LEVELS = ("debug", "info", "warning", "error", "critical")
FORMATS = ("logfmt", "json")


def configure(level: str, format_: str) -> None:
    """Send every log line of the process to stderr; ``level`` and ``format_`` are of the lists above."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if format_ == "json"
        else structlog.processors.LogfmtRenderer(key_order=["ts", "level", "msg"], bool_as_flag=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("msg"),
                _printable,
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # One line for each connection that a vendor broke says nothing that the failed fetch's own does not.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    # That a process has started and stopped is said in words of our own.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _printable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what is not printable: a vendor's text must not begin a line of its own or steer a terminal."""
    for key, value in event.items():
        if not isinstance(value, int | float | None):
            text = str(value)
            is_fit = text.isprintable()
            event[key] = text if is_fit else "".join(c if c.isprintable() else _escaped(c) for c in text)
    return event


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
