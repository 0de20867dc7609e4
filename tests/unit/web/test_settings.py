"""A web configuration at work: encryption, certificates, users, headers, and what changes while the server runs."""

import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from exporter.errors import ConfigError
from tests.unit.web.protected import HASH, STRANGE_AUTHORITY, ProtectedSite, client, write_certificate

TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
MUTUAL = TLS + ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"


def test_an_empty_file_asks_for_nothing(tmp_path):
    with ProtectedSite(tmp_path, "") as site:
        assert site.ask().status == 200


@pytest.mark.parametrize(
    "text",
    [
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:",
        "tls_server_config: {cert_file: '', key_file: , client_auth_type: '', min_version: , cipher_suites: }",
        "http_server_config: {http2: , headers: }",
    ],
)
def test_a_key_without_a_value_asks_for_nothing(tmp_path, text):
    """A template leaves such keys, and the toolkit reads them as if they were not there."""
    with ProtectedSite(tmp_path, text) as site:
        assert site.ask().status == 200


def test_an_empty_client_auth_type_is_none(tmp_path):
    with ProtectedSite(tmp_path, TLS + ", client_auth_type: ''}") as site:
        assert site.ask(tls=client()).status == 200


def test_pages_are_encrypted_with_the_certificate_of_the_file(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        assert site.ask(tls=client()).status == 200
        with pytest.raises(ConnectionError):
            site.ask()


def test_certificate_and_key_can_stand_in_the_file_itself(tmp_path):
    write_certificate(tmp_path, "localhost")
    parts = {"cert": "server.pem", "key": "server.key"}
    text = "tls_server_config:\n" + "".join(
        f"  {name}: |\n" + "".join(f"    {line}\n" for line in (tmp_path / file).read_text().splitlines())
        for name, file in parts.items()
    )
    with ProtectedSite(tmp_path / "", text) as site:
        assert site.ask(tls=client()).status == 200


def test_a_client_needs_a_certificate_of_the_authority(tmp_path):
    with ProtectedSite(tmp_path, MUTUAL + "}") as site:
        assert site.ask(tls=client("prometheus")).status == 200
        for stranger in (client(), client("prometheus", authority=STRANGE_AUTHORITY)):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                site.ask(tls=stranger)


@pytest.mark.parametrize("name", ["prometheus", "mail@example.com", "127.0.0.9", "2001:db8::1"])
def test_only_a_certificate_with_an_allowed_name_is_let_in(tmp_path, name):
    text = MUTUAL + ", client_allowed_sans: [prometheus, mail@example.com, 127.0.0.9, '2001:db8::1']}"
    with ProtectedSite(tmp_path, text) as site:
        assert site.ask(tls=client("other", name)).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            site.ask(tls=client("other"))


def test_a_certificate_that_is_optional_is_checked_where_it_is_given(tmp_path):
    text = TLS + ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}"
    with ProtectedSite(tmp_path, text) as site:
        assert site.ask(tls=client()).status == 200
        assert site.ask(tls=client("prometheus")).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            site.ask(tls=client("prometheus", authority=STRANGE_AUTHORITY))


def test_versions_and_cipher_suites_are_bounded(tmp_path):
    text = TLS + ", max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}"
    with ProtectedSite(tmp_path, text) as site:
        old, other = client(), client()
        old.minimum_version = ssl.TLSVersion.TLSv1_3
        other.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        assert site.ask(tls=client()).status == 200
        for stranger in (old, other):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                site.ask(tls=stranger)


def test_suites_of_the_newest_version_alone_leave_nothing_to_older_ones(tmp_path):
    with ProtectedSite(tmp_path, TLS + ", cipher_suites: [TLS_AES_128_GCM_SHA256]}") as site:
        old = client()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert site.ask(tls=client()).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            site.ask(tls=old)


def test_a_curve_can_be_chosen(tmp_path):
    with ProtectedSite(tmp_path, TLS + ", curve_preferences: [CurveP384]}") as site:
        other = client()
        other.set_ecdh_curve("prime256v1")
        assert site.ask(tls=client()).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            site.ask(tls=other)


