"""What `docker compose up` joins: every file is there, every address leads somewhere, nobody has needless rights."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from exporter import __version__
from exporter.flags import DEFAULT_ADDRESS, parser
from tests.deploy.catalogue import ROOT

FOLDER = ROOT / "deploy/compose"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


COMPOSE = read(FOLDER / "compose.yaml")
SERVICES = COMPOSE["services"]
OWN = read(FOLDER / "own.yaml")["services"]["exporter"]
# By service, where its program listens in its container.
PORTS = {"exporter": DEFAULT_ADDRESS.port, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000}


@pytest.mark.parametrize("name", ["compose.yaml", "own.yaml"])
def test_it_is_as_the_compose_specification_says(name):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema=vendor.compose-spec", str(FOLDER / name)]

    done = subprocess.run(command, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_rights_that_it_does_not_need(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"user", "privileged", "network_mode", "cap_add", "pid"} & service.keys() == set()
    # Whatever is mounted from the repository is not to be written to.
    assert all(mount.endswith(":ro") for mount in service.get("volumes", []) if mount.startswith("."))


@pytest.mark.parametrize("name", SERVICES)
def test_the_version_of_each_image_is_fixed(name):
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[name]["image"])


def test_the_exporter_is_the_version_that_is_built():
    assert SERVICES["exporter"]["image"] == f"email-stats-exporter:{__version__}"
    assert (FOLDER / SERVICES["exporter"]["build"]["context"]).resolve() == ROOT


@pytest.mark.parametrize("name", SERVICES)
def test_each_page_is_published_to_this_machine_alone(name):
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{PORTS[name]}:{PORTS[name]}"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"exporter"}))
def test_each_service_is_asked_whether_it_is_well_where_it_listens(name):
    kind, *command, url = SERVICES[name]["healthcheck"]["test"]

    assert (kind, command[0]) == ("CMD", "wget")
    assert urlsplit(url).netloc == f"127.0.0.1:{PORTS[name]}"
    assert urlsplit(url).path == {"grafana": "/api/health"}.get(name, "/-/ready")


def test_whatever_is_mounted_is_there():
    mounted = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = {each for each in mounted if each.startswith(".")}

    assert {each for each in files if not (FOLDER / each).exists()} == set()
    assert set(mounted) - files == set(COMPOSE["volumes"]) == {"prometheus", "alertmanager", "grafana"}
    assert set(files) == {
        *("./prometheus.yml", "./alertmanager.yml", "../prometheus/rules"),
        *("../grafana/provisioning", "../grafana/dashboards"),
    }


def test_both_commands_of_the_exporter_are_commands_that_it_has():
    commands = parser(version=__version__, scenarios=())

    assert commands.parse_args(SERVICES["exporter"]["command"]).command == "demo"
    own = commands.parse_args(OWN["command"])
    [(source, target, mode)] = [mount.rsplit(":", 2) for mount in OWN["volumes"] if mount.startswith("$")]
    assert own.command == "run"
    assert str(own.config_file.parent) == target
    assert (source, mode) == ("${CONFIG_FOLDER:?is the folder of your config.yaml}", "ro")


def test_every_address_in_prometheus_is_a_service_s():
    configuration = read(FOLDER / "prometheus.yml")
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in configuration["scrape_configs"]}

    assert jobs == {
        "email-stats-exporter": [f"exporter:{PORTS['exporter']}"],
        "prometheus": [f"localhost:{PORTS['prometheus']}"],
        "alertmanager": [f"alertmanager:{PORTS['alertmanager']}"],
    }
    assert configuration["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": jobs["alertmanager"]}]}]
    assert configuration["scrape_configs"][0]["honor_labels"] is True


def test_prometheus_takes_its_configuration_and_finds_all_rules(inside):
    said = inside("prometheus", "promtool", "check", "config")

    rules = sorted(path.name for path in (ROOT / "deploy/prometheus/rules").glob("*.yml"))
    found = re.findall(r"Checking \S+/(\S+\.yml)\n  SUCCESS: [1-9]\d* rules found", said)
    assert sorted(found) == rules != []


def test_alertmanager_takes_its_configuration(inside):
    assert "SUCCESS" in inside("alertmanager", "amtool", "check-config")


def test_what_explains_an_alert_inhibits_it_as_in_the_whole_configuration():
    ours, whole = read(FOLDER / "alertmanager.yml"), read(ROOT / "deploy/alertmanager/alertmanager.yml")

    assert ours["inhibit_rules"] == whole["inhibit_rules"] != []
    assert ours["receivers"] == [{"name": ours["route"]["receiver"]}]


def test_grafana_finds_prometheus_and_the_dashboards_where_they_are():
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    provisioning = FOLDER / "../grafana/provisioning"
    [source] = read(provisioning / "datasources/prometheus.yml")["datasources"]
    [provider] = read(provisioning / "dashboards/email-stats-exporter.yml")["providers"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert mounts["../grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["url"] == f"http://prometheus:{PORTS['prometheus']}"
    assert provider["options"]["path"] == mounts["../grafana/dashboards"] == str(home.parent)
    assert (FOLDER / "../grafana/dashboards" / home.name).exists()


@pytest.fixture
def inside(tmp_path):
    """Lay out the files that a service has in its container, and let a program judge its configuration there."""

    def judge(service: str, program: str, *arguments: str) -> str:
        if shutil.which(program) is None:
            complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            complain(f"not installed: {program}; on Debian: make servers")
        for mount in SERVICES[service]["volumes"]:
            source, target, *_ = mount.split(":")
            place = tmp_path / target.removeprefix("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.startswith("."):
                place.symlink_to((FOLDER / source).resolve())
        [file] = [flag.partition("=")[2] for flag in SERVICES[service]["command"] if flag.startswith("--config.file=")]
        command = [program, *arguments, str(tmp_path / file.removeprefix("/"))]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return judge
