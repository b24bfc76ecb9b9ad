"""What stages show, as documents; models as templates; SDKs, which are refused."""

from __future__ import annotations

import json

import pytest
import yaml
from openapi_documents import EMPTY, answered, integration, mocked, operation, swagger, text
from pet_store import pet_store
from recorded_answers import recording

from refusals import refusal

PETS = "http://petstore-demo-endpoint.execute-api.com/petstore/pets"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def pets():
    pet = integration(
        "http",
        uri=f"{PETS}/{{id}}",
        httpMethod="GET",
        requestParameters={"integration.request.path.id": "method.request.path.petId"},
    )
    parameter = {"name": "petId", "in": "path", "required": True, "type": "string"}
    paths = {
        "/pets": {"get": operation(integration("http", uri=PETS, httpMethod="GET"))},
        "/pets/{petId}": {"get": operation(pet, parameters=[parameter])},
    }
    types = {"x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"]}
    return swagger("Simple PetStore (Swagger)", paths, "1.0.0", **types)


def export(apigateway, api_id, kind, **more):
    answer = apigateway.get_export(restApiId=api_id, stageName="local", exportType=kind, **more)
    return {**answer, "body": answer["body"].read().decode()}


def deployed(apigateway, document):
    made = apigateway.import_rest_api(body=text(document), failOnWarnings=True)
    apigateway.create_deployment(restApiId=made["id"], stageName="local")
    return made


@pytest.mark.parametrize(("kind", "name"), [("swagger", "swagger"), ("oas30", "oas30")])
def test_a_stage_is_written_as_a_document(apigateway, kind, name):
    aws = recording("extended", f"test_export_{name}_openapi[TEST_IMPORT_PETS]")
    aws.bound["<region>"] = "us-east-1"
    made = deployed(apigateway, pets())
    aws.expect("import-api", made)
    aws.expect("get-export", export(apigateway, made["id"], kind))
    extended = export(apigateway, made["id"], kind, parameters={"extensions": "apigateway"})
    aws.expect("get-export-with-extensions", extended)


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_the_pet_store_is_written_as_a_document(apigateway, kind):
    aws = recording("extended", f"test_export_{kind}_openapi[TEST_IMPORT_PETSTORE_SWAGGER]")
    whole = aws.content["get-export-with-extensions"]["body"]["paths"]["/"]["get"]
    does = whole["x-amazon-apigateway-integration"]
    front = does["responses"]["default"]["responseTemplates"]["text/html"]
    aws.bound["<region>"] = "us-east-1"
    made = deployed(apigateway, pet_store(front, "id", guarded=False))
    born = made["createdDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
    aws.expect("import-api", made)
    for key, more in (
        ("get-export", {}),
        ("get-export-with-extensions", {"parameters": {"extensions": "apigateway"}}),
    ):
        answer = export(apigateway, made["id"], kind, **more)
        aws.expect(key, {name: dated(value, born) for name, value in answer.items()})


def dated(value, moment):
    """An answer's text with AWS's word for a moment."""
    return value.replace(moment, "date") if isinstance(value, str) else value


def _everything():
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token",
            "authorizerUri": URI,
            "authorizerResultTtlInSeconds": 60,
        },
    }
    body = {"in": "body", "name": "Empty", "required": True, "schema": {"$ref": "#/definitions/Empty"}}
    validator = {"validateRequestParameters": False, "validateRequestBody": True}
    post = operation(
        mocked({"A": "b"}, response={"responseTemplates": {"text/html": "<p>"}}),
        consumes=["application/json"],
        parameters=[body],
        responses=answered("Empty", 2, ("A",)),
        security=[{"judge": []}, {"api_key": []}],
        **{"x-amazon-apigateway-request-validator": "body"},
    )
    return swagger(
        "a",
        {"/a": {"post": post, "x-amazon-apigateway-any-method": operation(mocked())}},
        definitions={"Empty": EMPTY, "Many": {"type": "array", "items": {"$ref": "#/definitions/Empty"}}},
        securityDefinitions={
            "judge": scheme,
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        },
        **{"x-amazon-apigateway-request-validators": {"body": validator}},
    )


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_an_exported_document_makes_the_same_api_again(apigateway, kind):
    first = deployed(apigateway, _everything())
    everything = {"extensions": "apigateway"}
    written = export(apigateway, first["id"], kind, parameters=everything)["body"]
    second = apigateway.import_rest_api(body=written.encode(), failOnWarnings=True)
    apigateway.create_deployment(restApiId=second["id"], stageName="local")
    again = export(apigateway, second["id"], kind, parameters=everything)["body"]
    assert json.loads(again.replace(second["id"], first["id"])) == json.loads(written)


def test_parts_of_the_extensions_are_written_when_asked_for(apigateway):
    made = deployed(apigateway, _everything())

    def written(extensions):
        parameters = {"extensions": extensions}
        document = json.loads(export(apigateway, made["id"], "swagger", parameters=parameters)["body"])
        return document["paths"]["/a"]["post"], document

    post, document = written("integrations")
    assert "x-amazon-apigateway-integration" in post
    assert document["securityDefinitions"].keys() == {"api_key"}
    post, document = written("authorizers")
    assert "x-amazon-apigateway-integration" not in post
    assert document["securityDefinitions"].keys() == {"api_key", "judge"}
    assert post["consumes"] == ["application/json"]
    assert post["produces"] == ["application/json", "text/html"]


