"""The decision, row by row of AWS's documentation.

[logic] https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
[cross] https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
[denied] https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from access.policies import (
    ACCOUNT,
    ANONYMOUS,
    NOW,
    OTHER,
    ROLE_ARN,
    ROOT,
    SERVICE,
    SESSION,
    USER,
    allow,
    decide,
    deny,
    document,
)
from cloudlet.access.context import request_context
from cloudlet.access.evaluate import Evaluator
from cloudlet.core.access import (
    MalformedPolicyDocument,
    MatchedStatement,
    Permission,
    PolicyDocument,
    Principal,
    PrincipalKind,
    PrincipalPolicies,
    Reason,
)

ELSEWHERE = document(allow("s3:GetObject"), name="elsewhere")
EVERYTHING = document(allow(), name="everything")
ACTION = "sqs:SendMessage"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
FEDERATED = Principal(
    PrincipalKind.FEDERATED_USER,
    f"arn:aws:sts::{ACCOUNT}:federated-user/ann",
    ACCOUNT,
    f"{ACCOUNT}:ann",
    role_arn=USER.arn,
    session_policies=(ELSEWHERE,),
)


def to(principal: object, effect: str = "Allow", **more: object) -> PolicyDocument:
    make = allow if effect == "Allow" else deny
    return document(make(Principal=principal, **more), name="queue-policy")


@pytest.mark.parametrize(
    ("caller", "named", "boundary", "session", "allowed"),
    [
        pytest.param(USER, USER.arn, True, False, True, id="user ARN: unlimited"),
        pytest.param(SESSION, ROLE_ARN, False, False, True, id="role ARN: identity is no limit"),
        pytest.param(SESSION, ROLE_ARN, True, False, False, id="role ARN: limited by boundary"),
        pytest.param(SESSION, ROLE_ARN, False, True, False, id="role ARN: limited by session policy"),
        pytest.param(SESSION, SESSION.arn, True, True, True, id="session ARN: unlimited"),
        pytest.param(FEDERATED, FEDERATED.arn, True, True, True, id="federated user ARN: unlimited"),
        pytest.param(FEDERATED, USER.arn, False, True, False, id="user who federated: limited"),
        pytest.param(USER, ACCOUNT, False, False, False, id="account: identity decides"),
        pytest.param(USER, ROOT.arn, False, False, False, id="root: identity decides"),
        pytest.param(USER, "*", True, False, True, id="everyone"),
        pytest.param(USER, f"arn:aws:iam::{ACCOUNT}:user/bob", False, False, False, id="another user"),
    ],
)  # fmt: skip
def test_resource_policy_and_implicit_denies_elsewhere(  # [logic], its table
    caller, named, boundary, session, allowed
):
    caller = replace(caller, session_policies=(ELSEWHERE,) if session else ())
    decision = decide(
        caller, (ELSEWHERE,), ELSEWHERE if boundary else None, resource_policy=to({"AWS": named})
    )
    assert decision.allowed is allowed


@pytest.mark.parametrize("place", ["identity", "boundary", "session", "resource"])
def test_an_explicit_deny_anywhere_overrides_every_allow(place):
    refused = document(allow(), deny(ACTION), name=place)
    caller = replace(SESSION, session_policies=(refused if place == "session" else EVERYTHING,))
    decision = decide(
        caller,
        (refused if place == "identity" else EVERYTHING,),
        refused if place == "boundary" else EVERYTHING,
        resource_policy=to({"AWS": SESSION.arn}) if place != "resource" else to("*", "Deny"),
    )
    text = {
        "identity": "an identity-based policy",
        "boundary": "a permissions boundary",
        "session": "a session policy",
        "resource": "a resource-based policy",
    }[place]
    assert not decision.allowed
    assert decision.message == (
        f"User: {SESSION.arn} is not authorized to perform: {ACTION} on resource: {QUEUE} "
        f"with an explicit deny in {text}"
    )


@pytest.mark.parametrize(
    ("identity", "boundary", "session", "missing"),
    [
        (ELSEWHERE, EVERYTHING, EVERYTHING, "identity-based policy"),
        (EVERYTHING, ELSEWHERE, EVERYTHING, "permissions boundary"),
        (EVERYTHING, EVERYTHING, ELSEWHERE, "session policy"),
    ],
)
def test_the_refusal_names_the_policy_type_that_does_not_allow(identity, boundary, session, missing):
    decision = decide(replace(SESSION, session_policies=(session,)), (identity,), boundary)
    assert decision.message == (
        f"User: {SESSION.arn} is not authorized to perform: {ACTION} on resource: {QUEUE} "
        f"because no {missing} allows the {ACTION} action"
    )


@pytest.mark.parametrize(
    ("identity", "resource_policy", "reason"),
    [
        (EVERYTHING, to({"AWS": USER.arn}), Reason.ALLOWED),
        (EVERYTHING, to({"AWS": ACCOUNT}), Reason.ALLOWED),
        (EVERYTHING, None, Reason.NO_RESOURCE_ALLOW),
        (EVERYTHING, to({"AWS": OTHER}), Reason.NO_RESOURCE_ALLOW),
        (ELSEWHERE, to({"AWS": USER.arn}), Reason.NO_IDENTITY_ALLOW),
    ],
)
def test_across_accounts_both_sides_must_allow(identity, resource_policy, reason):  # [cross]
    decision = decide(USER, (identity,), resource_policy=resource_policy, resource_account=OTHER)
    assert decision.reason is reason


def test_root_may_do_everything_in_its_own_account():  # [logic]
    assert decide(ROOT).allowed


def test_root_is_bound_by_a_resource_policy_that_denies():
    assert decide(ROOT, resource_policy=to("*", "Deny")).reason is Reason.EXPLICIT_DENY_RESOURCE


def test_root_needs_the_resource_policy_of_another_account():  # [cross]
    assert not decide(ROOT, resource_account=OTHER).allowed
    assert decide(ROOT, resource_account=OTHER, resource_policy=to({"AWS": ROOT.arn})).allowed


def test_a_service_has_only_what_resource_policies_give_it():
    assert not decide(SERVICE).allowed
    assert decide(SERVICE, resource_policy=to({"Service": "s3.amazonaws.com"})).allowed
    assert not decide(SERVICE, resource_policy=to({"Service": "sns.amazonaws.com"})).allowed


def test_a_service_is_held_to_the_source_arn_of_the_permission():
    policy = to(
        {"Service": "s3.amazonaws.com"}, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}}
    )
    for bucket, allowed in (("photos", True), ("others", False)):
        call = request_context(SERVICE, now=NOW, source_arn=f"arn:aws:s3:::{bucket}")
        assert decide(SERVICE, resource_policy=policy, call=call).allowed is allowed


def test_nobody_in_particular_needs_a_policy_for_everyone():
    assert not decide(ANONYMOUS, resource_policy=to({"AWS": ACCOUNT})).allowed
    assert decide(ANONYMOUS, resource_policy=to("*")).allowed
    assert decide(ANONYMOUS, resource_policy=to({"AWS": "*"})).allowed


class TestTrust:
    """A role's trust policy must itself allow, also within an account [logic]."""

    ROLE = f"arn:aws:iam::{ACCOUNT}:role/target"
    ASSUME = document(allow("sts:AssumeRole", ROLE), name="assume")

    def assume(self, trusted: object, *identity: PolicyDocument):
        trust = document(allow("sts:AssumeRole", None, Principal=trusted))
        return decide(
            USER, identity, action="sts:AssumeRole", resource=self.ROLE, resource_policy=trust,
            resource_policy_decides=True,
        )  # fmt: skip

    def test_a_user_named_in_the_trust_policy_needs_nothing_else(self):
        assert self.assume({"AWS": USER.arn}).allowed

    def test_an_account_in_the_trust_policy_leaves_it_to_identity_policies(self):
        assert not self.assume({"AWS": ROOT.arn}).allowed
        assert self.assume({"AWS": ROOT.arn}, self.ASSUME).allowed

    def test_without_trust_no_identity_policy_helps_and_no_reason_is_given(self):
        decision = self.assume({"AWS": OTHER}, self.ASSUME)
        assert decision.message == (
            f"User: {USER.arn} is not authorized to perform: sts:AssumeRole on resource: {self.ROLE}"
        )

    def test_an_identity_provider_needs_to_be_named_as_federated(self):
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com"
        caller = Principal(PrincipalKind.IDENTITY_PROVIDER, provider)
        action = "sts:AssumeRoleWithWebIdentity"
        for principal, allowed in (({"Federated": provider}, True), ({"AWS": ACCOUNT}, False)):
            trust = document(allow(action, None, Principal=principal))
            decision = decide(caller, action=action, resource=self.ROLE, resource_policy=trust)
            assert decision.allowed is allowed
            assert decision.message == ("" if allowed else f"Not authorized to perform {action}")

    def test_a_service_assumes_a_role_that_trusts_it(self):
        trust = document(allow("sts:AssumeRole", None, Principal={"Service": "lambda.amazonaws.com"}))
        caller = replace(SERVICE, arn="lambda.amazonaws.com")
        assert decide(caller, action="sts:AssumeRole", resource=self.ROLE, resource_policy=trust).allowed


