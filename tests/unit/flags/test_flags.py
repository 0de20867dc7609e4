"""The command line: what each command takes, and what it says."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from exporter.flags import parser, prefix_of
from exporter.web import Address

COMMANDS = ("run", "check", "once", "discover", "demo", "schema")


def parse(*arguments: str) -> argparse.Namespace:
    return parser(version="1.2.3", scenarios=["outage", "corrections"]).parse_args(arguments)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said on stderr of arguments that are refused with status 2."""
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert out == ""
    return err


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(*arguments, "--help")
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_says_what_it_does_and_has_examples(capsys, command):
    text = help_of(capsys, command)

    assert f"usage: email-stats-exporter {command} " in text
    assert "examples:\n" in text
    assert f"  email-stats-exporter {command}" in text.partition("examples:\n")[2]


def test_the_help_names_every_command_and_has_examples(capsys):
    text = help_of(capsys)

    commands, _, examples = text.partition("examples:\n")
    assert [command for command in COMMANDS if f"\n    {command} " not in commands] == []
    assert "  email-stats-exporter demo" in examples


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)], ids="".join)
def test_the_version_is_told_everywhere(capsys, command):
    with pytest.raises(SystemExit) as ended:
        parse(*command, "--version")

    assert ended.value.code == 0
    assert capsys.readouterr().out == "email-stats-exporter 1.2.3\n"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "run",
            {
                "config_file": Path("config.yaml"),
                "listen_addresses": None,
                "telemetry_path": "/metrics",
                "web_config_file": None,
                "external_url": None,
                "route_prefix": None,
                "systemd_socket": False,
                "enable_lifecycle": True,
                "log_level": "info",
                "log_format": "logfmt",
            },
        ),
        (
            "check",
            {"config_file": Path("config.yaml"), "online": False, "log_level": "info", "log_format": "logfmt"},
        ),
        (
            "once",
            {
                "config_file": Path("config.yaml"),
                "format": "text",
                "source": [],
                "customer": [],
                "collector": [],
                "log_level": "info",
                "log_format": "logfmt",
            },
        ),
        (
            "demo",
            {
                "scenario": None,
                "listen_addresses": None,
                "telemetry_path": "/metrics",
                "web_config_file": None,
                "external_url": None,
                "route_prefix": None,
                "systemd_socket": False,
                "enable_lifecycle": True,
                "log_level": "info",
                "log_format": "logfmt",
            },
        ),
        (
            "discover acme",
            {
                "config_file": Path("config.yaml"),
                "source": "acme",
                "format": "yaml",
                "log_level": "info",
                "log_format": "logfmt",
            },
        ),
        ("schema", {"log_level": "info", "log_format": "logfmt"}),
    ],
)
def test_defaults(command: str, expected: dict[str, Any]):
    assert vars(parse(*command.split())) == {"command": command.partition(" ")[0], **expected}


@pytest.mark.parametrize(
    ("command", "flag", "value", "name", "expected"),
    [
        ("run", "--config.file", "/etc/x.yaml", "config_file", Path("/etc/x.yaml")),
        ("run", "--web.listen-address", "[::1]:80", "listen_addresses", [Address("::1", 80)]),
        ("run", "--web.telemetry-path", "/probe/m", "telemetry_path", "/probe/m"),
        ("demo", "--web.listen-address", ":0", "listen_addresses", [Address("", 0)]),
        ("demo", "--scenario", "outage", "scenario", "outage"),
        ("check", "--log.level", "debug", "log_level", "debug"),
        ("check", "--log.level", "warn", "log_level", "warning"),
        ("schema", "--log.format", "json", "log_format", "json"),
        ("once", "--format", "openmetrics", "format", "openmetrics"),
        ("once", "--source", "acme", "source", ["acme"]),
        ("once", "--customer", "a=b", "customer", ["a=b"]),
        ("once", "--collector", "daily", "collector", ["daily"]),
        ("discover acme", "--format", "json", "format", "json"),
        ("discover acme", "--config.file", "/etc/x.yaml", "config_file", Path("/etc/x.yaml")),
    ],
)
def test_a_value_may_follow_an_equals_sign_or_a_space(command: str, flag: str, value: str, name: str, expected: Any):
    assert getattr(parse(*command.split(), f"{flag}={value}"), name) == expected
    assert getattr(parse(*command.split(), flag, value), name) == expected


def test_flags_that_are_repeatable_keep_their_order():
    options = parse("once", "--customer=b", "--customer=a", "--source=x", "--source=y", "--collector=totals")
    assert (options.customer, options.source, options.collector) == (["b", "a"], ["x", "y"], ["totals"])

    addresses = parse("run", "--web.listen-address=:1", "--web.listen-address=localhost:2").listen_addresses
    assert addresses == [Address("", 1), Address("localhost", 2)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--config=x"),
        ("run", "--web.listen=:1"),
        ("run", "--log.lev=debug"),
        ("check", "--on"),
        ("once", "--cust=a"),
        ("--vers",),
    ],
)
def test_abbreviations_are_refused(capsys, arguments):
    """A flag that comes later could make an abbreviation mean something else."""
    assert "error: " in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("walk",), "invalid choice: 'walk'"),
        (("discover",), "the following arguments are required: SOURCE"),
        (("run", "more"), "unrecognized arguments: more"),
        (("run", "--config.file"), "--config.file: expected one argument"),
        (("run", "--online"), "unrecognized arguments: --online"),
        (("demo", "--config.file=x"), "unrecognized arguments: --config.file=x"),
        (("demo", "--scenario=flood"), "invalid choice: 'flood'"),
        (("run", "--log.level=loud"), "invalid choice: 'loud'"),
        (("run", "--log.format=xml"), "invalid choice: 'xml'"),
        (("once", "--format=json"), "invalid choice: 'json'"),
        (("run", "--web.listen-address=10587"), "'10587' is no address: write host:port, :port or [IPv6]:port"),
        (("run", "--web.telemetry-path=metrics"), "'metrics' is no path for metrics: write one like /metrics"),
    ],
)
def test_what_is_wrong_is_said_in_words_with_status_2(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


@pytest.mark.parametrize(
    "path", ["", "/", "/config", "/sd", "/api/v1/status", "/-/healthy", "/{x}", "/a?b", "/a#b", "/metriçs"]
)
def test_a_telemetry_path_that_could_not_be_asked_for_is_refused(capsys, path):
    assert "is no path for metrics" in refused(capsys, "run", f"--web.telemetry-path={path}")


@pytest.mark.parametrize(
    ("flags", "prefix"),
    [
        ((), ""),
        (("--web.external-url=https://example.com/",), ""),
        (("--web.external-url=https://example.com/mail/",), "/mail"),
        (("--web.external-url=https://example.com/mail", "--web.route-prefix=/"), ""),
        (("--web.route-prefix=/a/b/",), "/a/b"),
    ],
)
def test_paths_begin_as_the_external_url_says_or_the_route_prefix(flags, prefix):
    assert prefix_of(parse("run", *flags)) == prefix


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://a", "https://", "http://a:b/", "http://a:0/", "http://a/?b", "http://u:p@a/"]
)
def test_an_external_url_that_no_browser_could_ask_for_is_refused(capsys, url):
    assert "is no URL of pages" in refused(capsys, "run", f"--web.external-url={url}")


@pytest.mark.parametrize("prefix", ["mail", "/a b", "/{x}", "/a//b", "/a?b"])
def test_a_prefix_that_is_no_path_is_refused(capsys, prefix):
    assert "is no prefix of paths" in refused(capsys, "run", f"--web.route-prefix={prefix}")
