"""Variables that are encrypted with a key of the function's owner."""

from __future__ import annotations

import base64
import json

import pytest
from lambda_functions import invoke, make_function, make_role

from cloud_functions import allow
from iam_fixtures import as_user, iam
from refusals import refusal

__all__ = ["as_user", "iam"]

SHOW = "import os\ndef handler(event, context):\n    return os.environ.get('SECRET')\n"
VARIABLES = {"Variables": {"SECRET": "s3cr3t value"}}


@pytest.fixture
def kms(client):
    return client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def function(functions, role, key):
    """A function whose variables are encrypted."""
    make_function(functions, role, SHOW, Environment=VARIABLES, KMSKeyArn=key["Arn"])


def stored(server, account):
    """All that Lambda has stored for an account."""

    def rows(transaction):
        found = transaction.range(("lambda",), ("lambdb",), limit=10**6)
        return b"".join(value for key, value in found if account in key)

    return server.run(server.app.cloud.store.transact(rows))


def test_a_function_reads_its_variables_which_lie_encrypted(server, functions, function, key, account):
    assert invoke(functions) == "s3cr3t value"
    told = functions.get_function_configuration(FunctionName="function")
    assert (told["KMSKeyArn"], told["Environment"]) == (key["Arn"], VARIABLES)
    found = stored(server, account)
    assert found
    assert b"s3cr3t value" not in found


def test_the_role_is_granted_the_right_to_decrypt_for_this_function(kms, function, role, key, account):
    [grant] = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function"
    assert (grant["GranteePrincipal"], grant["Operations"]) == (role, ["Decrypt"])
    assert grant["Constraints"] == {"EncryptionContextEquals": {"aws:lambda:FunctionArn": arn}}


def test_a_function_that_may_not_decrypt_any_more_does_not_run(kms, functions, function, key, role):
    [grant] = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=grant["GrantId"])

    code, message = refusal(functions.invoke, FunctionName="function")
    assert code == "KMSAccessDeniedException"
    assert message.startswith(
        "Lambda was unable to decrypt the environment variables because KMS access was denied. "
        "Please check the function's KMS key settings. "
        "KMS Exception: AccessDeniedExceptionKMS Message: User: "
    )


@pytest.mark.unverified("the shapes are those of the service model; the texts were not found")
@pytest.mark.parametrize(
    ("end", "code"),
    [("disable_key", "KMSDisabledException"), ("schedule_key_deletion", "KMSInvalidStateException")],
)
def test_a_function_whose_key_is_not_usable_does_not_run(kms, functions, function, key, end, code):
    getattr(kms, end)(KeyId=key["KeyId"])
    assert refusal(functions.invoke, FunctionName="function")[0] == code


def test_whoever_may_not_decrypt_is_told_why_instead(functions, function, as_user):
    reader = as_user("reader", "lambda:Get*")("lambda")
    told = reader.get_function_configuration(FunctionName="function")["Environment"]
    assert "Variables" not in told
    assert told["Error"]["ErrorCode"] == "AccessDeniedException"
    assert "kms:Decrypt" in told["Error"]["Message"]


def test_whoever_makes_the_function_must_be_able_to_encrypt_and_to_grant(functions, role, key, as_user):
    maker = as_user("maker", "lambda:*", "iam:PassRole", "kms:Encrypt")("lambda")
    code, message = refusal(
        make_function, client=maker, role=role, source=SHOW, Environment=VARIABLES, KMSKeyArn=key["Arn"]
    )
    assert code == "InvalidParameterValueException"
    assert message.startswith(
        "Lambda was unable to configure access to your environment variables because the KMS key is invalid "
        "for CreateGrant. Please check your KMS key settings. KMS Exception: AccessDeniedException "
        "KMS Message: "
    )


def test_the_key_can_be_given_changed_and_taken_away(functions, role, kms, key):
    other = kms.create_key()["KeyMetadata"]
    make_function(functions, role, SHOW, Environment=VARIABLES)

    def change(**settings):
        functions.update_function_configuration(FunctionName="function", **settings)
        functions.get_waiter("function_updated_v2").wait(
            FunctionName="function", WaiterConfig={"Delay": 0.05}
        )
        return functions.get_function_configuration(FunctionName="function")

    for arn in (key["Arn"], other["Arn"]):
        told = change(KMSKeyArn=arn)
        assert (told["KMSKeyArn"], told["Environment"]) == (arn, VARIABLES)
    changed = {"Variables": {"SECRET": "other"}}
    assert change(Environment=changed)["KMSKeyArn"] == other["Arn"]
    assert invoke(functions) == "other"
    told = change(KMSKeyArn="")
    assert "KMSKeyArn" not in told
    assert told["Environment"] == changed


def test_another_role_is_granted_the_right_too(functions, function, client, kms, key):
    other = make_role(client("iam"), "other")
    functions.update_function_configuration(FunctionName="function", Role=other)
    functions.get_waiter("function_updated_v2").wait(FunctionName="function", WaiterConfig={"Delay": 0.05})

    assert invoke(functions) == "s3cr3t value"
    grantees = {each["GranteePrincipal"] for each in kms.list_grants(KeyId=key["KeyId"])["Grants"]}
    assert other in grantees


def test_a_published_version_reads_its_variables(functions, function, key):
    version = functions.publish_version(FunctionName="function")
    assert (version["KMSKeyArn"], version["Environment"]) == (key["Arn"], VARIABLES)
    functions.get_waiter("published_version_active").wait(
        FunctionName="function", Qualifier="1", WaiterConfig={"Delay": 0.05}
    )
    assert invoke(functions, Qualifier="1") == "s3cr3t value"


def test_a_template_names_the_key(client, functions, key, role):
    properties = {
        "FunctionName": "function",
        "Code": {"ZipFile": SHOW},
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Role": role,
        "Environment": VARIABLES,
        "KmsKeyArn": key["Arn"],
    }
    resources = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.05})

    assert functions.get_function_configuration(FunctionName="function")["KMSKeyArn"] == key["Arn"]
    assert invoke(functions) == "s3cr3t value"


DECRYPT = """
import base64, os
import boto3

def handler(event, context):
    blob = base64.b64decode(os.environ["SECRET"])
    name = {"LambdaFunctionName": context.function_name}
    answer = boto3.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=name)
    return answer["Plaintext"].decode()
"""


def test_a_function_decrypts_a_variable_that_its_owner_encrypted(client, functions, kms, key):
    role = make_role(client("iam"), "decrypter", allow("kms:Decrypt", key["Arn"]))
    context = {"LambdaFunctionName": "function"}
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"s3cr3t", EncryptionContext=context)
    encoded = base64.b64encode(blob["CiphertextBlob"]).decode()
    make_function(functions, role, DECRYPT, Timeout=20, Environment={"Variables": {"SECRET": encoded}})

    assert invoke(functions) == "s3cr3t"
