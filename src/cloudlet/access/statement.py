"""Policies compiled: each statement as matchers that answer in well under a microsecond.

Nothing here weighs one policy against another; that is evaluate.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.access import wildcards
from cloudlet.access.conditions import NullTest, Test, compile_condition
from cloudlet.access.policy import SYNTAX, Principals, Statement, parse
from cloudlet.access.principals import Grant, grant, spares
from cloudlet.access.variables import Template, template
from cloudlet.core.access import MalformedPolicyDocument, MatchedStatement

if TYPE_CHECKING:
    from cloudlet.core.access import PolicyDocument, Principal, RequestContext


class Request(Struct):
    """What the statements are asked about. Not frozen: one is made for each decision, and freezing costs."""

    principal: Principal
    action: str
    """In lower case: actions are compared without regard to case."""
    resource: str
    context: RequestContext


class Resources(Struct, frozen=True):
    """A Resource or NotResource element: what is fixed, and what has variables in it."""

    fixed: wildcards.Matcher
    templates: tuple[Template, ...]

    def match(self, request: Request) -> bool | None:
        """Whether the element covers the resource; None if that hangs on a variable without value."""
        if self.fixed.matches(request.resource):
            return True
        unknown = False
        for each in self.templates:
            tokens = each.tokens(request.context)
            if tokens is None:
                unknown = True
            elif wildcards.compiled(tokens).fullmatch(request.resource) is not None:
                return True
        return None if unknown else False


class CompiledStatement(Struct, frozen=True):
    """One statement as matchers."""

    matched: MatchedStatement
    actions: wildcards.Matcher
    actions_negated: bool
    resources: Resources | None
    resources_wanted: bool
    """Whether the resource must be among them; False for NotResource."""
    principal: Principals | None
    not_principal: Principals | None
    conditions: tuple[Test | NullTest, ...]

    def applies(self, request: Request) -> bool:
        """Whether action, resource and conditions fit; the caller is not looked at."""
        if self.actions.matches(request.action) is self.actions_negated:
            return False
        if self.resources is not None and self.resources.match(request) is not self.resources_wanted:
            return False
        return all(condition.holds(request.context) for condition in self.conditions)

    def grant(self, caller: Principal) -> Grant:
        """How directly the statement of a resource policy means the caller."""
        if self.principal is not None:
            return grant(self.principal, caller)
        if self.not_principal is None:
            return Grant.NONE
        if self.matched.effect == "Deny":
            return Grant.NONE if spares(self.not_principal, caller) else Grant.DIRECT
        return Grant.NONE if grant(self.not_principal, caller) else Grant.DIRECT


class CompiledPolicy(Struct, frozen=True):
    """One document as matchers, the denials apart from the allows."""

    denies: tuple[CompiledStatement, ...]
    allows: tuple[CompiledStatement, ...]


def compile_policy(document: PolicyDocument) -> CompiledPolicy:
    """Compiles a document. Raises MalformedPolicyDocument."""
    policy = parse(document.text)
    compiled = [
        _compile(statement, document.name, place, variables=policy.has_variables)
        for place, statement in enumerate(policy.statements, 1)
    ]
    return CompiledPolicy(
        denies=tuple(each for each in compiled if each.matched.effect == "Deny"),
        allows=tuple(each for each in compiled if each.matched.effect == "Allow"),
    )


def _compile(statement: Statement, name: str, place: int, *, variables: bool) -> CompiledStatement:
    actions = statement.action if statement.action is not None else statement.not_action
    resources = statement.resource if statement.resource is not None else statement.not_resource
    return CompiledStatement(
        matched=MatchedStatement(name, statement.sid or str(place), statement.effect),
        actions=wildcards.Matcher([action.lower() for action in actions or ()]),
        actions_negated=statement.not_action is not None,
        resources=None if resources is None else _resources(resources, variables=variables),
        resources_wanted=statement.not_resource is None,
        principal=statement.principal,
        not_principal=statement.not_principal,
        conditions=_conditions(statement, variables=variables),
    )


def _resources(patterns: tuple[str, ...], *, variables: bool) -> Resources:
    templated = [each for each in patterns if variables and "${" in each]
    return Resources(
        fixed=wildcards.Matcher([each for each in patterns if each not in templated]),
        templates=tuple(template(each, variables=True, wild=True) for each in templated),
    )


def _conditions(statement: Statement, *, variables: bool) -> tuple[Test | NullTest, ...]:
    tests: list[Test | NullTest] = []
    for condition in statement.conditions:
        test = compile_condition(condition, variables=variables)
        if test is None:
            raise MalformedPolicyDocument(SYNTAX)
        tests.append(test)
    return tuple(tests)
