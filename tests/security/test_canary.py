"""A password that would be seen anywhere it must not be, even if the vendor itself repeats it."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from exporter.demo import StandIn
from tests.e2e.programs import Exporter
from tests.e2e.sources import only, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

# With characters that a form, JSON, a log line and HTML each write in a way of their own.
CANARY = 'canary 7&f"é=<Z'
KEY = "SG.canary-k3y/+="
USERS = [f"{number}@example.com" for number in range(9)]
WAYS = {
    "password": ({"username": "demo", "password": CANARY}, CANARY),
    "file": ({"username": "demo", "password_file": "secret"}, CANARY),
    "environment": ({"username": "demo", "password_env": "SENDGRID_PASSWORD"}, CANARY),
    "api_key": ({"api_key": KEY}, KEY),
}


def leaks(text: str) -> Sequence[str]:
    """Return the spellings of the secrets that a text holds."""
    spellings = [
        write(secret)
        for secret in (CANARY, KEY)
        for write in (str, quote, quote_plus, json.dumps, repr, html, base64_of)
    ]
    return [spelling for spelling in spellings if spelling.strip("'\"") in text]


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def echo(vendor: StandIn, secret: str) -> None:
    """Let the vendor repeat the secret in all the ways in which it fails, each to another customer."""
    # A header is written in Latin-1, and so can hold it as it is.
    headers = dict.fromkeys(("X-Echo", "Location", "Retry-After", "X-RateLimit-Limit", "Server-Timing"), secret)
    words = f"wrong api_key {secret}"
    error: Any = {"errors": [words], "message": "error"}
    row = dict.fromkeys(("requests", "bounces", "clicks", "opens", "spamreports"), 1)
    answers = [
        (401, json.dumps(error)),
        (400, json.dumps(error)),
        (302, words),
        (500, json.dumps({"error": {"code": 500, "message": words}}, ensure_ascii=False)),
        (200, json.dumps(error)),
        (200, json.dumps({"error": {"code": 400, "message": words}}, ensure_ascii=False)),
        (200, f"<html>{words}</html>"),
        (200, json.dumps({**row, "requests": secret})),
        (200, json.dumps([{**row, "date": secret}])),
    ]
    for user, (status, body) in zip(USERS, answers, strict=True):
        vendor.fault(status=status, body=body.encode(), headers=headers, user=user)


@pytest.fixture(scope="module", params=WAYS)
def way(request) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sources(way, new_vendor) -> Sequence[Mapping[str, Any]]:
    """Give a source whose vendor knows the password, and one whose vendor repeats it."""
    credentials, secret = WAYS[way]
    polite, rude = new_vendor(password=secret), new_vendor(password=secret)
    echo(rude, secret)
    return [
        source(polite, ["hello@green-grocer.example"], "polite", credentials=credentials),
        source(
            rude, USERS, "rude", credentials=credentials, collectors={**only("totals"), "daily": {"interval": "1s"}}
        ),
    ]


def written(shell, sources) -> Path:
    file = shell.configure(sources, retry={"attempts": 1})
    (file.parent / "secret").write_text(f"{CANARY}\n")
    return file


@pytest.fixture(scope="module")
def exporter(shell, sources) -> Exporter:
    file = written(shell, sources)
    exporter = shell.serve("run", f"--config.file={file}", "--log.level=debug", SENDGRID_PASSWORD=CANARY)
    eventually(lambda: exporter.ask("/-/ready").ok)
    return exporter


def test_the_password_is_right(exporter):
    """Otherwise the tests below would look for what was never there."""
    assert exporter.value("email_stats_exporter_source_up", source="polite") == 1
    assert exporter.value("email_stats_exporter_source_up", source="rude") == 0


def test_the_running_exporter_shows_it_nowhere(exporter):
    pages = [exporter.ask(path).text for path in ("/metrics", "/", "/-/healthy", "/-/ready", "/config", "/nothing")]
    openmetrics = exporter.ask("/metrics", headers={"Accept": "application/openmetrics-text"}).text
    arguments = Path(f"/proc/{exporter.process.pid}/cmdline").read_text()

    assert [leaks(text) for text in (*pages, openmetrics, arguments)] == [[]] * 8
    assert leaks(exporter.stderr + exporter.stdout) == []
    assert exporter.stderr.count('msg="fetch failed"') == 2 * len(USERS)


def test_commands_print_it_nowhere(shell, sources):
    file = f"--config.file={written(shell, sources)}"
    commands = [("check", "--online"), ("once", "--log.level=debug", "--log.format=json")]

    programs = [shell.start(*command, file, SENDGRID_PASSWORD=CANARY) for command in commands]

    assert [program.wait() for program in programs] == [1, 1]
    assert [leaks(program.stdout + program.stderr) for program in programs] == [[], []]


def test_a_mistake_beside_it_is_told_without_it(shell, way):
    credentials, secret = WAYS[way]
    broken = {
        "unknown": {"name": "a", "type": "sendgrid_reseller", "credentials": {**credentials, "pasword": secret}},
        "list": {"name": "a", "type": "sendgrid_reseller", "credentials": [secret]},
        "both": {"name": "a", "type": "sendgrid_reseller", "credentials": {**credentials, "password": [secret]}},
    }
    file = written(shell, broken.values())
    syntax = shell.new_folder() / "config.yaml"
    syntax.parent.mkdir()
    syntax.write_text(f"sources:\n  - credentials: {{username: a, password: {secret}\n", encoding="utf-8")

    programs = [shell.start("check", f"--config.file={path}", SENDGRID_PASSWORD=CANARY) for path in (file, syntax)]

    assert [program.wait() for program in programs] == [2, 2]
    assert [leaks(program.stdout + program.stderr) for program in programs] == [[], []]
