"""What pydantic says of a mistake, in a user's words, without ever quoting a secret."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.config.document import Document
from exporter.config.places import Path, show
from exporter.config.secrets import FORMS, Credentials, is_secret
from exporter.config.section import Section, section_in
from exporter.errors import Problem

_SECRET_KEY = re.compile(r"(?i)(password|passwd|secret|token|credential|(^|_)key$)(?!.*_(file|env)$)")
_QUOTED_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_WANTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "model_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "tuple_type": "a list",
    "list_type": "a list",
}
_RULES = {
    "missing": "is missing; add it",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "needs at least {min_length} entries",
    "too_long": "can't have more than {max_length} entries",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "can't have more than {max_length} characters",
    "string_unicode": "holds characters that are no text (half of a surrogate pair); correct them",
    "value_error": "{error}",
    "assertion_error": "{error}",
    "mistake": "{message}",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at a path of the configuration; the line comes later."""

    path: Path
    message: str


def in_order(document: Document, mistakes: Iterable[Mistake]) -> Sequence[Problem]:
    """Return what is wrong with a document, by its reader and by these mistakes, in the order of the file."""
    unread = {(each.line, each.path) for each in document.problems}
    found = [document.problem(each.path, each.message) for each in mistakes]
    # What could not be read has been said; that it is missing now says nothing more.
    news = [each for each in found if (each.line, each.path) not in unread]
    return sorted(dict.fromkeys((*document.problems, *news)), key=lambda problem: problem.line or 0)


@dataclass(frozen=True, slots=True)
class Wording:
    """Puts a model's errors into words, for the part of a document that it was to read.

    Attributes:
        document: where the part is from.
        prefix: the path of the part.
        model: the model of the part.
    """

    document: Document
    prefix: Path
    model: type[Section]

    def mistakes(self, error: ValidationError) -> Iterator[Mistake]:
        """Yield the mistakes of an error."""
        return self.mistakes_in(error.errors(include_url=False, include_input=False))

    def mistakes_in(self, errors: Iterable[ErrorDetails]) -> Iterator[Mistake]:
        """Yield the mistakes of errors in detail."""
        return map(self._mistake, errors)

    def _mistake(self, details: ErrorDetails) -> Mistake:
        context = details.get("ctx", {})
        location = details["loc"]
        if beside := context.get("beside"):
            path = (*self._path(location[:-1]), beside)
        else:
            path = self._path(location, keep_last=details["type"] == "missing")
            if key := context.get("key"):
                path = (*path, self._written(path, key))
        if details["type"] == "extra_forbidden":
            return self._unknown_key(path)
        return Mistake(path, self._words(details, path))

    def _path(self, location: tuple[int | str, ...], *, keep_last: bool = False) -> Path:
        """Return a location as a path in the file; pydantic's also names the branches of its models."""
        value = self._value(self.prefix)
        path: list[str | int] = list(self.prefix)
        for depth, part in enumerate(location, start=1):
            if _has(value, part):
                value = value[part]
                path.append(part)
            elif keep_last and depth == len(location):
                path.append(part)
        return tuple(path)

    def _value(self, path: Path) -> Any:
        value: Any = self.document.data
        for part in path:
            if not _has(value, part):
                return None
            value = value[part]
        return value

    def _written(self, path: Path, key: str) -> str:
        """Return the form of a key that the file has: ``password`` may be written as ``password_file``."""
        section = self._value(path)
        return next((key + form for form in FORMS if _has(section, key + form)), key)

    def _unknown_key(self, path: Path) -> Mistake:
        *section, key = path
        model = _model_at(self.model, path[len(self.prefix) : -1])
        known = _known_keys(model)
        is_private = model is not None and issubclass(model, Credentials)
        near = get_close_matches(str(key), known, 1)
        is_a_key = near or self._value(path) not in (None, "", *known)
        if is_private and not (is_a_key and _QUOTED_NAME.fullmatch(str(key))):
            # A secret that lacks its key, or the space after its colon, stands where a key should, with no value; one
            # that stands the wrong way round has its key for one.
            return Mistake(tuple(section), f"holds an unknown key; known here: {', '.join(known)}")
        if near:
            return Mistake(path, f"unknown key; did you mean {near[0]}?")
        return Mistake(path, f"unknown key; remove it, or use one of: {', '.join(known)}")

    def _words(self, details: ErrorDetails, path: Path) -> str:
        kind = details["type"]
        if kind in _WANTED:
            return self._wrong_type(_WANTED[kind], path)
        if kind == "literal_error":
            return f"must be one of: {details['ctx']['expected'].replace(' or ', ', ')}"
        if kind in _RULES:
            return _RULES[kind].format_map({name: _plain(value) for name, value in details.get("ctx", {}).items()})
        # A rule that nobody has put into words yet; pydantic's own never quote the value.
        return details["msg"].replace("Input should be", "must be").replace("Input should", "must")

    def _wrong_type(self, wanted: str, path: Path) -> str:
        value = self._value(path)
        if value is None:
            return f"is empty, but must be {wanted}; fill it in, or remove the key"
        if not isinstance(value, str | int | float):
            return f"must be {wanted}, not {'a list' if isinstance(value, list) else 'a mapping'}"
        if wanted == "a string":
            return f"must be a string{self._misread(value, path)}; write it in quotes"
        is_quoted_right = isinstance(value, str) and (wanted.endswith("number") or wanted == "true or false")
        return f"must be {wanted}" + ("; write it without quotes" if is_quoted_right else "")

    def _misread(self, value: str | float, path: Path) -> str:
        spelling = self.document.spelling(path)
        if spelling is None or self.document.is_json or any(_SECRET_KEY.search(str(part)) for part in path):
            return ""
        return f", but YAML reads {show(spelling)} as {'true or false' if isinstance(value, bool) else 'a number'}"


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _has(value: object, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _model_at(model: type[Section] | None, path: Path) -> type[Section] | None:
    """Return the model of the section at a path below another's."""
    for part in path:
        if model is None:
            return None
        if isinstance(part, str):
            field = model.model_fields.get(part)
            model = None if field is None else section_in(field.annotation)
    return model


def _known_keys(model: type[Section] | None) -> list[str]:
    keys: list[str] = []
    fields: Mapping[str, Any] = {} if model is None else model.model_fields
    for name, field in fields.items():
        keys += [name + form for form in FORMS] if is_secret(field.annotation) else [name]
    return keys
