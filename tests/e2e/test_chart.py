"""What the chart tells Prometheus Operator does its work in a real Prometheus, and its test knows an exporter."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme

from tests.deploy.chart_tools import only, template
from tests.e2e.programs import Exporter, Prometheus, free_port
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

VENDORS = '{__name__=~"(sendgrid|bento)_.+"}'
OWN = '{__name__=~"(email_stats_exporter|process|python)_.+"}'
# Labels that Prometheus Operator gives to the targets of a ServiceMonitor.
OF_TARGETS = frozenset({"job", "namespace", "service", "pod", "instance", "endpoint", "container"})


class Operated(Prometheus):
    """A Prometheus with the configuration that the operator would make of a ServiceMonitor."""

    def __init__(self, folder: Path, monitor: Mapping[str, Any], port: int, pods: Sequence[str]) -> None:
        """Start it; each pod is the same exporter."""
        super().__init__(folder, port, free_port(), scrape=scraping(monitor, port, pods))

    def labels(self, selector: str) -> set[frozenset[str]]:
        """Return the target labels that series have, once for each set of them."""
        return {OF_TARGETS.intersection(each) for each in self._get("series", **{"match[]": selector})}

    def pods(self, selector: str) -> set[str]:
        """Return the pods of series."""
        return {each.get("pod", "") for each in self._get("series", **{"match[]": selector})}


def scraping(monitor: Mapping[str, Any], port: int, pods: Sequence[str]) -> Mapping[str, Any]:
    """Return the section of a scrape, for targets as the operator labels them."""
    [endpoint] = monitor["spec"]["endpoints"]
    common = {"namespace": "mail", "service": "stats", "endpoint": "http", "container": "exporter"}
    return {
        "job_name": "stats",
        "honor_labels": endpoint["honorLabels"],
        "metrics_path": endpoint["path"],
        "scheme": endpoint["scheme"],
        "metric_relabel_configs": [
            {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key): value for key, value in each.items()}
            for each in endpoint["metricRelabelings"]
        ],
        "static_configs": [
            {"targets": [f"{host}:{port}"], "labels": {**common, "pod": pod}}
            for pod, host in zip(pods, ("127.0.0.1", "localhost"), strict=False)
        ],
    }


@pytest.fixture(scope="module")
def exporter(shell) -> Exporter:
    return shell.serve("demo")


@pytest.fixture(scope="module")
def operated(servers, stack: ExitStack, exporter, tmp_path_factory):
    """Start a Prometheus that scrapes as the chart says for so many pods."""

    def start(replicas: int) -> Operated:
        objects = template("minimal", settings={"serviceMonitor.enabled": True, "replicas": replicas})
        pods = [f"stats-{number}" for number in range(replicas)]
        folder = tmp_path_factory.mktemp("prometheus")
        return stack.enter_context(Operated(folder, only(objects, "ServiceMonitor"), exporter.port, pods))

    return start


def test_vendor_series_go_without_the_pod_s_labels_and_our_own_keep_them(operated):
    prometheus = operated(1)
    eventually(lambda: prometheus.scalar("count(sendgrid_requests_total)"))
    eventually(lambda: prometheus.scalar("count(bento_subscribers)"))

    assert prometheus.labels(VENDORS) == {frozenset({"job", "namespace", "service"})}
    assert prometheus.labels(OWN) == {OF_TARGETS}


def test_two_pods_never_write_the_same_series(operated):
    prometheus = operated(2)
    eventually(lambda: prometheus.scalar("count(count by (pod) (sendgrid_requests_total)) == 2"))

    assert prometheus.labels(VENDORS) == {frozenset({"job", "namespace", "service", "pod"})}
    assert prometheus.pods(VENDORS) == {"stats-0", "stats-1"}


def test_helm_s_test_finds_an_exporter_that_runs(exporter):
    result = asked(f"http://127.0.0.1:{exporter.port}/metrics")

    assert result.returncode == 0, result.stderr
    assert re.fullmatch(r"\d{3,} lines of metrics\n", result.stdout)


def test_helm_s_test_finds_one_that_speaks_tls(shell):
    folder = shell.new_folder()
    folder.mkdir()
    issued = trustme.CA().issue_cert("stats.example.com")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    web = folder / "web.yaml"
    web.write_text("tls_server_config: {cert_file: server.pem, key_file: server.pem}\n", encoding="utf-8")
    tls = shell.serve("demo", f"--web.config.file={web}")

    result = asked(f"https://127.0.0.1:{tls.port}/metrics")

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("status", [200, 503])
def test_helm_s_test_fails_where_something_else_answers(status):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"up 1\n")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.handle_request, daemon=True).start()
        result = asked(f"http://127.0.0.1:{server.server_port}/metrics")

    assert result.returncode == 1


def asked(url: str) -> "subprocess.CompletedProcess[str]":
    """Run what the pod of ``helm test`` runs, on another address."""
    [container] = only(template("minimal"), "Pod")["spec"]["containers"]
    assert container["command"] == ["python", "-I", "-c"]
    script, given = container["args"]
    assert given == "http://email-stats-email-stats-exporter:10587/metrics"
    command = [sys.executable, "-I", "-c", script, url]
    return subprocess.run(command, capture_output=True, text=True, check=False)
