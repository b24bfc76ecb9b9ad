"""How functions may be named, and what AWS answered in recorded runs to names that are none."""

from __future__ import annotations

import re

import pytest
from lambda_functions import create, refusal
from lambda_records import Record

CASES = {
    "function_name_is_single_invalid": ("*", None),
    "invalid_characters_in_function_name": ("my-function!", None),
    "invalid_characters_in_qualifier": ("my-function", "invalid!"),
    "qualifier_too_long": ("my-function", "a" * 129),
    "qualifier_too_long0": ("my-function", "a" * 129),
    "qualifier_too_long1": ("my-function", "a" * 65),
    "function_name_and_qualifier_too_long": ("my-function", "a" * 65),
    "invalid_account_id_in_partial_arn": ("invalid-account:function:my-function", None),
    "invalid_region_in_arn": ("arn:aws:lambda:invalid-region:{account}:function:my-function", None),
    "non_lambda_arn": ("arn:aws:ec2:us-east-1:{account}:instance:i-1234567890abcdef0", None),
    "function_name_too_long": ("a" * 65, None),
    "function_name_too_long_and_invalid_region": (
        "arn:aws:lambda:invalid-region:{account}:function:my-function" + "a" * 170,
        None,
    ),
    "full_arn_and_qualifier_too_long_and_invalid_region": (
        "arn:aws:lambda:invalid-region:{account}:function:my-function-" + "a" * 170,
        "a" * 129,
    ),
    "full_arn_with_multiple_qualifiers": (
        "arn:aws:lambda:us-east-1:{account}:function:my-function:1:2",
        None,
    ),
    "incomplete_arn": ("arn:aws:lambda:us-east-1:{account}:function", None),
    "partial_arn_with_extra_qualifier": ("function:my-function:$LATEST:extra", None),
    "latest_version_with_additional_qualifier": (
        "arn:aws:lambda:us-east-1:{account}:function:my-function:$LATEST",
        "1",
    ),
    "lowercase_latest_qualifier": ("arn:aws:lambda:us-east-1:{account}:function:my-function", "$latest"),
    "missing_region_in_arn": ("arn:aws:lambda::{account}:function:my-function", None),
    "missing_account_id_in_arn": ("arn:aws:lambda:us-east-1::function:my-function", None),
    "misspelled_latest_in_arn": ("arn:aws:lambda:us-east-1:{account}:function:my-function:$LATES", None),
}
MADE = {"function_name_and_qualifier_too_long", "incomplete_arn", "qualifier_too_long1"}
"""What AWS made a function of, rather than refuse it."""


@pytest.mark.parametrize("operation", ["get_function", "delete_function", "invoke", "create_function"])
@pytest.mark.parametrize("case", CASES)
def test_names_that_are_none(request, functions, account, case, operation):
    record = Record(
        "test_lambda_api",
        f"TestLambdaFunction::test_function_name_and_qualifier_validation[{case}-{operation}]",
    )
    name, qualifier = CASES[case]
    name = name.replace("{account}", account)
    if operation == "create_function":
        name = f"{name}:{qualifier}" if qualifier else name
        role = request.getfixturevalue("role")
        if case in MADE:
            assert create(functions, role, name)["ResponseMetadata"]["HTTPStatusCode"] == 201
            return
        answer = refusal(create, functions=functions, role=role, name=name)
    else:
        qualified = {"Qualifier": qualifier} if qualifier else {}
        answer = refusal(getattr(functions, operation), FunctionName=name, **qualified)
    assert told(answer["Error"]) == expected(record.content[f"{operation}_exception"], account)


def told(error):
    message = error["Message"]
    found = re.fullmatch(r"\d+ validation errors? detected: (.*)", message, re.DOTALL)
    return error["Code"], sorted(found[1].split("; ")) if found else message


def expected(recorded, account):
    def whole(text):
        text = re.sub(r"<a:len\((\d+)\)>", lambda found: "a" * int(found[1]), text)
        text = text.replace("<partition>", "aws").replace("<region>", "us-east-1")
        return text.replace("111111111111", account)

    if "Errors" in recorded:
        return recorded["Code"], sorted(whole(each) for each in recorded["Errors"])
    return recorded["Code"], whole(recorded["Message"])
