"""``python -m tests.chaos`` kills the exporter again and again for ten minutes, and says what came of it.

``--seconds``, ``--seed`` and ``--disk FOLDER``, a small disk of its own that is filled now and then, say otherwise.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.run import Run
from tests.chaos.verdict import judge

ROOT = Path(__file__).parents[2]
_SCRIPT = f"import sys; sys.path[0] = {str(ROOT)!r}; from exporter.cli import main; sys.exit(main())"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a run and judge it; return 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kills the exporter while vendors fail.")
    parser.add_argument("--seconds", type=float, default=600, help="how long; 600 if nothing is said")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeats the plans of a run")  # noqa: S311 - no secret
    parser.add_argument("--disk", type=Path, help="a folder on a small disk, which is filled now and then")
    options = parser.parse_args(arguments)
    _say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, ExitStack() as stack:
        run = Run(
            Path(folder), stack, [sys.executable, "-c", _SCRIPT], options.seed, options.seconds, disk=options.disk
        )
        run.play()
        verdict = judge(run)
    for what, figure in verdict.figures.items():
        _say(f"{what}: {figure:,}")
    for fault in verdict.faults:
        _say(f"BROKEN: {fault}")
    return 1 if verdict.faults else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a report


if __name__ == "__main__":
    sys.exit(main())
