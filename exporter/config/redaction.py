"""A configuration as it may be shown: whole, with the defaults that it does not mention, and without its secrets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from textwrap import indent
from typing import Any

import yaml

from exporter.config.models import Config, CustomerConfig, SourceConfig


def redacted(config: Config) -> str:
    """Return a configuration as YAML with ``<secret>`` for each secret; the same one is always the same text.

    Customers are written as in the file, each in a line of its own; of those in customer files only the patterns are.
    """
    general = config.model_dump(mode="json", exclude={"sources"}, exclude_none=True)
    return "".join([_block(general), "sources:\n", *(line for source in config.sources for line in _source(source))])


def _source(source: SourceConfig) -> Iterator[str]:
    settings = source.model_dump(mode="json", exclude={"customers"}, exclude_none=True)
    if not settings["customer_files"]:
        del settings["customer_files"]
    # A block's first line begins the entry of the list.
    yield "  - " + indent(_block(settings), "    ")[4:]
    own = _own_customers(source)
    if own:
        yield "    customers:\n"
    for customer in own:
        yield f"      - {_line(_written(customer))}\n"


def _own_customers(source: SourceConfig) -> Sequence[CustomerConfig]:
    # A configuration that was made in code has no lists.
    return source.lists[0].customers if source.lists else source.customers


def _written(customer: CustomerConfig) -> Mapping[str, Any]:
    """Return what the file says of a customer, the vendor's id first."""
    values = customer.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {name: values[name] for name in sorted(values, key=CustomerConfig.model_fields.__contains__)}


def _block(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=inf)


def _line(values: Mapping[str, Any]) -> str:
    """Return a customer as a flow mapping; of a hundred thousand, JSON takes a second and YAML's own writer twenty."""
    text = json.dumps(values, ensure_ascii=False)
    if text.isprintable():
        return text
    # JSON leaves characters as they are that YAML takes for the end of a line, or for none.
    return yaml.safe_dump(values, default_flow_style=True, sort_keys=False, width=inf).rstrip("\n")
