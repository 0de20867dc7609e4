"""The exporter's own metrics, written as prometheus_client writes them at a fifth of its cost.

They are written anew for each scrape and would be most of what it costs, since prometheus_client weighs each letter.
"""

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import Metric
from prometheus_client.utils import floatToGoString

from exporter.exposition.text import Format, heading
from exporter.exposition.values import escape


def own_lines(metrics: Iterable[Metric], format_: Format) -> bytes:
    """Return the page of these metrics: counters, gauges and histograms, without exemplars or creation times."""
    lines: list[str] = []
    for metric in metrics:
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        lines.append(heading(name, metric.type, metric.documentation, format_))
        lines += [
            f"{_start(sample.name, tuple(sample.labels.items()))} {floatToGoString(sample.value)}\n"
            for sample in metric.samples
        ]
    if format_ is Format.OPENMETRICS:
        lines.append("# EOF\n")
    return "".join(lines).encode()


# Names and labels are those of few sources and collectors, and the same at each scrape.
@lru_cache(16_384)
def _start(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    pairs = ",".join(f'{key}="{escape(value)}"' for key, value in sorted(labels))
    return f"{name}{{{pairs}}}" if pairs else name
