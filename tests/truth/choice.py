"""Which categories a source shows."""

import re
from collections.abc import Sequence


def is_included(name: str, include: Sequence[str] | None) -> bool:
    """Tell whether ``include`` has a category, by its name or by a regular expression between slashes."""
    return not include or any(
        re.search(entry[1:-1], name) is not None if entry[0] == entry[-1] == "/" else entry == name for entry in include
    )