def test_root_cannot_use_a_key_whose_policy_does_not_name_its_account():
    key_policy = to({"AWS": USER.arn})
    assert not decide(ROOT, resource_policy=key_policy, resource_policy_decides=True).allowed


class TestNotPrincipal:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""

    def denied(self, caller: Principal, *spared: str) -> bool:
        policy = document(deny(NotPrincipal={"AWS": list(spared)}))
        return not decide(caller, (EVERYTHING,), resource_policy=policy).allowed

    def test_a_deny_spares_a_user_listed_with_its_account(self):
        assert not self.denied(USER, USER.arn, ROOT.arn)

    def test_a_deny_hits_a_user_whose_account_is_not_listed(self):
        assert self.denied(USER, USER.arn)

    def test_a_deny_spares_a_session_listed_with_its_role_and_account(self):
        assert not self.denied(SESSION, SESSION.arn, ROLE_ARN, ROOT.arn)

    def test_a_deny_hits_those_not_listed(self):
        assert self.denied(USER, f"arn:aws:iam::{ACCOUNT}:user/bob", ROOT.arn)

    def test_a_deny_hits_whoever_has_a_permissions_boundary(self):
        policy = document(deny(NotPrincipal={"AWS": [USER.arn, ROOT.arn]}))
        decision = decide(USER, (EVERYTHING,), EVERYTHING, resource_policy=policy)
        assert decision.reason is Reason.EXPLICIT_DENY_RESOURCE

    def test_an_allow_leaves_out_those_listed(self):
        policy = document(allow(NotPrincipal={"AWS": USER.arn}))
        assert not decide(USER, resource_policy=policy).allowed
        assert decide(SESSION, resource_policy=policy).allowed


