"""A target for each customer, for Prometheus' HTTP service discovery: one scrape job with many small scrapes.

Source: https://prometheus.io/docs/prometheus/latest/http_sd/
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from exporter.web.lifecycle import site_of

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


def targets(customers: Iterable[tuple[str, str]], host: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a target group for each pair of a source and a customer.

    Args:
        customers: names of sources and customers.
        host: where Prometheus reaches this exporter, with the port.
        labels: of every group, such as ``__scheme__``.
    """
    return [
        {
            "targets": [host],
            "labels": {
                "__param_source": source,
                "__param_customer": customer,
                # Without it, Prometheus would take all of them for one: they differ in nothing else that it keeps.
                "instance": f"{source}/{customer}",
                **labels,
            },
        }
        for source, customer in customers
    ]


def host_of(request: Request) -> str | None:
    """Return the address at which the client found us, which it will find us at again; None where it told none."""
    host = request.headers.get("host", "")
    return host if _HOST.fullmatch(host) else None


def way_of(request: Request, host: str, prefix: str, external_url: str) -> tuple[str, str]:
    """Return the scheme and the prefix of paths by which the client found us.

    Args:
        request: what it asked.
        host: the address at which it asked.
        prefix: what paths begin with as they arrive here.
        external_url: where a proxy shows the pages; of who came by that, it says more than what arrives here.
    """
    outside = urlsplit(external_url)
    if external_url and site_of(f"{outside.scheme}://{host}") == site_of(external_url):
        return outside.scheme, outside.path.rstrip("/")
    return request.url.scheme, prefix
