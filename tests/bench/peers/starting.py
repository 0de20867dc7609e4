"""The peers that the exporter is measured against, each started if its machine has what it takes."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

from tests.bench.account import FAMILIES
from tests.bench.programs import Program, Scraper, free_port

_GO_FILE = Path(__file__).with_name("promhttp.go")
_GO_PATH = Path("/usr/share/gocode")
_GO_LIBRARY = _GO_PATH / "src/github.com/prometheus/client_golang/prometheus/promhttp"
_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type "text/plain; version=0.0.4; charset=utf-8";
    {temporary}
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {folder}/pages; }}
        location /gzip {{ root {folder}/pages; add_header Content-Encoding gzip; }}
    }}
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class MissingPeerError(Exception):
    """A peer can't be had on this machine; the text says what it lacks."""


def registry(customers: int, stack: ExitStack) -> Scraper:
    """Start prometheus_client's own server."""
    return Scraper(stack.enter_context(Program.of_module("peers.registry", customers)))


def promhttp(customers: int, stack: ExitStack, folder: Path) -> Scraper:
    """Build and start a Go program with client_golang.

    Raises:
        MissingPeerError: there is no Go, or not its library.
    """
    go = shutil.which("go")
    if go is None or not _GO_LIBRARY.exists():
        raise MissingPeerError("Debian's packages golang-go and golang-github-prometheus-client-golang-dev")
    binary = folder / "promhttp"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(_GO_PATH)}
    if not binary.exists():
        subprocess.run([go, "build", "-o", str(binary), str(_GO_FILE)], env=environment, check=True)
    return Scraper(stack.enter_context(Program([str(binary), str(customers), str(FAMILIES)])))


def nginx(pages: dict[str, bytes], stack: ExitStack, folder: Path) -> Scraper:
    """Start nginx with pages by their encodings, as files.

    Raises:
        MissingPeerError: there is no nginx.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise MissingPeerError("Debian's package nginx-light")
    (folder / "pages").mkdir(exist_ok=True)
    for encoding, page in pages.items():
        (folder / "pages" / encoding).write_bytes(page)
    port = free_port()
    temporary = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    text = _NGINX.format(folder=folder, port=port, temporary=temporary)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    server = stack.enter_context(Program(command, port=port))
    return Scraper(server, paths={encoding: f"/{encoding}" for encoding in pages})
