"""Tables, words and numbers as Markdown has them."""

import re
from collections.abc import Iterable, Sequence

# As in "GitHub-flavoured" tables: a bar ends a cell, even within backticks.
_BAR = re.compile(r"(?<!\\)\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell that is empty in every row is not there at all."""
    kept = [list(row) for row in rows]
    columns = [index for index in range(len(header)) if any(row[index] for row in kept)]
    lines = [[header[index] for index in columns], ["---"] * len(columns)]
    lines += [[cell(row[index]) for index in columns] for row in kept]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Return a text as it can stand in a table."""
    return _BAR.sub(r"\\|", " ".join(text.split()))


def code(text: str) -> str:
    """Return a text as code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Return texts as code, with commas between them."""
    return ", ".join(map(code, texts))


def docstring(text: str | None) -> str:
    """Return the first paragraph of a docstring, whose double backticks Markdown has as single ones."""
    return " ".join((text or "").partition("\n\n")[0].split()).replace("``", "`")


def number(value: float) -> str:
    """Return a number without an exponent: 36,000 tells more than 3.6e+04."""
    return f"{round(value, 2):,.15g}"
