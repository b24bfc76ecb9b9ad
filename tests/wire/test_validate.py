"""Violations are found by the model and told in AWS's words; the texts are AWS's own recorded answers."""

from __future__ import annotations

import pytest

from cloudlet.core.errors import ServiceError, ValidationError
from cloudlet.wire.model import Models, ServiceModel
from cloudlet.wire.validate import Validator, Validators

VALIDATORS = Validators(Models())


def refusal(service, operation, **parameters):
    with pytest.raises(ValidationError) as refused:
        VALIDATORS.service(service).check(operation, parameters)
    return refused.value.message


def validator_of(shapes, name="vectors"):
    operations = {"DoIt": {"name": "DoIt", "input": {"shape": "Input"}}}
    return Validator(ServiceModel(name, {"metadata": {}, "operations": operations, "shapes": shapes}))


def test_absent_required_member_is_told_as_null():
    message = refusal("lambda", "UntagResource", Resource="arn:aws:lambda:eu-west-1:111111111111:function:f")
    told = "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
    assert message == f"1 validation error detected: {told}"


def test_text_that_is_too_long_is_told_with_its_value():
    name = "a" * 141
    message = refusal(
        "lambda", "CreateFunction", FunctionName=name, Role="arn:aws:iam::111111111111:role/r", Code={}
    )
    assert message == (
        f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 140"
    )


def test_pattern_must_match_the_whole_value():
    message = refusal("lambda", "CreateFunction", FunctionName="f", Role="r1", Code={})
    assert message == (
        "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: "
        r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
    )


def test_every_violation_is_listed_the_pattern_before_the_length():
    message = refusal("dynamodb", "CreateBackup", TableName="Music", BackupName="")
    assert message == (
        "2 validation errors detected: "
        "Value '' at 'backupName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; "
        "Value '' at 'backupName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 3"
    )


def test_members_of_list_elements_are_told_by_their_path():
    message = refusal(
        "dynamodb",
        "CreateTable",
        TableName="Music",
        AttributeDefinitions=[{"AttributeName": "pk"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    assert message == (
        "1 validation error detected: Value null at 'attributeDefinitions.1.member.attributeType' "
        "failed to satisfy constraint: Member must not be null"
    )


def test_structures_in_values_are_written_by_name_and_members():
    keys = [{"AttributeName": name, "KeyType": "RANGE"} for name in ("pk", "sk")]
    shapes = {
        "Input": {"type": "structure", "members": {"KeySchema": {"shape": "KeySchema"}}},
        "KeySchema": {"type": "list", "member": {"shape": "KeySchemaElement"}, "min": 1, "max": 1},
        "KeySchemaElement": {
            "type": "structure",
            "members": {"AttributeName": {"shape": "String"}, "KeyType": {"shape": "String"}},
        },
        "String": {"type": "string"},
    }
    with pytest.raises(ValidationError) as refused:
        validator_of(shapes).check("DoIt", {"KeySchema": keys})
    assert refused.value.message == (
        "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=RANGE), "
        "KeySchemaElement(attributeName=sk, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: "
        "Member must have length less than or equal to 1"
    )


def test_constraints_of_list_elements_are_told_with_the_list():
    message = refusal(
        "lambda",
        "CreateFunction",
        FunctionName="f",
        Role="arn:aws:iam::111111111111:role/r",
        Code={},
        Architectures=["X86_64"],
    )
    assert message == (
        "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, "
        "arm64], Member must not be null]"
    )


def test_length_of_a_list_is_told_with_its_elements():
    message = refusal(
        "lambda",
        "CreateFunction",
        FunctionName="f",
        Role="arn:aws:iam::111111111111:role/r",
        Code={},
        Architectures=["x86_64", "arm64"],
    )
    assert message == (
        "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed "
        "to satisfy constraint: "
        "Member must have length less than or equal to 1"
    )


def test_values_of_a_map_are_told_with_the_map():
    message = refusal(
        "lambda", "CreateAlias", FunctionName="f", Name="a", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 2.0}},
    )  # fmt: skip
    assert message == (
        "1 validation error detected: Value '{2=2.0}' at "
        "'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
        "Member must have value greater than or equal to 0.0, Member must not be null]"
    )


def test_keys_of_a_map_are_told_with_the_map():
    message = refusal(
        "lambda", "CreateAlias", FunctionName="f", Name="a", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}},
    )  # fmt: skip
    assert message == (
        "1 validation error detected: Value '{$LATEST=0.5}' at "
        "'routingConfig.additionalVersionWeights' failed to "
        "satisfy constraint: Map keys must satisfy constraint: [Member must have length "
        "less than or equal to 1024, "
        "Member must have length greater than or equal to 1, Member must satisfy regular "
        "expression pattern: [0-9]+]"
    )


