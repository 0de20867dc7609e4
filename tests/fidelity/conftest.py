import os
import shutil

import pytest


@pytest.fixture(scope="session")
def servers() -> None:
    """See to it that the real servers are there: where CI=true a missing one is a failure."""
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if missing:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain(f"not installed: {', '.join(missing)}; on Debian: apt-get install prometheus, or make servers")
