"""What a configuration that is loaded anew has in common with the one in use."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping

from exporter.config.discovery import DiscoveryConfig
from exporter.config.models import SourceConfig
from exporter.config.secret_watch import types_with_secrets
from exporter.config.secrets import Credentials, Secret
from exporter.config.section import Section

# What a source can change, and go on: who its customers are.
_CHOICE: Mapping[type[Section], frozenset[str]] = {
    SourceConfig: frozenset({"customers", "customer_files"}),
    DiscoveryConfig: frozenset({"include", "exclude"}),
}
# Digests of credentials are good for as long as the program runs, and nobody can compare them with anything else.
_KEY = secrets.token_bytes(32)


def is_same_source(new: SourceConfig, old: SourceConfig) -> bool:
    """Return whether nothing differs but who the customers are; a file may hold another secret than before."""
    return _is_same(new, old)


def take_over_secrets(new: SourceConfig, old: SourceConfig) -> bool:
    """Let the secrets of a source stand for those of its old self, its customers' too; return whether any is new.

    Whoever holds one of the old ones has what follows the new configuration's files from now on.
    """
    pairs: list[tuple[Section, Section]] = [(new, old)]
    if types := types_with_secrets(new.customers):
        before = {customer.id: customer for customer in old.customers}
        pairs += ((each, before[each.id]) for each in new.customers if type(each) in types and each.id in before)
    found = [each for mine, theirs in pairs for each in _secrets(mine, theirs) if each[0].is_in_place_of(each[1])]
    is_new = any(mine != theirs for mine, theirs in found)
    for mine, theirs in found:
        mine.replace(theirs)
    return is_new


def account_of(source: SourceConfig) -> bytes | None:
    """Return what tells a source's account at its vendor from any other; None if its credentials are its customers'."""
    credentials = getattr(source, "credentials", None)
    if not isinstance(credentials, Credentials):
        return None
    return hashlib.blake2b(source.base_url.encode() + b"\n" + digest_of(credentials), key=_KEY).digest()


def digest_of(credentials: Credentials) -> bytes:
    """Return what tells credentials from any others; to be kept nowhere, for a password can be guessed from it."""
    digest = hashlib.sha256()
    for name in type(credentials).model_fields:
        value = getattr(credentials, name)
        text = value.value() if isinstance(value, Secret) else str(value)
        digest.update(hashlib.sha256(f"{name}={text}".encode()).digest())
    return digest.digest()


def _is_same(new: object, old: object) -> bool:
    if isinstance(new, Secret) and isinstance(old, Secret):
        return new.is_in_place_of(old)
    if not isinstance(new, Section) or type(new) is not type(old):
        return new == old
    choice = next((names for model, names in _CHOICE.items() if isinstance(new, model)), frozenset())
    return all(
        _is_same(getattr(new, name), getattr(old, name)) for name in type(new).model_fields if name not in choice
    )


def _secrets(new: Section, old: Section) -> Iterator[tuple[Secret, Secret]]:
    """Yield the secrets that stand at the same place in both sections."""
    for name in type(new).model_fields:
        mine, theirs = getattr(new, name), getattr(old, name, None)
        if isinstance(mine, Secret) and isinstance(theirs, Secret):
            yield mine, theirs
        elif isinstance(mine, Section) and isinstance(theirs, Section):
            yield from _secrets(mine, theirs)
