"""Builds the site: ``python -m docs.site [FOLDER]``, into build/site where no folder is named."""

import sys
from pathlib import Path

from sphinx.util.console import color_terminal, nocolor

from docs.site import build

_ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """Build the site and say where it starts; return the exit status."""
    if not color_terminal():
        nocolor()
    folder = Path(arguments[0]) if arguments else _ROOT / "build" / "site"
    if not build(_ROOT, folder):
        return 1
    sys.stdout.write(f"The site starts at {folder / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
