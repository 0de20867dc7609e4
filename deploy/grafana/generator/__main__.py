"""Writes the dashboards: ``python -m deploy.grafana.generator``, from the root of the repository."""

from pathlib import Path

from deploy.grafana.generator.shelf import files


def main() -> None:
    """Write every dashboard into the folder ``deploy/grafana/dashboards``."""
    folder = Path(__file__).parents[1] / "dashboards"
    folder.mkdir(exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


main()
