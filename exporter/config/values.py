"""What may stand as a value in a configuration: durations, sizes, names, time zones, URLs and files."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from exporter.config.duration import PATTERN, SECONDS, format_duration, parse_duration

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SIZE = re.compile(r"([0-9]{1,18})(B|KiB|MiB|GiB)?")
_SIZE_UNITS = {None: 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_LABEL_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_OWN_LABELS = ("source", "customer")
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a file's values are read against: the folder that paths are relative to, and the environment."""

    folder: Path = field(default_factory=Path)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def surroundings(context: object) -> Surroundings:
    """Return what a model is being read against; a model that is built in code has the working folder."""
    return context if isinstance(context, Surroundings) else Surroundings()


def mistake(message: str, key: str | None = None, *, beside: str | None = None) -> PydanticCustomError:
    """Return an error to raise in a validator; its text reaches the user as it is, with file, line and path.

    Args:
        message: what is wrong, and after a semicolon what mends it; it must not quote a secret.
        key: the key below the validated section that is at fault; None blames the validated value itself.
        beside: the key that the file has in the place of the validated one, such as its ``_file`` form.
    """
    return PydanticCustomError("mistake", "{message}", {"message": message, "key": key, "beside": beside})


def mistakes(found: Iterable[tuple[tuple[int | str, ...], str]]) -> ValidationError:
    """Return an error to raise in a validator that has several mistakes, each with its place below the value."""
    return ValidationError.from_exception_data(
        "mistakes", [InitErrorDetails(type=mistake(message), loc=place, input=None) for place, message in found]
    )


def repeated(values: Iterable[object]) -> Mapping[int, int]:
    """Return the places of texts that stood before, each with the first place of its text."""
    first: dict[str, int] = {}
    places = ((place, first.setdefault(each, place)) for place, each in enumerate(values) if isinstance(each, str))
    return {place: before for place, before in places if before != place}


def has_control_characters(text: str) -> bool:
    """Tell whether a text holds something that can't be printed on one line, or not be sent at all."""
    # All of them are unprintable; a text that has none of those, as nearly each, is told so much sooner.
    return not text.isprintable() and _CONTROL.search(text) is not None


@dataclass(frozen=True, slots=True)
class DurationRange:
    """Reads a Prometheus duration as seconds, between ``least`` and ``most`` (seconds too).

    In a file a bare number is refused, since nobody can see its unit; code may give seconds.
    """

    least: float = 0.001
    most: float = SECONDS["y"]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic read and write durations by this range."""
        return core_schema.with_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(format_duration)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe a duration as a string with a pattern."""
        shape: JsonSchemaValue = {"type": "string", "pattern": PATTERN, "examples": ["90s", "15m", "1h30m"]}
        return shape if self.least > 0 else {"anyOf": [shape, {"const": 0}]}

    def _read(self, value: object, info: core_schema.ValidationInfo) -> float:
        seconds = self._seconds(value, from_file=isinstance(info.context, Surroundings))
        if seconds < self.least:
            raise mistake(f"must be at least {format_duration(self.least)}" if self.least else "can't be negative")
        if seconds > self.most:
            raise mistake(f"must be at most {format_duration(self.most)}")
        return seconds

    def _seconds(self, value: object, *, from_file: bool) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, int | float) and is_number and (not from_file or value == 0):
            return float(value)
        if is_number:
            remedy = (
                f"write {value}s" if isinstance(value, int) and 0 < value < SECONDS["y"] else "write it like 90s or 15m"
            )
            raise mistake(f"a duration needs its unit; {remedy}")
        if not isinstance(value, str):
            raise mistake("must be a duration; write it like 90s, 15m, 1h30m or 1d")
        try:
            return parse_duration(value)
        except ValueError as error:
            raise mistake(str(error)) from None


Duration: TypeAlias = Annotated[float, DurationRange()]


