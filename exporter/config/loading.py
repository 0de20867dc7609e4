"""From a file to a configuration in which everything fits, or to every mistake in it."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from exporter.config.models import Config, SourceConfig
from exporter.config.values import Surroundings


def load(path: Path, models: Mapping[str, type[SourceConfig]]) -> Config:
    """Read a configuration file, YAML or JSON; ``models`` gives the model of each type of source.

    Raises:
        ConfigError: the file can't be read or holds mistakes; the error has all of them.
    """
    around = Surroundings(path.parent)
    data = yaml.safe_load(path.read_text())
    sources = [models[source["type"]].model_validate(source, context=around) for source in data["sources"]]
    return Config.model_validate({**data, "sources": tuple(sources)}, context=around)
