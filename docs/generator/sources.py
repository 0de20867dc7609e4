"""A source of each type with everything switched on, and customers for it, to see what its code would do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from exporter.config import CollectorsConfig, CustomerConfig, LimitsConfig, Secret, Section, SourceConfig
from exporter.config.secrets import is_secret
from exporter.providers.base import AnyCollector, Provider, SourceModel


def whole_source(provider: Provider) -> SourceConfig:
    """Return a source with every collector enabled, every other key at its default, and no customers."""
    values: dict[str, Any] = {"name": "example", "type": provider.type, "customers": ()}
    usual = collectors_of(provider.config)
    enabled = {name: collector.model_copy(update={"enabled": True}) for name, collector in sections(usual)}
    values["collectors"] = usual.model_copy(update=enabled)
    credentials = provider.config.model_fields.get("credentials")
    if credentials and isinstance(credentials.annotation, type):
        values["credentials"] = _credentials(credentials.annotation)
    return provider.config.model_construct(**values)


def collectors_of(model: SourceModel) -> CollectorsConfig:
    """Return the collectors of a type of source as they are by default."""
    usual: CollectorsConfig = model.model_fields["collectors"].get_default()
    return usual


def sections(section: Section) -> Iterator[tuple[str, Any]]:
    """Yield each key of a section with its value, in the order of their declaration."""
    for name in type(section).model_fields:
        yield name, getattr(section, name)


def whole_collectors(provider: Provider) -> Mapping[str, AnyCollector]:
    """Return every collector of a type of source by its name; they have nothing to fetch through."""

    def no_client(_: str) -> Any:
        return None

    return {each.name: each for each in provider.collectors(whole_source(provider), no_client, LimitsConfig())}


def customer_model(model: SourceModel) -> type[CustomerConfig]:
    """Return the model of a customer of a type of source."""
    sections = _sections_in(model.model_fields["customers"].annotation)
    return next(each for each in sections if issubclass(each, CustomerConfig))


def customers(model: SourceModel, count: int) -> Sequence[CustomerConfig]:
    """Return customers of a type of source that have one entry in every list that they can have."""
    customer = customer_model(model)
    required = [name for name, field in customer.model_fields.items() if field.is_required()]
    own = [name for name in customer.model_fields if name not in CustomerConfig.model_fields]
    lists = {
        name: (_filled(entry),)
        for name in own
        for entry in _sections_in(customer.model_fields[name].annotation)
        if not is_secret_holder(entry)
    }
    # A customer that can be named in several ways is named in the first of them.
    return [
        customer.model_validate({**lists, **dict.fromkeys(required or own[:1], f"customer-{number}")})
        for number in range(count)
    ]


def is_secret_holder(model: type[Section]) -> bool:
    """Tell whether a section holds secrets."""
    return any(is_secret(field.annotation) for field in model.model_fields.values())


def _filled(model: type[Section]) -> Section:
    required = (name for name, field in model.model_fields.items() if field.is_required())
    return model.model_validate(dict.fromkeys(required, "example"))


def _credentials(model: type[Section]) -> Section:
    fields = model.model_fields.items()
    values: dict[str, Any] = {
        name: Secret("secret") if is_secret(field.annotation) else "example" for name, field in fields
    }
    return model.model_construct(**values)


def section_in(annotation: Any) -> type[Section]:
    """Return the section that an annotation is made of."""
    return next(_sections_in(annotation))


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    """Yield the sections that an annotation is made of."""
    if get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)
