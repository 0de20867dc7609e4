"""Which of the customers on a vendor's own list take part, and what they are called."""

import re
import warnings
from typing import Annotated, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from exporter.config.section import Section
from exporter.config.values import Duration, mistake

_LONGEST = 1000


class _RegexReader:
    """Reads a regular expression, compiled."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda regex: regex.pattern),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "maxLength": _LONGEST, "examples": ["^test-", "@example\\.com$"]}

    @staticmethod
    def _read(value: object) -> re.Pattern[str]:
        if isinstance(value, re.Pattern):
            return value
        if not isinstance(value, str):
            raise mistake("must be a regular expression; write it in quotes")
        if len(value) > _LONGEST:
            raise mistake(f"can't be longer than {_LONGEST} characters")
        try:
            with warnings.catch_warnings():
                # What a later Python may read in another way is no mistake now.
                warnings.simplefilter("ignore")
                return re.compile(value)
        except re.error as error:
            where = "" if error.pos is None else f" at character {error.pos + 1}"
            raise mistake(f"is no regular expression: {error.msg}{where}; correct it") from None
        except (OverflowError, RecursionError):
            raise mistake("is a regular expression of too large numbers or too many levels; make it simpler") from None


Regex: TypeAlias = Annotated[re.Pattern[str], _RegexReader]


class DiscoveryConfig(Section):
    """How customers are found on the vendor's own list; each that is found joins the configured ones."""

    interval: Duration = 3600.0
    """Time between two readings of the list."""
    include: Regex = re.compile(".*")
    """Regular expression that a customer's user name must match; like ``exclude`` it is looked for anywhere in the
    name unless ``^`` and ``$`` tie it to the ends."""
    exclude: Regex | None = None
    """Regular expression that takes customers out again that ``include`` let in."""
    label: Literal["user", "id", "hash"] = "user"
    """What becomes the label ``customer``: the user name, the vendor's number, or a hash that tells neither."""

    def admits(self, user: str) -> bool:
        """Tell whether a customer of this user name takes part."""
        return self.include.search(user) is not None and (self.exclude is None or self.exclude.search(user) is None)
