"""Writes docs/fidelity.md: ``python -m tests.fidelity``; a quarter of an hour of a processor."""

import sys
import tempfile
from pathlib import Path

from exporter import logs
from tests.fidelity.days import NINETY, live
from tests.fidelity.page import page
from tests.fidelity.questions import ask
from tests.simulation.archive import Archive

_PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


def main() -> None:
    """Live through the days, ask, and write the page."""
    # Ninety days of good news would be read by nobody.
    logs.configure("critical", "logfmt")
    told = set()

    def tell(day: int) -> None:
        if day not in told:
            told.add(day)
            sys.stderr.write(f"\rday {day} of {NINETY.days}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lived = live(NINETY, folder, lambda world: list(world.customers), tell)
        sys.stderr.write("\n")
        with Archive(folder) as archive:
            verdicts = ask(lived, archive, lived.world.customers)
    _PAGE.write_text(page(verdicts, lived.world.customers), encoding="utf-8")


if __name__ == "__main__":
    main()
