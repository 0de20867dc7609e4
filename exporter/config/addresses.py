"""Where requests go: the vendor's base URL, a proxy, and the authorities that vouch for them."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Annotated, TypeAlias
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from exporter.config.values import mistake, surroundings

# Letters, digits and hyphens between dots, or an IPv6 address; requests would encode anything else in its own way.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")


def base_url(url: str, *, allow_http: bool) -> str:
    """Return scheme, host and port of a vendor's API, without a slash at the end.

    Raises:
        PydanticCustomError: there is more or less than that, or it goes unencrypted to another machine.
    """
    parts = _bare(
        url, "must be scheme and host alone; the path is added for each call, so take out what follows the host"
    )
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname or ""):
        raise mistake("http would send the credentials unencrypted; write https, or set allow_http: true")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    """Take a URL of scheme and host apart; what it refuses is never quoted, since it may hold a password."""
    # urlsplit takes tabs and line breaks out without a word.
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise mistake("can't hold spaces, control characters or letters beyond ASCII")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise mistake("is no URL; write it like https://host or https://host:8443") from None
    if parts.scheme not in ("http", "https"):
        raise mistake("must begin with https:// or http://")
    if "@" in parts.netloc:
        raise mistake("can't hold a user name or password; take out what stands before the @")
    if not host or not (_HOST.fullmatch(host) or ":" in host) or parts.netloc.endswith(":"):
        raise mistake("has no valid host; write it like https://host or https://host:8443")
    return parts


def _bare(url: str, remedy: str) -> SplitResult:
    parts = _split(url)
    if parts.path not in ("", "/") or "?" in url or "#" in url:
        raise mistake(remedy)
    return parts


def _proxy_url(url: str) -> str:
    parts = _bare(url, "must be scheme, host and port alone; take out what follows them")
    return f"{parts.scheme}://{parts.netloc}"


ProxyUrl: TypeAlias = Annotated[str, AfterValidator(_proxy_url)]


@dataclass(frozen=True, slots=True)
class _PathReader:
    """Reads a path relative to the configuration file's folder; ``fault`` says what is wrong there, if anything is."""

    fault: Callable[[Path], str]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "minLength": 1}

    def _read(self, value: object, info: core_schema.ValidationInfo) -> Path:
        if not isinstance(value, str | Path) or not str(value):
            raise mistake("must be a path; write it in quotes")
        path = surroundings(info.context).folder / value
        try:
            fault = self.fault(path)
        except ValueError:
            # Such as one that holds a NUL.
            fault = "is no path"
        if fault:
            raise mistake(fault)
        return path


def _fault_in_reading(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"the file can't be read ({error.strerror}); check the path and its permissions"
    return ""


def _fault_in_name(path: Path) -> str:
    try:
        is_folder = S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # It need not be there yet, and whoever checks a configuration need not be the user who runs it.
        return ""
    except OSError as error:
        return f"can't name a file ({error.strerror}); choose another path"
    return "is a folder; add the name of a file to it" if is_folder else ""


ReadableFile: TypeAlias = Annotated[Path, _PathReader(_fault_in_reading)]
"""Path of a file that must be there and be readable."""
FilePath: TypeAlias = Annotated[Path, _PathReader(_fault_in_name)]
"""Path of a file that need not be there."""
