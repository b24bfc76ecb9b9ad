"""Domain names with their mappings, VPC links and client certificates."""

from __future__ import annotations

import pytest
from cryptography import x509
from recorded_answers import recording

from refusals import refusal

CERTIFICATE = "arn:aws:acm:us-east-1:012345678910:certificate/fb1b9770-a305-495d-aefb-27e5e101ff3"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:012345678910:loadbalancer/net/a/1"


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


@pytest.fixture
def name(account):
    """A domain name that nobody else takes."""
    return f"a{account}.example.com"


@pytest.fixture
def domain(apigateway, name):
    apigateway.create_domain_name(
        domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]}
    )
    return name


@pytest.fixture
def staged(api):
    api.says("GET", "/a", "hi")
    api.deploy()
    return api


def test_a_domain_name_at_the_edge_has_a_distribution(apigateway, name):
    made = apigateway.create_domain_name(domainName=name, certificateName="cert", certificateArn=CERTIFICATE)
    assert made.pop("certificateUploadDate")
    assert made.pop("distributionDomainName").endswith(".cloudfront.net")
    made.pop("ResponseMetadata")
    assert made == {
        "domainName": name,
        "certificateName": "cert",
        "certificateArn": CERTIFICATE,
        "distributionHostedZoneId": "Z2FDTNDATAQYW2",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "domainNameStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_2",
        "routingMode": "BASE_PATH_MAPPING_ONLY",
    }


def test_a_regional_domain_name_has_a_name_in_its_region(apigateway, domain):
    shown = apigateway.get_domain_name(domainName=domain)
    assert shown["regionalDomainName"].startswith("d-")
    assert shown["regionalDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert shown["regionalHostedZoneId"] == "Z1UJRXOUMOOFQ8"
    assert shown["tags"] == {}


@pytest.mark.unverified("the form of an association's ARN could not be looked up")
def test_a_private_domain_name_has_an_id_and_associations(apigateway, name, account):
    policy = '{"Version":"2012-10-17","Statement":[]}'
    made = apigateway.create_domain_name(
        domainName=name,
        certificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["PRIVATE"]},
        policy=policy,
    )
    arn = f"arn:aws:apigateway:us-east-1:{account}:/domainnames/{name}+{made['domainNameId']}"
    assert made["domainNameArn"] == arn
    associated = apigateway.create_domain_name_access_association(
        domainNameArn=arn, accessAssociationSourceType="VPCE", accessAssociationSource="vpce-1"
    )
    rows = apigateway.get_domain_name_access_associations()["items"]
    assert [each["domainNameArn"] for each in rows] == [arn]
    association = associated["domainNameAccessAssociationArn"]
    apigateway.reject_domain_name_access_association(
        domainNameAccessAssociationArn=association, domainNameArn=arn
    )
    assert apigateway.get_domain_name_access_associations()["items"] == []


@pytest.mark.unverified("AWS's text could not be looked up")
def test_a_public_domain_name_is_one_account_s(apigateway, domain, client):
    other = client("apigateway", key="210987654321")
    for each in (apigateway, other):
        refused = refusal(each.create_domain_name, domainName=domain, certificateArn=CERTIFICATE)
        assert refused == ("BadRequestException", "The domain name you provided already exists.")


@pytest.mark.unverified("AWS's text could not be looked up")
def test_a_domain_name_that_is_not_there_is_told(apigateway):
    assert refusal(apigateway.get_domain_name, domainName="none.example.com") == (
        "NotFoundException",
        "Invalid domain name identifier specified",
    )


def test_what_a_domain_name_cannot_do_is_refused(apigateway, name):
    for setting in (
        {"certificateBody": "-----BEGIN CERTIFICATE-----"},
        {"routingMode": "ROUTING_RULE_ONLY"},
    ):
        code, _ = refusal(
            apigateway.create_domain_name, domainName=name, certificateArn=CERTIFICATE, **setting
        )
        assert code == "NotImplemented"


