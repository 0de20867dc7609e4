from collections.abc import Iterator

import pytest

from tests.unit.poller.stage import Stage, on_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A poller whose threads end with the test."""
    with on_stage() as stage:
        yield stage
