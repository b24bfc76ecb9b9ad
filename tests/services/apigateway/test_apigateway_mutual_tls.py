"""Domain names with mutual TLS, and the versions of TLS that security policies let in."""

from __future__ import annotations

import json
import socket
import ssl
from datetime import timedelta

import pytest

from client_authority import ClientAuthority
from refusals import refusal

CLIENTS, OTHERS = ClientAuthority("clients"), ClientAuthority("others")


def patch(path, value):
    return [{"op": "replace", "path": path, "value": value}]


@pytest.fixture
def bucket(client, account):
    """A bucket with a truststore."""
    s3, name = client("s3"), f"truststores-{account}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="trusted.pem", Body=CLIENTS.certificate.encode())
    return name


@pytest.fixture
def make_domain(apigateway, account):
    """Takes a regional domain name."""

    def make(**settings):
        name = f"mutual-{account}.example.com"
        apigateway.create_domain_name(
            domainName=name,
            regionalCertificateArn=f"arn:aws:acm:us-east-1:{account}:certificate/c",
            endpointConfiguration={"types": ["REGIONAL"]},
            **settings,
        )
        return name

    return make


@pytest.fixture
def domain(api, make_domain, bucket):
    """A domain name with mutual TLS that shows an API which tells of the certificate."""
    name = make_domain(mutualTlsAuthentication={"truststoreUri": f"s3://{bucket}/trusted.pem"})
    members = ("subjectDN", "issuerDN", "serialNumber", "validity.notBefore", "validity.notAfter")
    template = {each: f"$context.identity.clientCert.{each}" for each in members}
    template["pem"] = "$util.escapeJavaScript($context.identity.clientCert.clientCertPem)"
    api.mock("GET", "/", responseTemplates={"application/json": json.dumps(template)})
    api.deploy()
    api.boto.create_base_path_mapping(domainName=name, restApiId=api.id, stage="dev")
    return name


@pytest.fixture
def ask(server, tmp_path):
    """Asks a name for / over TLS; the status and the body."""

    def run(name, *, host=None, certificate=None, version=None):
        context = ssl.create_default_context(cafile=str(server.app.ca_certificate))
        if version is not None:
            context.maximum_version = version
        if certificate is not None:
            file = tmp_path / "client.pem"
            file.write_text(certificate)
            context.load_cert_chain(file)
        with (
            socket.create_connection(("127.0.0.1", server.app.port)) as plain,
            context.wrap_socket(plain, server_hostname=name) as connection,
        ):
            head = f"GET / HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            answered = b"".join(iter(lambda: connection.recv(65536), b""))
        if not answered:
            raise ConnectionError("The server has closed the connection.")
        status, _, body = answered.partition(b"\r\n\r\n")
        return int(status.split()[1]), body.decode()

    return run


def test_clients_show_a_certificate_that_the_truststore_vouches_for(domain, ask):
    serial = 0xD5DD1B0DA2A1A1A1A1A1
    status, body = ask(domain, certificate=CLIENTS.issue("mine", serial))
    assert status == 200
    shown = json.loads(body)
    assert shown.pop("pem").startswith("-----BEGIN CERTIFICATE-----\n")
    assert shown == {
        "subjectDN": "C=US,O=Example,CN=mine",
        "issuerDN": "C=US,O=Example,CN=clients",
        "serialNumber": "d5:dd:1b:0d:a2:a1:a1:a1:a1:a1",
        "validity.notBefore": "Jan  2 03:04:05 2020 GMT",
        "validity.notAfter": "Dec  9 03:04:05 2119 GMT",
    }
    for certificate in (None, OTHERS.issue("mine")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(domain, certificate=certificate)


def test_no_other_way_leads_to_a_domain_name_with_mutual_tls(domain, ask, api, http, client, account):
    forbidden = (403, '{"message":"Forbidden"}')
    plain = http.get(api.endpoint, headers={"Host": domain})
    assert (plain.status_code, plain.text) == forbidden
    assert ask("other.example.com", host=domain) == forbidden
    # A certificate for a name of somebody else's, with a truststore of their own, opens nothing.
    other = f"else-{account}.example.com"
    s3 = client("s3")
    s3.put_object(Bucket=f"truststores-{account}", Key="others.pem", Body=OTHERS.certificate.encode())
    client("apigateway").create_domain_name(
        domainName=other,
        regionalCertificateArn=f"arn:aws:acm:us-east-1:{account}:certificate/c",
        endpointConfiguration={"types": ["REGIONAL"]},
        mutualTlsAuthentication={"truststoreUri": f"s3://truststores-{account}/others.pem"},
    )
    assert ask(other, host=domain, certificate=OTHERS.issue("mine")) == forbidden


def test_a_truststore_is_read_when_the_domain_name_is_changed(domain, ask, apigateway, client, bucket):
    client("s3").put_object(Bucket=bucket, Key="new.pem", Body=OTHERS.certificate.encode())
    uri = f"s3://{bucket}/new.pem"
    changed = apigateway.update_domain_name(
        domainName=domain, patchOperations=patch("/mutualTlsAuthentication/truststoreUri", uri)
    )
    assert changed["mutualTlsAuthentication"] == {"truststoreUri": uri}
    assert ask(domain, certificate=OTHERS.issue("mine"))[0] == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(domain, certificate=CLIENTS.issue("mine"))
    changed = apigateway.update_domain_name(
        domainName=domain, patchOperations=patch("/mutualTlsAuthentication/truststoreUri", "")
    )
    assert "mutualTlsAuthentication" not in changed
    assert ask(domain)[0] == 200


def test_a_version_of_a_truststore_may_be_named(make_domain, apigateway, client, bucket, ask):
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="t.pem", Body=CLIENTS.certificate.encode())["VersionId"]
    s3.put_object(Bucket=bucket, Key="t.pem", Body=OTHERS.certificate.encode())
    settings = {"truststoreUri": f"s3://{bucket}/t.pem", "truststoreVersion": first}
    name = make_domain(mutualTlsAuthentication=settings)
    assert apigateway.get_domain_name(domainName=name)["mutualTlsAuthentication"] == settings
    assert ask(name, certificate=CLIENTS.issue("mine"))[0] == 403  # there is no mapping yet