def test_a_domain_name_gets_another_certificate(apigateway, domain):
    steps = [patch("replace", "/regionalCertificateArn", f"{CERTIFICATE}4")]
    changed = apigateway.update_domain_name(domainName=domain, patchOperations=steps)
    assert changed["regionalCertificateArn"] == f"{CERTIFICATE}4"


def test_paths_of_a_domain_name_show_stages(apigateway, domain, staged):
    named = {"domainName": domain}
    made = apigateway.create_base_path_mapping(**named, restApiId=staged.id, stage="dev")
    assert made["basePath"] == "(none)"
    apigateway.create_base_path_mapping(**named, restApiId=staged.id, basePath="v1", stage="dev")
    rows = apigateway.get_base_path_mappings(**named)["items"]
    assert rows == [{"basePath": each, "restApiId": staged.id, "stage": "dev"} for each in ("(none)", "v1")]
    steps = [patch("replace", "/basePath", "v2"), patch("replace", "/stage", "")]
    moved = apigateway.update_base_path_mapping(**named, basePath="v1", patchOperations=steps)
    moved.pop("ResponseMetadata")
    assert moved == {"basePath": "v2", "restApiId": staged.id}
    assert refusal(apigateway.get_base_path_mapping, **named, basePath="v1") == (
        "NotFoundException",
        "Invalid base path mapping identifier specified",
    )
    apigateway.delete_base_path_mapping(**named, basePath="(none)")
    assert [each["basePath"] for each in apigateway.get_base_path_mappings(**named)["items"]] == ["v2"]


def test_a_base_path_is_taken_once_and_has_no_slash(apigateway, domain, staged):
    create, named = apigateway.create_base_path_mapping, {"domainName": domain, "restApiId": staged.id}
    create(**named, basePath="v1", stage="dev")
    assert refusal(create, **named, basePath="v1", stage="dev") == (
        "ConflictException",
        "Base path already exists for this domain name",
    )
    assert refusal(create, **named, basePath="a/b", stage="dev")[0] == "BadRequestException"
    assert refusal(create, **named, basePath="b", stage="none") == (
        "BadRequestException",
        "Invalid stage identifier specified",
    )


def test_an_api_with_mappings_stays(apigateway, domain, staged):
    apigateway.create_base_path_mapping(domainName=domain, restApiId=staged.id, stage="dev")
    assert refusal(apigateway.delete_rest_api, restApiId=staged.id) == (
        "BadRequestException",
        f"Deleting RestApi {staged.id} failed. Please remove all base path mappings related to the "
        f"RestApi in your domains: {domain}",
    )
    apigateway.delete_domain_name(domainName=domain)
    apigateway.delete_rest_api(restApiId=staged.id)


def test_vpc_links_live(apigateway):
    aws = recording("api", "test_vpc_link_lifecycle")
    aws.bound["<nlb-arn:1>"] = BALANCER
    made = apigateway.create_vpc_link(name="link", targetArns=[BALANCER])
    aws.expect("create_vpc_link", made)
    named = {"vpcLinkId": made["id"]}
    aws.expect("get_vpc_link", apigateway.get_vpc_link(**named))
    aws.expect("get_vpc_links", apigateway.get_vpc_links())
    steps = [patch("replace", "/name", "link-updated")]
    aws.expect("update_vpc_link", apigateway.update_vpc_link(**named, patchOperations=steps))
    aws.expect("delete_vpc_link", apigateway.delete_vpc_link(**named))
    for verb in ("get", "delete", "update"):
        aws = recording("api", f"test_{verb}_vpc_link_invalid_id")
        more = {"patchOperations": steps} if verb == "update" else {}
        call = {
            "get": apigateway.get_vpc_link,
            "delete": apigateway.delete_vpc_link,
            "update": apigateway.update_vpc_link,
        }[verb]
        aws.refuses(f"{verb}_vpc_link_invalid_id", call, **named, **more)


