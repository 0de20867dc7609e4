"""The option ``fields``: which statistics a collector shows, by our names of them."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from exporter.config import mistake, mistakes, repeated

_ALL = "all"


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Reads a list of names, or ``all``, as a tuple of names without repetition.

    Attributes:
        allowed: the names that the collector's call can have.
    """

    allowed: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic read the option by this list, and write it as the names."""
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(list)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the option as ``all`` or a list of the allowed names."""
        names = {"type": "array", "items": {"enum": list(self.allowed)}, "minItems": 1, "uniqueItems": True}
        return {"anyOf": [{"const": _ALL}, names]}

    def _read(self, value: object) -> tuple[str, ...]:
        if value == _ALL:
            return self.allowed
        if not isinstance(value, list | tuple):
            raise mistake(f"must be a list of fields, or {_ALL}; the fields here are {self._names}")
        if not value:
            raise mistake("can't be empty; leave it out for the usual fields, or set enabled: false")
        again = repeated(value)
        faults = ((place, self._fault(name, is_repeated=place in again)) for place, name in enumerate(value))
        if wrong := [((place,), message) for place, message in faults if message]:
            raise mistakes(wrong)
        return tuple(value)

    def _fault(self, name: object, *, is_repeated: bool) -> str:
        if not isinstance(name, str) or name not in self.allowed:
            return f"{_shown(name)} is no field that this call has; it has {self._names}"
        return f"{name} stands in the list twice; remove one of them" if is_repeated else ""

    @property
    def _names(self) -> str:
        return ", ".join(self.allowed)


def _shown(name: object) -> str:
    return repr(name)[:64]
