"""Who may have the configuration loaded anew, what keeps it from that, and who is told of it."""

import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from exporter.demo import StandIn
from tests.e2e.reloading import Running
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

# So long that nothing is fetched a second time while a test looks.
SELDOM = "1h"


def names(customers: Sequence[Any]) -> set[str]:
    return {customer.name for customer in customers}


@pytest.fixture
def customers(world):
    return world.customers[:2]


@pytest.fixture
def vendor(new_vendor) -> StandIn:
    """A vendor that only one test asks."""
    return new_vendor()


def test_who_is_not_to_ask_for_a_reload_is_refused(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)])
    host = f"http://127.0.0.1:{running.exporter.port}"

    assert running.post()[0] == 200
    assert running.post(Origin=host)[0] == 200
    assert running.post(**{"Sec-Fetch-Site": "same-origin", "Origin": host})[0] == 200
    assert running.post(Origin="https://elsewhere.example.com")[0] == 403
    assert running.post(Origin="null")[0] == 403
    assert running.post(**{"Sec-Fetch-Site": "cross-site"})[0] == 403
    refused = running.exporter.ask("/-/reload")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_reloads_on_request_can_be_switched_off_and_the_signal_still_works(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)], "--no-web.enable-lifecycle")
    running.write(source(vendor, customers[:2], interval=SELDOM))

    assert running.post()[0] == 403
    running.exporter.process.send_signal(signal.SIGHUP)

    eventually(lambda: running.has("sendgrid_requests_total") == names(customers[:2]))


def test_a_signal_that_comes_before_the_pages_are_served_is_heeded_then(shell, vendor, customers):
    """Whoever watches the file sends it whenever that changes, and must not end a program that is starting."""
    first, second = (shell.configure([source(vendor, customers[:number], interval=SELDOM)]) for number in (1, 2))
    text, file = first.read_bytes(), first.with_name("starting.yaml")
    os.mkfifo(file)
    program = shell.start("run", "--web.listen-address=127.0.0.1:0", f"--config.file={file}")

    pipe = program.eventually(lambda: os.open(file, os.O_WRONLY | os.O_NONBLOCK))
    program.process.send_signal(signal.SIGHUP)
    second.rename(file)
    os.write(pipe, text)
    os.close(pipe)

    program.eventually(lambda: 'msg="configuration reloaded"' in program.stderr)
    assert "customers_joined=1" in program.stderr
    assert program.stderr.index("msg=listening") < program.stderr.index('msg="configuration reloaded"')


def test_a_broken_web_configuration_keeps_everything_as_it_is(shell, vendor, customers):
    file = shell.new_folder() / "web.yml"
    file.parent.mkdir(parents=True)
    file.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)], f"--web.config.file={file}")
    running.write(source(vendor, customers[:2], interval=SELDOM))
    file.write_text("tls_server_config: {cert_file: missing.pem, key_file: missing.key}\n")

    status, lines = running.post()

    assert status == 500
    assert all(line.startswith(f"{file}") for line in lines)
    assert running.has("sendgrid_customer_info") == names(customers[:1])


def test_the_supervisor_is_told(shell, vendor, customers, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        path = tmp_path / "notify"
        listener.bind(os.fspath(path))
        listener.settimeout(20)
        file = shell.configure([source(vendor, customers[:1], interval=SELDOM)])
        exporter = shell.serve("run", f"--config.file={file}", NOTIFY_SOCKET=os.fspath(path))
        notes = [listener.recv(4096).decode().splitlines()[0]]
        exporter.process.send_signal(signal.SIGHUP)
        notes += [listener.recv(4096).decode().splitlines()[0] for _ in range(2)]

    assert notes == ["READY=1", "RELOADING=1", "READY=1"]