def test_a_renewed_certificate_is_used_from_the_next_connection_on(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        write_certificate(tmp_path, "other.example", STRANGE_AUTHORITY)
        with pytest.raises(ssl.SSLCertVerificationError):
            site.ask(tls=client())
        write_certificate(tmp_path, "localhost")
        assert site.ask(tls=client()).status == 200
        assert site.problems == []


def test_a_broken_certificate_leaves_the_old_one_in_use_and_is_told(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        key = (tmp_path / "server.key").read_text()
        (tmp_path / "server.key").write_text("no key")
        assert site.ask(tls=client()).status == 200
        assert site.problems == [
            "web.yml:1: tls_server_config.key_file: holds no private key in PEM form; give the certificate's own"
        ]

        (tmp_path / "server.key").write_text(key)
        assert site.ask(tls=client()).status == 200
        assert site.problems == []


def test_users_are_asked_for_their_passwords(tmp_path):
    with ProtectedSite(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}") as site:
        assert site.ask(login=("prometheus", "secret")).status == 200
        assert site.ask(login=("prometheus", "secret")).status == 200
        refused = site.ask()
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (
            401,
            'Basic realm="email-stats-exporter", charset="UTF-8"',
        )
        for login in (("prometheus", "wrong"), ("nobody", "secret"), ("", ""), ("prometheus", "se\0cret")):
            assert site.ask(login=login).status == 401
        for odd in ("Bearer x", "Basic", "Basic %%%", "basic cHJvbWV0aGV1cw=="):
            assert site.ask(Authorization=odd).status == 401


def test_a_new_password_is_asked_for_at_once(tmp_path):
    with ProtectedSite(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}") as site:
        assert site.ask(login=("prometheus", "secret")).status == 200
        site.write(f"basic_auth_users: {{someone: {HASH}}}")
        assert site.ask(login=("prometheus", "secret")).status == 401
        assert site.ask(login=("someone", "secret")).status == 200


def test_a_broken_file_leaves_the_users_in_force_and_is_told(tmp_path):
    with ProtectedSite(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}") as site:
        site.write("basic_auth_users: {prometheus: secret}")
        assert site.ask().status == 401
        assert site.problems == [
            "web.yml:1: basic_auth_users.prometheus: is no bcrypt hash; make one with `htpasswd -nBC 10 USER`"
        ]
        site.file.unlink()
        assert site.ask().status == 401
        assert "can't be read" in site.problems[0]
        site.write("")
        assert site.ask().status == 200
        assert site.problems == []


def test_encryption_is_not_switched_while_the_program_runs(tmp_path):
    with ProtectedSite(tmp_path, "") as site:
        site.write(TLS + "}")
        assert site.ask().status == 200
        assert site.problems == ["web.yml:1: tls_server_config: can't switch TLS on while the program runs; restart it"]


def test_headers_stand_on_every_answer_and_win_over_the_pages_own(tmp_path):
    text = "http_server_config: {headers: {X-Frame-Options: sameorigin, X-XSS-Protection: ''}}"
    with ProtectedSite(tmp_path, f"{text}\nbasic_auth_users: {{prometheus: {HASH}}}") as site:
        for answer in (site.ask(), site.ask(login=("prometheus", "secret"))):
            assert answer.headers.get_all("X-Frame-Options") == ["sameorigin"]
            assert "X-XSS-Protection" not in answer.headers


def test_a_header_s_number_needs_no_quotes_and_an_empty_header_is_none(tmp_path):
    text = "http_server_config: {headers: {X-XSS-Protection: 0, Strict-Transport-Security: }}"
    with ProtectedSite(tmp_path, text) as site:
        headers = site.ask().headers
        assert headers["X-XSS-Protection"] == "0"
        assert "Strict-Transport-Security" not in headers


def test_requests_over_the_limit_are_refused(tmp_path):
    with ProtectedSite(tmp_path, "rate_limit: {interval: 1h, burst: 2}") as site:
        assert [site.ask().status for _ in range(4)] == [200, 200, 429, 429]
        site.write("rate_limit: {interval: 0s}")
        assert site.ask().status == 200


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tls_server_config: {cert_file: server.pem}", "key_file is missing; TLS needs a certificate and its key"),
        ("tls_server_config: {client_auth_type: NoClientCert}", "cert_file is missing; TLS needs a certificate"),
        (TLS + ", cert: x}", "cert and cert_file exclude each other; remove one"),
        (TLS + ", client_ca_file: ca.pem}", "does nothing while client_auth_type is NoClientCert"),
        (TLS + ", client_allowed_sans: [a]}", "needs client_auth_type: RequireAndVerifyClientCert"),
        (TLS + ", client_auth_type: RequireAnyClientCert}", "use RequireAndVerifyClientCert"),
        (TLS + ", client_auth_type: Sometimes}", "must be one of: 'NoClientCert'"),
        (TLS + ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}", "is no cipher suite known here"),
        (TLS + ", min_version: TLS13, max_version: TLS12}", "max_version is below min_version"),
        (TLS + ", max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}", "has no suite for TLS12"),
        (TLS + ", curve_preferences: [X25519, CurveP256]}", "can't name more than one curve"),
        (TLS + ", certfile: x}", "unknown key; did you mean cert_file?"),
        ("tls_server_config: {cert_file: none.pem, key_file: server.key}", "cert_file: can't be read (No such file"),
        ("tls_server_config: {cert_file: server.key, key_file: server.key}", "cert_file: holds no certificate"),
        ("tls_server_config: {cert_file: ca.pem, key_file: server.key}", "key_file: is not the key of the certificate"),
        (MUTUAL.replace("ca.pem", "server.key") + "}", "client_ca_file: holds no certificate in PEM form"),
        ("http_server_config: {headers: {Server: x}}", "headers.Server: can't set this header; use some of:"),
        ("http_server_config: {headers: {X-XSS-Protection: no}}", "must be a string"),
        ("http_server_config: {headers: [a]}", "must be a mapping"),
        ("http_server_config: {headers: {X-Frame-Options: DENY}}", "must be deny or sameorigin"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}', "must be ASCII text on one line"),
        ("basic_auth_users: {a: $2b$03$" + 53 * "a" + "}", "basic_auth_users.a: is no bcrypt hash"),
        ("basic_auth_user: {}", "unknown key; did you mean basic_auth_users?"),
        ("- a", "the file must be a mapping of keys, such as `tls_server_config:`"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, problem):
    with pytest.raises(ConfigError) as error:
        ProtectedSite(tmp_path, text)

    (found,) = map(str, error.value.problems)
    assert found.startswith(f"{tmp_path / 'web.yml'}:1: ")
    assert problem in found


def test_a_key_of_another_kind_than_the_certificate_s_is_no_missing_one(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        old = serialization.load_pem_private_key((tmp_path / "server.key").read_bytes(), None)
        is_rsa = isinstance(old, rsa.RSAPrivateKey)
        new = ec.generate_private_key(ec.SECP256R1()) if is_rsa else rsa.generate_private_key(65_537, 2_048)
        (tmp_path / "server.key").write_bytes(new.private_bytes(*form))
        assert site.ask(tls=client()).status == 200
        assert "tls_server_config.key_file: is not the key of the certificate" in site.problems[0]


def test_a_key_that_needs_a_password_is_refused_without_asking_for_it(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        key = serialization.load_pem_private_key((tmp_path / "server.key").read_bytes(), None)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
        (tmp_path / "server.key").write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"x")))
        assert site.ask(tls=client()).status == 200
        assert "tls_server_config.key_file: is encrypted" in site.problems[0]


def test_a_check_tells_what_is_wrong_now_and_takes_nothing(tmp_path):
    with ProtectedSite(tmp_path, TLS + "}") as site:
        site.settings.check()
        site.write("tls_server_config: {cert_file: missing.pem, key_file: server.key}")
        with pytest.raises(ConfigError) as missing:
            site.settings.check()
        site.write("http_server_config: {}")
        with pytest.raises(ConfigError) as switched:
            site.settings.check()
        site.write("nonsense: 1")
        with pytest.raises(ConfigError) as unknown:
            site.settings.check()

        assert [str(each.value).partition("web.yml")[2].partition(";")[0] for each in (missing, switched, unknown)] == [
            ":1: tls_server_config.cert_file: can't be read (No such file or directory)",
            ":1: tls_server_config: can't switch TLS off while the program runs",
            ":1: nonsense: unknown key",
        ]
        assert site.problems == []
        site.write(TLS + "}")
        assert site.ask(tls=client()).status == 200
