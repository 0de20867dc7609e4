"""The image, built as the Dockerfile says and run as a careful cluster would: not root, nothing writable."""

import re
import sys
from pathlib import Path

import pytest

from exporter import __version__
from tests.e2e.programs import Values, labels_of, parsed, series
from tests.e2e.waiting import eventually
from tests.image.container import Container
from tests.image.workshop import IMAGE, REVISION

# The first test has to wait for the image.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PAGE = Path(__file__).parents[2] / "docs" / "container.md"
MB = 1_000_000
WRITABLE = """
import os
own = {os.stat(place).st_dev for place in ("/proc", "/sys", "/dev")}
for folder, folders, files in os.walk("/"):
    folders[:] = [each for each in folders if os.lstat(os.path.join(folder, each)).st_dev not in own]
    for path in (folder, *(os.path.join(folder, each) for each in files)):
        if not os.path.islink(path) and os.access(path, os.W_OK):
            print(path)
"""
NOT_ROOTS = """
import os
for folder, _, files in os.walk("/opt/email-stats-exporter"):
    for path in (folder, *(os.path.join(folder, each) for each in files)):
        about = os.lstat(path)
        if about.st_uid or about.st_gid or (about.st_mode & 0o022 and not os.path.islink(path)):
            print(path)
"""
# Of a .pyc, bytes 4 to 8: 1 is bytecode with a hash that is not compared with the source.
WITHOUT_BYTECODE = """
import importlib.util, pathlib
for source in pathlib.Path("/opt/email-stats-exporter/lib").rglob("*.py"):
    bytecode = pathlib.Path(importlib.util.cache_from_source(source))
    if not bytecode.exists() or bytecode.read_bytes()[4:8] != bytes([1, 0, 0, 0]):
        print(source)
"""
STATE = "/var/lib/email-stats-exporter"
WHOSE = """
import os, sys
for path in sys.argv[1:]:
    about = os.stat(path)
    print(about.st_uid, about.st_gid, oct(about.st_mode & 0o777)[2:])
"""
NEEDLESS = """
import importlib.util, os, shutil
found = [name for name in ("pip", "setuptools", "hatchling", "ensurepip") if importlib.util.find_spec(name)]
found += [name for name in ("pip", "pip3", "gcc", "ld", "strip", "git", "curl") if shutil.which(name)]
left = ("/src", "/build", "/wheel", os.path.expanduser("~/.cache"), "/var/cache/apt", "/var/lib/apt/lists", "/var/log")
for folder in left:
    found += [folder] if os.path.isdir(folder) and os.listdir(folder) else []
print(*found, sep="\\n", end="")
"""


def test_the_demo_is_ready_and_shows_every_vendor_s_numbers(demo):
    status, page = demo.ask("/metrics")

    assert status == 200
    assert parsed(page)[series("sendgrid_requests_total", source="demo", customer="aurora-retail")] > 100_000
    assert {"sendgrid_reputation_ratio", "sendgrid_credits_remaining", "bento_subscribers"} <= names(page)
    assert "Traceback" not in demo.log


def test_it_tells_which_version_it_is_and_from_which_commit(workshop, demo):
    labels = workshop.inspect()["Labels"]
    [shown] = [key for key in parsed(demo.ask("/metrics")[1]) if key[0] == "email_stats_exporter_build_info"]

    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"] == REVISION
    assert labels_of(shown)["version"] == __version__
    assert labels_of(shown)["revision"] == REVISION


def test_it_is_not_root_and_can_write_nowhere(demo):
    assert demo.python("import os; print(os.getuid(), os.getgid(), os.getgroups())") == "65532 65532 []\n"
    assert demo.python(WRITABLE) == ""


def test_its_files_are_root_s_alone_to_change(demo):
    """Also where the root isn't read-only, a program that was taken over can't change itself."""
    assert demo.python(NOT_ROOTS) == ""


def test_nothing_is_compiled_at_the_start(demo):
    assert demo.python(WITHOUT_BYTECODE) == ""


def test_what_only_the_build_needs_is_not_there(demo):
    assert demo.python(NEEDLESS, user="root") == ""


def test_the_healthcheck_passes_while_the_exporter_is_healthy(workshop, demo):
    assert demo.run(workshop.healthcheck()) == (0, "")


