"""Error bodies: how they are told from data, and how a vendor's words are quoted without giving anything away."""

from collections.abc import Iterator, Mapping
from typing import Any

# What the vendors' pages print, and what they have been seen to answer. Other words may name a customer that is shown
# under another name, or repeat a secret in an encoding that nobody thought of.
_PHRASES = (
    "Bad username / password",
    "Email already exists",
    "Email does not exist",
    "Maximum credits exceeded",
    "No user found",
    "Permission denied, wrong credentials",
    "Report not found",
    "Segment not found",
    "The provided authorization grant is invalid, expired, or revoked",
    "Unauthorized",
    "User does not exist",
    "User not found",
    "authorization required",
    "invalid sort value",
    "is invalid",
    "too many requests",
    "unable to get subuser stat sums",
)
_KNOWN: Mapping[str, str] = {phrase.casefold(): phrase for phrase in _PHRASES}
_PUNCTUATION = ".,:;!? "


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


def describe(words: str) -> str:
    """Return the text of an error that quotes a vendor's words only if they are a phrase that is known to be harmless.

    It has the phrase as it is known, so that nothing in it comes from the vendor.
    """
    text = "the vendor answered with an error"
    line = _folded(words)
    if not line:
        return text
    phrase = _KNOWN.get(line)
    return f"{text} (its words are not shown, for they may name a customer)" if phrase is None else f"{text}: {phrase}"


def _folded(words: str) -> str:
    """Return words on one line, in small letters, without what can't be printed and the punctuation at their end."""
    printable = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(printable.split()).casefold().rstrip(_PUNCTUATION)


def _words(document: Mapping[str, Any]) -> Iterator[str]:
    errors = document.get("errors")
    listed = errors if isinstance(errors, list) else [errors]
    for candidate in (document.get("error"), *listed, document.get("message")):
        said = candidate.get("message") if isinstance(candidate, dict) else candidate
        if isinstance(said, str):
            yield said
