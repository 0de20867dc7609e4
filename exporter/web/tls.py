"""TLS as a web configuration describes it: certificates, and which clients are let in by theirs."""

import ipaddress
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from exporter.config import CIPHER_SUITES, TlsServerConfig

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
# What OpenSSL says of a key that is not the certificate's: of the same kind, of another one.
_MISMATCHES = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}


class TlsFault(Exception):
    """A setting that can't be used, by the key that it stands under; the text never quotes a key or certificate."""

    def __init__(self, key: str, message: str) -> None:
        """Keep the key, such as ``cert_file``, and what is wrong with it."""
        super().__init__(message)
        self.key = key


class Context(ssl.SSLContext):
    """Settings of one moment, with the names of which a client's certificate must hold one."""

    allowed_names: frozenset[str] | None = None


def server_context(config: TlsServerConfig, folder: Path) -> Context:
    """Return what the server needs for TLS; paths are taken from ``folder``.

    Raises:
        TlsFault: a file can't be read, or what is in it is no certificate or not the key of one.
    """
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = _Checked
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, config)
    if config.curve_preferences:
        context.set_ecdh_curve(_CURVES[config.curve_preferences[0]])
    if not config.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_certificate(context, config, folder)
    _set_clients(context, config, folder)
    return context


def files_of(config: TlsServerConfig, folder: Path) -> Sequence[Path]:
    """Return the files that a context is made from."""
    names = (config.cert_file, config.key_file, config.client_ca_file)
    return [folder / name for name in names if name]


def _set_versions(context: Context, config: TlsServerConfig) -> None:
    lowest, highest = config.min_version, config.max_version
    old_suites = [CIPHER_SUITES[name] for name in config.cipher_suites if name in CIPHER_SUITES]
    if old_suites:
        context.set_ciphers(":".join(old_suites))
    elif config.cipher_suites:
        # Only suites of TLS 1.3: what is older has none left.
        if highest != "TLS13":
            raise TlsFault("cipher_suites", f"has no suite for {highest}, the highest version allowed; add one")
        lowest = "TLS13"
    # The oldest versions are allowed where someone asks for them in words.
    context.minimum_version, context.maximum_version = _VERSIONS[lowest], _VERSIONS[highest]


def _load_certificate(context: Context, config: TlsServerConfig, folder: Path) -> None:
    cert_key = "cert" if config.cert else "cert_file"
    key_key = "key" if config.key else "key_file"
    cert = _content(config.cert, config.cert_file, folder, cert_key)
    key = _content(config.key, config.key_file, folder, key_key)
    try:
        with _as_file(cert) as cert_path, _as_file(key) as key_path:
            context.load_cert_chain(cert_path, key_path, password=_refuse_password)
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            raise TlsFault(key_key, "is not the key of the certificate; give the one that belongs to it") from None
        if not _has_certificate(cert):
            raise TlsFault(cert_key, "holds no certificate in PEM form; give one") from None
        raise TlsFault(key_key, "holds no private key in PEM form; give the certificate's own") from None
    except _EncryptedKey:
        raise TlsFault(key_key, "is encrypted, and there is nobody to ask for its password; decrypt it") from None


class _EncryptedKey(Exception):
    """A key needs a password."""


def _refuse_password() -> NoReturn:
    # Without this, OpenSSL asks on the terminal, and waits.
    raise _EncryptedKey


def _content(text: str | None, name: str | None, folder: Path, key: str) -> bytes:
    if text:
        return text.encode()
    try:
        return (folder / (name or "")).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such path can be"
        raise TlsFault(key, f"can't be read ({reason}); check the path and its permissions") from None


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """Yield a path of a file in memory: a key must never come to lie on a disk, and there may be none to write on."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
        return
    with os.fdopen(os.memfd_create("pem"), "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _has_certificate(content: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=content.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _set_clients(context: Context, config: TlsServerConfig, folder: Path) -> None:
    if config.client_auth_type in {"NoClientCert", "RequestClientCert"}:
        # A certificate that nobody checks says nothing, so none is asked for.
        return
    is_needed = config.client_auth_type == "RequireAndVerifyClientCert"
    context.verify_mode = ssl.CERT_REQUIRED if is_needed else ssl.CERT_OPTIONAL
    if config.client_allowed_sans is not None:
        context.allowed_names = frozenset(config.client_allowed_sans)
    if not (config.client_ca or config.client_ca_file):
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    key = "client_ca" if config.client_ca else "client_ca_file"
    authorities = _content(config.client_ca, config.client_ca_file, folder, key)
    if not _has_certificate(authorities):
        raise TlsFault(key, "holds no certificate in PEM form; give those of the clients' authorities")
    context.load_verify_locations(cadata=authorities.decode("ascii", "replace"))


class _Checked(ssl.SSLObject):
    """A connection that ends with its handshake if the client's certificate has none of the allowed names."""

    def do_handshake(self) -> None:
        """Shake hands, and look at the names.

        Raises:
            ssl.CertificateError: no name is allowed.
        """
        super().do_handshake()
        allowed = self.context.allowed_names if isinstance(self.context, Context) else None
        if allowed is not None and allowed.isdisjoint(names_in(self.getpeercert() or {})):
            raise ssl.CertificateError("the client's certificate holds no allowed name")


def names_in(certificate: dict[str, Any]) -> set[str]:
    """Return the names in a certificate's subjectAltName: hosts, mail addresses, IP addresses, URIs."""
    names = set()
    for kind, name in certificate.get("subjectAltName", ()):
        if kind == "IP Address":
            names.add(str(ipaddress.ip_address(name)))
        elif kind in {"DNS", "email", "URI"}:
            names.add(name)
    return names


class Renewed(ssl.SSLContext):
    """Stands before the context in use: each new connection gets the one of its moment.

    asyncio and uvloop ask a context for nothing but ``wrap_bio``.
    """

    renew: Callable[[], ssl.SSLContext]

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Return a new connection's TLS, by the context in use."""
        return self.renew().wrap_bio(*args, **options)


def renewed(renew: Callable[[], ssl.SSLContext]) -> Renewed:
    """Return a context that asks ``renew`` for another one at each connection."""
    context = Renewed(ssl.PROTOCOL_TLS_SERVER)
    context.renew = renew
    return context
