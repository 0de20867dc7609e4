"""The commands; the only module that prints."""

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog

from exporter import __version__, logs
from exporter.app import App
from exporter.backfill import Backfill, Journal, Order, purpose, shared
from exporter.clock import SystemClock
from exporter.config import Config, Watch, json_schema, load
from exporter.demo import SCENARIOS, StandIn, World, configuration
from exporter.errors import ConfigError, CorruptState, FetchError, StartError, Stopped, UsageError
from exporter.exposition import Format
from exporter.flags import parser
from exporter.memory import use_one_arena
from exporter.plan import plan_lines
from exporter.providers import discover as providers
from exporter.reload import Reloads
from exporter.selection import EVERYTHING, Selection
from exporter.site import Site
from exporter.state import SqliteState
from exporter.supervisor import Supervisor

log = structlog.get_logger(__name__)

GOOD, FAILED, WRONG = 0, 1, 2
_NO_STATE = (
    "no state is kept, so after a restart numbers are missing until they are fetched, and counters that were held are "
    "not any more; add state: {path: FILE}"
)
# How often a command looks whether what it waits for has come about.
_LOOK_AGAIN = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 if all is good, 1 if what it did or checked failed, 2 if it was called wrongly."""
    options = parser(version=__version__, scenarios=SCENARIOS).parse_args(arguments)
    logs.configure(options.log_level, options.log_format)
    try:
        return _carry_out(options)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return WRONG
    except (StartError, Stopped, UsageError) as error:
        print(f"email-stats-exporter: {error}", file=sys.stderr)
        return WRONG if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # Whoever read the output has had enough; Python would complain once more when it closes stdout.
        sys.stdout = None
        return FAILED


def _carry_out(options: argparse.Namespace) -> int:
    status = _COMMANDS[options.command](options)
    # What is left in the buffer would otherwise meet a closed pipe when nobody can catch that any more.
    sys.stdout.flush()
    return status


# Commands


def run(options: argparse.Namespace) -> int:
    """Poll and serve until SIGTERM or SIGINT."""
    hang_ups = _note_hang_ups()
    app = _build(options.config_file, keeps_state=True)
    for warning in app.config.warnings:
        log.warning("configuration", problem=str(warning))
    if app.config.state is None:
        log.warning("configuration", problem=_NO_STATE)
    app.follow(Watch(app.config, options.config_file))
    file = options.config_file
    return _serve(app, options, Reloads(app, partial(_load, file), file), hang_ups)


def check(options: argparse.Namespace) -> int:
    """Validate the configuration; with ``--online``, ask each vendor once."""
    config = _load(options.config_file)
    for warning in config.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n".join((f"{options.config_file} is valid.", *plan_lines(config))))
    if not options.online:
        return GOOD
    result = GOOD
    for source, error in App(config, providers(), SystemClock()).probe():
        print(f"source {source.name}: {error or 'the vendor answers and takes the credentials'}")
        result = FAILED if error else result
    return result


def once(options: argparse.Namespace) -> int:
    """Fetch everything once and print the page."""
    app = _build(options.config_file, _selection(options), is_repeating=False)
    if app.is_tried():
        raise UsageError(f"nothing to fetch: {options.config_file} has none that is all of what was chosen")
    is_told = _on_signals()
    app.start()
    while not (app.is_tried() or is_told() or app.stopping.wait(_LOOK_AGAIN)):
        pass
    is_whole = app.is_tried()
    app.stop()
    format_ = Format.OPENMETRICS if options.format == "openmetrics" else Format.TEXT
    sys.stdout.buffer.write(app.exposition.render(format_))
    sys.stdout.flush()
    return GOOD if is_whole and app.is_good() else FAILED


def backfill(options: argparse.Namespace) -> int:
    """Fetch days that are over, and write them for promtool."""
    clock, selection = SystemClock(), _selection(options)
    order = Order(options.first, options.last, options.step, dict(options.labels))
    config = shared(_load(options.config_file), options.rate_share)
    _check(selection, config, options.config_file)
    partial_file = options.output.with_name(f"{options.output.name}.partial")
    is_kept = partial_file.exists() or not options.is_dry
    journal = Journal(partial_file if is_kept else None, purpose(order, config, selection), clock.time())
    app = App(config, providers(), clock, selection, is_repeating=False, state=journal.facts)
    work = Backfill(
        order=order,
        output=options.output,
        sources=app.sources,
        journal=journal,
        clock=clock,
        concurrency=config.polling.concurrency,
        say=partial(print, flush=True),
        is_told=_on_signals(),
        shows=sys.stderr,
    )
    is_over = False
    try:
        if options.is_dry:
            work.plan()
            is_good = True
        else:
            # What failed is left to be asked for by the same command.
            is_good = is_over = work.run()
    except UsageError:
        is_over = not options.is_dry
        raise
    finally:
        # Keeps what was used of the limits.
        app.stop()
        journal.close()
        if is_over:
            journal.remove()
    return GOOD if is_good else FAILED


def demo(options: argparse.Namespace) -> int:
    """Run the exporter against stand-ins of the vendors."""
    hang_ups = _note_hang_ups()
    world = World(SystemClock())
    scenario = SCENARIOS[options.scenario] if options.scenario else None
    with StandIn(world, username="demo", password="demo", scenario=scenario) as stand_in:  # noqa: S106 - opens a stand-in on loopback
        # Not in a file: a container may have no folder to write one to.
        file, text = Path("demo.yaml"), configuration(stand_in.base_url, "demo", world)
        app = _build(file, text=text)
        story = f"\nScenario {options.scenario}: {scenario.description}\n" if scenario else ""
        sources = len(app.sources)
        print(f"Stand-in vendors on {stand_in.base_url}, asked by {sources} sources.{story}", flush=True)
        reloads = Reloads(app, partial(_load, file, text), file)
        return _serve(app, options, reloads, hang_ups, says_what_to_open=True)


def discover(options: argparse.Namespace) -> int:
    """Print the vendor's customers of a source."""
    selection = Selection(sources=frozenset([options.source]))
    source = _build(options.config_file, selection).sources[0]
    if not source.can_list:
        raise UsageError(f"source {options.source}: no call of type {source.config.type} lists customers")
    try:
        found = source.find()
    except FetchError as error:
        raise StartError(f"source {options.source}: {error}") from None
    if options.format == "json":
        print(json.dumps({"customers": [{each.option: each.key} for each in found]}, indent=2))
    else:
        # A JSON string is a YAML string too, in which no name needs another thought.
        names = [f"  - {each.option}: {json.dumps(each.key, ensure_ascii=False)}" for each in found]
        print("\n".join(["customers:", *names] if names else ["customers: []"]))
    return GOOD


