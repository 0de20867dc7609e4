"""The one HTTP client that every request to a vendor passes: limited, retried, bounded in time and size."""

from exporter.upstream.allow_list import AllowList, Operation
from exporter.upstream.circuit import Circuit
from exporter.upstream.client import Client, Upstream
from exporter.upstream.limiter import Limiter
from exporter.upstream.request import Authorize, Reply, Request
from exporter.upstream.retry import Retry

__all__ = [
    "AllowList",
    "Authorize",
    "Circuit",
    "Client",
    "Limiter",
    "Operation",
    "Reply",
    "Request",
    "Retry",
    "Upstream",
]
