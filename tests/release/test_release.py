"""What a release uploads: whole, the same each time, and working where nothing else is installed."""

import json
import re
import subprocess
import tarfile
import zipfile
from email.parser import HeaderParser

import pytest
from packaging.utils import canonicalize_name

import exporter

# Packages are fetched and installed, on a machine that may be busy.
pytestmark = pytest.mark.timeout(600)

# What the sdist holds besides what is committed: its description, and what two symbolic links of the chart lead to.
ADDED = re.compile(r"PKG-INFO|deploy/helm/email-stats-exporter/(dashboards/\w+\.json|rules/[\w-]+\.yml)")


def test_there_is_one_sdist_and_one_wheel_of_this_version(distributions):
    names = [path.name for path in distributions.iterdir() if path.suffix in {".gz", ".whl"}]

    assert sorted(names) == [
        f"email_stats_exporter-{exporter.__version__}-py3-none-any.whl",
        f"email_stats_exporter-{exporter.__version__}.tar.gz",
    ]


def test_the_wheel_holds_the_package_and_nothing_else(wheel, committed):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]

    assert sorted(names) == sorted(path for path in committed if path.startswith("exporter/"))


def test_the_wheel_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [path] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        said = HeaderParser().parsestr(archive.read(path).decode())
        folder = path.removesuffix("METADATA")
        licence = archive.read(f"{folder}licenses/LICENSE").decode()
        commands = archive.read(f"{folder}entry_points.txt").decode()

    assert (said["Name"], said["Version"]) == ("email-stats-exporter", exporter.__version__)
    assert (said["Requires-Python"], said["License-Expression"]) == (">=3.11", "Apache-2.0")
    assert "Apache License" in licence
    assert commands == "[console_scripts]\nemail-stats-exporter = exporter.cli:main\n"


def test_the_sdist_holds_the_whole_repository(sdist, committed):
    with tarfile.open(sdist) as archive:
        names = [member.name.partition("/")[2] for member in archive.getmembers() if not member.isdir()]
    added = [name for name in names if name not in committed]

    assert [path for path in committed if path not in names] == []
    assert [name for name in added if not ADDED.fullmatch(name)] == []
    assert len(added) > 2


def test_the_sdist_builds_the_very_same_wheel(sdist, wheel, builder, tmp_path):
    """To the byte, so that anyone can see that nothing else went into what was uploaded."""
    with tarfile.open(sdist) as archive:
        epoch = str(int(archive.getmembers()[0].mtime))
    builder.run(
        "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", f"--wheel-dir={tmp_path}", str(sdist),
        variables={"SOURCE_DATE_EPOCH": epoch},
    )  # fmt: skip

    [built] = tmp_path.iterdir()
    assert built.name == wheel.name
    assert built.read_bytes() == wheel.read_bytes()


def test_twine_finds_no_fault(tools, sdist, wheel):
    command = [str(tools / "twine"), "check", "--strict", str(sdist), str(wheel)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("PASSED") == 2


def test_it_tells_its_version_and_commit(installed, revision):
    code = "import exporter; print(exporter.__version__, exporter.__revision__)"

    assert installed.run("email-stats-exporter", "--version").stdout == f"email-stats-exporter {exporter.__version__}\n"
    assert installed.run("python", "-c", code).stdout == f"{exporter.__version__} {revision}\n"


def test_it_prints_a_schema_of_every_type(installed):
    schema = json.loads(installed.run("email-stats-exporter", "schema").stdout)

    text = json.dumps(schema)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert [type_ for type_ in ("sendgrid_reseller", "sendgrid_v3", "bento") if type_ not in text] == []


def test_it_takes_the_example_of_a_configuration(installed, sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        [member] = [each for each in archive.getmembers() if each.name.endswith("/config.example.yaml")]
        file = archive.extractfile(member)
        assert file
        text = file.read().decode()
    secrets = dict.fromkeys(re.findall(r"^ *\w+_env: (\w+)$", text, re.MULTILINE), "secret")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")

    result = installed.run("email-stats-exporter", "check", f"--config.file={tmp_path}/config.yaml", variables=secrets)

    assert result.stdout.startswith(f"{tmp_path}/config.yaml is valid.\n")


@pytest.mark.parametrize("installed", ["wheel"], indirect=True)
def test_nothing_else_is_installed_than_the_list_of_parts_has(installed, distributions):
    """The list is of CycloneDX, which its own tool has validated when it wrote it."""
    [path] = distributions.glob("*.cdx.json")
    bill = json.loads(path.read_text(encoding="utf-8"))
    listed = {(canonicalize_name(each["name"]), each["version"]) for each in bill["components"]}
    found = json.loads(installed.run("pip", "list", "--format=json").stdout)

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {key: bill["metadata"]["component"][key] for key in ("name", "version", "type")} == {
        "name": "email-stats-exporter",
        "version": exporter.__version__,
        "type": "application",
    }
    own = {"pip", "setuptools", "email-stats-exporter", "email_stats_exporter"}
    assert listed == {(canonicalize_name(each["name"]), each["version"]) for each in found if each["name"] not in own}


def test_the_list_of_parts_has_a_licence_and_an_address_of_each(distributions):
    [path] = distributions.glob("*.cdx.json")
    components = json.loads(path.read_text(encoding="utf-8"))["components"]

    assert len(components) > 10
    assert [each["name"] for each in components if not each.get("licenses")] == []
    assert [each["name"] for each in components if not each.get("purl")] == []