@pytest.mark.unverified(
    "the values of an enum stand in the model's order; in AWS's recorded answers they stand in another"
)
def test_api_gateway_names_the_request_in_paths_of_the_body_only():
    message = refusal(
        "apigateway", "UpdateMethodResponse", restApiId="a", resourceId="b",
        httpMethod="GET", statusCode="wrong",
        patchOperations=[{"op": "wrong_op"}],
    )  # fmt: skip
    assert message == (
        "2 validation errors detected: Value 'wrong_op' at "
        "'updateMethodResponseInput.patchOperations.1.member.op' "
        "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, "
        "move, test, replace, copy]; "
        "Value 'wrong' at 'statusCode' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [1-5]\d\d"
    )


def test_number_out_of_range_is_refused():
    message = refusal(
        "lambda",
        "PutProvisionedConcurrencyConfig",
        FunctionName="f",
        Qualifier="1",
        ProvisionedConcurrentExecutions=0,
    )
    assert message == (
        "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' "
        "failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


def test_length_of_a_text_counts_as_java_does():
    shapes = {
        "Input": {"type": "structure", "members": {"Text": {"shape": "Text"}}},
        "Text": {"type": "string", "max": 3},
    }
    validator_of(shapes).check("DoIt", {"Text": "äöü"})
    with pytest.raises(ValidationError):
        validator_of(shapes).check("DoIt", {"Text": "😀😀"})


def test_blob_is_measured_in_bytes_and_written_as_java_prints_it():
    message = refusal("kms", "Encrypt", KeyId="alias/a", Plaintext=b"")
    assert message.endswith(
        "failed to satisfy constraint: Member must have length greater than or equal to 1"
    )
    shapes = {
        "Input": {"type": "structure", "members": {"Data": {"shape": "Data"}}},
        "Data": {"type": "blob", "max": 3},
    }
    with pytest.raises(ValidationError) as refused:
        validator_of(shapes).check("DoIt", {"Data": b"abcd"})
    assert "Value 'java.nio.HeapByteBuffer[pos=0 lim=4 cap=4]' at 'data'" in refused.value.message


@pytest.mark.unverified(
    "AWS was not asked; that sensitive values are left out of texts is known from single reports"
)
def test_sensitive_value_is_not_told():
    assert refusal("kms", "Encrypt", KeyId="alias/a", Plaintext=b"").startswith(
        "1 validation error detected: Value at 'plaintext' failed"
    )


def test_shapes_that_contain_themselves_are_judged_at_every_depth():
    shapes = {
        "Input": {"type": "structure", "members": {"Value": {"shape": "Value"}}},
        "Value": {"type": "structure", "members": {"M": {"shape": "Map"}, "S": {"shape": "Text"}}},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Value"}},
        "Text": {"type": "string", "max": 3},
    }
    deep = {"Value": {"M": {"a": {"M": {"b": {"S": "long"}}}}}}
    with pytest.raises(ValidationError) as refused:
        validator_of(shapes).check("DoIt", deep)
    assert "Value 'long' at 'value.m.a.member.m.b.member.s' failed" in refused.value.message


@pytest.mark.unverified("the text was read where others report it, not in a recorded answer of AWS")
def test_sqs_names_an_absent_parameter_without_a_constraint():
    with pytest.raises(ServiceError) as refused:
        VALIDATORS.service("sqs").check("CreateQueue", {})
    assert (refused.value.code, refused.value.query_code, refused.value.message) == (
        "MissingRequiredParameterException",
        "MissingParameter",
        "The request must contain the parameter QueueName.",
    )


def test_s3_is_left_to_judge_its_own_parameters():
    VALIDATORS.service("s3").check("PutObject", {"Bucket": "", "Key": ""})


def test_lambda_judges_runtimes_in_its_own_words():
    VALIDATORS.service("lambda").check(
        "CreateFunction",
        {"FunctionName": "f", "Role": "arn:aws:iam::111111111111:role/r", "Code": {}, "Runtime": "nothing"},
    )


def test_right_parameters_pass():
    VALIDATORS.service("dynamodb").check("PutItem", {"TableName": "Music", "Item": {"pk": {"S": "a"}}})


@pytest.mark.unverified("AWS was not asked what it says of null in a list; that it refuses is known")
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "PutItem", {"TableName": "Music", "Item": {"pk": {"L": [None]}}}),
        ("dynamodb", "PutItem", {"TableName": "Music", "Item": {"pk": None}}),
        ("sqs", "TagQueue", {"QueueUrl": "q", "Tags": {"a": None}}),
    ],
)
def test_null_inside_a_collection_is_refused(service, operation, parameters):
    assert refusal(service, operation, **parameters).endswith("Member must not be null]")
