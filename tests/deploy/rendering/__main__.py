"""Draws every dashboard from the demo's nine days: ``python -m tests.deploy.rendering``, from the repository's root.

The pictures go into docs/dashboards. An archive of the days is made in a temporary folder, or once for all in the one
that is named.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.logs import configure
from tests.deploy.rendering.board import fill
from tests.deploy.rendering.canvas import draw
from tests.simulation.archive import Archive
from tests.simulation.days import END
from tests.simulation.history import build

ROOT = Path(__file__).parents[3]
# The customer that most happens to.
CHOSEN = {"customer": {"source": "demo", "customer": "lucky-coupons"}}


def main(folder: Path) -> None:
    """Draw all dashboards from the archive in a folder, which is made if it is empty."""
    configure("error", "logfmt")
    if not (folder / "data").exists():
        build(folder)
    with Archive(folder) as archive:
        for file in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json")):
            model = json.loads(file.read_text(encoding="utf-8"))
            board = fill(model, archive, END.timestamp(), CHOSEN.get(file.stem, {}))
            draw(board, ROOT / "docs/dashboards" / f"{file.stem}.png")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            main(Path(folder))
