"""Writes the reference pages: ``python -m docs.generator``, from the root of the repository."""

from pathlib import Path

from docs.generator import chart, pages
from exporter.providers import discover


def main() -> None:
    """Write every page into the folder ``docs``, and the table of values into the chart's own."""
    folder = Path(__file__).parents[1]
    for name, text in pages(discover()).items():
        (folder / name).write_text(text, encoding="utf-8")
    (chart.CHART / "README.md").write_text(chart.readme(), encoding="utf-8")


main()
