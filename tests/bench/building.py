"""Builds the program of a configuration as the command does it, and prints the CPU seconds of that."""

import sys
from pathlib import Path

from tests.bench.subject import built

if __name__ == "__main__":
    print(built(Path(sys.argv[1]))[1])  # noqa: T201 - for the process that asked
