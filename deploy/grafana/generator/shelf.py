"""The dashboards that there are, as the files that Grafana reads."""

import json
from collections.abc import Callable, Mapping

from deploy.grafana.generator import bento, customer, exporter, overview
from deploy.grafana.generator.colours import Json

DASHBOARDS: Mapping[str, Callable[[], Json]] = {
    "overview": overview.dashboard,
    "customer": customer.dashboard,
    "bento": bento.dashboard,
    "exporter": exporter.dashboard,
}


def files() -> Mapping[str, str]:
    """Return the text of every dashboard by the name of its file."""
    return {
        f"{name}.json": json.dumps(build(), indent=2, ensure_ascii=False) + "\n" for name, build in DASHBOARDS.items()
    }
