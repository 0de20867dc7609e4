"""How this machine gets its packages, so that a build in a container can get them the same way.

None of it is in the Dockerfile: whoever builds says where packages come from, the hashes say which are right.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# By the version in the name of an image.
SUITES = {"12": "bookworm", "13": "trixie"}

_APT = Path("/etc/apt")
_APT_OPTION = re.compile(r'^Acquire::(?:Check-|Retries|https?::(?:Proxy|Timeout))[\w:.-]* "[^"]+";$', re.MULTILINE)
_PIP_OPTION = re.compile(r"^(?P<section>global|:env:)\.(?P<key>[\w-]+)=(?P<value>'.*'|\".*\")$", re.MULTILINE)
_PIP_KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "timeout", "retries")
# Where pip looks by itself; the certificates not where Debian's own package would write them.
_PIP_CONF, _PIP_CERTIFICATES = "/etc/pip.conf", "/etc/pip-certificates.pem"


def apt_sources(suite: str) -> Sequence[str]:
    """Return the files that say where this machine finds a suite; none where it is of another."""
    files = (_APT / "sources.list", *sorted(_APT.glob("sources.list.d/*.list")), *_APT.glob("sources.list.d/*.sources"))
    return [str(file) for file in files if file.exists() and re.search(rf"\b{suite}\b", file.read_text("utf-8"))]


def apt_options() -> Sequence[str]:
    """Return what apt has been told here about fetching: proxies, retries, and whether the clock can be believed."""
    told = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True, timeout=60).stdout
    return _APT_OPTION.findall(told)


def pip_volumes(folder: Path) -> Sequence[str]:
    """Write pip's configuration to ``folder``; return the volumes that give a container the same."""
    told = _pip_options()
    volumes = {}
    if certificates := told.get("cert"):
        volumes[_PIP_CERTIFICATES] = certificates
        told["cert"] = _PIP_CERTIFICATES
    for key in ("index-url", "extra-index-url", "find-links"):
        for place in told.get(key, "").split():
            volumes.update({str(path): str(path) for path in _local(place, is_index=key != "find-links")})
    volumes[_PIP_CONF] = str(_written(told, folder / "pip.conf"))
    return [f"--volume={here}:{there}:ro" for there, here in volumes.items()]


def _pip_options() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found: dict[str, dict[str, str]] = {section: {} for section in ("global", ":env:")}
    for match in _PIP_OPTION.finditer(listed):
        found[match["section"]][match["key"].replace("default-timeout", "timeout")] = ast.literal_eval(match["value"])
    return {key: value for key, value in (found["global"] | found[":env:"]).items() if key in (*_PIP_KEYS, "cert")}


def _local(place: str, *, is_index: bool) -> Iterator[Path]:
    """Yield the folder of a place that is on this machine; the files of an index are beside its pages."""
    path = Path(unquote(urlsplit(place).path) if place.startswith("file:") else place)
    if path.is_absolute() and path.is_dir():
        yield path.parent if is_index else path


def _written(options: Mapping[str, str], file: Path) -> Path:
    configuration = RawConfigParser()
    configuration["global"] = dict(options)
    with file.open("w", encoding="utf-8") as stream:
        configuration.write(stream)
    return file
