"""The panel that joins several queries into one table, a row for each customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.grafana.generator.colours import Json, State, Thresholds, mappings
from deploy.grafana.generator.panels import PROMETHEUS, letters, target

_OPTIONS: Json = {"cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"]}, "showHeader": True}


@dataclass(frozen=True, slots=True)
class Column:
    """One query of a table, whose values fill a column.

    Attributes:
        title: the head of the column.
        expr: the query, with a series for each row.
        unit: Grafana's name of the unit; the usual one prints a number whole, with separators.
        thresholds: where the number changes its colour.
        states: words in place of numbers.
        decimals: how many digits after the point.
        width: in pixels, Grafana's choice where none is given.
    """

    title: str
    expr: str
    unit: str = "locale"
    thresholds: Thresholds | None = None
    states: Sequence[State] = ()
    decimals: int | None = None
    width: int | None = None


def table(
    title: str,
    description: str,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    *,
    sort: str,
    descending: bool = True,
    hidden: Sequence[str] = (),
    links: Sequence[Json] = (),
    colours: Mapping[str, Mapping[str, str]] | None = None,
    empty: str = "",
) -> Json:
    """Return a table as it is at the end of the time range.

    Args:
        title: its title.
        description: what the numbers are, and how old they can be.
        labels: heads of columns by the labels that fill them; the rows of all queries are joined by them.
        columns: the queries; the first says which rows there are, others are best cut to them by `beside`.
        sort: the head of the column that it is sorted by.
        descending: whether the largest comes first.
        hidden: heads of columns, or labels without a head, that aren't shown.
        links: where a click on a label leads; ``${__data.fields.Customer:percentencode}`` is the row's.
        colours: by heads of labels' columns, the colours of their words.
        empty: what it says when there is no row.
    """
    return {
        "type": "table",
        "title": title,
        "description": description,
        "datasource": PROMETHEUS,
        "targets": letters([target(column.expr, instant=True, rows=True) for column in columns]),
        "transformations": _joined(_names(labels, columns), hidden),
        "options": {**_OPTIONS, "sortBy": [{"displayName": sort, "desc": descending}]},
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "mappings": [],
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
                **({"noValue": empty} if empty else {}),
            },
            "overrides": [
                *(_override(head, [{"id": "links", "value": list(links)}]) for head in labels.values() if links),
                *(_override(column.title, _properties(column)) for column in columns),
                *(_override(head, _coloured(words)) for head, words in (colours or {}).items()),
            ],
        },
    }


def _joined(names: Mapping[str, str], hidden: Sequence[str]) -> list[Json]:
    heads = {
        "excludeByName": dict.fromkeys(["Time", *_hidden(names, hidden)], True),
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": dict(names),
    }
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": heads}]


def _names(labels: Mapping[str, str], columns: Sequence[Column]) -> Mapping[str, str]:
    # Grafana calls a query's values Value #A, and Value if no other query has any.
    letters_of = {f"Value #{chr(ord('A') + index)}": column.title for index, column in enumerate(columns)}
    return {**labels, "Value": columns[0].title, **letters_of}


def _hidden(names: Mapping[str, str], hidden: Sequence[str]) -> Sequence[str]:
    # A label that has no head is hidden by its own name.
    heads = set(names.values())
    return [name for name, head in names.items() if head in hidden] + [name for name in hidden if name not in heads]


def _override(head: str, properties: Sequence[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": head}, "properties": list(properties)}


def _properties(column: Column) -> Sequence[Json]:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.decimals is not None:
        properties.append({"id": "decimals", "value": column.decimals})
    if column.width is not None:
        properties.append({"id": "custom.width", "value": column.width})
    if column.thresholds:
        properties.append({"id": "thresholds", "value": column.thresholds.json()})
        properties.append({"id": "color", "value": {"mode": "thresholds"}})
    if column.states:
        properties.append({"id": "mappings", "value": mappings(column.states)})
    if column.thresholds or column.states:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return properties


def _coloured(words: Mapping[str, str]) -> Sequence[Json]:
    options = {word: {"text": word, "color": colour} for word, colour in words.items()}
    return [
        {"id": "mappings", "value": [{"type": "value", "options": options}]},
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
    ]
