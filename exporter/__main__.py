"""Lets ``python -m exporter`` do what ``email-stats-exporter`` does."""

import sys

from exporter.cli import main

if __name__ == "__main__":
    sys.exit(main())
