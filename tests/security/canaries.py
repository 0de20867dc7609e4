"""Secrets that can be told in whatever they turn up in, however it was written."""

import base64
from collections.abc import Collection, Iterator

# What any form, URL, page or line may write in a way of its own.
_ODD = " 7&f\"é=<Z>'\\/+%"
# Of these, what may stand in a header.
_ODD_IN_HEADERS = "7&f\"=<Z>'\\/+%"


def canary(name: str, *, is_header: bool = False) -> str:
    """Return a secret that begins and ends with letters and digits that no way of writing changes."""
    return f"c4nary{name}{_ODD_IN_HEADERS if is_header else _ODD}{name}y4nac"


def found_in(text: str | bytes, names: Collection[str]) -> list[str]:
    """Return the names of the canaries of which a text holds the beginning or the end, plain or in another code."""
    data = text.encode() if isinstance(text, str) else text
    return [name for name in names if any(trace in data for trace in _traces(name))]


def _traces(name: str) -> Iterator[bytes]:
    for core in (f"c4nary{name}".encode(), f"{name}y4nac".encode()):
        yield core
        yield core[::-1]
        yield core.hex().encode()
        yield core.decode().encode("utf-16-le")
        for shift in range(3):
            yield _in_base64(core, shift)


def _in_base64(core: bytes, shift: int) -> bytes:
    """Return what base64 makes of it after so many bytes of something else, but for what depends on its neighbours."""
    written = base64.b64encode(bytes(shift) + core)
    first, last = -(-shift * 8 // 6), (shift + len(core)) * 8 // 6
    return written[first:last]
