"""Secrets by value, file or environment variable, which nothing prints by accident."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from exporter.config.section import Section
from exporter.config.values import Surroundings, has_control_characters, mistake, surroundings

FORMS = ("", "_file", "_env")
_LONGEST = 65_536
# A password that is shorter may be a word, and stand in any text without being meant.
_NO_WORD = 8


class Secret:
    """A password or key that shows as ``<secret>`` everywhere but in ``value()``.

    Attributes:
        file: the file that it was read from, which can come to hold another; None for the other forms.
    """

    __slots__ = ("_cell", "file")

    def __init__(self, value: str, file: Path | None = None) -> None:
        """Hold a secret, and the file that it came from."""
        # One for all that stand for the same secret of a configuration, however often that is loaded anew.
        self._cell = [value]
        self.file = file

    def value(self) -> str:
        """Return the secret itself, to be put into a request and nowhere else."""
        return self._cell[0]

    def is_told_by(self, text: str) -> bool:
        """Return whether a text is the secret, or has it in it, as long as that is more than a word."""
        value = self._cell[0]
        return value in text if len(value) >= _NO_WORD else value == text

    def renew(self, value: str) -> None:
        """Take a new value, whole at once: what is sent from now on has it."""
        self._cell[0] = value

    def replace(self, old: "Secret") -> None:
        """Stand for what another secret stood for: that one has the same value from now on, whatever becomes of it."""
        cell = old._cell  # noqa: SLF001 - one of its own kind
        cell[0] = self._cell[0]
        self._cell = cell

    def is_in_place_of(self, old: "Secret") -> bool:
        """Return whether a configuration that has this one instead means the same secret: in its file, or by value."""
        return self == old or (self.file is not None and self.file == old.file)

    def __repr__(self) -> str:
        """Return ``<secret>``."""
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        """Tell whether two secrets are the same, so that a reload sees new credentials."""
        return isinstance(other, Secret) and self.value() == other.value()

    def __hash__(self) -> int:
        """Return the same for every secret, since the value of one may change."""
        return hash(Secret)

    def __copy__(self) -> "Secret":
        """Return itself, so that a new value reaches every copy."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        """Return itself, so that a new value reaches every copy."""
        return self

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: always.
        """
        message = "a secret can't be pickled"
        raise TypeError(message)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic read a secret in any of its forms, and write it as ``<secret>``."""
        return core_schema.with_info_plain_validator_function(
            _read, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe a secret as a string."""
        return {"type": "string", "minLength": 1}


def secrets_of(section: object) -> tuple[Secret, ...]:
    """Return the secrets of a section and of the sections in it; none for anything else."""
    if isinstance(section, Secret):
        return (section,)
    if not isinstance(section, Section):
        return ()
    return tuple(secret for name in type(section).model_fields for secret in secrets_of(getattr(section, name)))


@dataclass(frozen=True, slots=True, repr=False)
class _Written:
    """What the file has for one secret: the values by key, of which one alone is right."""

    name: str
    values: Mapping[str, object]


class Credentials(Section):
    """The secrets of a source; a field ``x`` of type ``Secret`` may be written as ``x``, ``x_file`` or ``x_env``."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: object) -> object:
        """Fold the three keys of each secret into one value under the field's name."""
        if not isinstance(data, dict):
            return data
        rest = dict(data)
        for name, field in cls.model_fields.items():
            if not is_secret(field.annotation):
                continue
            values = {name + form: rest.pop(name + form) for form in FORMS if name + form in rest}
            if values or field.is_required():
                rest[name] = _Written(name, values)
        return rest

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each secret as its three keys, of which one or none can be given."""
        reference = handler(schema)
        shape = handler.resolve_ref_schema(reference)
        rules = []
        for name, field in cls.model_fields.items():
            if is_secret(field.annotation):
                rules.append(_one_form(name, is_required=field.is_required()))
                _describe_forms(shape["properties"], name, field.description or f"The {name}.")
        secrets = {name for name, field in cls.model_fields.items() if is_secret(field.annotation)}
        if required := [name for name in shape.pop("required", ()) if name not in secrets]:
            shape["required"] = required
        shape["allOf"] = rules
        return reference


def _one_form(name: str, *, is_required: bool) -> JsonSchemaValue:
    forms = [{"required": [name + form]} for form in FORMS]
    return {"oneOf": forms if is_required else [*forms, {"not": {"anyOf": forms}}]}


def _describe_forms(properties: dict[str, JsonSchemaValue], name: str, description: str) -> None:
    for form, where in zip(
        FORMS, ("", " Path of a file that holds it.", " Name of an environment variable that holds it."), strict=True
    ):
        properties[name + form] = {"type": "string", "minLength": 1, "description": description + where}


def is_secret(annotation: object) -> bool:
    """Tell whether a field's type is ``Secret`` or ``Secret | None``."""
    return annotation is Secret or Secret in getattr(annotation, "__args__", ())


def _read(value: object, info: core_schema.ValidationInfo) -> Secret:
    if isinstance(value, Secret):
        return value
    written = value if isinstance(value, _Written) else _Written("", {"": value})
    if not written.values:
        raise mistake(
            f"is missing; give {written.name}, {written.name}_file or {written.name}_env", beside=written.name
        )
    if len(written.values) > 1:
        *_, last = written.values
        raise mistake(f"only one of {', '.join(written.values)} can be given; remove the others", beside=last)
    [(key, content)] = written.values.items()
    if isinstance(content, Secret):
        return content
    return _from(key, content, key.removeprefix(written.name), surroundings(info.context))


def _from(key: str, content: object, form: str, around: Surroundings) -> Secret:
    if content is None:
        raise mistake("is empty; fill it in, or remove the key", beside=key)
    if not isinstance(content, str):
        raise mistake("must be a string; write it in quotes", beside=key)
    match form:
        case "_file":
            path = around.folder / content
            return Secret(read_secret(path, key), path)
        case "_env":
            return Secret(_checked(_variable(key, content, around.environ), key))
        case _:
            return Secret(_checked(content, key))


def read_secret(path: Path, key: str) -> str:
    """Return the secret that a file holds, without a byte order mark at its start and the line break at its end.

    Raises:
        PydanticCustomError: there is none, or nothing else than one; it blames the key.
    """
    return _checked(_file(key, path), key)


def _file(key: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise mistake(
            f"the file can't be read ({error.strerror}); check the path and its permissions", beside=key
        ) from None
    except ValueError:
        raise mistake("is no path", beside=key) from None
    if len(content) > _LONGEST:
        raise mistake(f"the file is longer than {_LONGEST} bytes; it must hold the secret alone", beside=key)
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        # Without `from None` the chained error would carry the bytes of the file.
        raise mistake("the file is not UTF-8 text", beside=key) from None


def _variable(key: str, name: str, environ: Mapping[str, str]) -> str:
    try:
        return environ[name]
    except (KeyError, ValueError):
        raise mistake("the environment variable is not set; set it, or correct its name", beside=key) from None


def _checked(secret: str, key: str) -> str:
    # Blanks alone are what is left of a file that was written badly; no vendor has such a secret.
    if not secret.strip():
        raise mistake("the secret is empty", beside=key)
    if has_control_characters(secret):
        raise mistake("the secret holds control characters or line breaks, which can't be sent", beside=key)
    return secret
