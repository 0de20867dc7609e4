"""Error bodies: how they are told from data, and how a vendor's words are quoted without giving anything away."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

_LONGEST_QUOTE = 200


def refusal(document: Any) -> str | None:
    """Return the vendor's words if the payload is one of its error bodies, else None.

    Data may be an object too, but without ``error``, ``errors`` or ``message``. The one message that is no
    error is ``success``.
    """
    if not isinstance(document, dict):
        return None
    if "error" in document or "errors" in document or document.get("message", "success") != "success":
        return next(_words(document), "")
    return None


def describe(words: str, private: Iterable[str]) -> str:
    """Return the text of an error that quotes a vendor's words, unless they are long or hold something private."""
    text = "the vendor answered with an error"
    line = quotable(words)
    if line is None:
        return f"{text} (its words are too long to be shown)"
    if any(_holds(line, each) for each in private):
        return f"{text} (its words hold what must not be shown)"
    return f"{text}: {line}" if line else text


def quotable(words: str) -> str | None:
    """Return the vendor's words on one line without unprintable characters, or None if they are too long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= _LONGEST_QUOTE else None


def _holds(line: str, private: str) -> bool:
    spellings = (private, quote(private, safe=""), quote_plus(private))
    folded = (quotable(spelling) or "" for spelling in spellings)
    return any(spelling and spelling.casefold() in line.casefold() for spelling in folded)


def _words(document: Mapping[str, Any]) -> Iterator[str]:
    errors = document.get("errors")
    listed = errors if isinstance(errors, list) else [errors]
    for candidate in (document.get("error"), *listed, document.get("message")):
        said = candidate.get("message") if isinstance(candidate, dict) else candidate
        if isinstance(said, str):
            yield said