def schema(_: argparse.Namespace) -> int:
    """Print the JSON Schema of the configuration."""
    print(json.dumps(json_schema(_models()), indent=2))
    return GOOD


def _models() -> dict[str, type]:
    return {type_: provider.config for type_, provider in providers().items()}


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(*(frozenset(chosen) for chosen in (options.source, options.customer, options.collector)))


def _check(selection: Selection, config: Config, path: Path) -> None:
    if strangers := [*selection.strangers(config)]:
        raise UsageError(f"{path}: {'; '.join(strangers)}")


def _load(path: Path, text: str | None = None) -> Config:
    return load(path, _models(), text)


def _build(
    path: Path,
    selection: Selection = EVERYTHING,
    *,
    text: str | None = None,
    is_repeating: bool = True,
    keeps_state: bool = False,
) -> App:
    """Return the program of a configuration; what stays for good is hidden from the garbage collector."""
    use_one_arena()
    gc.disable()
    try:
        config = _load(path, text)
        _check(selection, config, path)
        build = partial(App, config, providers(), SystemClock(), selection, is_repeating=is_repeating)
        app = _with_state(build, config.state.path) if keeps_state and config.state else build()
        gc.freeze()
        return app
    finally:
        gc.enable()


def _with_state(build: Callable[..., App], path: Path) -> App:
    """Return the program with what was kept of an earlier run; if that can't be trusted, it begins afresh."""
    state = SqliteState(path, SystemClock())
    try:
        return build(state=state)
    except CorruptState as error:
        state.begin_anew(str(error))
        return build(state=state)


def _serve(
    app: App, options: argparse.Namespace, reloads: Reloads, hang_ups: list[int], *, says_what_to_open: bool = False
) -> int:
    site = Site(app, options, reloads)
    supervisor = Supervisor(os.environ, app.clock)

    def ready() -> None:
        supervisor.ready(f"metrics on {', '.join(site.addresses) or 'sockets of systemd'}; sources: {len(app.sources)}")

    reloads.began, reloads.ended = supervisor.reloading, ready
    is_told = _on_signals()
    site.start()
    for address in site.addresses if says_what_to_open else ():
        print(
            f"Open {address}/ for the status page and {address}{site.telemetry_path} for the metrics;\n"
            "numbers come within seconds and grow while you watch. Ctrl-C stops it.",
            flush=True,
        )
    app.start()
    # Not when everything is fetched: a slow rate limit would make the start fail.
    ready()
    while not (is_told() or app.stopping.wait(_LOOK_AGAIN)):
        supervisor.watch(lambda: app.is_healthy)
        if hang_ups:
            hang_ups.clear()
            reloads.ask()
    supervisor.stopping()
    app.stop()
    site.stop()
    log.info("stopped")
    return GOOD if is_told() else FAILED


def _on_signals() -> Callable[[], bool]:
    """Catch SIGTERM and SIGINT; return what tells whether one has come."""
    told = _note(signal.SIGTERM, signal.SIGINT)
    return lambda: bool(told)


def _note_hang_ups() -> list[int]:
    """Catch SIGHUP, also before there is anything to reload: it must not end a program that starts."""
    return _note(signal.SIGHUP)


def _note(*numbers: signal.Signals) -> list[int]:
    """Return a list that each of these signals is added to when it comes."""
    told: list[int] = []

    def note(number: int, _frame: object) -> None:
        # Nothing that takes a lock: the thread that is interrupted here may be holding it.
        told.append(number)

    for number in numbers:
        signal.signal(number, note)
    return told


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    command.__name__: command for command in (run, check, once, backfill, demo, discover, schema)
}
