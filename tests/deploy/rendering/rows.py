"""The rows of a table panel: its queries joined, named and sorted as Grafana does it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.deploy.rendering.board import Board, Json

Row = Mapping[str, Any]


def rows(board: Board, panel: Json) -> Sequence[Row]:
    """Return a table's rows, by the heads of its columns, in their order."""
    merged: list[dict[str, Any]] = []
    several = len(panel["targets"]) > 1
    for target in panel["targets"]:
        value = f"Value #{target['refId']}" if several else "Value"
        for line in board.answer(target, panel):
            _merge(merged, {**line.curve.labels, value: line.last})
    [organize] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    named = [_named(row, organize) for row in merged]
    for order in panel["options"]["sortBy"]:
        head = order["displayName"]
        # Rows without the value come last, whichever way it is sorted.
        with_value = sorted((row for row in named if head in row), key=lambda row: row[head], reverse=order["desc"])
        named = [*with_value, *(row for row in named if head not in row)]
    shown = heads(panel)
    return [{head: row[head] for head in shown if head in row} for row in named]


def heads(panel: Json) -> Sequence[str]:
    """Return the heads of a table's columns, from left to right."""
    [organize] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    names = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    kept = [name for name in names if name not in organize["excludeByName"]]
    return list(dict.fromkeys(organize["renameByName"].get(name, name) for name in kept))


def settings(panel: Json, head: str) -> Mapping[str, Any]:
    """Return the settings of a column: the panel's, and those of its own."""
    found = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"] == {"id": "byName", "options": head}:
            found |= {each["id"]: each["value"] for each in override["properties"]}
    return found


def _merge(merged: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Put a row into all that agree with it wherever both have a value; a new one if there is none."""
    is_new = True
    for index, other in enumerate(merged):
        common = (other.keys() & row.keys()) - {"__name__"}
        labels = [name for name in common if not name.startswith("Value")]
        if labels and len(labels) == len(common) and all(other[name] == row[name] for name in labels):
            merged[index] = other | row
            is_new = False
    if is_new:
        merged.append(row)


def _named(row: Row, organize: Mapping[str, Any]) -> dict[str, Any]:
    return {organize["renameByName"].get(name, name): value for name, value in row.items()}
