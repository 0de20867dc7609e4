"""The command line: every command with its flags, their defaults and examples."""

import argparse
import re
from collections.abc import Collection
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from exporter.config import parse_duration
from exporter.logs import FORMATS, LEVELS
from exporter.web import Address, parse_address

DEFAULT_ADDRESS = Address("", 10587)
_PREFIX = re.compile(r"(/[A-Za-z0-9_~.-]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LONGEST_STEP = 86_400
_OTHER_PAGES = ("/", "/api/v1/status", "/config", "/sd")

_EXAMPLES = """
examples:
  email-stats-exporter demo                                    # no credentials needed
  email-stats-exporter check --config.file=config.yaml --online
  email-stats-exporter run --config.file=config.yaml

The configuration is explained in config.example.yaml; each command has a --help of its own.
"""

_COMMANDS = {
    "run": """Poll the vendors and serve the metrics until SIGTERM or SIGINT.
  email-stats-exporter run --config.file=/etc/email-stats-exporter/config.yaml
  email-stats-exporter run --web.listen-address=127.0.0.1:10587 --log.format=json
""",
    "check": """Validate the configuration; show its sources, and their calls per hour against each rate limit.
  email-stats-exporter check --config.file=config.yaml
  email-stats-exporter check --online       # also ask each vendor once whether the credentials work
""",
    "once": """Fetch everything once and print the metrics; exit with 1 if any fetch failed.
  email-stats-exporter once --config.file=config.yaml
  email-stats-exporter once --source=acme --collector=credits --format=openmetrics
""",
    "backfill": """Fetch days that are over, and write them as OpenMetrics that promtool turns into blocks.
  email-stats-exporter backfill --from=2026-01-01 --output=history.om --dry-run
  email-stats-exporter backfill --from=2026-01-01 --output=history.om \\
      --label=job=email-stats-exporter --label=instance=mail-exporter:10587
  promtool tsdb create-blocks-from openmetrics history.om ./blocks
""",
    "demo": """Run the exporter against stand-ins of the vendors: real HTTP on loopback, no credentials.
  email-stats-exporter demo
  email-stats-exporter demo --scenario=outage --web.listen-address=:0
""",
    "discover": """Print the vendor's customers of a source, as customers for its configuration.
  email-stats-exporter discover acme
  email-stats-exporter discover acme --format=json > acme.json.new && mv acme.json.new customers/acme.json
""",
    "schema": """Print the JSON Schema of the configuration.
  email-stats-exporter schema > config.schema.json
""",
}


def prefix_of(options: argparse.Namespace) -> str:
    """Return what all paths begin with: the route prefix, or the path of the external URL; empty for nothing."""
    route_prefix: str | None = options.route_prefix
    external_url: str = options.external_url or ""
    return urlsplit(external_url).path.rstrip("/") if route_prefix is None else route_prefix


def parser(*, version: str, scenarios: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of the whole command line; ``scenarios`` are what the demo can play."""
    top = _new(
        "email-stats-exporter", "Prometheus exporter for the statistics of e-mail vendors' customers.", _EXAMPLES
    )
    top.add_argument("--version", action="version", version=f"email-stats-exporter {version}")
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    commands = {}
    for name, text in _COMMANDS.items():
        summary, _, examples = text.partition("\n")
        commands[name] = command = subparsers.add_parser(
            name,
            help=summary[0].lower() + summary[1:-1],
            description=summary,
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_argument("--version", action="version", version=f"email-stats-exporter {version}")
        _add_log(command)
    for name in ("run", "check", "once", "backfill", "discover"):
        _add_config_file(commands[name])
    for name in ("run", "demo"):
        _add_web(commands[name])
    commands["check"].add_argument("--online", action="store_true", help="make one cheap call for each source")
    commands["once"].add_argument("--format", choices=("text", "openmetrics"), default="text", help="(%(default)s)")
    _add_backfill(commands["backfill"])
    for name in ("once", "backfill"):
        _add_selection(commands[name])
    commands["discover"].add_argument("source", metavar="SOURCE", help="name of a source in the configuration")
    commands["discover"].add_argument("--format", choices=("yaml", "json"), default="yaml", help="(%(default)s)")
    commands["demo"].add_argument("--scenario", choices=sorted(scenarios), help="what goes wrong while one watches")
    return top


def _new(program: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        program,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _level(text: str) -> str:
    # What Prometheus calls this level in its own flag.
    return "warning" if text == "warn" else text


def _add_log(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--log.level",
        dest="log_level",
        type=_level,
        choices=LEVELS,
        default="info",
        help="least level that is logged (%(default)s)",
    )
    command.add_argument(
        "--log.format", dest="log_format", choices=FORMATS, default="logfmt", help="form of log lines (%(default)s)"
    )


def _add_config_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        default=Path("config.yaml"),
        metavar="FILE",
        help="the configuration, YAML or JSON (%(default)s)",
    )


def _add_web(command: argparse.ArgumentParser) -> None:
    _add_listening(command)
    command.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="FILE",
        help="TLS, users and headers of the pages, as of Prometheus' exporter-toolkit; re-read when it changes",
    )
    command.add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="take POST to /-/reload, which reads the configuration anew as SIGHUP does (on)",
    )
    command.add_argument(
        "--web.external-url",
        dest="external_url",
        type=_url,
        metavar="URL",
        help="where a proxy shows the pages, such as https://example.com/mail/; its path is their prefix",
    )
    command.add_argument(
        "--web.route-prefix",
        dest="route_prefix",
        type=_prefix,
        metavar="PATH",
        help="prefix of all paths as they arrive here; / if the proxy takes it off (path of --web.external-url)",
    )
    command.add_argument(
        "--web.systemd-socket",
        dest="systemd_socket",
        action="store_true",
        help="listen on the sockets that systemd hands over, not on --web.listen-address",
    )


def _add_listening(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--web.listen-address",
        dest="listen_addresses",
        type=_address,
        action="append",
        metavar="HOST:PORT",
        help=f"where to listen; repeatable; port 0 picks a free one ({DEFAULT_ADDRESS})",
    )
    command.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_path,
        default="/metrics",
        metavar="PATH",
        help="path of the metrics (%(default)s)",
    )


def _add_backfill(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from", dest="first", type=_day, metavar="DATE", required=True, help="first day, such as 2026-01-01"
    )
    command.add_argument(
        "--to", dest="last", type=_day, metavar="DATE", help="last day, one that has ended (yesterday)"
    )
    command.add_argument("--output", type=Path, required=True, metavar="FILE", help="where to write the history")
    command.add_argument(
        "--step", type=_step, default=300, metavar="DURATION", help="time between two samples of a series (5m)"
    )
    command.add_argument(
        "--label",
        dest="labels",
        type=_label,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="on every sample, such as job and instance, as your Prometheus has them; repeatable",
    )
    command.add_argument(
        "--rate-share",
        dest="rate_share",
        type=_share,
        default=1.0,
        metavar="FRACTION",
        help="how much of each rate limit to use, so that a running exporter has the rest, such as 0.5 (1)",
    )
    command.add_argument("--dry-run", dest="is_dry", action="store_true", help="say what it takes, and ask for nothing")


def _add_selection(command: argparse.ArgumentParser) -> None:
    for name in ("source", "customer", "collector"):
        command.add_argument(
            f"--{name}", action="append", default=[], metavar="NAME", help=f"only this {name}; repeatable"
        )


def _day(text: str) -> date:
    try:
        # Python takes other forms too, by which a day is easily mistaken.
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no day: write one like 2026-01-31")


def _step(text: str) -> int:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
    if not 1 <= seconds <= _LONGEST_STEP or seconds != int(seconds):
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1s and 1d in whole seconds")
    return int(seconds)


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and value and _LABEL.fullmatch(name)) or name.startswith("__"):
        raise argparse.ArgumentTypeError(f"{text!r} is no label: write one like job=email-stats-exporter")
    if name in {"source", "customer", "category"}:
        raise argparse.ArgumentTypeError(f"{text!r} would take the place of the exporter's own label {name}")
    return name, value


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no fraction: write one above 0 and up to 1, such as 0.5")
    return share


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment or parts.username is not None:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL of pages: write one like https://example.com/mail/")
    _prefix(parts.path)
    return text.rstrip("/")


def _prefix(text: str) -> str:
    prefix = text.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        raise argparse.ArgumentTypeError(f"{text!r} is no prefix of paths: write one like /mail")
    return prefix


def _path(text: str) -> str:
    if (
        not text.startswith("/")
        or text.startswith("/-/")
        or text in _OTHER_PAGES
        or not text.isascii()
        or set(text) & set("{}?#")
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no path for metrics: write one like /metrics")
    return text
