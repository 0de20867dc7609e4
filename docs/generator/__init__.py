"""The reference pages in this folder's parent, written from the code that they describe.

``make docs`` writes them; a test fails while one of them says something else than the code.
"""

from collections.abc import Mapping

from docs.generator import alerts, calls, configuration, metrics
from exporter.providers.base import Provider

_WRITTEN = "<!-- Written from the code by `make docs`; what is changed here by hand is lost. -->\n\n"


def pages(providers: Mapping[str, Provider]) -> Mapping[str, str]:
    """Return the text of every page by the name of its file, for these types of sources."""
    written = {
        "metrics.md": metrics.page(providers),
        "configuration.md": configuration.page(providers),
        "calls.md": calls.page(providers),
        "alerts.md": alerts.page(),
    }
    return {name: f"{_WRITTEN}{text}" for name, text in written.items()}
