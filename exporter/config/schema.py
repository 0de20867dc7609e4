"""The JSON Schema of a whole configuration file, for editors and other checkers."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import GenericAlias
from typing import Any

from pydantic import create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from exporter.config.models import Config, SourceConfig

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(models: Mapping[str, type[SourceConfig]]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file with these types of sources."""
    # Only the program knows which types there are, so the annotation is made here.
    sources: Any = GenericAlias(tuple, (reduce(or_, models.values()), ...))
    whole = create_model("Configuration", __base__=Config, __doc__=Config.__doc__, sources=(sources, ...))
    schema = whole.model_json_schema(schema_generator=_Generator)
    items = schema["properties"]["sources"]["items"]
    either = items.get("anyOf", [items])
    schema["properties"]["sources"] = {
        "type": "array",
        "description": Config.model_fields["sources"].description,
        "minItems": 1,
        "items": {"oneOf": either},
    }
    for each in either:
        definition = schema["$defs"][each["$ref"].rpartition("/")[2]]
        _need_customers(definition)
    return {"$schema": _DIALECT, **schema, "title": "Configuration of email-stats-exporter"}


def _need_customers(source: JsonSchemaValue) -> None:
    """Let the schema of a source ask for one of the ways to name its customers."""
    source["required"] = [key for key in source["required"] if key != "customers"]
    ways = [key for key in ("customers", "customer_files", "discovery") if key in source["properties"]]
    lists = {key: {"minItems": 1} for key in ways if key != "discovery"}
    objects = {key: {"type": "object"} for key in ways if key == "discovery"}
    source["anyOf"] = [{"required": [key], "properties": {key: shape}} for key, shape in {**lists, **objects}.items()]


class _Generator(GenerateJsonSchema):
    """Writes defaults as a file would have them (``15m``, not 900.0), and no titles that repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic passes it
        """Leave a key without a title."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Describe a key with a default; pydantic itself leaves the default unwritten here."""
        written = super().default_schema(schema)
        writer: Any = schema["schema"].get("serialization", {})
        if "default" in schema and writer.get("type") == "function-plain":
            written["default"] = self.encode_default(writer["function"](schema["default"]))
        return written