def test_the_healthcheck_fails_where_nothing_listens(workshop):
    with Container(workshop, "demo", "--web.listen-address=127.0.0.1:10588") as demo:
        eventually(lambda: demo.ask("/-/healthy", port=10588)[0] == 200)

        status, _ = demo.run(workshop.healthcheck())

    assert status == 1


def test_sigterm_ends_it_within_5_seconds(workshop):
    with Container(workshop, "demo") as demo:
        eventually(lambda: demo.ask("/-/ready")[0] == 200)

        ended = demo.stop()

        assert ended.status == 0
        assert ended.seconds < 5
        assert "msg=stopped" in demo.log


def test_without_a_command_it_runs_the_configuration_that_is_mounted(workshop, tmp_path):
    (tmp_path / "config.yaml").write_text("""
sources:
  - name: acme
    type: sendgrid_reseller
    base_url: http://127.0.0.1:9
    credentials: {username: acme, password_file: password}
    customers: [{user: a@example.com, name: eu}]
""")
    (tmp_path / "password").write_text("hunter2")
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)
    mounted = (f"--volume={tmp_path}:/etc/email-stats-exporter:ro",)

    with Container(workshop, options=mounted) as exporter:
        assert eventually(lambda: exporter.ask("/-/healthy")[0]) == 200
        eventually(lambda: "email_stats_exporter_up" in names(exporter.ask("/metrics")[1]))
        assert "Traceback" not in exporter.log


def test_its_user_keeps_the_state_in_a_named_volume_that_outlives_the_container(workshop, tmp_path):
    """With all else read-only; a volume of that kind begins as a copy of the image's folder."""
    (tmp_path / "config.yaml").write_text("""
state: {path: /var/lib/email-stats-exporter/state.db}
sources:
  - name: acme
    type: sendgrid_reseller
    base_url: http://127.0.0.1:9
    credentials: {username: acme, password_file: password}
    customers: [{user: a@example.com, name: eu}]
""")
    (tmp_path / "password").write_text("hunter2")
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)
    mounted = (f"--volume={tmp_path}:/etc/email-stats-exporter:ro", "--volume=kept:/var/lib/email-stats-exporter")

    with Container(workshop, options=mounted) as exporter:
        eventually(lambda: exporter.ask("/-/ready")[0] == 200, seconds=60)
        assert parsed(exporter.ask("/metrics")[1])[series("email_stats_exporter_state_up")] == 1
        assert {path for path in exporter.python(WRITABLE).splitlines() if not path.startswith(STATE)} == set()
        assert exporter.python(WHOSE, STATE, f"{STATE}/state.db") == "65532 65532 700\n65532 65532 600\n"
        tried = attempts(exporter)
        # SIGKILL, as a machine that fails would.
    with Container(workshop, options=mounted) as exporter:
        eventually(lambda: exporter.ask("/-/ready")[0] == 200)
        assert attempts(exporter) == tried != {}
        assert "state is corrupt" not in exporter.log


def test_without_a_configuration_it_says_what_is_missing(workshop):
    ended = workshop.run("--rm", IMAGE, check=False)

    assert ended.returncode == 2
    assert "/etc/email-stats-exporter/config.yaml: the file can't be read (No such file or directory)" in ended.stderr


def test_it_is_as_large_as_the_page_says(workshop, capsys):
    size, download = workshop.inspect()["Size"], workshop.size_of_download()
    with capsys.disabled():
        sys.stdout.write(f"\nThe image has {size / MB:.0f} MB; a registry sends {download / MB:.0f} MB.\n")

    stated = re.search(r"(\d+) MB, of which a registry sends\s+(\d+) MB", PAGE.read_text(encoding="utf-8"))
    assert stated
    assert size / MB == pytest.approx(int(stated[1]), rel=0.05)
    assert download / MB == pytest.approx(int(stated[2]), rel=0.05)


def attempts(exporter: Container) -> Values:
    """Return when each fetch was last tried, by its labels."""
    name = "email_stats_exporter_last_attempt_timestamp_seconds"
    return {key: value for key, value in parsed(exporter.ask("/metrics")[1]).items() if key[0] == name}


def names(page: str) -> set[str]:
    """Return the names of the samples on a page."""
    return {name for name, _ in parsed(page)}