def parse_size(value: object) -> int:
    """Return the bytes of a size such as ``8MiB``; a whole number is bytes already.

    Raises:
        PydanticCustomError: it is no size.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise mistake("must be a size; write it like 512KiB, 8MiB or 1GiB, or as a whole number of bytes")
    return int(match[1]) * _SIZE_UNITS[match[2]]


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Reads a size such as ``8MiB`` as bytes, between ``least`` and ``most``."""

    least: int = 1
    most: int = 1024**3

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic read sizes by this range."""
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(int)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe a size as a whole number or a string with a pattern."""
        number = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return {"anyOf": [number, {"type": "string", "pattern": f"^{_SIZE.pattern}$"}]}

    def _read(self, value: object) -> int:
        size = parse_size(value)
        if not self.least <= size <= self.most:
            raise mistake(f"must be between {self.least} and {self.most} bytes")
        return size


Size: TypeAlias = Annotated[int, SizeRange()]


def _name(text: str) -> str:
    if not text or text.isspace():
        raise mistake("can't be empty")
    if len(text) > _LONGEST_NAME:
        raise mistake(f"can't be longer than {_LONGEST_NAME} characters")
    if has_control_characters(text):
        raise mistake("can't hold control characters or line breaks")
    return text


def is_name(value: object) -> bool:
    """Tell whether a value is a text that can be shown on one line, and is neither empty nor endless."""
    try:
        return isinstance(value, str) and _name(value) == value
    except PydanticCustomError:
        return False


Name: TypeAlias = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME})
]


# Very many customers have the same few.
@lru_cache(maxsize=1000)
def _label_name(text: str) -> str:
    if not _LABEL_NAME.fullmatch(text) or text.startswith("__"):
        raise mistake("is no label name; use letters, digits and _, not a digit first and not __ first")
    if text in _OWN_LABELS:
        raise mistake("is a label that every series carries already; choose another name")
    return text


LabelName: TypeAlias = Annotated[str, AfterValidator(_label_name), WithJsonSchema({"type": "string"})]


def _label_value(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise mistake(f"can't be longer than {_LONGEST_NAME} characters")
    if has_control_characters(text):
        raise mistake("can't hold control characters or line breaks")
    return text


LabelValue: TypeAlias = Annotated[
    str, AfterValidator(_label_value), WithJsonSchema({"type": "string", "maxLength": _LONGEST_NAME})
]


_VENDOR = "vendor"


class _VendorZone(ZoneInfo):
    """Goes by UTC, and is nobody's time zone: the vendor has to be asked."""

    @property
    def key(self) -> str:
        return _VENDOR

    def __str__(self) -> str:
        return _VENDOR

    def __reduce__(self) -> str:
        # What is copied or kept stays the one that is compared with.
        return "VENDOR_ZONE"


VENDOR_ZONE = _VendorZone("UTC")
"""Stands for the time zone that the vendor has a customer's account in, until the vendor was asked."""


class _ZoneReader:
    """Reads an IANA time zone name as a ``ZoneInfo``."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "examples": ["UTC", "America/Denver"]}

    @classmethod
    def _read(cls, value: object) -> ZoneInfo:
        if isinstance(value, ZoneInfo):
            return value
        if not isinstance(value, str):
            raise mistake("must be the name of a time zone; write it like UTC or America/Denver")
        if value == _VENDOR:
            raise mistake("can't be had from this vendor's API; write an IANA name like UTC or America/Denver")
        try:
            return ZoneInfo(value)
        # A name may be too long for the file system, hold a NUL, be a folder of zones or leave the folder.
        except (OSError, ValueError, LookupError):
            raise mistake("is no time zone known here; write an IANA name like UTC or America/Denver") from None


class _AskedZoneReader(_ZoneReader):
    """Reads ``vendor``, too."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "examples": ["UTC", "America/Denver", _VENDOR]}

    @classmethod
    def _read(cls, value: object) -> ZoneInfo:
        return VENDOR_ZONE if value == _VENDOR else super()._read(value)


TimeZone: TypeAlias = Annotated[ZoneInfo, _ZoneReader]
AskedTimeZone: TypeAlias = Annotated[ZoneInfo, _AskedZoneReader]
"""A time zone, or ``VENDOR_ZONE``, of a vendor whose API tells it."""
