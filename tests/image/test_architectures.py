"""The pins of the program fit both architectures of the image, so that neither needs a compiler."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "runtime.txt"
# Debian 12 has glibc 2.36.
GLIBC = ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34", "_2_35", "_2_36")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_pin_has_a_wheel_with_one_of_its_hashes(tmp_path, machine):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--target", str(tmp_path)),
            *("--only-binary=:all:", "--require-hashes", "--requirement", str(REQUIREMENTS)),
            *("--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none"),
            *(f"--platform=manylinux{version}_{machine}" for version in GLIBC),
        ],
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stderr
