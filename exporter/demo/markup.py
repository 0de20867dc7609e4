"""Values as XML, the way SendGrid's Web API prints them: an element a field, a list as elements of one name."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

PROLOG = '<?xml version="1.0" encoding="ISO-8859-1"?>\n\n'
"""What old answers begin with; they are in that encoding then."""

# The name of one entry, by the name of the list that it stands in.
_ENTRIES = {"ips": "ip", "ip_groups": "ip_group", "errors": "error"}


def element(name: str, *content: str) -> str:
    """Return an element with this content, which is XML already."""
    return f"<{name}>{''.join(content)}</{name}>"


def text_element(name: str, value: Any) -> str:
    """Return an element that holds a value; lists hold elements, and truth is spelt in small letters."""
    if isinstance(value, list):
        return element(name, *(text_element(_ENTRIES[name], each) for each in value))
    return element(name, escape(str(value).lower() if isinstance(value, bool) else str(value), quote=False))


def record(name: str, members: Mapping[str, Any]) -> str:
    """Return an element that holds one for each member."""
    return element(name, *(text_element(key, value) for key, value in members.items()))


def records(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a row of such elements."""
    return "".join(record(name, row) for row in rows)
