"""Secrets that would be seen anywhere they must not be, even if the vendor itself repeats them."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bcrypt
import pytest
import requests
import yaml

from exporter.demo import StandIn
from exporter.providers import discover
from tests.e2e.programs import Exporter, Program, parsed, series
from tests.e2e.shell import Shell
from tests.e2e.sources import source
from tests.e2e.waiting import eventually
from tests.security.canaries import canary, found_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
OWN = "email_stats_exporter_"
# Who holds what: the form in which a configuration has it, or who else knows it.
PLAIN, FILE, VARIABLE = canary("Plain"), canary("File"), canary("Variable")
KEY, PUBLIC, PRIVATE = (canary(name, is_header=True) for name in ("Key", "Public", "Private"))
READER, VISITOR, BROKEN = canary("Reader"), canary("Visitor"), canary("Broken")
NAMES = ("Plain", "File", "Variable", "Key", "Public", "Private", "Reader", "Visitor", "Broken")
VARIABLES = {"CANARY_PASSWORD": VARIABLE, "CANARY_KEY": PRIVATE}
# How each type is told its secret; the last one is what a vendor would repeat.
WAYS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "sendgrid_reseller": ({"username": "demo", "password": PLAIN}, PLAIN),
    "sendgrid_distributor": ({"username": "demo", "password_file": "secret"}, FILE),
    "sendgrid_customer": ({"username": "demo", "password_env": "CANARY_PASSWORD"}, VARIABLE),
    "sendgrid_v3": ({"api_key": KEY}, KEY),
    "bento": ({"publishable_key": PUBLIC, "secret_key_env": "CANARY_KEY"}, PRIVATE),
}
IDS = {"sendgrid_v3": "subuser", "bento": "site_uuid"}
COLLECTORS = {"sendgrid_v3": "credits", "bento": "site"}
FORMATS = [("logfmt", "text", "sendgrid_reseller"), ("json", "openmetrics", "sendgrid_v3")]
PATHS = (
    "/", "/?state=failing", "/?source=rude_sendgrid_v3", "/?q=c", "/api/v1/status", "/api/v1/status?state=failing",
    "/config", "/metrics", "/metrics?source=rude_bento", "/metrics?source=nobody", "/sd", "/-/healthy", "/-/ready",
    "/nothing",
)  # fmt: skip


def echo(vendor: StandIn, users: Sequence[str], secrets: Sequence[str]) -> None:
    """Let the vendor repeat secrets in all the ways in which it fails, each to another customer."""
    said = " ".join(secrets)
    # A header is written in Latin-1, and so can hold it as it is.
    headers = dict.fromkeys(("X-Echo", "Location", "Retry-After", "X-RateLimit-Limit", "Server-Timing"), said)
    words = f"wrong api_key {said}"
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
        (200, json.dumps({**row, "requests": said})),
        (200, json.dumps([{**row, "date": said}])),
    ]
    for user, (status, body) in zip(users, answers, strict=True):
        vendor.fault(status=status, body=body.encode(), headers=headers, user=user)
    vendor.fault(status=400, body=json.dumps(error).encode(), headers=headers, call="discovery")


def section(type_: str, vendor: StandIn, name: str, users: Sequence[str]) -> Mapping[str, Any]:
    collector = COLLECTORS.get(type_, "totals")
    defaults = discover()[type_].config.model_fields["collectors"].get_default()
    return {
        **source(vendor, [], f"{name}_{type_}"),
        "type": type_,
        "credentials": WAYS[type_][0],
        "collectors": {
            each: {"interval": "1s"} if each == collector else {"enabled": False}
            for each in type(defaults).model_fields
        },
        "customers": [{IDS.get(type_, "user"): user} for user in users],
    }


@dataclass
class Scene:
    """A folder with a configuration whose secrets are all canaries, and vendors that know them."""

    folder: Path
    sources: Sequence[Mapping[str, Any]]
    seen: dict[str, str | bytes] = field(default_factory=dict)

    def write(self, *more: Mapping[str, Any], **top: Any) -> Path:
        content = {"polling": {"timeout": "2s", "retry": {"attempts": 1}}, "state": {"path": "kept.db"}, **top}
        file = self.folder / "config.yaml"
        file.write_text(json.dumps({**content, "sources": [*self.sources, *more]}), encoding="utf-8")
        return file

    def ask(self, exporter: Exporter, path: str, verb: str = "GET", **options: Any) -> requests.Response:
        options.setdefault("auth", ("reader", READER.encode()))
        answer = exporter.ask(path, verb, **options)
        kind = "openmetrics" if "headers" in options else f"{len(self.seen)}"
        self.seen[f"{answer.status_code} {verb} {path} {kind}"] = f"{answer.headers}\n{answer.text}"
        return answer


@pytest.fixture(scope="module")
def scene(shell: Shell, new_vendor, world) -> Scene:
    """Give three sources of each type: their vendors take the secret, repeat it, or know another one."""
    sources = []
    for type_, (credentials, secret) in WAYS.items():
        username = str(credentials.get("publishable_key", "demo"))
        polite, rude = (new_vendor(username=username, password=secret) for _ in range(2))
        users = [f"{number}@example.com" if type_ != "bento" else f"site{number}" for number in range(9)]
        echo(rude, users, [secret, PUBLIC] if type_ == "bento" else [secret])
        user = world.sites[0].uuid if type_ == "bento" else world.customers[0].user
        sources += [
            section(type_, polite, "polite", [user]),
            section(type_, rude, "rude", users),
            section(type_, new_vendor(password="another"), "wrong", [user]),
        ]
    folder = shell.new_folder()
    folder.mkdir()
    (folder / "secret").write_text(f"{FILE}\n", encoding="utf-8")
    hashed = bcrypt.hashpw(READER.encode(), bcrypt.gensalt(4)).decode()
    (folder / "web.yml").write_text(json.dumps({"basic_auth_users": {"reader": hashed}}), encoding="utf-8")
    return Scene(folder, sources)


@pytest.fixture(scope="module")
def exporter(shell, scene) -> Exporter:
    flags = (f"--config.file={scene.write()}", f"--web.config.file={scene.folder / 'web.yml'}", "--log.level=debug")
    return shell.serve("run", *flags, **VARIABLES)


@pytest.fixture(scope="module")
def run(scene, exporter) -> Mapping[str, str | bytes]:
    """Let everything happen to a running exporter that could show a secret, and return all that it showed."""
    eventually(lambda: exporter.ask("/-/ready", auth=("reader", READER.encode())).ok)
    eventually(lambda: value(scene, exporter, "source_up", "polite_sendgrid_reseller") == 1)
    eventually(lambda: len(re.findall(r'msg="fetch failed" .*source=rude_', exporter.stderr)) >= 45)
    visit(scene, exporter)
    look(scene, exporter)
    reload_broken(scene, exporter)
    break_secret_file(scene, exporter)
    look(scene, exporter)
    scene.seen["log"] = exporter.stderr + exporter.stdout
    scene.seen["arguments"] = Path(f"/proc/{exporter.process.pid}/cmdline").read_bytes()
    tasks = Path(f"/proc/{exporter.process.pid}/task").glob("*/comm")
    scene.seen["threads"] = b"".join(each.read_bytes() for each in tasks)
    scene.seen |= {each.name: each.read_bytes() for each in scene.folder.glob("kept.db*")}
    return scene.seen


def visit(scene: Scene, exporter: Exporter) -> None:
    """Ask as those do who don't know the way, or the password."""
    for auth in (None, ("reader", VISITOR.encode()), (VISITOR.encode(), VISITOR.encode())):
        assert scene.ask(exporter, "/metrics", auth=auth).status_code == 401
    scene.ask(exporter, f"/nothing?token={quote(VISITOR)}")
    for verb in ("POST", "DELETE", "OPTIONS"):
        assert scene.ask(exporter, "/metrics", verb).status_code == 405


