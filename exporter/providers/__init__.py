"""Every vendor API that the exporter can ask, one folder each.

A folder joins by having ``PROVIDERS`` in its ``__init__``: the ``Provider`` objects of the types it serves.
Modules beside the folders are what several vendors share.
"""

import importlib
import pkgutil
from collections.abc import Mapping

from exporter.providers.base import Provider


def discover() -> Mapping[str, Provider]:
    """Return every provider by the ``type`` that a configuration names it by, in alphabetical order."""
    folders = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.") if module.ispkg)
    providers = [provider for folder in folders for provider in importlib.import_module(folder).PROVIDERS]
    return {provider.type: provider for provider in sorted(providers, key=lambda provider: provider.type)}