@pytest.mark.unverified("AWS's texts could not be looked up, but those for the endpoint access mode")
def test_what_cannot_be_a_truststore_is_refused(make_domain, client, bucket, apigateway):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="none.pem", Body=b"nothing")

    def code(**settings):
        return refusal(make_domain, **settings)

    for uri in ("https://example.com/a.pem", f"s3://{bucket}/none.pem", f"s3://{bucket}/missing.pem"):
        assert code(mutualTlsAuthentication={"truststoreUri": uri})[0] == "BadRequestException"
    trusted = {"truststoreUri": f"s3://{bucket}/trusted.pem"}
    assert code(mutualTlsAuthentication=trusted, securityPolicy="TLS_1_0")[0] == "BadRequestException"
    old = ClientAuthority("old", life=timedelta(days=1))
    both = (old.certificate + CLIENTS.certificate).encode()
    s3.put_object(Bucket=bucket, Key="both.pem", Body=both)
    name = make_domain(mutualTlsAuthentication={"truststoreUri": f"s3://{bucket}/both.pem"})
    shown = apigateway.get_domain_name(domainName=name)["mutualTlsAuthentication"]
    assert len(shown["truststoreWarnings"]) == 1
    access = patch("/endpointAccessMode", "BASIC")
    assert refusal(apigateway.update_domain_name, domainName=name, patchOperations=access) == (
        "BadRequestException",
        "/endpointAccessMode Invalid request input",
    )


def test_security_policies_say_which_versions_are_spoken(make_domain, apigateway, ask):
    policy = "SecurityPolicy_TLS13_1_3_2025_09"
    assert refusal(make_domain, securityPolicy=policy) == (
        "BadRequestException",
        "Endpoint access mode is required for the specified security policy",
    )
    name = make_domain(securityPolicy=policy, endpointAccessMode="BASIC")
    assert ask(name)[0] == 403
    with pytest.raises(ssl.SSLError):
        ask(name, version=ssl.TLSVersion.TLSv1_2)
    apigateway.update_domain_name(domainName=name, patchOperations=patch("/securityPolicy", "TLS_1_2"))
    assert ask(name, version=ssl.TLSVersion.TLSv1_2)[0] == 403


def test_a_stack_makes_and_changes_mutual_tls(stack, apigateway, bucket, account):
    name = f"mutual-{account}.example.com"

    def template(**settings):
        properties = {
            "DomainName": name,
            "RegionalCertificateArn": f"arn:aws:acm:us-east-1:{account}:certificate/c",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            **settings,
        }
        return {"Resources": {"Name": {"Type": "AWS::ApiGateway::DomainName", "Properties": properties}}}

    uri = f"s3://{bucket}/trusted.pem"
    stack(template(MutualTlsAuthentication={"TruststoreUri": uri}))
    assert apigateway.get_domain_name(domainName=name)["mutualTlsAuthentication"] == {"truststoreUri": uri}
    stack(template(SecurityPolicy="TLS_1_2"), "update")
    assert "mutualTlsAuthentication" not in apigateway.get_domain_name(domainName=name)
    stack.delete()
    assert apigateway.get_domain_names()["items"] == []
