"""The example of a Prometheus configuration: it is taken, it finds the rules, and it stands two replicas."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.catalogue import ROOT
from tests.e2e.programs import Prometheus, free_port, series
from tests.e2e.waiting import eventually

FILE = ROOT / "deploy/prometheus/prometheus.yml"
CONFIGURATION = yaml.safe_load(FILE.read_text(encoding="utf-8"))
[JOB] = [job for job in CONFIGURATION["scrape_configs"] if job["job_name"] == "email-stats-exporter"]
RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
PAGE = """\
# TYPE sendgrid_requests_total counter
sendgrid_requests_total{{source="acme",customer="a"}} {requests}
# TYPE email_stats_exporter_build_info gauge
email_stats_exporter_build_info{{version="0.1.0",revision="",python_version="3.11.2"}} 1
"""


@pytest.fixture(scope="module")
def servers() -> None:
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if missing:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain(f"not installed: {', '.join(missing)}; on Debian: apt-get install prometheus, or make servers")


def test_prometheus_takes_the_example_with_all_rules(servers):
    result = subprocess.run(["promtool", "check", "config", str(FILE)], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert f"SUCCESS: {len(RULES)} rule files found" in result.stdout


def test_prometheus_takes_what_the_comments_tell_single_targets_to_add(servers, tmp_path):
    commented = re.compile(r"^    # (metric_relabel_configs:| {2}- source_labels| {4}\w+: )", re.MULTILINE)
    text = commented.sub(r"    \1", FILE.read_text(encoding="utf-8")).replace("rules/", f"{RULES[0].parent}/")
    (tmp_path / "prometheus.yml").write_text(text, encoding="utf-8")
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    [job, _] = yaml.safe_load(text)["scrape_configs"]
    assert [each["target_label"] for each in job["metric_relabel_configs"]] == ["instance", "pod"]
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_label_is_taken_from_what_two_replicas_show(servers):
    """Their counters would go up and down in one series, and each fall would count as a restart."""
    assert "metric_relabel_configs" not in JOB
    assert JOB["honor_labels"] is True


@pytest.mark.e2e
def test_two_replicas_of_which_one_polled_earlier_neither_double_nor_reset_a_counter(servers, tmp_path):
    with ExitStack() as stack:
        replicas = [stack.enter_context(replica(requests)) for requests in (1_000_000, 1_000_007)]
        prometheus = stack.enter_context(scraping(replicas, JOB, tmp_path))
        # Each of them has been scraped often enough to fall by turns, were it one series.
        eventually(lambda: min(each.scrapes for each in replicas) >= 4)
        for each in replicas:
            each.requests += 10
        both = "count(sendgrid_requests_total >= 1000010)"
        eventually(lambda: prometheus.scalar(both) == 2)

        # The label is the exporter's, though the targets have one of this name.
        assert prometheus.query("max by (source, customer) (sendgrid_requests_total)") == {
            series("", source="acme", customer="a"): 1_000_017
        }
        assert prometheus.scalar("max(resets(sendgrid_requests_total[1m]))") == 0
        assert 10 <= (prometheus.scalar("max by (source, customer) (increase(sendgrid_requests_total[1m]))") or 0) < 100


@pytest.mark.e2e
def test_a_label_that_is_taken_away_lets_replicas_write_into_one_series(servers, tmp_path):
    """What the comments of the example warn of, seen on a real Prometheus."""
    rule = {"source_labels": ["__name__"], "regex": "sendgrid_.+", "target_label": "instance", "replacement": ""}
    with ExitStack() as stack:
        replicas = [stack.enter_context(replica(requests)) for requests in (1_000_000, 1_000_007)]
        prometheus = stack.enter_context(scraping(replicas, {**JOB, "metric_relabel_configs": [rule]}, tmp_path))

        eventually(lambda: (prometheus.scalar("resets(sendgrid_requests_total[1m])") or 0) >= 2)
        assert (prometheus.scalar("increase(sendgrid_requests_total[1m])") or 0) > 1_000_000


@dataclass(slots=True)
class Replica:
    """An exporter as Prometheus sees it.

    Attributes:
        port: where it listens.
        requests: what it says that a customer has sent.
        scrapes: how often it was asked.
    """

    port: int
    requests: int
    scrapes: int = 0


@contextmanager
def replica(requests: int) -> Iterator[Replica]:
    """Serve a page of metrics with so many requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.scrapes += 1
            body = PAGE.format(requests=shown.requests).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shown = Replica(server.server_port, requests)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield shown
        server.shutdown()


@contextmanager
def scraping(replicas: list[Replica], job: Mapping[str, Any], folder: Path) -> Iterator[Prometheus]:
    """Start a Prometheus with a scrape job, but that it scrapes these, which have a label `customer`, each second."""
    targets = {"targets": [f"127.0.0.1:{each.port}" for each in replicas], "labels": {"customer": "not ours"}}
    quick = {**job, "static_configs": [targets], "scrape_interval": "1s", "scrape_timeout": "1s"}
    with Prometheus(folder, 0, free_port(), scrape=quick, rules=RULES) as prometheus:
        yield prometheus
