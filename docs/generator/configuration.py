"""The page of the configuration: every key of every type of source, and what a schedule costs in calls."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from docs.generator import shapes
from docs.generator.markdown import code, codes, docstring, number, table
from docs.generator.sources import collectors_of, customers, section_in, sections
from exporter.config import CollectorConfig, Config, RateLimitConfig, Section, format_duration, json_schema
from exporter.config.secrets import FORMS, is_secret
from exporter.providers.base import Provider, SourceModel

_CUSTOMERS = 1000
_HOUR = 3600.0
_INTRODUCTION = """\
# Configuration

The file is YAML, or JSON with the same keys where its name ends in `.json`. Unknown and repeated keys are errors, and
all errors are told at once, with file, line and path: `email-stats-exporter check --config.file=FILE`. An example
with comments is [config.example.yaml](../config.example.yaml); `email-stats-exporter schema` prints the JSON Schema
for an editor.

A duration is one of Prometheus: `250ms`, `90s`, `15m`, `1h30m`, `1d`, and never a bare number. A size is `512KiB`,
`8MiB`, `1GiB` or a whole number of bytes. Paths are relative to the folder of the file. `[]` stands for each entry of
a list.

A secret is written in one of three forms that exclude each other: the key as it is holds the secret itself, with
`_file` the path of a file that holds it, with `_env` the name of an environment variable that holds it.
"""
_SOURCES = """\
## sources

One entry for each account at a vendor; which keys it has depends on its `type`.
"""
_KEYS = ("key", "what it may be", "default", "meaning")
_COST = f"""\
## Calls per hour for {_CUSTOMERS:,} customers

What the collectors ask of each vendor for {_CUSTOMERS:,} customers at default intervals, against the type's default
rate limit. A customer that can have lists (a site's segments, reports and ads) has one entry in each. Repeated
requests and the reading of the vendor's list of customers (`discovery`: one call a page, every hour) come on top.
`email-stats-exporter check` prints the same for your own configuration, and refuses one that needs more than its
limit, with the intervals that would fit.
"""


def page(providers: Mapping[str, Provider]) -> str:
    """Return the page."""
    models = {type_: provider.config for type_, provider in providers.items()}
    schema = json_schema(models)
    keys = _Keys(schema["$defs"])
    parts = [_INTRODUCTION]
    for name, field in Config.model_fields.items():
        if name != "sources":
            model = section_in(field.annotation)
            parts += [f"## {name}\n", f"{docstring(model.__doc__)}\n"]
            shape = schema["properties"][name]
            reference, _ = shapes.nested(shape) or ("", "")
            parts.append(table(_KEYS, keys.below({"$ref": reference, **shape}, model, f"{name}.")))
    parts.append(_SOURCES)
    references = schema["properties"]["sources"]["items"]["oneOf"]
    for (type_, model), reference in zip(models.items(), references, strict=True):
        parts += _source(keys, type_, model, reference)
    return "\n".join([*parts, _COST, _cost(models)])


class _Keys:
    """Lists the keys of sections, from the JSON Schema and the models that it was made of."""

    def __init__(self, definitions: Mapping[str, shapes.Schema]) -> None:
        self._definitions = definitions

    def properties(self, reference: shapes.Schema) -> Mapping[str, shapes.Schema]:
        """Return what stands under each key of a section that a schema refers to."""
        properties: Mapping[str, shapes.Schema] = self._definitions[reference["$ref"].rpartition("/")[2]]["properties"]
        return properties

    def below(
        self, reference: shapes.Schema, model: type[Section], path: str = "", without: Sequence[str] = ()
    ) -> Iterator[Sequence[str]]:
        """Yield a row for each key of a section and of those within it."""
        properties = self.properties(reference)
        # What a section has by default where its parent says so may differ from what its own keys say.
        given = reference.get("default") or {}
        for name, field in model.model_fields.items():
            if name in without:
                continue
            if is_secret(field.annotation):
                yield _secret(path + name, field)
            else:
                default = {"default": given[name]} if name in given else {}
                yield from self._key(path + name, {**properties[name], **default}, field)

    def _key(self, path: str, schema: shapes.Schema, field: FieldInfo) -> Iterator[Sequence[str]]:
        is_required = field.is_required()
        yield (
            code(path),
            shapes.words(schema, field.metadata),
            shapes.default(schema, field.metadata, is_required=is_required),
            docstring(field.description),
        )
        if found := shapes.nested(schema):
            reference, joint = found
            inner = {"$ref": reference, "default": schema.get("default") if joint == "." else None}
            yield from self.below(inner, section_in(field.annotation), path + joint)


def _secret(path: str, field: FieldInfo) -> Sequence[str]:
    default = "required" if field.is_required() else "none"
    return codes(path + form for form in FORMS), "secret", default, docstring(field.description)


def _source(keys: _Keys, type_: str, model: SourceModel, reference: shapes.Schema) -> Iterator[str]:
    yield f"### {type_}\n"
    yield f"{docstring(model.__doc__)}\n"
    yield table(_KEYS, keys.below(reference, model, without=("collectors",)))
    yield f"Collectors of `{type_}`. Each has the keys `enabled` (`true` or `false`) and `interval` (duration):\n"
    collectors = dict(sections(collectors_of(model)))
    thousand = customers(model, _CUSTOMERS)
    yield table(
        ("collector", "by default", "interval", f"calls for {_CUSTOMERS:,} customers", "what is fetched"),
        (_collector(name, each, thousand) for name, each in collectors.items()),
    )
    schemas = keys.properties(keys.properties(reference)["collectors"])
    options = [
        row
        for name, each in collectors.items()
        for row in keys.below(schemas[name], type(each), f"collectors.{name}.", without=("enabled", "interval"))
    ]
    if options:
        yield "Their further keys:\n"
        yield table(_KEYS, options)


def _collector(name: str, settings: CollectorConfig, thousand: Sequence[Any]) -> Sequence[str]:
    is_on = "on" if settings.enabled else "off"
    calls = number(settings.calls(thousand))
    return code(name), is_on, code(format_duration(settings.interval)), calls, docstring(type(settings).__doc__)


def _cost(models: Mapping[str, SourceModel]) -> str:
    header = ("type", "collectors that are on by default", "all collectors", "allowed")
    return table(header, (_cost_of(type_, model) for type_, model in models.items()))


def _cost_of(type_: str, model: SourceModel) -> Sequence[str]:
    limit: RateLimitConfig = model.model_fields["rate_limit"].get_default()
    allowed = limit.calls / limit.per * _HOUR
    thousand = customers(model, _CUSTOMERS)
    calls = [(each.enabled, each.calls(thousand) / each.interval * _HOUR) for _, each in sections(collectors_of(model))]
    usual = sum(each for is_on, each in calls if is_on)
    return (
        code(type_),
        *(f"{number(each)} ({each / allowed:,.0%})" for each in (usual, sum(each for _, each in calls))),
        f"{number(allowed)} ({limit.calls} per {format_duration(limit.per)})",
    )
