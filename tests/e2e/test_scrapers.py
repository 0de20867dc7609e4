"""Programs that scrape the exporter: each gets every value of the page, and has nothing to complain about."""

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import Exporter, Program, Prometheus, Series, Values, free_port
from tests.e2e.relay import Relay
from tests.e2e.trixie import NotToBeHad, newer_prometheus

pytestmark = pytest.mark.e2e

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
# Seconds; time to compare a page before the next one comes.
INTERVAL = 5


@dataclass(frozen=True, eq=False)
class Job:
    """A scrape job, and what it gets."""

    name: str
    content_type: str
    encoding: str | None
    options: Mapping[str, Any] = field(default_factory=dict)

    def configured(self, port: int) -> Mapping[str, Any]:
        """Return it as a scraper takes it."""
        targets = [{"targets": [f"127.0.0.1:{port}"]}]
        every = {"scrape_interval": f"{INTERVAL}s", "honor_labels": True}
        return {"job_name": self.name, "static_configs": targets, **every, **self.options}


class VictoriaMetrics(Prometheus):
    """A real VictoriaMetrics, which reads Prometheus' configuration and answers its queries."""

    def __init__(self, folder: Path, own_port: int, jobs: Sequence[Mapping[str, Any]]) -> None:
        """Start it; its data goes into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": jobs}), encoding="utf-8")
        self._api = f"http://127.0.0.1:{own_port}/api/v1"
        command = [
            "victoria-metrics",
            f"-promscrape.config={folder / 'prometheus.yml'}",
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{own_port}",
            "-search.latencyOffset=1ms",
        ]
        Program.__init__(self, command, folder)


@pytest.fixture(scope="module")
def exporter(shell) -> Exporter:
    """Run the demo, with every type of source and hundreds of series."""
    return shell.serve("demo")


@pytest.fixture
def programs() -> Iterator[ExitStack]:
    with ExitStack() as programs:
        yield programs


@pytest.fixture
def new_relay(exporter, programs, tmp_path) -> Callable[[str], Relay]:
    return lambda name: programs.enter_context(Relay(tmp_path / "relays" / name, exporter.port))


@pytest.fixture(scope="session")
def newer() -> Sequence[str]:
    """Give what starts the Prometheus of a newer Debian, where that can be fetched; no package of this one has it."""
    try:
        return newer_prometheus(Path(__file__).parents[2] / ".cache")
    except NotToBeHad as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def victoria() -> None:
    """See to it that it is there: where CI=true it must be."""
    if shutil.which("victoria-metrics") is None:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("not installed: victoria-metrics; on Debian: apt-get install victoria-metrics, or make servers")


def see_every_value_of_the_page(scraper: Prometheus, relays: Mapping[Job, Relay]) -> None:
    """Wait until each job shows the page that it got last, and nothing else."""
    for job, relay in relays.items():
        scraper.eventually(partial(shows_the_page, scraper, job, relay))


def shows_the_page(scraper: Prometheus, job: Job, relay: Relay) -> bool:
    page, mine = relay.last, f'job="{job.name}"'
    shown = scraper.query(f'{{{mine},__name__!~"up|scrape_.+"}}')
    up, count = scraper.scalar(f"up{{{mine}}}"), scraper.scalar(f"scrape_samples_scraped{{{mine}}}")
    assert page is not None
    assert (page.content_type, page.encoding) == (job.content_type, job.encoding)
    values = page.values()
    assert len(values) > 1_000
    # VictoriaMetrics keeps numbers in tenths, and so not the last of their digits.
    tolerance = 1e-11 if isinstance(scraper, VictoriaMetrics) else 0
    assert not unlike(shown, values, tolerance)
    assert (up, count) == (1, len(values))
    return True


def unlike(shown: Values, expected: Values, tolerance: float) -> Mapping[Series, tuple[float, float]]:
    """Return what each has of the series in which they differ, NaN for nothing.

    Comparing the mappings themselves takes pytest up to minutes while they differ: where CI=true, it tells how to make
    one of the other, line by line. They often differ for a moment, since a page is relayed before it is shown.
    """
    pairs = {each: (shown.get(each, math.nan), expected.get(each, math.nan)) for each in {*shown, *expected}}
    return {each: pair for each, pair in pairs.items() if not math.isclose(*pair, rel_tol=tolerance)}


def relayed(jobs: Sequence[Job], new_relay: Callable[[str], Relay]) -> Mapping[Job, Relay]:
    return {job: new_relay(job.name) for job in jobs}


def configured(relays: Mapping[Job, Relay]) -> Sequence[Mapping[str, Any]]:
    return [job.configured(relay.port) for job, relay in relays.items()]


def prometheus(command: Sequence[str], folder: Path, relays: Mapping[Job, Relay]) -> Prometheus:
    own_port = free_port()
    return Prometheus(folder, own_port, own_port, jobs=configured(relays), program=[*command, "--log.level=debug"])


# Protobuf, if the server is told to want it, is not ours to give; what it asks for next is.
@pytest.mark.parametrize("arguments", [[], ["--enable-feature=native-histograms"]])
def test_prometheus_2_42(servers, programs, new_relay, tmp_path, arguments):
    relays = relayed([Job("unasked", OPENMETRICS, "gzip")], new_relay)
    scraper = programs.enter_context(prometheus(["prometheus", *arguments], tmp_path, relays))
    see_every_value_of_the_page(scraper, relays)

    assert complaints(scraper) == []


def test_prometheus_2_53(newer, programs, new_relay, tmp_path):
    jobs = [
        Job("unasked", OPENMETRICS, "gzip"),
        Job("text", TEXT, "gzip", {"scrape_protocols": ["PrometheusText0.0.4"]}),
        Job("plain", OPENMETRICS, None, {"enable_compression": False}),
        Job("old", OPENMETRICS_0, "gzip", {"scrape_protocols": ["OpenMetricsText0.0.1"]}),
    ]
    relays = relayed(jobs, new_relay)
    scraper = programs.enter_context(prometheus(newer, tmp_path, relays))
    see_every_value_of_the_page(scraper, relays)

    assert "version=2.53" in scraper.stderr
    assert complaints(scraper) == []


@pytest.mark.usefixtures("victoria")
def test_victoria_metrics(programs, new_relay, tmp_path):
    jobs = [Job("unasked", TEXT, "gzip"), Job("plain", TEXT, None, {"disable_compression": True})]
    relays = relayed(jobs, new_relay)
    scraper = programs.enter_context(VictoriaMetrics(tmp_path, free_port(), configured(relays)))
    see_every_value_of_the_page(scraper, relays)

    assert [line for line in scraper.stderr.splitlines() if "\twarn\t" in line or "\terror\t" in line] == []


def complaints(prometheus: Prometheus) -> Sequence[str]:
    """Return its warnings, and what it says at level debug of scrapes that fail."""
    return [
        line
        for line in prometheus.stderr.splitlines()
        if "level=warn" in line or "level=error" in line or ('component="scrape manager"' in line and "err=" in line)
    ]