@pytest.mark.parametrize(
    ("action", "asked", "allowed"),
    [
        ("sqs:*", "sqs:SendMessage", True),
        ("SQS:sendmessage", "sqs:SendMessage", True),
        ("sqs:Send*", "sqs:ReceiveMessage", False),
        ("sqs:?endMessage", "sqs:SendMessage", True),
        ("sqs:*Message", "sqs:SendMessage", True),
        ("s*:SendMessage", "sqs:SendMessage", True),
    ],
)
def test_actions_match_by_wildcard_and_without_regard_to_case(action, asked, allowed):
    assert decide(USER, (document(allow(action)),), action=asked).allowed is allowed


@pytest.mark.parametrize(
    ("resource", "asked", "allowed"),
    [
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::Bucket/a", "arn:aws:s3:::bucket/a", False),
        ("arn:aws:s3:::bucket/?", "arn:aws:s3:::bucket/ab", False),
        ("arn:aws:s3:::*/a*z", "arn:aws:s3:::bucket/abcz", True),
        ("arn:aws:logs:*:*:*", "arn:aws:logs:eu-west-1:1:log-group:/aws/x:log-stream:y", True),
    ],
)
def test_resources_match_by_wildcard_and_with_regard_to_case(resource, asked, allowed):
    assert decide(USER, (document(allow("*", resource)),), resource=asked).allowed is allowed


def test_not_action_allows_all_but_those_listed():
    policy = document({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})
    assert decide(USER, (policy,)).allowed
    assert not decide(USER, (policy,), action="iam:CreateUser").allowed


