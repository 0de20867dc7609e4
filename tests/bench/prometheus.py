"""How long a real Prometheus says that its scrapes take, of the exporter and of its peers side by side."""

import json
import shutil
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.finding import Extent, Finding
from tests.bench.programs import Program, Scraper, free_port
from tests.bench.scraping import Field
from tests.e2e.waiting import eventually

_CUSTOMERS = 10_000
_INTERVAL = 10
_OURS = "exporter"


def prometheus(extent: Extent) -> Iterator[Finding]:
    """Yield scrape_duration_seconds of each."""
    customers = min(_CUSTOMERS, max(extent.sizes))
    server = shutil.which("prometheus")
    what = "scrape_duration_seconds of a real Prometheus"
    if server is None:
        yield Finding(what, customers, "", "prometheus: missing, for want of Debian's package of that name", "")
        return
    with ExitStack() as stack:
        field = Field(customers, stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = {_OURS: field.ours, **field.peers}
        file = folder / "prometheus.yml"
        file.write_text(json.dumps({"scrape_configs": [_job(*each) for each in targets.items()]}), encoding="utf-8")
        port = free_port()
        flags = (f"--config.file={file}", f"--storage.tsdb.path={folder}", f"--web.listen-address=127.0.0.1:{port}")
        stack.enter_context(Program([server, *flags, "--log.level=error"], port=port))
        time.sleep(extent.seconds)
        took = eventually(partial(_took, port, len(targets)), 30 * _INTERVAL)
    for peer in field.peers:
        ratio = f"{took[peer] / took[_OURS]:.1f} × less"
        yield Finding(what, customers, f"{took[_OURS]:.3f} s", f"{peer}: {took[peer]:.3f} s", ratio)


def _job(name: str, scraper: Scraper) -> Mapping[str, Any]:
    return {
        "job_name": name,
        "metrics_path": scraper.path("gzip"),
        "scrape_interval": f"{_INTERVAL}s",
        "scrape_timeout": f"{_INTERVAL}s",
        "static_configs": [{"targets": [f"127.0.0.1:{scraper.program.port}"]}],
    }


def _took(port: int, jobs: int) -> Mapping[str, float]:
    """Return the shortest of each job, since the first has to make its series; nothing until all had several."""
    expression = "min_over_time(scrape_duration_seconds[1h]) and count_over_time(scrape_duration_seconds[1h]) >= 3"
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=60) as reply:
        found = json.load(reply)["data"]["result"]
    return {each["metric"]["job"]: float(each["value"][1]) for each in found} if len(found) == jobs else {}
