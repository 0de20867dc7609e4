import pytest

from exporter.state import SqliteState
from tests.fake_clock import FakeClock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def opened():
    """Open states that are closed at the end."""
    states = []

    def open_state(path, clock=None):
        states.append(SqliteState(path, clock or FakeClock()))
        return states[-1]

    yield open_state
    for state in states:
        state.close()
