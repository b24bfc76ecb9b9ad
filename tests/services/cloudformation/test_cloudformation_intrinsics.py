"""The intrinsic functions, the graph and the order of work, without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core.errors import ServiceError
from cloudlet.services.cloudformation.deploy.cidr import split_network
from cloudlet.services.cloudformation.deploy.document import parse_document
from cloudlet.services.cloudformation.deploy.graph import dependencies, in_order
from cloudlet.services.cloudformation.deploy.intrinsics import UNKNOWN, Evaluator, Surroundings
from cloudlet.services.cloudformation.deploy.references import check_references
from cloudlet.services.cloudformation.deploy.schedule import run_in_order
from cloudlet.services.cloudformation.deploy.template import Template, parse_template
from cloudlet.services.cloudformation.errors import ValidationError

HEAD = """
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
  Number: {Type: Number, Default: 7}
Mappings:
  Sizes:
    prod: {Small: 1, List: [x, y]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Equals [!Ref Number, "7"]]
  Either: !Or [!Condition NotProd, !Condition Both]
Resources:
  Thing: {Type: Test::Things::Thing}
  Absent: {Type: Test::Things::Thing, Condition: NotProd}
"""
VALUES = {"Stage": "prod", "Names": "a, b,c", "Number": "7"}


class Answers:
    """What the only resource that is there answers."""

    def ref(self, logical_id: str) -> Any:
        return f"{logical_id}-id"

    def attribute(self, logical_id: str, name: str) -> Any:
        return f"{logical_id}.{name}"


class NothingKnown:
    """The answers of a stack of which nothing is there yet."""

    def ref(self, logical_id: str) -> Any:
        return UNKNOWN

    def attribute(self, logical_id: str, name: str) -> Any:
        return UNKNOWN


def evaluate(text: str, answers: Any = None) -> Any:
    template = parse_template(HEAD)
    where = Surroundings("123456789012", "eu-west-1", "arn:stack", "app", VALUES)
    evaluator = Evaluator(template, where, answers or Answers(), {"shared": "exported"}.get)
    return evaluator.evaluate(parse_document(f"value: {text}")["value"])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("!Ref Stage", "prod"),
        ("!Ref Names", ["a", "b", "c"]),
        ("!Ref Thing", "Thing-id"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::StackName", "app"),
        ("!Ref AWS::StackId", "arn:stack"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!GetAtt Thing.Arn", "Thing.Arn"),
        ("!GetAtt Thing.Outputs.Deep", "Thing.Outputs.Deep"),
        ("!GetAtt [Thing, Arn]", "Thing.Arn"),
        ("{'Fn::GetAtt': [Thing, Arn]}", "Thing.Arn"),
        ("!Sub '${Stage}-${Thing}-${Thing.Arn}-${AWS::Region}'", "prod-Thing-id-Thing.Arn-eu-west-1"),
        ("!Sub '${!Literal} ${ Stage }'", "${Literal} prod"),
        ("!Sub ['${a}${b}', {a: !Ref Number, b: true}]", "7true"),
        ("!Sub 'no variables, $5 {x}'", "no variables, $5 {x}"),
        ("!Join ['-', [a, !Ref Stage, 1, true]]", "a-prod-1-true"),
        ("!Join ['', !Ref Names]", "abc"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', !Split ['|', 'x|y']]", "x"),
        ("!Split [',', 'a,b,']", ["a", "b", ""]),
        ("!If [IsProd, yes it is, no]", "yes it is"),
        ("!If [NotProd, 1, 2]", 2),
        ("!If [Either, 1, 2]", 1),
        ("!If [IsProd, !Ref Thing, !Ref Absent]", "Thing-id"),
        ("{a: !If [NotProd, 1, !Ref 'AWS::NoValue'], b: 2}", {"b": 2}),
        ("[1, !Ref 'AWS::NoValue', 2]", [1, 2]),
        ("!FindInMap [Sizes, !Ref Stage, Small]", 1),
        ("!FindInMap [Sizes, prod, List]", ["x", "y"]),
        ("!Base64 héllo", "aMOpbGxv"),
        ("{'Fn::Base64': !Sub '${Stage}'}", "cHJvZA=="),
        ("!GetAZs ''", ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!ImportValue shared", "exported"),
        ("!ImportValue {'Fn::Sub': sh${b}, x: 1}", None),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_functions_answer_as_documented(text: str, result: Any) -> None:
    if result is None:
        with pytest.raises(ValidationError):
            evaluate(text)
    else:
        assert evaluate(text) == result


@pytest.mark.parametrize(
    "text",
    [
        "!Ref Thing",
        "!GetAtt Thing.Arn",
        "!Sub '${Thing}'",
        "!Join ['', [a, !Ref Thing]]",
        "!Select [0, !Split [',', !Ref Thing]]",
        "!Base64 {Ref: Thing}",
        "!If [IsProd, !Ref Thing, x]",
    ],
)
def test_what_hangs_on_a_resource_that_is_not_there_yet_is_unknown(text: str) -> None:
    assert evaluate(text, NothingKnown()) is UNKNOWN


def test_unknown_is_confined_to_what_hangs_on_it() -> None:
    assert evaluate("!Select [1, [!Ref Thing, b]]", NothingKnown()) == "b"


def test_a_resource_that_takes_no_part_cannot_be_referred_to() -> None:
    with pytest.raises(ValidationError, match=r"Unresolved resource dependencies \[Absent\]"):
        evaluate("!Ref Absent")


def test_an_unsupported_function_is_named() -> None:
    with pytest.raises(ValidationError, match="encountered unsupported function: Fn::Length Supported"):
        evaluate("{'Fn::Length': [1]}")


def template(**resources: Any) -> Template:
    text = {name: {"Type": "T", **attributes} for name, attributes in resources.items()}
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    return parse_template(json.dumps({"Resources": text, "Conditions": conditions}))


def test_dependencies_follow_references_of_the_chosen_branch_only() -> None:
    made = template(
        A={},
        B={"Properties": {"x": {"Fn::If": ["Never", {"Ref": "A"}, {"Fn::Sub": "${C.Arn}"}]}}},
        C={"DependsOn": ["A"]},
        D={"Condition": "Never"},
        E={"DependsOn": "D"},
    )
    found = dependencies(made, {"Never": False})
    assert found == {
        "A": frozenset(),
        "B": frozenset({"C"}),
        "C": frozenset({"A"}),
        "E": frozenset(),
    }
    assert in_order(found) == ["A", "E", "C", "B"]


def test_a_resource_that_needs_itself_is_a_circle() -> None:
    with pytest.raises(ValidationError, match=r"Circular dependency between resources: \[A\]"):
        dependencies(template(A={"Properties": {"x": {"Ref": "A"}}}), {})


@pytest.mark.parametrize(
    ("block", "count", "bits", "result"),
    [
        ("10.0.0.0/24", "2", "5", ["10.0.0.0/27", "10.0.0.32/27"]),
        ("2001:db8::/56", "1", "64", ["2001:db8::/64"]),
    ],
)
def test_networks_are_cut(block: str, count: str, bits: str, result: list[str]) -> None:
    assert split_network(block, count, bits) == result


@pytest.mark.parametrize(
    ("block", "count", "bits"), [("10.0.0.0/24", "300", "1"), ("x", "1", "1"), ("10.0.0.0/24", "2", "8")]
)
def test_networks_that_do_not_fit_are_refused(block: str, count: str, bits: str) -> None:
    with pytest.raises(ValidationError, match="Fn::Cidr"):
        split_network(block, count, bits)


def test_work_runs_side_by_side_but_each_after_what_it_needs() -> None:
    order: list[str] = []
    most = 0
    running = 0

    async def work(name: str) -> bool:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        order.append(name)
        return True

    needed = {"d": frozenset({"b", "c"}), "b": frozenset({"a"}), "c": frozenset({"a"}), "a": frozenset[str]()}
    failed = asyncio.run(run_in_order(needed, work, at_once=2, stop_at_failure=True))
    assert failed == frozenset()
    assert (order[0], order[-1], most) == ("a", "d", 2)


def test_after_a_failure_nothing_new_begins_or_only_what_does_not_need_it() -> None:
    needed = {"a": frozenset[str](), "b": frozenset[str](), "c": frozenset({"a"}), "d": frozenset({"b"})}

    def run(stop: bool) -> tuple[frozenset[str], list[str]]:
        began: list[str] = []

        async def work(name: str) -> bool:
            began.append(name)
            return name != "a"

        return asyncio.run(run_in_order(needed, work, at_once=1, stop_at_failure=stop)), began

    assert run(True) == (frozenset({"a"}), ["a"])
    assert run(False) == (frozenset({"a"}), ["a", "b", "d"])


KEYS = [
    *("Resources", "Outputs", "Parameters", "Conditions", "Mappings", "A", "B", "Type", "Properties"),
    *("Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Value", "Default", "Export"),
]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def deploy(text: str) -> None:
    """All that is done to a template before anything is made; only refusals may come of it."""
    try:
        made = parse_template(text)
        check_references(made)
        values = {name: parameter.default or "" for name, parameter in made.parameters.items()}
        where = Surroundings("1", "r", "id", "name", values)
        evaluator = Evaluator(made, where, NothingKnown(), lambda _: None)
        for name in dependencies(made, evaluator.conditions):
            evaluator.evaluate(made.resources[name].properties)
    except ServiceError:
        return


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_no_document_gets_anything_but_a_refusal(document: Any) -> None:
    deploy(json.dumps(document))
    deploy(json.dumps({"Resources": {"A": {"Type": "T", "Properties": {"P": document}}}}))
    deploy(json.dumps({"Resources": {"A": {"Type": "T"}}, "Conditions": {"A": document}}))
    deploy(json.dumps({"Resources": {"A": {"Type": "T"}}, "Parameters": {"A": document}}))
    deploy(json.dumps({"Resources": {"A": {"Type": "T"}}, "Outputs": {"A": document}}))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:- \n\t!&*{}[]|>'\"#%@,?0.~<=\\", max_size=60))
def test_no_yaml_gets_anything_but_a_refusal(text: str) -> None:
    deploy(text)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"a":' * 50_000, "- " * 20_000, "{" * 900, "a: " + "[" * 900]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Template format error"):
        parse_template(text)
