"""The certificate authority on disk and the names it signs."""

from __future__ import annotations

import ipaddress
import ssl
import stat

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.wire.tls import CertificateAuthority, UnusableName, subject_names


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return CertificateAuthority(tmp_path_factory.mktemp("authority"), cached_certificates=3)


def test_authority_is_kept_on_disk_and_its_key_is_its_owners_only(tmp_path):
    first = CertificateAuthority(tmp_path / "tls")
    content = first.certificate_path.read_bytes()
    second = CertificateAuthority(tmp_path / "tls")
    assert second.certificate_path.read_bytes() == content
    assert stat.S_IMODE((tmp_path / "tls" / "ca-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == [
        "ca-key.pem",
        "ca.pem",
        "checked.txt",
    ]


def test_lost_certificate_is_made_again_with_the_same_key(tmp_path):
    first = x509.load_pem_x509_certificate(CertificateAuthority(tmp_path).certificate_path.read_bytes())
    (tmp_path / "ca.pem").unlink()
    again = x509.load_pem_x509_certificate(CertificateAuthority(tmp_path).certificate_path.read_bytes())
    assert again.public_key() == first.public_key()
    assert again.subject == first.subject


def test_certificate_of_another_key_is_replaced(tmp_path):
    CertificateAuthority(tmp_path / "one")
    stale = CertificateAuthority(tmp_path / "two").certificate_path.read_bytes()
    (tmp_path / "one" / "ca.pem").write_bytes(stale)
    assert CertificateAuthority(tmp_path / "one").certificate_path.read_bytes() != stale


def test_ca_certificate_can_only_sign_leaves(authority):
    certificate = x509.load_pem_x509_certificate(authority.certificate_path.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    certificate.verify_directly_issued_by(certificate)


@pytest.mark.parametrize(
    ("server_name", "names"),
    [
        ("s3.us-east-1.amazonaws.com", ("*.us-east-1.amazonaws.com", "us-east-1.amazonaws.com")),
        ("S3.amazonaws.com.", ("*.amazonaws.com", "amazonaws.com")),
        ("a.b.s3.amazonaws.com", ("*.b.s3.amazonaws.com", "b.s3.amazonaws.com")),
        ("x.lambda-url.eu-west-1.on.aws", ("*.lambda-url.eu-west-1.on.aws", "lambda-url.eu-west-1.on.aws")),
        ("amazonaws.com", ("amazonaws.com",)),
        ("notamazonaws.com", ("notamazonaws.com",)),
        ("www.example.com", ("www.example.com",)),
        ("localhost", ("localhost",)),
        ("127.0.0.1", ("127.0.0.1",)),
        ("::1", ("::1",)),
    ],
)
def test_names_on_the_certificate(server_name, names):
    assert subject_names(server_name) == names


@pytest.mark.parametrize(
    "server_name", ["", ".", "a..b", "-a.b", "a b", "*.a", "é.com", "a" * 64, "a." * 127 + "a"]
)
def test_unusable_names_are_refused(server_name):
    with pytest.raises(UnusableName):
        subject_names(server_name)


@given(st.text(max_size=80))
def test_any_name_gives_names_or_unusable_name(server_name):
    try:
        names = subject_names(server_name)
    except UnusableName:
        return
    assert all(name.isascii() for name in names)


def handshake(authority: CertificateAuthority, name: str) -> x509.Certificate:
    """A handshake in memory; the certificate that the server showed for a name."""
    client_context = ssl.create_default_context(cafile=str(authority.certificate_path))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = authority.server_context("127.0.0.1").wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


def test_leaf_is_valid_for_the_name_asked_and_signed_by_the_authority(authority):
    leaf = handshake(authority, "dynamodb.eu-central-1.amazonaws.com")
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_path.read_bytes()))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "*.eu-central-1.amazonaws.com",
        "eu-central-1.amazonaws.com",
    ]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days <= 398


def test_leaf_without_a_name_asked_is_for_the_address(authority):
    leaf = handshake(authority, "127.0.0.1")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


def test_contexts_are_cached_and_the_cache_is_bounded(authority):
    first = authority.context_for("a.example")
    assert authority.context_for("A.example.") is first
    for name in ("b.example", "c.example", "d.example"):
        authority.context_for(name)
    assert authority.context_for("a.example") is not first


def test_name_of_the_same_level_shares_a_certificate(authority):
    assert authority.context_for("sqs.eu-west-1.amazonaws.com") is authority.context_for(
        "sns.eu-west-1.amazonaws.com"
    )
