"""The JSON Schema of a whole configuration file, for editors and other checkers."""

from collections.abc import Mapping
from typing import Any

from exporter.config.models import SourceConfig


def json_schema(models: Mapping[str, type[SourceConfig]]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file with these types of sources."""
    return {name: model.model_json_schema() for name, model in models.items()}
