"""Which format and encoding a client gets, by its Accept and Accept-Encoding headers (RFC 9110, section 12)."""

from collections.abc import Iterator, Mapping

from exporter.exposition.text import Format

_MEDIA = {
    "application/openmetrics-text": Format.OPENMETRICS,
    "text/plain": Format.TEXT,
    "text/*": Format.TEXT,
    "application/*": Format.OPENMETRICS,
    "*/*": Format.TEXT,
}
# Versions that a client may name and that the pages are compatible with; none named means any.
_VERSIONS = {Format.OPENMETRICS: ("", "1.0.0", "0.0.1"), Format.TEXT: ("", "0.0.4")}


def choose_format(accept: str) -> Format:
    """Return the format that a client prefers; text 0.0.4 where it names none that is known."""
    best, best_quality = Format.TEXT, 0.0
    for media, parameters, quality in _items(accept):
        format_ = _MEDIA.get(media)
        if format_ and parameters.get("version", "") in _VERSIONS[format_] and quality > best_quality:
            best, best_quality = format_, quality
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a client takes gzip at least as gladly as plain bytes."""
    qualities = {coding: quality for coding, _, quality in _items(accept_encoding)}
    anything = qualities.get("*", 0.0)
    gzip = qualities.get("gzip", qualities.get("x-gzip", anything))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _items(value: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for item in value.split(","):
        name, *rest = (part.strip() for part in item.split(";"))
        parameters = {
            key.strip().lower(): text.strip().strip('"') for key, _, text in (part.partition("=") for part in rest)
        }
        yield name.lower(), parameters, _quality(parameters.get("q", "1"))


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
