"""The commands that end by themselves: what they print, and with which status."""

import json
import shlex
import socket
from collections.abc import Mapping

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from exporter.demo import StandIn
from tests.e2e.programs import Program, labels_of, parsed, series
from tests.e2e.shell import Shell
from tests.e2e.sources import source
from tests.e2e.truth import truth

pytestmark = pytest.mark.e2e

STRANGER = "stranger@example.com"
MISTAKEN = """\
polling:
  timeout: 10
sources:
  - name: acme
    type: sendgrid_reseller
    credentials: {username: acme, password_file: missing.txt}
    customers:
      - user: a@example.com
      - usr: b@example.com
"""


@pytest.fixture(scope="module")
def good(shell, vendor, world) -> str:
    limit = {"calls": 600, "per": "1m"}
    return f"--config.file={shell.configure([source(vendor, world.customers, interval='15m', rate_limit=limit)])}"


@pytest.fixture(scope="module")
def dead_vendor(new_vendor) -> StandIn:
    """Give the address of a vendor that is down."""
    vendor = new_vendor()
    vendor.stop()
    return vendor


def outcome(program: Program) -> tuple[int, str, str]:
    status = program.wait()
    return status, program.stdout, program.stderr


def test_check_shows_the_calls_that_a_schedule_needs_and_those_allowed(shell, good, vendor):
    status, stdout, stderr = outcome(shell.start("check", good))

    assert (status, stderr) == (0, "")
    assert stdout.splitlines() == [
        f"{good.partition('=')[2]} is valid.",
        f"source acme (sendgrid_reseller): 12 customers at {vendor.base_url}",
        "  totals every 15m: 48 calls per hour",
        "  daily every 15m: 48 calls per hour",
        "  credits every 15m: 48 calls per hour",
        "  144 of 36,000 calls per hour (0.4%); limit 600 per 1m",
    ]


def test_check_asks_the_vendor_only_if_told_to(shell, good, vendor):
    before = len(vendor.requests)
    assert shell.start("check", good).wait() == 0
    assert len(vendor.requests) == before

    online = shell.start("check", "--online", good)

    assert online.wait() == 0
    assert online.stdout.splitlines()[-1] == "source acme: the vendor answers and takes the credentials"
    assert len(vendor.requests) == before + 1


def test_check_online_says_what_is_wrong_with_each_source(shell, vendor, dead_vendor, world):
    customers = world.customers[:1]
    sources = [
        source(vendor, customers, "good"),
        source(vendor, customers, "password", credentials={"username": "acme", "password": "wrong"}),
        source(vendor, customers, "key", credentials={"api_key": "wrong"}),
        source(dead_vendor, customers, "down"),
    ]
    check = shell.start("check", "--online", f"--config.file={shell.configure(sources)}")

    host, dead_host = (each.base_url.removeprefix("http://") for each in (vendor, dead_vendor))
    assert check.wait() == 1
    assert check.stdout.splitlines()[-4:] == [
        "source good: the vendor answers and takes the credentials",
        f"source password: 401 from {host} for user acme: wrong password, or two-factor login is on",
        f"source key: 401 from {host} for the API key: it was deleted, lacks a permission, or is not taken by this API",
        f"source down: connection refused: {dead_host}",
    ]
    assert check.stderr == ""


@pytest.mark.parametrize("command", ["run", "check", "once"])
def test_every_mistake_of_a_configuration_is_told_with_its_line(command, shell):
    file = shell.new_folder() / "config.yaml"
    file.parent.mkdir()
    file.write_text(MISTAKEN)

    status, stdout, stderr = outcome(shell.start(command, f"--config.file={file}"))

    assert (status, stdout) == (2, "")
    assert [line.split(": ")[:2] for line in stderr.splitlines()] == [
        [f"{file}:2", "polling.timeout"],
        [f"{file}:6", "sources[0].credentials.password_file"],
        [f"{file}:9", "sources[0].customers[1].user"],
        [f"{file}:9", "sources[0].customers[1].usr"],
    ]
    assert stderr.splitlines()[0].endswith(": a duration needs its unit; write 10s")