def test_vpc_links_need_a_name_and_a_target(apigateway):
    aws = recording("api", "test_create_vpc_link_invalid_parameters")
    create = apigateway.create_vpc_link
    aws.refuses("create_vpc_link_invalid_target_arn", create, name="a", targetArns=["invalid-arn"])
    aws.refuses("create_vpc_link_empty_name", create, name="", targetArns=[BALANCER])


def test_integrations_go_through_vpc_links(api, apigateway):
    aws = recording("api", "test_create_integration_with_vpc_link")
    named = {"restApiId": api.id, "resourceId": api.resource("/test"), "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    made = apigateway.put_integration(
        **named,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://my-vpclink-test-nlb-1234567890abcdef.us-east-1.amazonaws.com",
        connectionType="VPC_LINK",
        connectionId="${stageVariables.vpcLinkId}",
    )
    aws.expect("put-integration-vpc-link", made)
    aws.expect("get-integration-vpc-link", apigateway.get_integration(**named))
    steps = [patch("replace", "/connectionId", "${stageVariables.vpcLinkIdBeta}")]
    aws.expect("update-integration-vpc-link", apigateway.update_integration(**named, patchOperations=steps))
    aws.expect("get-integration-update-vpc-link", apigateway.get_integration(**named))


def test_a_link_that_a_stage_serves_through_stays(api, apigateway):
    link = apigateway.create_vpc_link(name="link", targetArns=[BALANCER])["id"]
    named = api.method(
        "GET",
        "/test",
        {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "GET",
            "uri": "http://example.com",
            "connectionType": "VPC_LINK",
            "connectionId": link,
        },
    )
    api.deploy()
    assert refusal(apigateway.delete_vpc_link, vpcLinkId=link) == (
        "BadRequestException",
        f"Cannot delete vpc link. Vpc link '{link}', is referenced in [GET:{named['resourceId']}:dev] "
        "in format of [Method:Resource:Stage].",
    )
    apigateway.delete_stage(restApiId=api.id, stageName="dev")
    apigateway.delete_vpc_link(vpcLinkId=link)


def test_client_certificates_are_certificates(apigateway, staged):
    made = apigateway.generate_client_certificate(description="mine", tags={"a": "b"})
    assert made.keys() - {"ResponseMetadata"} == {
        "clientCertificateId",
        "description",
        "pemEncodedCertificate",
        "createdDate",
        "expirationDate",
        "tags",
    }
    certificate = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert (made["expirationDate"] - made["createdDate"]).days == 365
    assert certificate.not_valid_after_utc == made["expirationDate"]
    chosen = made["clientCertificateId"]
    named = {"restApiId": staged.id, "stageName": "dev"}
    shown = apigateway.update_stage(
        **named, patchOperations=[patch("replace", "/clientCertificateId", chosen)]
    )
    assert shown["clientCertificateId"] == chosen
    assert refusal(apigateway.delete_client_certificate, clientCertificateId=chosen)[0] == (
        "BadRequestException"
    )
    apigateway.update_stage(**named, patchOperations=[patch("remove", "/clientCertificateId")])
    apigateway.delete_client_certificate(clientCertificateId=chosen)
    assert apigateway.get_client_certificates()["items"] == []


def test_everything_with_an_arn_is_tagged(apigateway, domain, api):
    arns = [
        f"/restapis/{api.id}",
        f"/apikeys/{apigateway.create_api_key()['id']}",
        f"/usageplans/{apigateway.create_usage_plan(name='p')['id']}",
        f"/vpclinks/{apigateway.create_vpc_link(name='l', targetArns=[BALANCER])['id']}",
        f"/domainnames/{domain}",
        f"/clientcertificates/{apigateway.generate_client_certificate()['clientCertificateId']}",
    ]
    for arn in (f"arn:aws:apigateway:us-east-1::{each}" for each in arns):
        apigateway.tag_resource(resourceArn=arn, tags={"a": "b", "c": "d"})
        apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert apigateway.get_tags(resourceArn=arn)["tags"] == {"c": "d"}
