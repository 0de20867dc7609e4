"""What may stand under a key of the configuration, in words, from its JSON Schema and its model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, get_args

from docs.generator.markdown import code, codes
from exporter.config import DurationRange, Size, format_duration
from exporter.config.duration import PATTERN

Schema: TypeAlias = Mapping[str, Any]

_SIZE_RANGE = type(get_args(Size)[1])
_SIZES = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}
# For pydantic the first is a mapping of names, for a reader of the file too.
_WORDS = {"boolean": "`true` or `false`", "object": "mapping of names to strings", "string": "string"}
_NUMBERS = {"integer": "whole number", "number": "number"}


def words(schema: Schema, metadata: Sequence[Any] = ()) -> str:
    """Return what may stand under a key; ``metadata`` is what the model says of it beside its type."""
    ranges = {type(each): each for each in metadata}
    if _SIZE_RANGE in ranges:
        size = ranges[_SIZE_RANGE]
        return f"size, {format_size(size.least)} to {format_size(size.most)}"
    return " or ".join(dict.fromkeys(_alternatives(schema, ranges.get(DurationRange))))


def default(schema: Schema, metadata: Sequence[Any] = (), *, is_required: bool = False) -> str:
    """Return what counts where the key is left out, as the file would have it."""
    if is_required:
        return "required"
    value = schema.get("default")
    if isinstance(value, dict) and value:
        # Each of its keys says for itself what counts where it is left out.
        return ""
    if any(isinstance(each, _SIZE_RANGE) for each in metadata):
        value = format_size(int(value or 0))
    return code(_yaml(value)) if value not in (None, [], {}) else "none"


def format_size(count: int) -> str:
    """Return a number of bytes as a size of the configuration: ``8MiB``."""
    unit = next((unit for unit, size in _SIZES.items() if not count % size), None)
    return f"{count // _SIZES[unit]}{unit}" if unit else f"{count}B"


def nested(schema: Schema) -> tuple[str, str] | None:
    """Return the reference to the section under a key, and how the paths of its keys go on; None where none is."""
    for each in _parts(schema):
        if "$ref" in each:
            return each["$ref"], "."
        if "$ref" in each.get("items", {}):
            return each["items"]["$ref"], "[]."
    return None


def _parts(schema: Schema) -> Sequence[Schema]:
    either: Sequence[Schema] | None = schema.get("anyOf") or schema.get("oneOf")
    return either or [schema]


def _alternatives(schema: Schema, duration: DurationRange | None) -> Iterator[str]:
    for each in _parts(schema):
        if "anyOf" in each or "oneOf" in each:
            yield from _alternatives(each, duration)
        elif "$ref" in each:
            yield "section"
        elif "const" in each and duration is None:
            yield code(_yaml(each["const"]))
        elif "enum" in each:
            yield f"one of {codes(map(_yaml, each['enum']))}"
        elif each.get("pattern") == PATTERN:
            yield _duration(duration)
        elif each.get("type") == "array":
            yield _list(each)
        elif each.get("type") in _NUMBERS:
            yield _number(each)
        elif "type" in each and each["type"] != "null":
            yield _string(each) if each.get("type") == "string" else _WORDS[each["type"]]


def _duration(duration: DurationRange | None) -> str:
    if duration is None:
        return "duration"
    return f"duration, {format_duration(duration.least)} to {format_duration(duration.most)}"


def _list(schema: Schema) -> str:
    items = words(schema["items"])
    if items == "section":
        return "list of sections"
    few = ", at least one" if schema.get("minItems") else ""
    return f"list of {items.removeprefix('one of ').replace('string', 'strings', 1)}{few}"


def _number(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    bounds = [f"{bound:,}" for bound in (least, most) if bound is not None]
    return _NUMBERS[schema["type"]] + (f", {' to '.join(bounds)}" if bounds else "")


def _string(schema: Schema) -> str:
    text = "date" if schema.get("format") == "date" else "string"
    if "examples" in schema:
        return f"{text} such as {codes(schema['examples'])}"
    return f"{text}, up to {schema['maxLength']} characters" if "maxLength" in schema else text


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
