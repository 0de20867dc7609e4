"""The web configuration of Prometheus' exporter-toolkit: TLS, users and headers of the exporter's own pages.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md. What the toolkit
refuses is refused here; what Python's TLS can't do is refused as well, and says so.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from exporter.config.document import Document, read
from exporter.config.mistakes import Wording, in_order
from exporter.config.section import Section
from exporter.config.values import DurationRange, has_control_characters, mistake
from exporter.errors import ConfigError, Problem

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]
# The suites of TLS 1.2 and before by their names there, as OpenSSL spells them; those of TLS 1.3 are always on.
CIPHER_SUITES: Mapping[str, str] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_TLS13_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
# Headers that may be set, with the values that they may have; None for any.
_HEADERS: Mapping[str, tuple[str, ...] | None] = {
    "Content-Security-Policy": None,
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": None,
}
_BCRYPT = re.compile(r"\$2[aby]?\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_CHECKED = ("RequireAnyClientCert", "RequireClientCert", "RequireAndVerifyClientCert")


def _cipher_suite(name: str) -> str:
    if name not in CIPHER_SUITES and name not in _TLS13_SUITES:
        raise mistake(f"is no cipher suite known here; use some of: {', '.join((*_TLS13_SUITES, *CIPHER_SUITES))}")
    return name


def _only_one_curve(curves: tuple[str, ...]) -> tuple[str, ...]:
    if len(curves) > 1:
        raise mistake("can't name more than one curve here, as Python's TLS takes no list; remove it, or name one")
    return curves


class _Part(Section):
    """A section in which a key without a value is as good as none, as in the toolkit: templates leave such keys."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # An empty client_auth_type is the toolkit's own default.
        blanks = {"client_auth_type": (None, "")}
        return {key: value for key, value in data.items() if value not in blanks.get(key, (None,))}


