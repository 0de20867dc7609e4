"""Whoever follows docs/providers.md to the letter sees the new vendor's numbers, with no other file touched."""

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.e2e.programs import parsed, series
from tests.e2e.shell import Shell

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"`exporter/providers/(pigeon/\w+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
# What pip does by putting files into place: the package looks for folders where its path says.
WITH_FOLDER = """\
import sys
sys.path[0] = {root!r}
import exporter.providers
exporter.providers.__path__.append({folder!r})
"""


@dataclass(frozen=True, slots=True)
class Guide:
    """What the page has: files of the folder by their path, a source, the vendor's answers, and what is printed."""

    files: Mapping[str, str]
    source: Mapping[str, object]
    answers: Sequence[str]
    printed: str


@pytest.fixture(scope="module")
def guide() -> Guide:
    text = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    [source] = yaml.safe_load(next(block for kind, block in blocks if kind == "yaml"))["sources"]
    return Guide(
        dict(FILE.findall(text)),
        source,
        [block for kind, block in blocks if kind == "json"],
        next(block for kind, block in blocks if not kind),
    )


@pytest.fixture(scope="module")
def folder(guide, tmp_path_factory) -> Path:
    """Give a folder that holds the vendor's and nothing else."""
    folder = tmp_path_factory.mktemp("added")
    (folder / "pigeon").mkdir()
    for path, text in guide.files.items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def python(shell: Shell, folder: Path, program: str, *arguments: str) -> str:
    """Run a program that finds the added vendor, and return what it prints."""
    beginning = WITH_FOLDER.format(root=str(ROOT), folder=str(folder))
    process = shell.start_other(sys.executable, "-c", beginning + program, *arguments)
    assert process.wait() == 0, process.stderr
    assert process.stderr == ""
    return process.stdout


def test_the_vendor_of_the_guide_is_on_the_page_of_metrics(guide, folder, shell):
    with vendor({"17": guide.answers[0], "18": guide.answers[1]}) as base_url:
        config = shell.configure([{**guide.source, "base_url": base_url}])
        program = "from exporter.cli import main\nsys.exit(main())"
        page = parsed(python(shell, folder, program, "once", f"--config.file={config}"))

    shown = {key: value for key, value in page.items() if key[0].startswith("pigeon_")}
    assert shown == parsed(guide.printed)
    assert len(shown) == 5
    up = {"source": "attic", "collector": "flights"}
    assert page[series("email_stats_exporter_up", customer="north", **up)] == 1
    assert page[series("email_stats_exporter_api_requests_total", code="200", **up)] == 2


def test_the_vendor_of_the_guide_is_in_the_reference(guide, folder, shell):
    program = "import json\nfrom docs.generator import pages\nfrom exporter.providers import discover\n"
    pages = json.loads(python(shell, folder, f"{program}print(json.dumps(pages(discover())))"))

    assert "| `pigeon_messages_total` | counter | `source`, `customer` |" in pages["metrics.md"]
    assert "| `credentials.token`, `credentials.token_file`, `credentials.token_env` |" in pages["configuration.md"]
    assert "| `pigeon` | 1,000 (17%) | 1,000 (17%) | 6,000 (100 per 1m) |" in pages["configuration.md"]
    assert "| `GET /v1/flights` |" in pages["calls.md"]


def test_the_guide_has_a_whole_folder(guide):
    assert sorted(guide.files) == [
        f"pigeon/{name}.py" for name in ("__init__", "api", "collectors", "config", "metrics")
    ]


@contextmanager
def vendor(answers: Mapping[str, str]) -> Iterator[str]:
    """Serve an answer for each loft to whoever has the token, and yield the base URL."""

    class Flights(BaseHTTPRequestHandler):
        def do_GET(self):
            is_known = self.headers["Authorization"] == "Bearer a token"
            path, _, loft = self.path.partition("?loft=")
            body = answers.get(loft, "") if path == "/v1/flights" else ""
            self.send_response(200 if is_known and body else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Flights) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
