"""The stack of deploy/compose on this machine's own programs, as one starts it to look around."""

import re
import shutil
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.programs import Program
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "deploy" / "compose" / "stack.py"
RULES = sorted(path.name for path in (SCRIPT.parents[1] / "prometheus" / "rules").glob("*.yml"))


class Stack(Program):
    """The stack, started on whatever ports are free."""

    def __init__(self, folder: Path, *arguments: str, path: str | None = None) -> None:
        """Start it; ``path`` is where programs are looked for."""
        super().__init__([sys.executable, str(SCRIPT), *arguments], folder, {"PATH": path} if path else None)

    def addresses(self) -> dict[str, str]:
        """Return the address of each service once all are ready."""
        return self.eventually(
            lambda: dict(re.findall(r"^(\w+) +(http://127\.0\.0\.1:\d+)/ ?", self.stdout, re.MULTILINE))
        )

    def get(self, service: str, path: str) -> Any:
        """Return what a page of a service holds as JSON."""
        return requests.get(self.addresses()[service] + path, timeout=5).json()

    def query(self, expression: str) -> list[Any]:
        """Return the results of a PromQL expression."""
        answer = requests.get(f"{self.addresses()['prometheus']}/api/v1/query", {"query": expression}, timeout=5).json()
        assert answer["status"] == "success", answer
        return answer["data"]["result"]


@pytest.fixture(scope="module")
def joined(servers, alertmanagers, tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def test_it_says_where_everything_is(joined):
    assert set(joined.addresses()) == {"exporter", "prometheus", "alertmanager"}
    assert "Grafana needs containers" in joined.stdout


def test_prometheus_has_the_vendors_numbers(joined):
    assert joined.eventually(lambda: len(joined.query('sendgrid_requests_total{source="demo"}')) == 12)
    assert joined.eventually(lambda: joined.query("bento_subscribers"))
    assert joined.eventually(lambda: len(joined.query("up == 1")) == 3)


def test_all_rules_are_loaded_and_healthy(joined):
    def groups():
        groups = joined.get("prometheus", "/api/v1/rules")["data"]["groups"]
        assert any(rule["health"] == "ok" for group in groups for rule in group["rules"])
        return groups

    # A group's first turn comes within its interval, and theirs are a minute or two.
    found = eventually(groups, seconds=70)
    assert sorted({Path(group["file"]).name for group in found}) == RULES
    assert [rule for group in found for rule in group["rules"] if rule["health"] == "err"] == []


def test_alerts_go_to_the_alertmanager(joined):
    def known():
        return joined.get("prometheus", "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]

    [alertmanager] = joined.eventually(known)

    assert alertmanager["url"] == f"{joined.addresses()['alertmanager']}/api/v2/alerts"
    status = joined.get("alertmanager", "/api/v2/status")
    assert status["cluster"]["status"] == "disabled"
    assert "EmailStatsExporterDown" in status["config"]["original"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it_and_a_port_that_is_taken_is_no_trouble(servers, alertmanagers, tmp_path, number):
    with ExitStack() as taken:
        for port in (10587, 9090, 9093):
            # Whoever else has it here: it is taken.
            try:
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
        with Stack(tmp_path) as stack:
            ports = [int(address.removeprefix("http://127.0.0.1:")) for address in stack.addresses().values()]

            stack.process.send_signal(number)

            assert stack.wait() == 0
            assert stack.stderr == ""
    assert not {10587, 9090, 9093} & set(ports)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_program_that_ends_by_itself_ends_the_stack_with_its_last_words(servers, alertmanagers, tmp_path):
    with Stack(tmp_path, "--scenario=nonsense") as stack:
        assert stack.wait() == 1

        assert stack.stderr.startswith("exporter ended with exit status 2:\n")
        assert "invalid choice: 'nonsense'" in stack.stderr


def test_a_program_that_is_missing_is_named(tmp_path):
    with Stack(tmp_path / "stack", path=str(tmp_path)) as stack:
        assert stack.wait() == 2

    assert stack.stderr == "Not installed: prometheus, prometheus-alertmanager. On Debian, as root: make servers\n"
    assert shutil.which("prometheus", path=str(tmp_path)) is None
