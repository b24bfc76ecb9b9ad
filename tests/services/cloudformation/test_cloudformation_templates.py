"""Templates that CloudFormation refuses, each with its text, and what the template operations answer."""

from __future__ import annotations

import json

import pytest

import refusals

THING = {"Type": "Test::Things::Thing", "Properties": {"Size": 1}}
RESOURCES = {"A": THING}


def refusal(call, **request):
    return refusals.refusal(call, **request)[1]


def with_resource(**attributes):
    return {"Resources": {"A": {**THING, **attributes}}}


def with_value(value):
    return with_resource(Properties={"Size": 1, "Label": value})


BROKEN = [
    ("{", "Template format error: JSON not well-formed. (line 1, column 2)"),
    ("a\n  b: c: d", "Template format error: YAML not well-formed. (line 2, column 4)"),
    ("- a", "Template format error: unsupported structure."),
    ({"Resources": {}}, "Template format error: At least one Resources member must be defined."),
    ({"Parameters": {}}, "Template format error: At least one Resources member must be defined."),
    ({"Resources": RESOURCES, "outputs": {}}, "Invalid template property or properties [outputs]"),
    ({"Resources": {"A": "x"}}, "Template format error: Any Resources member must be an object."),
    (with_resource(Invalid=1), "Invalid template resource property 'Invalid'"),
    (
        {"Resources": {"A": {"Properties": {}}}},
        "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
    ),
    (
        {"Resources": {"A": {"Type": {"Ref": "B"}}}},
        "Template format error: [/Resources/A] Every Type member must be a string.",
    ),
    (
        {"Resources": RESOURCES, "Outputs": {"MyOutput": {"Value": None}}},
        "[/Outputs/MyOutput/Value] 'null' values are not allowed in templates",
    ),
    (
        {"Resources": RESOURCES, "Outputs": {"MyOutput": None}},
        "Template format error: Every Outputs member must contain a Value object",
    ),
    (
        {"Resources": RESOURCES, "Parameters": {"P": {"Type": "String", "Default": {"Ref": "A"}}}},
        "Template format error: Every Default member must be a string.",
    ),
    (
        {"Resources": RESOURCES, "Parameters": {"P": {"Type": "Bool"}}},
        "Template format error: Unrecognized parameter type: Bool",
    ),
    (
        {"Resources": RESOURCES, "Parameters": {"P": {"Type": "String", "DefaultValue": "x"}}},
        "Invalid template parameter property 'DefaultValue'",
    ),
    (
        {"Resources": RESOURCES, "Mappings": {"M": {"A": "x"}}},
        "Template format error: Every Mappings member M must be a map",
    ),
    (
        {"Resources": RESOURCES, "Mappings": {"M": {"A": {"x": {"Ref": "P"}}}}},
        "Template format error: Every Mappings attribute must be a String or a List.",
    ),
    (
        with_value({"Ref": "Missing"}),
        "Template format error: Unresolved resource dependencies [Missing] in the Resources block of the "
        "template",
    ),
    (
        with_value({"Fn::Sub": "${Missing}"}),
        "Template format error: Unresolved resource dependencies [Missing] in the Resources block of the "
        "template",
    ),
    (
        with_resource(DependsOn="NonExistingResource"),
        "Template format error: Unresolved resource dependencies [NonExistingResource] in the Resources "
        "block of the template",
    ),
    (
        {"Resources": RESOURCES, "Outputs": {"O": {"Value": {"Ref": "Missing"}}}},
        "Template format error: Unresolved resource dependencies [Missing] in the Outputs block of the "
        "template",
    ),
    (
        with_value({"Fn::GetAtt": ["Missing", "Arn"]}),
        "Template error: instance of Fn::GetAtt references undefined resource Missing",
    ),
    (
        with_value({"Fn::GetAtt": ["A", ""]}),
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and "
        "the resource attribute",
    ),
    (
        with_value({"Fn::Sub": "${a b}"}),
        "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
        "underscores, periods, and colons",
    ),
    (
        {"Resources": RESOURCES, "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}},
        "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions "
        "block of the template",
    ),
    (
        {"Resources": {"A": {"Type": "AWS::Foo::Bar"}, "B": {"Type": "AWS::Foo::Baz"}}},
        "Template format error: Unrecognized resource types: [AWS::Foo::Bar, AWS::Foo::Baz]",
    ),
]


@pytest.mark.parametrize(("template", "message"), BROKEN)
def test_a_broken_template_is_refused_in_the_words_of_aws(cfn, template, message):
    body = template if isinstance(template, str) else json.dumps(template)
    assert refusal(cfn.create_stack, StackName="app", TemplateBody=body) == message
    assert refusal(cfn.validate_template, TemplateBody=body) == message


BROKEN_VALUES = [
    (
        with_value({"Fn::Select": [5, ["a"]]}),
        "Template error: Fn::Select cannot select nonexistent value at index 5",
    ),
    (
        {**with_value({"Fn::FindInMap": ["M", "C", "Suffix"]}), "Mappings": {"M": {"A": {"Suffix": "x"}}}},
        "Template error: Unable to get mapping for M::C::Suffix",
    ),
    (
        with_value({"Fn::If": ["Nope", 1, 2]}),
        "Template error: unresolved condition dependency Nope in Fn::If",
    ),
    (
        {**with_value(1), "Conditions": {"C": {"Fn::Or": [{"Fn::Equals": ["a", "a"]}]}}},
        "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean "
        "parameters.",
    ),
    (
        with_value({"Fn::ImportValue": "nothing"}),
        "No export named nothing found.",
    ),
    (
        {
            "Resources": {
                "A": {**THING, "Properties": {"Size": 1, "Label": {"Ref": "B"}}},
                "B": {**THING, "DependsOn": "A"},
                "C": {**THING, "DependsOn": "B"},
            }
        },
        "Circular dependency between resources: [A, B]",
    ),
]


@pytest.mark.parametrize(("template", "message"), BROKEN_VALUES)
def test_a_template_whose_values_cannot_be_is_refused(cfn, template, message):
    assert refusal(cfn.create_stack, StackName="app", TemplateBody=json.dumps(template)) == message


@pytest.mark.unverified("the text was read in a report, not in an answer of AWS")
def test_yaml_aliases_are_refused(cfn):
    body = "Resources:\n  A: &a {Type: Test::Things::Thing, Properties: {Size: 1}}\n  B: *a\n"
    message = "Template error: YAML aliases are not allowed in CloudFormation templates"
    assert refusal(cfn.validate_template, TemplateBody=body) == message


@pytest.mark.parametrize(
    ("feature", "template"),
    [
        ("transform AWS::Serverless-2016-10-31", {"Transform": "AWS::Serverless-2016-10-31", "Globals": {}}),
        ("Rules", {"Rules": {}, "Resources": RESOURCES}),
        ("CreationPolicy", with_resource(CreationPolicy={})),
        ("{{resolve:ssm:name}}", with_value("{{resolve:ssm:name}}")),
        (
            "AWS::SSM::Parameter::Value<String>",
            {
                "Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"}},
                "Resources": RESOURCES,
            },
        ),
    ],
)
def test_what_is_not_implemented_is_refused_by_name(cfn, feature, template):
    message = refusal(cfn.create_stack, StackName="app", TemplateBody=json.dumps(template))
    assert feature in message
    assert message.startswith("cloudlet does not implement")