class TlsServerConfig(_Part):
    """How pages are encrypted, and which clients are let in by their certificates; paths are from the file's folder."""

    cert: str | None = Field(None, repr=False)
    """Certificate of the server, and those between it and its authority, as PEM text."""
    key: str | None = Field(None, repr=False)
    """Private key of the certificate, as PEM text."""
    client_ca: str | None = Field(None, repr=False)
    """Certificates of the authorities that sign clients' certificates, as PEM text."""
    cert_file: str | None = None
    """File with the certificate of the server, and those between it and its authority."""
    key_file: str | None = None
    """File with the private key of the certificate."""
    client_ca_file: str | None = None
    """File with the certificates of the authorities that sign clients' certificates."""
    client_auth_type: ClientAuth = "NoClientCert"
    """Which clients need a certificate."""
    client_allowed_sans: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    """Names, of which a client's certificate must hold one."""
    min_version: TlsVersion = "TLS12"
    """Lowest version of TLS."""
    max_version: TlsVersion = "TLS13"
    """Highest version of TLS."""
    cipher_suites: Annotated[tuple[Annotated[str, AfterValidator(_cipher_suite)], ...], Field(strict=False)] = ()
    """Cipher suites for TLS 1.2 and before; without any, OpenSSL's own choice."""
    prefer_server_cipher_suites: bool = True
    """Whether the order of the server's cipher suites counts, not the client's."""
    curve_preferences: Annotated[tuple[Curve, ...], Field(strict=False), AfterValidator(_only_one_curve)] = ()
    """Elliptic curve of the key exchange."""

    @property
    def is_on(self) -> bool:
        """Whether anything here asks for TLS, as the toolkit judges it."""
        return "client_auth_type" in self.model_fields_set or any(
            (self.cert, self.key, self.client_ca, self.cert_file, self.key_file, self.client_ca_file)
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.is_on:
            self._check_pairs()
            self._check_clients()
        if self.max_version < self.min_version:
            raise mistake("max_version is below min_version, so that no client could connect; swap them", "max_version")
        return self

    def _check_pairs(self) -> None:
        for name in ("cert", "key", "client_ca"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise mistake(f"{name} and {name}_file exclude each other; remove one", name)
        for name in ("cert", "key"):
            if not getattr(self, name) and not getattr(self, f"{name}_file"):
                raise mistake(f"{name}_file is missing; TLS needs a certificate and its key")

    def _check_clients(self) -> None:
        kind = self.client_auth_type
        if kind in {"RequireAnyClientCert", "RequireClientCert"}:
            # Python's ssl can't ask for a certificate without checking it.
            raise mistake(
                "takes any certificate unchecked, which is not possible here; use RequireAndVerifyClientCert",
                "client_auth_type",
            )
        if kind == "NoClientCert" and (self.client_ca or self.client_ca_file):
            name = "client_ca" if self.client_ca else "client_ca_file"
            raise mistake("does nothing while client_auth_type is NoClientCert; set that, or remove this", name)
        if self.client_allowed_sans is not None and kind not in _CHECKED:
            raise mistake("needs client_auth_type: RequireAndVerifyClientCert", "client_allowed_sans")


def _texts(headers: Any) -> Any:
    """Return header values as the toolkit reads them: ``X-XSS-Protection: 0`` needs no quotes, and nothing is empty."""
    if not isinstance(headers, dict):
        return headers
    return {name: "" if value is None else _text(value) for name, value in headers.items()}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name not in _HEADERS:
            raise mistake(f"can't set this header; use some of: {', '.join(_HEADERS)}", name)
        allowed = _HEADERS[name]
        if allowed is not None and value not in allowed:
            raise mistake(f"must be {' or '.join(allowed)}", name)
        if has_control_characters(value) or not value.isascii():
            raise mistake("must be ASCII text on one line", name)
    return headers


class HttpServerConfig(_Part):
    """What the server adds to its answers."""

    http2: bool = True
    """Taken for the toolkit's sake; this server speaks HTTP/1.1 either way."""
    headers: Annotated[dict[str, str], BeforeValidator(_texts), AfterValidator(_headers)] = Field(default_factory=dict)
    """Headers of every answer, by name."""


class RequestRateConfig(_Part):
    """How many requests are answered, as a token bucket; 429 to the others."""

    interval: Annotated[float, DurationRange(least=0)] = 0.0
    """Time in which one more request is allowed; 0 for no limit."""
    burst: Annotated[int, Field(ge=0)] = 0
    """Most requests at once."""


def _users(users: dict[str, str]) -> dict[str, str]:
    for name, hashed in users.items():
        if not _BCRYPT.fullmatch(hashed):
            raise mistake("is no bcrypt hash; make one with `htpasswd -nBC 10 USER`", name)
    return users


class WebConfig(_Part):
    """The whole file; an empty one is neither encrypted nor asks for passwords."""

    tls_server_config: TlsServerConfig = Field(default_factory=TlsServerConfig)
    """Encryption, and clients' certificates."""
    http_server_config: HttpServerConfig = Field(default_factory=HttpServerConfig)
    """Headers of answers."""
    basic_auth_users: Annotated[dict[str, str], AfterValidator(_users)] = Field(default_factory=dict, repr=False)
    """bcrypt hash of each user's password, by the user's name."""
    rate_limit: RequestRateConfig = Field(default_factory=RequestRateConfig)
    """Limit on requests."""


def load_web(path: Path) -> WebConfig:
    """Read a web configuration file.

    Raises:
        ConfigError: it can't be read or holds mistakes; the error has all of them.
    """
    document = _read(path)
    mistakes = []
    try:
        config = WebConfig.model_validate(document.data)
    except ValidationError as error:
        mistakes = [*Wording(document, (), WebConfig).mistakes(error)]
    if problems := in_order(document, mistakes):
        # Raised here, so that no parser's error, which holds the text of the file, hangs on it as its context.
        raise ConfigError(problems)
    return config


def web_problem(path: Path, key: str, message: str) -> Problem:
    """Return a mistake under a key of a web configuration file, with its line."""
    return _read(path).problem(tuple(key.split(".")), message)


def _read(path: Path) -> Document:
    return read(path, "tls_server_config", None)
