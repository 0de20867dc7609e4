"""A protected exporter, from its users' side: the real script, a real Prometheus, and the documentation's examples."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from exporter.config import load_web
from exporter.errors import ConfigError
from exporter.web import Settings
from tests.e2e.programs import Exporter, Prometheus, free_port
from tests.e2e.sources import source
from tests.unit.web.protected import AUTHORITY, HASH, write_certificate

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[2] / "docs/web-configuration.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
EXAMPLES = [block for block in BLOCKS if "scrape_configs" not in block]
MUTUAL = f"""\
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [prometheus]
basic_auth_users: {{prometheus: {HASH}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Make a folder with certificates for the server and for Prometheus."""
    folder = tmp_path_factory.mktemp("web")
    write_certificate(folder, "127.0.0.1")
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    prometheus = AUTHORITY.issue_cert("prometheus")
    prometheus.private_key_pem.write_to_path(folder / "prometheus.key")
    prometheus.cert_chain_pems[0].write_to_path(folder / "prometheus.pem")
    return folder


@pytest.fixture
def protected(shell, vendor, world, folder) -> Callable[[str], Exporter]:
    """Run the exporter with a web configuration."""

    def run(text: str) -> Exporter:
        (folder / "web.yml").write_text(text)
        return shell.run([source(vendor, world.customers)], f"--web.config.file={folder / 'web.yml'}")

    return run


def test_prometheus_scrapes_with_a_certificate_and_a_password(servers, stack, protected, folder, tmp_path):
    exporter = protected(MUTUAL)
    files = {
        f"{name}_file": str(folder / f"{file}")
        for name, file in {"ca": "ca.pem", "cert": "prometheus.pem", "key": "prometheus.key"}.items()
    }
    scrape = {
        "scheme": "https",
        "tls_config": files,
        "basic_auth": {"username": "prometheus", "password": "secret"},
    }

    prometheus = stack.enter_context(Prometheus(tmp_path, exporter.port, free_port(), scrape=scrape))

    assert prometheus.eventually(lambda: prometheus.scalar("count(sendgrid_requests_total)")) == 12
    assert prometheus.scalar("up") == 1


def test_a_broken_file_is_shown_and_what_was_read_before_goes_on(protected, folder):
    exporter = protected(f"basic_auth_users: {{prometheus: {HASH}}}\n")
    login = ("prometheus", "secret")
    gauge = "email_stats_exporter_config_last_reload_successful "

    (folder / "web.yml").write_text("basic_auth_users: {prometheus: secret}\n")
    assert exporter.ask("/metrics").status_code == 401
    assert f"{gauge}0.0" in exporter.ask("/metrics", auth=login).text
    assert "is no bcrypt hash" in exporter.stderr
    assert "prometheus: secret" not in exporter.stderr

    (folder / "web.yml").write_text(f"basic_auth_users: {{other: {HASH}}}\n")
    assert exporter.ask("/metrics", auth=login).status_code == 401
    assert f"{gauge}1.0" in exporter.ask("/metrics", auth=("other", "secret")).text


def test_a_file_that_is_broken_at_the_start_ends_the_program_with_its_mistakes(shell, vendor, world, tmp_path):
    (tmp_path / "web.yml").write_text("basic_auth_users: {a: b}\ntls_server_config: {cert: x}\n")
    config = shell.configure([source(vendor, world.customers)])

    program = shell.start("run", f"--config.file={config}", f"--web.config.file={tmp_path / 'web.yml'}")

    assert program.wait() == 2
    assert "web.yml:1: basic_auth_users.a: is no bcrypt hash" in program.stderr
    assert "web.yml:2: tls_server_config" in program.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition(":")[0])
def test_every_example_is_taken_by_the_exporter_and_by_promtool(servers, folder, example):
    file = folder / "example.yml"
    file.write_text(example)

    load_web(file)
    result = subprocess.run(["promtool", "check", "web-config", file], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, f"{file} SUCCESS\n")


@pytest.mark.parametrize(
    "text",
    [
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:",
        "tls_server_config: {cert_file: '', client_auth_type: '', min_version: , cipher_suites: }",
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_auth_type: ''}",
        "http_server_config: {http2: , headers: }",
        "http_server_config: {headers: {X-XSS-Protection: 0, Strict-Transport-Security: }}",
    ],
)
def test_what_promtool_takes_of_blanks_and_numbers_is_taken(servers, folder, text):
    file = folder / "taken.yml"
    file.write_text(text)

    subprocess.run(["promtool", "check", "web-config", file], capture_output=True, check=True)
    Settings(file, lambda _: None, SystemClock())


@pytest.mark.parametrize(
    "text",
    [
        "tls_server_config: {cert_file: server.pem}",
        "tls_server_config: {client_auth_type: NoClientCert}",
        "tls_server_config: {cert_file: none.pem, key_file: server.key}",
        "tls_server_config: {cert_file: ca.pem, key_file: server.key}",
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_auth_type: Perhaps}",
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem}",
        "tls_server_config: {cert_file: server.pem, key_file: server.key, cipher_suites: [RC4]}",
        "tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS9}",
        "http_server_config: {headers: {Server: x}}",
        "http_server_config: {headers: {X-Frame-Options: maybe}}",
        "basic_auth_users: {a: b}",
        "basic_auth_user: {}",
    ],
)
def test_what_promtool_refuses_is_refused(servers, folder, text):
    file = folder / "refused.yml"
    file.write_text(text)

    promtool = subprocess.run(["promtool", "check", "web-config", file], capture_output=True, check=False)

    assert promtool.returncode == 1
    with pytest.raises(ConfigError):
        Settings(file, lambda _: None, SystemClock())
