"""The page of calls: which ones each type of source makes, and which ones it leaves alone, and why."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby

from docs.generator.markdown import code, codes, table
from docs.generator.sources import whole_source
from exporter.providers.base import Provider
from exporter.providers.unmade import Unmade

_INTRODUCTION = """\
# Calls

Every call that the exporter can make at a vendor, from the allow lists that each request has to pass: nothing else
can be sent, whatever is configured. `{}` stands for one part of a path. A call is made only for collectors that are
on, see [metrics.md](metrics.md) and [configuration.md](configuration.md). Below stand the vendors' other calls, each
with the reason why it is not made. With `format: xml` the paths of the Web API end in `.xml`.
"""


def page(providers: Mapping[str, Provider]) -> str:
    """Return the page."""
    by_folder = groupby(sorted(providers.values(), key=_order), _folder)
    return "\n".join([_INTRODUCTION, *(line for folder, group in by_folder for line in _vendor(folder, list(group)))])


def _vendor(folder: str, providers: Sequence[Provider]) -> Iterator[str]:
    yield f"## {', '.join(code(provider.type) for provider in providers)}\n"
    for provider in providers:
        yield f"Calls that `{provider.type}` makes:\n"
        operations = provider.allow_list(whole_source(provider)).operations
        yield table(
            ("call", "with the fields"),
            ((code(f"{each.verb} {each.path}"), _fields(each.selectors)) for each in operations),
        )
    if find_spec(f"{folder}.unmade"):
        yield "Calls that are not made:\n"
        unmade: Sequence[Unmade] = import_module(f"{folder}.unmade").UNMADE
        yield table(("vendor's page", "call", "with the fields", "why not"), map(_not_made, unmade))


def _not_made(unmade: Unmade) -> Sequence[str]:
    fields = {name: " or ".join(values) for name, values in unmade.fields.items()}
    return unmade.page, codes(f"{unmade.verb} {path}" for path in unmade.paths), _fields(fields), unmade.reason


def _fields(selectors: Mapping[str, str]) -> str:
    return ", ".join(code(f"{name}={value}") for name, value in selectors.items())


def _folder(provider: Provider) -> str:
    return type(provider).__module__


def _order(provider: Provider) -> tuple[str, str]:
    return _folder(provider), provider.type