def look(scene: Scene, exporter: Exporter) -> None:
    for path in PATHS:
        scene.ask(exporter, path)
    assert scene.ask(exporter, "/metrics", headers={"Accept": "application/openmetrics-text"}).ok


def reload_broken(scene: Scene, exporter: Exporter) -> None:
    """Load files whose mistakes stand beside secrets, in their place, or in the middle of one."""
    for mistakes in broken_sources():
        scene.write(*mistakes)
        assert scene.ask(exporter, "/-/reload", "POST").status_code == 500
    scene.write().write_text(broken_syntax(), encoding="utf-8")
    assert scene.ask(exporter, "/-/reload", "POST").status_code == 500
    scene.write()
    assert scene.ask(exporter, "/-/reload", "POST").status_code == 200


def break_secret_file(scene: Scene, exporter: Exporter) -> None:
    (scene.folder / "secret").write_text(f"{BROKEN}\n{BROKEN}\x00\n", encoding="utf-8")
    eventually(lambda: value(scene, exporter, "config_last_reload_successful") == 0)


def broken_sources() -> Sequence[Sequence[Mapping[str, Any]]]:
    """Return sources that can't be used, each with a secret where a message might take it from."""
    credentials: Sequence[Any] = (
        {"username": "demo", "password": PLAIN, "pasword": BROKEN},
        {"username": "demo", "password": [BROKEN]},
        {"username": "demo", "password": {BROKEN: BROKEN}},
        {"username": "demo", "password": PLAIN, "password_file": BROKEN},
        {"username": "demo", "password_env": BROKEN},
        [BROKEN],
        BROKEN,
    )
    addresses = (f"https://demo:{BROKEN}@example.com", f"https://example.com/{BROKEN}", f"ftp://{BROKEN}")
    good = {"type": "sendgrid_reseller", "credentials": {"username": "demo", "password": PLAIN}, "customers": []}
    return [
        [{**good, "name": "broken", "credentials": each} for each in credentials],
        [{**good, "name": f"broken{number}", "base_url": each} for number, each in enumerate(addresses)],
        [{**good, "name": f"broken{number}", "http": {"proxy_url": each}} for number, each in enumerate(addresses)],
        [{**good, "name": "broken", "type": "sendgrid_v3", "credentials": {"api_key": f"{BROKEN}\n"}}],
    ]


