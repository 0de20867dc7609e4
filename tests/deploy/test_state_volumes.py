"""Wherever the exporter is deployed, its state lies in a volume that it can write to, its own, and that stays."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from exporter.clock import SystemClock
from exporter.state import SqliteState
from tests.deploy.chart_tools import MANIFESTS, ROOT, VALUE_FILES, named, only, pod_of, refusal, template

FOLDER = "/var/lib/email-stats-exporter"
CLAIM = {"state.persistence.existingClaim": "stats"}
OFF = {"state.persistence.enabled": False}


def config_of(objects: Any) -> Any:
    """Return the configuration that the chart mounts."""
    return json.loads(named(objects, "ConfigMap", "-config")["data"]["config.json"])


def writable(statefulset: Any) -> Iterator[str]:
    """Yield each folder that the exporter can write to."""
    [container] = statefulset["spec"]["template"]["spec"]["containers"]
    for mount in container["volumeMounts"]:
        if not mount.get("readOnly"):
            yield mount["mountPath"]


def plain() -> Any:
    return yaml.safe_load((MANIFESTS / "statefulset.yaml").read_text(encoding="utf-8"))


def claims_of(statefulset: Any) -> Mapping[str, Any]:
    return {each["metadata"]["name"]: each["spec"] for each in statefulset["spec"].get("volumeClaimTemplates", [])}


def volume_of(statefulset: Any) -> Any:
    """Return the volume of the pod that is mounted where the state is; None if it is claimed for each pod."""
    spec = statefulset["spec"]["template"]["spec"]
    [name] = [mount["name"] for mount in spec["containers"][0]["volumeMounts"] if mount["mountPath"] == FOLDER]
    return next((volume for volume in spec["volumes"] if volume["name"] == name), None)


@pytest.mark.parametrize(
    ("values", "settings"),
    [*((values, {}) for values in ("minimal", "everything", "hostile")), ("minimal", CLAIM), ("minimal", OFF)],
)
def test_the_chart_s_state_is_a_file_in_the_one_folder_that_can_be_written(values, settings):
    objects = template(values, settings=settings)

    path = PurePosixPath(config_of(objects)["state"]["path"])
    assert [str(path.parent)] == [*writable(only(objects, "StatefulSet"))] == [FOLDER]


def test_the_plain_manifests_state_is_a_file_in_the_one_folder_that_can_be_written():
    config = yaml.safe_load((MANIFESTS / "config.yaml").read_text(encoding="utf-8"))

    assert config["state"] == {"path": f"{FOLDER}/state.db"}
    assert [*writable(plain())] == [FOLDER]


@pytest.mark.parametrize("document", ["compose", "systemd"])
def test_a_configuration_to_begin_with_has_its_state_there_too(document):
    config = yaml.safe_load((ROOT / f"deploy/{document}/config.yaml").read_text(encoding="utf-8"))

    assert config["state"] == {"path": f"{FOLDER}/state.db"}


def test_compose_mounts_a_named_volume_there_and_nothing_else_that_can_be_written():
    own = yaml.safe_load((ROOT / "deploy/compose/own.yaml").read_text(encoding="utf-8"))
    mounts = [mount.rsplit(":", 2) for mount in own["services"]["exporter"]["volumes"]]
    written = [mount for mount in own["services"]["exporter"]["volumes"] if not mount.endswith(":ro")]

    assert written == [f"state:{FOLDER}"]
    assert [*own["volumes"]] == ["state"]
    assert len(mounts) == 2


def test_the_image_has_that_folder_for_the_exporter_s_user_so_that_a_named_volume_begins_as_its_own():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    [user] = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)

    assert f"install -d -m 0700 -o {user[0]} -g {user[1]} {FOLDER}" in last
    # Which would make a volume for the demo, too.
    assert "VOLUME" not in text


def test_systemd_gives_the_service_that_folder():
    unit = (ROOT / "deploy/systemd/email-stats-exporter.service").read_text(encoding="utf-8")

    assert f"StateDirectory={PurePosixPath(FOLDER).name}\n" in unit


def test_the_program_takes_the_configuration_for_compose(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/sendgrid").write_text("hunter2\n", encoding="utf-8")
    text = (ROOT / "deploy/compose/config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text.replace(FOLDER, str(tmp_path)), encoding="utf-8")
    command = [sys.executable, "-m", "exporter", "check", f"--config.file={tmp_path}/config.yaml"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("values", ["minimal", "everything", "hostile", "manifests"])
def test_each_pod_claims_a_volume_of_its_own_that_its_user_can_write_to(values):
    objects = template(values)
    statefulset, security = only(objects, "StatefulSet"), pod_of(objects)["spec"]["securityContext"]

    assert [*claims_of(statefulset)] == ["state"]
    assert volume_of(statefulset) is None
    assert security["fsGroup"] == security["runAsGroup"] == security["runAsUser"] == 65532
    # It is looked through once, not at each start.
    assert security["fsGroupChangePolicy"] == "OnRootMismatch"


def test_a_claim_is_as_the_values_say():
    claims = [claims_of(only(template(values), "StatefulSet"))["state"] for values in ("minimal", "everything")]

    assert claims == [
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        {
            "accessModes": ["ReadWriteOncePod"],
            "storageClassName": "fast-block",
            "resources": {"requests": {"storage": "500Mi"}},
        },
    ]


def test_no_storage_class_is_not_the_usual_one():
    settings = {"state.persistence.storageClassName": "-"}
    [claim] = claims_of(only(template("minimal", settings=settings), "StatefulSet")).values()

    assert claim["storageClassName"] == ""


def test_a_claim_carries_nothing_that_an_upgrade_of_the_chart_changes():
    """Kubernetes refuses a StatefulSet whose claims are others than before, their labels included."""
    claims = only(template("everything"), "StatefulSet")["spec"]["volumeClaimTemplates"]

    assert [claim["metadata"] for claim in claims] == [
        {"name": "state", "annotations": {"example.com/backup": "daily"}}
    ]


@pytest.mark.parametrize(
    ("settings", "volume"),
    [
        (CLAIM, {"name": "state", "persistentVolumeClaim": {"claimName": "stats"}}),
        (OFF, {"name": "state", "emptyDir": {"sizeLimit": "1Gi"}}),
    ],
)
def test_a_claim_of_one_s_own_or_an_empty_folder_takes_its_place(settings, volume):
    statefulset = only(template("minimal", settings=settings), "StatefulSet")

    assert volume_of(statefulset) == volume
    assert claims_of(statefulset) == {}


def test_without_a_state_nothing_can_be_written():
    for objects in (template("nothing"), template("minimal", settings={"state.enabled": False})):
        statefulset = only(objects, "StatefulSet")

        assert ([*writable(statefulset)], claims_of(statefulset)) == ([], {})
    assert "state" not in config_of(objects)


def test_a_volume_of_one_s_own_can_be_anywhere():
    settings = {
        "state.enabled": False,
        "config.state.path": "/data/state.db",
        "extraVolumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        "extraVolumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    objects = template("minimal", settings=settings)

    assert config_of(objects)["state"] == {"path": "/data/state.db"}
    assert [*writable(only(objects, "StatefulSet"))] == ["/data"]


@pytest.mark.parametrize("path", ["state.db", "/tmp/state.db", f"{FOLDER}-old/a.db", f"{FOLDER}/a/b.db", FOLDER])  # noqa: S108 - nothing is written there
def test_a_state_outside_of_the_volume_is_refused(path):
    told = refusal("minimal", settings={"config.state.path": path})

    assert f"config.state.path must be a file in {FOLDER}, where the state's volume is" in told


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (CLAIM | {"replicas": 2}, "existingClaim is a single volume, and each pod needs one of its own"),
        (CLAIM | OFF, "existingClaim would not be used"),
        (CLAIM | {"state.enabled": False}, "existingClaim would not be used"),
    ],
)
def test_a_claim_that_would_be_shared_or_not_be_used_is_refused(settings, words):
    assert words in refusal("minimal", settings=settings)


@pytest.mark.parametrize("values", VALUE_FILES)
def test_a_pod_ends_before_another_one_has_its_volume(values):
    """A StatefulSet never runs two pods of one name, not even in an update; each has time to close the file."""
    objects = template(values)
    spec = only(objects, "StatefulSet")["spec"]

    assert spec.get("updateStrategy", {"type": "RollingUpdate"}) == {"type": "RollingUpdate"}
    assert pod_of(objects)["spec"]["terminationGracePeriodSeconds"] >= 10
    assert "lifecycle" not in pod_of(objects)["spec"]["containers"][0]


def test_the_backup_that_is_shown_for_a_running_pod_is_whole(tmp_path):
    """The newest values are in the file beside it, of which a plain copy of the first knows nothing."""
    text = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    [script] = re.findall(r'python -I -c "\n(import sqlite3.*?)"', text, re.DOTALL)
    state = SqliteState(tmp_path / "state.db", SystemClock())
    assert state.write(facts={"pause:acme": b"until then"}).wait()

    subprocess.run([sys.executable, "-I", "-c", script.replace(FOLDER, str(tmp_path))], check=True)

    with closing(sqlite3.connect(Path(tmp_path, "backup.db"))) as database:
        assert database.execute("SELECT count(*) FROM facts").fetchone() == (1,)
    state.close()