def test_a_document_is_written_as_yaml(apigateway):
    made = deployed(apigateway, pets())
    answer = export(apigateway, made["id"], "oas30", accepts="application/yaml")
    assert answer["contentDisposition"] == 'attachment; filename="oas30_1.0.0.yaml"'
    as_json = json.loads(export(apigateway, made["id"], "oas30")["body"])
    assert yaml.safe_load(answer["body"]) == as_json


def test_documentation_of_the_stage_s_version_is_written(apigateway):
    made = deployed(apigateway, pets())
    named = {"restApiId": made["id"]}
    apigateway.create_documentation_part(
        **named,
        location={"type": "METHOD", "path": "/pets", "method": "GET"},
        properties='{"description": "x"}',
    )
    apigateway.create_documentation_version(**named, documentationVersion="v1", stageName="local")
    parameters = {"extensions": "documentation"}
    document = json.loads(export(apigateway, made["id"], "swagger", parameters=parameters)["body"])
    location = {"type": "METHOD", "path": "/pets", "method": "GET"}
    assert document["x-amazon-apigateway-documentation"] == {
        "version": "v1",
        "documentationParts": [{"location": location, "properties": {"description": "x"}}],
    }


def test_other_forms_are_refused(apigateway):
    made = deployed(apigateway, pets())
    ask = apigateway.get_export
    code, _ = refusal(ask, restApiId=made["id"], stageName="local", exportType="raml")
    assert code == "BadRequestException"


@pytest.mark.unverified("AWS's list of SDK types is known by its documented ids and properties only")
def test_sdks_are_refused_and_their_kinds_listed(apigateway):
    made = deployed(apigateway, pets())
    sdk = {"restApiId": made["id"], "stageName": "local", "sdkType": "javascript"}
    assert refusal(apigateway.get_sdk, **sdk)[0] == "NotImplemented"
    kinds = [each["id"] for each in apigateway.get_sdk_types()["items"]]
    assert kinds == ["android", "java", "javascript", "objectivec", "ruby", "swift"]
    swift = apigateway.get_sdk_type(id="swift")
    assert [each["name"] for each in swift["configurationProperties"]] == ["classPrefix"]


def test_the_empty_model_has_an_empty_template(apigateway, api):
    template = apigateway.get_model_template(restApiId=api.id, modelName="Empty")
    assert template["value"] == "#set($inputRoot = $input.path('$'))\n{ }"


@pytest.mark.unverified("AWS's samples for members could not be looked up")
def test_a_template_has_samples_of_a_model_s_members(apigateway, api):
    link = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Error"
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"$ref": link}}},
    }
    named = {"restApiId": api.id}
    apigateway.create_model(**named, name="M", contentType="application/json", schema=json.dumps(schema))
    assert apigateway.get_model_template(**named, modelName="M")["value"] == (
        "#set($inputRoot = $input.path('$'))\n"
        "{\n"
        '  "a" : "foo",\n'
        '  "b" : [\n'
        "#foreach($elem in $inputRoot.b)\n"
        ' {\n      "message" : "foo"\n    }\n'
        "#if($foreach.hasNext),#end\n"
        "#end\n"
        "]\n"
        "}"
    )


def test_a_flattened_model_has_all_it_refers_to(apigateway, api):
    named = {"restApiId": api.id}
    link = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/"
    for name, other in (("A", "B"), ("B", "A")):
        schema = {"type": "object", "properties": {"other": {"$ref": f"{link}{other}"}}}
        apigateway.create_model(**named, name=name, contentType="application/json", schema=json.dumps(schema))
    shown = json.loads(apigateway.get_model(**named, modelName="A", flatten=True)["schema"])
    assert shown["properties"] == {"other": {"$ref": "#/definitions/B"}}
    assert shown["definitions"].keys() == {"A", "B"}
    assert link in apigateway.get_model(**named, modelName="A")["schema"]


def test_an_export_for_postman_is_the_plain_document(api, apigateway):
    """As AWS exported the stages of two public projects: open methods, and methods that want a key."""
    api.says("GET", "/", "hi")
    api.deploy()

    def exported(**parameters):
        named = {"restApiId": api.id, "stageName": "dev", "exportType": "swagger", "parameters": parameters}
        return json.loads(apigateway.get_export(**named)["body"].read())

    assert exported(extensions="postman") == exported()
    assert exported(extensions="integrations,postman") == exported(extensions="integrations")


@pytest.mark.unverified("no export of AWS's with methods that want signatures is public")
def test_an_export_for_postman_says_no_more_of_methods_that_want_signatures(api, apigateway):
    method = api.says("GET", "/", "hi")
    signed = {"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}
    apigateway.update_method(**method, patchOperations=[signed])
    api.deploy()
    named = {"restApiId": api.id, "stageName": "dev", "exportType": "swagger"}
    plain = apigateway.get_export(**named)["body"].read()
    assert apigateway.get_export(**named, parameters={"extensions": "postman"})["body"].read() == plain