def broken_syntax() -> str:
    return f"sources:\n  - credentials: {{username: demo, password: {BROKEN}\n"


def value(scene: Scene, exporter: Exporter, name: str, source: str = "") -> float | None:
    page = exporter.ask("/metrics", auth=("reader", READER.encode())).text
    return parsed(page).get(series(OWN + name, source=source))


def test_everything_that_could_show_a_secret_has_happened(scene, exporter, run):
    """Otherwise the test below would look where nothing was ever to be seen."""
    ups = {each["name"]: value(scene, exporter, "source_up", each["name"]) for each in scene.sources}
    refused = {each["name"]: value(scene, exporter, "credentials_rejected", each["name"]) for each in scene.sources}

    assert ups == {name: float(name.startswith("polite_")) for name in ups}
    assert {name for name, is_refused in refused.items() if is_refused} == {f"wrong_{type_}" for type_ in WAYS}
    assert {name[:8] for name in run if " GET " in name} == {f"{status} GET " for status in (200, 400, 401, 404)}
    assert {"kept.db", "kept.db-wal", "kept.db.lock"} <= set(run)
    assert run["log"].count('msg="configuration not in use"') >= 10
    reasons = re.findall(r'msg="fetch failed" .*?source=rude_\w+ .*?reason=(\w+)', run["log"])
    assert {"auth", "client_error", "server_error", "vendor_error", "invalid_response"} <= set(reasons)


def test_a_running_exporter_shows_no_secret_anywhere(run):
    assert {where: names for where, text in run.items() if (names := found_in(text, NAMES))} == {}


def test_the_environment_of_the_process_holds_only_what_was_put_there(exporter, run):
    environment = Path(f"/proc/{exporter.process.pid}/environ").read_bytes()

    assert found_in(environment, NAMES) == ["Variable", "Private"]