def test_not_resource_allows_all_but_those_listed():
    policy = document({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::secret/*"})
    assert decide(USER, (policy,)).allowed
    assert not decide(USER, (policy,), resource="arn:aws:s3:::secret/x").allowed


class TestVariables:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""

    def home(self, name: str, version: str = "2012-10-17", key: str = "aws:username") -> bool:
        policy = document(allow("*", f"arn:aws:s3:::b/${{{key}}}/*"), version=version)
        caller = replace(USER, name="ann", tags=(("Team", "red*"),))
        return decide(caller, (policy,), resource=f"arn:aws:s3:::b/{name}/x").allowed

    def test_the_user_name_stands_for_itself(self):
        assert self.home("ann")
        assert not self.home("bob")

    def test_the_old_version_has_no_variables(self):
        assert not self.home("ann", version="2008-10-17")
        assert self.home("${aws:username}", version="2008-10-17")

    def test_a_wildcard_in_a_tag_is_literal(self):
        assert self.home("red*", key="aws:PrincipalTag/team")
        assert not self.home("redder", key="aws:PrincipalTag/team")

    def test_a_default_stands_in_for_a_missing_key(self):
        assert self.home("all", key="aws:PrincipalTag/none, 'all'")

    def test_without_default_a_missing_key_matches_nothing(self):
        assert not self.home("", key="aws:PrincipalTag/none")

    @pytest.mark.parametrize(("escape", "literal"), [("*", "*"), ("?", "?"), ("$", "$")])
    def test_escapes_are_literal(self, escape, literal):
        assert self.home(literal, key=escape)
        assert not self.home("x", key=escape)


def test_the_trace_names_policy_and_statement():
    policy = document(allow("s3:*"), allow("sqs:*", Sid="Queues"), name="mine")
    assert decide(USER, (policy,)).trace == (MatchedStatement("mine", "Queues", "Allow"),)


def test_a_refusal_names_the_statement_that_denied():
    policy = document(allow(), deny("sqs:*"), name="mine")
    assert decide(USER, (policy,)).trace == (MatchedStatement("mine", "2", "Deny"),)


class TestRemembering:
    def decide(self, evaluator: Evaluator, caller: Principal, policy: PolicyDocument, source_ip: str) -> bool:
        context = request_context(caller, now=NOW, source_ip=source_ip)
        return evaluator.decide(
            caller, PrincipalPolicies((policy,)), Permission(ACTION, QUEUE), context
        ).allowed

    def test_a_decision_that_took_a_condition_is_made_anew(self):
        evaluator = Evaluator()
        policy = document(allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
        assert self.decide(evaluator, USER, policy, "10.1.2.3")
        assert not self.decide(evaluator, USER, policy, "192.0.2.1")

    def test_a_remembered_decision_does_not_outlive_its_policy(self):
        evaluator = Evaluator()
        assert self.decide(evaluator, USER, EVERYTHING, "10.1.2.3")
        assert not self.decide(evaluator, USER, ELSEWHERE, "10.1.2.3")

    def test_a_remembered_refusal_is_the_callers_own(self):
        evaluator = Evaluator()
        for caller in (USER, SESSION):
            decision = evaluator.decide(
                caller, PrincipalPolicies(), Permission(ACTION, QUEUE), request_context(caller, now=NOW)
            )
            assert caller.arn in decision.message


def test_a_document_that_cannot_be_read_refuses_loudly():
    with pytest.raises(MalformedPolicyDocument):
        decide(USER, (PolicyDocument("broken", "{"),))


@pytest.mark.parametrize(
    ("caller", "text"),
    [
        (ANONYMOUS, "User: anonymous is not authorized to perform: sqs:SendMessage"),
        pytest.param(
            SERVICE,
            "User: s3.amazonaws.com is not authorized to perform: sqs:SendMessage",
            marks=pytest.mark.unverified("no refusal of a service's own call was seen"),
        ),
    ],
)
def test_callers_without_arn_are_refused_by_resource_policy(caller, text):
    decision = decide(caller, resource="")
    assert decision.message == f"{text} because no resource-based policy allows the {ACTION} action"