def parameters(declaration, **given):
    template = {"Parameters": {"P": declaration}, "Resources": RESOURCES}
    return {
        "StackName": "app",
        "TemplateBody": json.dumps(template),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    }


@pytest.mark.parametrize(
    ("declaration", "given", "message"),
    [
        ({"Type": "String"}, {}, "Parameters: [P] must have values"),
        ({"Type": "String"}, {"P": "x", "Q": "y"}, "Parameters: [Q] do not exist in the template"),
        (
            {"Type": "String", "AllowedValues": ["a"]},
            {"P": "b"},
            "Parameter 'P' must be one of AllowedValues",
        ),
        (
            {"Type": "String", "AllowedPattern": "^[a-z]+$"},
            {"P": "1"},
            "Parameter 'P' must match pattern ^[a-z]+$",
        ),
        ({"Type": "Number", "MinValue": 1}, {"P": "0"}, "Parameter 'P' must be a number not less than 1"),
        (
            {"Type": "String", "AllowedPattern": "a", "ConstraintDescription": "must be a."},
            {"P": "b"},
            "Parameter P failed to satisfy constraint: must be a.",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(cfn, declaration, given, message):
    assert refusal(cfn.create_stack, **parameters(declaration, **given)) == message


@pytest.mark.unverified("these texts follow the form of the ones that were seen in answers of AWS")
@pytest.mark.parametrize(
    ("declaration", "given", "message"),
    [
        ({"Type": "Number"}, {"P": "x"}, "Parameter 'P' must be a number"),
        ({"Type": "Number", "MaxValue": 1}, {"P": "2"}, "Parameter 'P' must be a number not greater than 1"),
        ({"Type": "String", "MinLength": 2}, {"P": "x"}, "Parameter 'P' must contain at least 2 characters"),
        ({"Type": "String", "MaxLength": 2}, {"P": "xxx"}, "Parameter 'P' must contain at most 2 characters"),
    ],
)
def test_a_parameter_beyond_its_bounds_is_refused(cfn, declaration, given, message):
    assert refusal(cfn.create_stack, **parameters(declaration, **given)) == message


def test_the_pattern_holds_for_each_item_of_a_list(cfn):
    declaration = {"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}
    message = refusal(cfn.create_stack, **parameters(declaration, P="ab, c1"))
    assert message == "Parameter 'P' must match pattern [a-z]+"


def test_a_no_echo_value_is_never_shown(cfn, deployer):
    template = {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}},
        "Resources": {
            "A": {"Type": "Test::Things::Thing", "Properties": {"Size": 1, "Label": {"Ref": "Secret"}}}
        },
    }
    deployer.create("app", template, Parameters=[{"ParameterKey": "Secret", "ParameterValue": "hush"}])
    (thing,) = deployer.things().values()
    assert thing.label == "hush"
    shown = json.dumps([deployer.stack("app"), cfn.describe_stack_events(StackName="app")], default=str)
    assert "hush" not in shown
    assert deployer.stack("app")["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]


def test_named_roles_need_the_capability_for_names(cfn):
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    body = json.dumps({"Resources": {"R": role}})
    assert (
        refusal(cfn.create_stack, StackName="app", TemplateBody=body)
        == "Requires capabilities : [CAPABILITY_IAM]"
    )
    role["Properties"]["RoleName"] = "mine"
    body = json.dumps({"Resources": {"R": role}})
    message = refusal(cfn.create_stack, StackName="app", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert message == "Requires capabilities : [CAPABILITY_NAMED_IAM]"
    assert cfn.validate_template(TemplateBody=body)["Capabilities"] == ["CAPABILITY_NAMED_IAM"]


def test_the_template_comes_back_as_it_was_sent(cfn, deployer):
    body = "Resources:\n  A:\n    Type: Test::Things::Thing\n    Properties: {Size: 1}  # one\n"
    deployer.create("app", body)
    answer = cfn.get_template(StackName="app")
    assert (answer["TemplateBody"], answer["StagesAvailable"]) == (body, ["Original", "Processed"])


def test_a_template_summary_tells_parameters_and_types(cfn, deployer):
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "one",
        "Metadata": {"x": 1},
        "Parameters": {
            "P": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"], "Description": "d"}
        },
        "Resources": RESOURCES,
    }
    deployer.create("app", template)
    for asked in ({"StackName": "app"}, {"TemplateBody": json.dumps(template)}):
        answer = cfn.get_template_summary(**asked)
        del answer["ResponseMetadata"]
        assert answer == {
            "Parameters": [
                {
                    "ParameterKey": "P",
                    "DefaultValue": "a",
                    "ParameterType": "String",
                    "NoEcho": False,
                    "Description": "d",
                    "ParameterConstraints": {"AllowedValues": ["a", "b"]},
                }
            ],
            "Description": "one",
            "ResourceTypes": ["Test::Things::Thing"],
            "Version": "2010-09-09",
            "Metadata": '{"x":1}',
            "ResourceIdentifierSummaries": [
                {"ResourceType": "Test::Things::Thing", "LogicalResourceIds": ["A"]}
            ],
        }


def test_a_url_that_is_not_of_s3_is_refused(cfn):
    for url in ("s3://bucket/key", "https://example.com/template"):
        message = refusal(cfn.create_stack, StackName="app", TemplateURL=url)
        assert message == "TemplateURL must be a supported URL."


def test_a_request_without_a_template_is_refused(cfn, deployer):
    text = "Either Template URL or Template Body must be specified."
    assert refusal(cfn.create_stack, StackName="app") == text
    deployer.create("app", {"Resources": RESOURCES})
    assert refusal(cfn.update_stack, StackName="app") == text
