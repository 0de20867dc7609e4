"""What a list of customers costs at the least: parsed as JSON and validated by the same model, by nobody of ours.

It prints the CPU seconds of both.
"""

import gc
import json
import sys
import time
from pathlib import Path
from types import GenericAlias
from typing import Any

from pydantic import TypeAdapter

from exporter.config.values import Surroundings
from exporter.providers import discover


def main(file: Path) -> None:
    """Read a customer file."""
    entry = discover()["sendgrid_reseller"].config.model_fields["customers"].annotation.__args__[0]  # type: ignore[union-attr]  # a tuple of a model
    every: Any = GenericAlias(list, (entry,))
    adapter: TypeAdapter[Any] = TypeAdapter(every)
    gc.disable()
    began = time.process_time()
    rows = json.loads(file.read_text(encoding="utf-8"))
    adapter.validate_python(rows, context=Surroundings(file.parent))
    print(time.process_time() - began)  # noqa: T201 - for the process that asked


if __name__ == "__main__":
    main(Path(sys.argv[1]))
