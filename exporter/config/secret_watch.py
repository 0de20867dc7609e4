"""Secrets that follow their files while the program runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from exporter.config.customer_table import CustomerTable
from exporter.config.models import SourceConfig
from exporter.config.places import Path as KeyPath
from exporter.config.places import show_path
from exporter.config.secrets import Credentials, Secret, read_secret
from exporter.config.section import Section, section_in
from exporter.config.stamps import Stamp, stamp_of
from exporter.errors import Problem


class SecretWatch:
    """Watches the files of one set of credentials.

    Attributes:
        problems: why what a file holds now is not in use; empty while all of it is.
    """

    def __init__(self, credentials: Credentials, file: str, path: KeyPath) -> None:
        """Watch credentials that stand at this path of this file."""
        self.problems: Sequence[Problem] = ()
        self._file = file
        self._path = path
        self._model = type(credentials)
        values = {name: getattr(credentials, name) for name in self._model.model_fields}
        self._given = {name: value for name, value in values.items() if value is not None}
        self._secrets = {name: value for name, value in self._given.items() if isinstance(value, Secret)}
        self._files = {name: secret.file for name, secret in self._secrets.items() if secret.file}
        # None at first: a file may have changed since it was read.
        self._stamps: Mapping[str, Stamp | None] = {}

    @property
    def has_files(self) -> bool:
        """Whether there is a file to watch."""
        return bool(self._files)

    def poll(self) -> bool:
        """Take what the files hold now, as far as it is right; return whether a secret is new."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        values, problems = self._read()
        if fault := self._fault(values):
            values = {}
            problems.append(fault)
        later = self._look()
        # What is being written right now is read again, once it stays as it is; so is what was wrong.
        settled = {name: value for name, value in values.items() if later[name] == stamps[name] is not None}
        self._stamps = {name: stamps[name] for name in settled}
        self.problems = problems
        new = {name: value for name, value in settled.items() if value != self._secrets[name].value()}
        for name, value in new.items():
            self._secrets[name].renew(value)
        return bool(new)

    def _look(self) -> Mapping[str, Stamp | None]:
        return {name: stamp_of(file) for name, file in self._files.items()}

    def _read(self) -> tuple[dict[str, str], list[Problem]]:
        values: dict[str, str] = {}
        problems: list[Problem] = []
        for name, file in self._files.items():
            try:
                values[name] = read_secret(file, name)
            except PydanticCustomError as error:
                problems.append(self._problem(name, str(error)))
        return values, problems

    def _fault(self, values: Mapping[str, str]) -> Problem | None:
        """Return what the credentials' own rules have against new values."""
        try:
            self._model.model_validate({**self._given, **{name: Secret(value) for name, value in values.items()}})
        except ValidationError as error:
            [details, *_] = error.errors(include_url=False, include_input=False)
            named = {details.get("ctx", {}).get("key"), *details["loc"]}
            return self._problem(next((name for name in values if name in named), next(iter(values))), details["msg"])
        return None

    def _problem(self, name: str, message: str) -> Problem:
        return Problem(self._file, None, show_path((*self._path, f"{name}_file")), message)


def watch_secrets(source: SourceConfig, file: str, path: KeyPath) -> Iterator[SecretWatch]:
    """Yield a watch for each set of credentials of a source and its customers that comes from files.

    ``path`` is that of the source in the configuration, whose name ``file`` is.
    """
    found = [(file, *each) for each in _credentials_in(source, path)]
    for each in source.lists:
        types = types_with_secrets(each.customers)
        for number, customer in enumerate(each.customers if types else ()):
            if type(customer) in types:
                found += [(each.file, *own) for own in _credentials_in(customer, each.path_of(number))]
    for name, where, credentials in found:
        watch = SecretWatch(credentials, name, where)
        if watch.has_files:
            yield watch


def secret_files(section: Section) -> Sequence[Path | None]:
    """Return where each secret of a section comes from; None for one that comes from no file."""
    found = (credentials for _, credentials in _credentials_in(section, ()))
    values = (getattr(each, name) for each in found for name in type(each).model_fields)
    return [value.file if isinstance(value, Secret) else None for value in values]


def _credentials_in(section: Section, path: KeyPath) -> Iterator[tuple[KeyPath, Credentials]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Credentials):
            yield (*path, name), value
        elif isinstance(value, Section):
            yield from _credentials_in(value, (*path, name))


def types_with_secrets(sections: Iterable[Section]) -> set[type[Section]]:
    """Return the types among these sections that have credentials; of few types there may be very many sections."""
    types = sections.types if isinstance(sections, CustomerTable) else {type(section) for section in sections}
    return {each for each in types if any(map(_is_of_credentials, each.model_fields.values()))}


def _is_of_credentials(field: FieldInfo) -> bool:
    section = section_in(field.annotation)
    return section is not None and issubclass(section, Credentials)
