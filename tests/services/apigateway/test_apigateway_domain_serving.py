"""Domain names of one's own: base paths, TLS by the name asked for, and APIs that only they lead to."""

from __future__ import annotations

import socket
import ssl

import pytest

NAME = "api.example.com"


@pytest.fixture
def named(api, account):
    """A domain name of the test's own."""
    name = f"api-{account}.example.com"
    api.boto.create_domain_name(
        domainName=name,
        regionalCertificateArn=f"arn:aws:acm:us-east-1:{account}:certificate/c",
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    template = (
        "$context.path|$context.resourcePath|$context.domainName|$context.domainPrefix"
        "|$context.customDomain.basePathMatched"
    )
    api.mock("GET", "/pets/{id}", responseTemplates={"application/json": template})
    api.deploy("v1")
    return name


def get(api, http, name, path):
    return http.get(f"{api.endpoint}{path}", headers={"Host": name})


def test_a_base_path_leads_to_a_stage(api, http, named):
    api.boto.create_base_path_mapping(domainName=named, basePath="shop", restApiId=api.id, stage="v1")
    answer = get(api, http, named, "/shop/pets/1")
    assert answer.text == f"/shop/pets/1|/pets/{{id}}|{named}|{named.partition('.')[0]}|shop"
    for path in ("/", "/other/pets/1", "/shopping/pets/1"):
        missed = get(api, http, named, path)
        assert (missed.status_code, missed.json()) == (403, {"message": "Forbidden"})


def test_the_empty_base_path_takes_what_no_other_has(api, http, named):
    api.boto.create_base_path_mapping(domainName=named, restApiId=api.id, stage="v1")
    assert get(api, http, named, "/pets/1").status_code == 200
    assert get(api, http, named, "/none").json() == {"message": "Missing Authentication Token"}


def test_a_mapping_without_a_stage_takes_it_from_the_path(api, http, named):
    api.boto.create_base_path_mapping(domainName=named, basePath="shop", restApiId=api.id)
    assert get(api, http, named, "/shop/v1/pets/1").status_code == 200
    assert get(api, http, named, "/shop/v2/pets/1").status_code == 403


def test_an_api_may_be_reached_by_its_domain_name_only(api, http, named):
    api.boto.create_base_path_mapping(domainName=named, restApiId=api.id, stage="v1")
    disable = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    api.boto.update_rest_api(restApiId=api.id, patchOperations=disable)
    api.deploy("v1")
    refused = api.call("/pets/1", stage="v1")
    assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
    assert get(api, http, named, "/pets/1").status_code == 200


def test_tls_has_a_certificate_for_the_name(api, server, named):
    api.boto.create_base_path_mapping(domainName=named, restApiId=api.id, stage="v1")
    trusting = ssl.create_default_context(cafile=str(server.app.ca_certificate))
    with (
        socket.create_connection(("127.0.0.1", server.app.port)) as plain,
        trusting.wrap_socket(plain, server_hostname=named) as connection,
    ):
        connection.sendall(f"GET /pets/1 HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n".encode())
        answered = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answered.startswith(b"HTTP/1.1 200 ")


def test_a_name_that_is_nobodys_is_no_api(api, http):
    assert "api.nobody.example" not in get(api, http, "api.nobody.example", "/").text
    assert get(api, http, "api.nobody.example", "/").status_code != 200
