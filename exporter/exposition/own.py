"""The exporter's own metrics, written as prometheus_client writes them at a fifth of its cost.

Most stand still from one scrape to the next, and are written once. Even so the rest would be most of what a scrape
costs, since prometheus_client weighs each letter.
"""

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import Metric
from prometheus_client.utils import floatToGoString

from exporter.exposition.text import Format, heading
from exporter.exposition.values import escape


class OwnLines:
    """Writes the exporter's own metrics, and keeps what was written of those that come again."""

    def __init__(self) -> None:
        """Begin without any."""
        self._kept: dict[Format, dict[int, tuple[Metric, str]]] = {}

    def page(self, metrics: Iterable[Metric], format_: Format) -> bytes:
        """Return the page of these metrics: counters, gauges and histograms, without exemplars or creation times."""
        before, now = self._kept.get(format_, {}), {}
        for metric in metrics:
            # Nobody else has the number of a metric for as long as it is kept.
            now[id(metric)] = before.get(id(metric)) or (metric, _lines(metric, format_))
        self._kept[format_] = now
        ending = "# EOF\n" if format_ is Format.OPENMETRICS else ""
        return "".join([*(text for _, text in now.values()), ending]).encode()


def _lines(metric: Metric, format_: Format) -> str:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    samples = [
        f"{_start(sample.name, tuple(sample.labels.items()))} {floatToGoString(sample.value)}\n"
        for sample in metric.samples
    ]
    return "".join([heading(name, metric.type, metric.documentation, format_), *samples])


# Names and labels are those of few sources and collectors, and the same at each scrape.
@lru_cache(16_384)
def _start(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    pairs = ",".join(f'{key}="{escape(value)}"' for key, value in sorted(labels))
    return f"{name}{{{pairs}}}" if pairs else name