def test_a_schedule_that_breaks_the_rate_limit_is_refused(shell, vendor, world):
    limit = {"calls": 1, "per": "1m"}
    file = shell.configure([source(vendor, world.customers, rate_limit=limit)])

    status, _, stderr = outcome(shell.start("check", f"--config.file={file}"))

    assert status == 2
    assert "sources[0].rate_limit: the schedule needs 2160 calls per 1m, but 1 are allowed" in stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "--config.file=missing.yaml"], "missing.yaml: the file can't be read (No such file or directory)"),
        (["run", "--polling.timeout=3s"], "unrecognized arguments: --polling.timeout=3s"),
        (["run", "--web.listen-address=localhost"], "'localhost' is no address: write host:port"),
        (["demo", "--scenario=flood"], "invalid choice: 'flood'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_wrong_call_is_explained(arguments, complaint, shell):
    status, stdout, stderr = outcome(shell.start(*arguments))

    assert (status, stdout) == (2, "")
    assert complaint in stderr
    assert "Traceback" not in stderr


def test_an_address_in_use_is_named(shell, good):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, stdout, stderr = outcome(shell.start("run", good, f"--web.listen-address={address}"))

    assert (status, stdout) == (1, "")
    assert stderr.splitlines()[-1] == (
        f"email-stats-exporter: can't listen on {address}: Address already in use; "
        "choose another one with --web.listen-address"
    )


def test_once_prints_every_value_of_the_vendor(shell, good, world):
    status, stdout, stderr = outcome(shell.start("once", good))

    assert (status, stderr) == (0, "")
    assert {key: value for key, value in parsed(stdout).items() if key[0].startswith("sendgrid_")} == truth(
        world, "acme"
    )


def test_once_prints_openmetrics_of_chosen_customers_and_collectors(shell, good, world):
    chosen = ["--customer=skywatch", "--customer=river-yoga", "--collector=credits", "--source=acme"]
    status, stdout, stderr = outcome(shell.start("once", good, "--format=openmetrics", *chosen))

    samples = [sample for family in parse_openmetrics(stdout) for sample in family.samples]
    values = {series(sample.name, **sample.labels): sample.value for sample in samples}
    assert (status, stderr) == (0, "")
    assert values.keys() <= {*truth(world, "acme"), *(key for key in values if not key[0].startswith("sendgrid_"))}
    assert {labels_of(key).get("customer") for key in values} == {None, "skywatch", "river-yoga"}
    assert {labels_of(key).get("collector") for key in values} == {None, "credits"}
    assert values[series("email_stats_exporter_up", source="acme", customer="skywatch", collector="credits")] == 1


def test_once_prints_what_it_has_and_fails_if_a_fetch_failed(shell, vendor, world):
    file = shell.configure([source(vendor, [*world.customers[:1], STRANGER])])

    status, stdout, stderr = outcome(shell.start("once", f"--config.file={file}"))

    assert status == 1
    assert parsed(stdout)[series("sendgrid_requests_total", source="acme", customer="aurora-retail")] > 0
    assert stderr.count('msg="fetch failed"') == 3
    assert f"customer={STRANGER}" in stderr
    assert "reason=client_error" in stderr


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--customer=nobody"], "no customer is named nobody"),
        (["--source=acme", "--source=nope"], "no source is named nope"),
        (["--collector=nope", "--source=gone"], "no source is named gone; no collector nope is enabled"),
    ],
)
def test_once_refuses_a_name_that_nothing_has(shell, good, flags, words):
    file = good.removeprefix("--config.file=")

    assert outcome(shell.start("once", good, *flags)) == (2, "", f"email-stats-exporter: {file}: {words}\n")


def test_the_schema_describes_the_configuration(shell):
    status, stdout, stderr = outcome(shell.start("schema"))

    schema = json.loads(stdout)
    assert (status, stderr) == (0, "")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"polling", "limits", "sources"} <= schema["properties"].keys()


def test_version_and_help_are_printed(shell):
    programs = {"version": shell.start("--version"), **helps(shell)}

    results = {name: outcome(program) for name, program in programs.items()}
    assert {(status, stderr) for status, _, stderr in results.values()} == {(0, "")}
    assert results["version"][1].startswith("email-stats-exporter 0.")
    without = [
        name for name, (_, text, _) in results.items() if name != "version" and "\nexamples:\n  email-" not in text
    ]
    assert without == []


@pytest.mark.parametrize("command", ["check", "schema"])
def test_a_reader_that_has_had_enough_is_told_nothing(command, shell, good, console_script):
    """As in ``email-stats-exporter schema | head -1``; here the reader is gone before a word is written."""
    arguments = [command] if command == "schema" else [command, good]
    pipe = shell.start_other(
        "sh", "-c", f"{{ {shlex.join([*console_script, *arguments])}; echo status $? >&2; }} | true"
    )

    assert outcome(pipe) == (0, "", "status 1\n")


def helps(shell: Shell) -> Mapping[str, Program]:
    commands = ("run", "check", "once", "schema", "demo")
    return {"": shell.start("--help"), **{command: shell.start(command, "--help") for command in commands}}
