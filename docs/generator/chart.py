"""The table of values in the Helm chart's README, from the comments and defaults of its values.yaml."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from docs.generator.markdown import code, table

CHART = Path(__file__).parents[2] / "deploy/helm/email-stats-exporter"
_BEGIN, _END = "<!-- Written from values.yaml by `make docs` -->\n", "<!-- End of what `make docs` writes -->\n"


def readme(folder: Path = CHART) -> str:
    """Return the README of a chart as it is, but for the table of values, which is made anew."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    values = (folder / "values.yaml").read_text(encoding="utf-8")
    return f"{before}{_BEGIN}\n{table(('value', 'default', 'what it is'), _rows(values))}\n{_END}{after}"


def _rows(text: str) -> Iterator[Sequence[str]]:
    lines = text.splitlines()
    for path, key, value in _leaves(yaml.compose(text, yaml.SafeLoader), lines):
        default = yaml.safe_load(yaml.serialize(value))
        yield code(path), code(json.dumps(default, ensure_ascii=False)), _comment(key, lines)


def _leaves(
    node: yaml.Node | None, lines: Sequence[str], prefix: str = ""
) -> Iterator[tuple[str, yaml.ScalarNode, yaml.Node]]:
    """Yield each value that has a comment of its own; what lies below it without one is a part of it."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        path = f"{prefix}{key.value}"
        if isinstance(value, yaml.MappingNode) and value.value and _comment(value.value[0][0], lines):
            yield from _leaves(value, lines, f"{path}.")
        else:
            yield path, key, value


def _comment(key: yaml.ScalarNode, lines: Sequence[str]) -> str:
    """Return the first paragraph of the comment right above a key; what follows it is an example."""
    begin = f"{' ' * key.start_mark.column}#"
    first = key.start_mark.line
    while first and lines[first - 1].startswith(begin):
        first -= 1
    comment = [line.removeprefix(begin).strip() for line in lines[first : key.start_mark.line]]
    return " ".join(comment[: comment.index("") if "" in comment else None])