@pytest.mark.parametrize(("log_format", "format_", "type_"), FORMATS)
def test_no_command_prints_a_secret(shell, scene, log_format, format_, type_):
    (scene.folder / "secret").write_text(f"{FILE}\n", encoding="utf-8")
    sources = {each["name"]: each for each in scene.sources}
    empty: Mapping[str, Any] = {"customers": [], "discovery": {}, "collectors": {}}
    lists = [{**sources[f"{kind}_{type_}"], "name": f"{kind}_list", **empty} for kind in ("rude", "polite")]
    flags = ("--log.level=debug", f"--log.format={log_format}", f"--config.file={scene.write(*lists)}")
    commands: Mapping[str, Sequence[str]] = {
        "check": ("check", "--online"),
        "once": ("once", *(f"--source={name}" for name in sources), f"--format={format_}"),
        "rude": ("discover", "rude_list", f"--format={'json' if log_format == 'json' else 'yaml'}"),
        "polite": ("discover", "polite_list"),
    }

    programs = {name: shell.start(*command, *flags, **VARIABLES) for name, command in commands.items()}

    assert {name: program.wait(90) for name, program in programs.items()} == {
        "check": 1, "once": 1, "rude": 1, "polite": 0,
    }  # fmt: skip
    assert all(program.stdout + program.stderr for program in programs.values())
    assert leaks(programs) == {}


@pytest.mark.parametrize("command", ["check", "run", "once"])
def test_a_mistake_beside_a_secret_is_told_without_it(shell, scene, command):
    files = []
    for mistakes in broken_sources():
        path = shell.new_folder() / "config.yaml"
        path.parent.mkdir()
        path.write_text(json.dumps({"sources": mistakes}), encoding="utf-8")
        files.append(path)
    syntax = shell.new_folder() / "config.yaml"
    syntax.parent.mkdir()
    syntax.write_text(broken_syntax(), encoding="utf-8")

    programs = {str(path): shell.start(command, f"--config.file={path}", **VARIABLES) for path in (*files, syntax)}

    assert [program.wait() for program in programs.values()] == [2] * 5
    assert all(program.stderr for program in programs.values())
    assert leaks(programs) == {}


# A bug: all that the collector holds is in the words of the error, and in those of the error behind it.
BUG = """

def fetch(self, customer):
    try:
        raise KeyError(self, self.api, vars(self.api) if hasattr(self.api, "__dict__") else None)
    except KeyError as error:
        raise RuntimeError(self, customer) from error


FlightsCollector.fetch = fetch
"""


def test_a_bug_is_told_with_its_traceback_and_without_a_secret(shell, tmp_path):
    """With the vendor of docs/providers.md, since those that come along have no bug to show."""
    text = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    (tmp_path / "pigeon").mkdir()
    for path, code in re.findall(r"`exporter/providers/(pigeon/\w+\.py)`:\n\n```python\n(.*?)```", text, re.DOTALL):
        (tmp_path / path).write_text(code, encoding="utf-8")
    api = tmp_path / "pigeon" / "collectors.py"
    api.write_text(api.read_text(encoding="utf-8") + BUG, encoding="utf-8")
    [pigeon] = yaml.safe_load(re.findall(r"```yaml\n(sources:.*?)```", text, re.DOTALL)[0])["sources"]
    config = shell.configure([{**pigeon, "credentials": {"token": KEY}}])
    program = (
        f"import sys\nsys.path[0] = {str(ROOT)!r}\nimport exporter.providers\n"
        f"exporter.providers.__path__.append({str(tmp_path)!r})\n"
        "from exporter.cli import main\nsys.exit(main())"
    )

    once = shell.start_other(sys.executable, "-c", program, "once", f"--config.file={config}", "--log.level=debug")

    assert once.wait() == 1
    assert "internal error in a fetch" in once.stderr
    assert "RuntimeError" in once.stderr
    assert "Traceback" in once.stderr
    assert leaks({"once": once}) == {}


def leaks(programs: Mapping[str, Program]) -> Mapping[str, list[str]]:
    """Return the canaries that each program printed or logged, of those that did."""
    return {
        what: names for what, program in programs.items() if (names := found_in(program.stdout + program.stderr, NAMES))
    }
