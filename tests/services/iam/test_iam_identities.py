"""What IAM tells its neighbours inside the program: keys, policies, sessions for services."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal, PrincipalPolicies
from cloudlet.core.errors import AccessDenied
from iam_fixtures import allow, trust

REGION = "us-east-1"
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def within(server, account):
    """Runs a function with a call of the account's root that has a transaction open."""

    def run(work, change=lambda call: call):
        call = change(server.app.cloud.call("iam", Principal.root(account), account, REGION))
        return server.run(call.transact(work))

    return run


@pytest.fixture
def policies_of(within):
    """What is attached to the owner of a key or a session."""

    def find(key, token=None):
        def work(call):
            identities = call.cloud.identities
            return identities.policies_of(call, identities.find_credential(call, key, token).principal)

        return within(work)

    return find


def names(policies: PrincipalPolicies) -> list[str]:
    return [document.name for document in policies.identity]


def test_a_user_has_its_own_policies_and_its_groups(iam, policies_of):
    iam.create_group(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="of-group", PolicyDocument=allow("s3:*"))
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=LOGS)
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=allow("s3:*"))
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=allow("ec2:*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=bound)
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]

    found = policies_of(key)

    assert names(found) == [LOGS, "own", "of-group"]
    assert (found.boundary.name, found.boundary.text) == (bound, allow("ec2:*"))


def test_policies_are_the_same_object_until_something_changes(iam, policies_of):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)

    first = policies_of(key)

    assert policies_of(key) is first
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ec2:*"), SetAsDefault=True)
    changed = policies_of(key)
    assert changed.identity[0].text == allow("ec2:*")
    assert policies_of(key) is changed


def test_a_rolled_back_change_is_not_remembered(iam, within, policies_of):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]

    def change_and_fail(call):
        call.ask_within(
            "iam",
            "PutUserPolicy",
            {"UserName": "ann", "PolicyName": "p", "PolicyDocument": allow("s3:*")},
        )
        identities = call.cloud.identities
        principal = identities.find_credential(call, key, None).principal
        assert names(identities.policies_of(call, principal)) == ["p"]
        raise KeyError("undone")

    with pytest.raises(KeyError):
        within(change_and_fail)

    assert names(policies_of(key)) == []


def test_a_service_assumes_the_role_that_trusts_it(iam, account, within, policies_of):
    trusted = trust({"Service": "lambda.amazonaws.com"})
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=trusted)
    iam.attach_role_policy(RoleName="function", PolicyArn=LOGS)
    arn = f"arn:aws:iam::{account}:role/function"

    session = within(
        lambda call: call.cloud.identities.assume_role(call, arn, "my-function"),
        lambda call: call.as_service("lambda.amazonaws.com"),
    )

    assert session.principal.arn == f"arn:aws:sts::{account}:assumed-role/function/my-function"
    assert session.principal.role_arn == arn
    assert session.principal.access_key_id == session.access_key_id
    assert names(policies_of(session.access_key_id, session.session_token)) == [LOGS]


def test_a_service_does_not_assume_what_trusts_another(iam, account, within):
    trusted = trust({"Service": "lambda.amazonaws.com"})
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=trusted)
    arn = f"arn:aws:iam::{account}:role/function"

    with pytest.raises(AccessDenied):
        within(
            lambda call: call.cloud.identities.assume_role(call, arn, "test"),
            lambda call: call.as_service("apigateway.amazonaws.com"),
        )


def test_a_trust_policy_may_demand_the_resource_a_service_acts_for(iam, account, within):
    mine = f"arn:aws:apigateway:{REGION}::/restapis/mine"
    condition = {"ArnLike": {"aws:SourceArn": mine}, "StringEquals": {"aws:SourceAccount": account}}
    trusted = trust({"Service": "apigateway.amazonaws.com"}, Condition=condition)
    iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=trusted)
    arn = f"arn:aws:iam::{account}:role/gateway"

    def assume(source_arn):
        return within(
            lambda call: call.cloud.identities.assume_role(call, arn, "test"),
            lambda call: call.as_service("apigateway.amazonaws.com", source_arn),
        )

    assert assume(mine).access_key_id
    with pytest.raises(AccessDenied):
        assume(f"{mine}-not")
    with pytest.raises(AccessDenied):
        assume(None)


def test_a_role_is_found_by_its_whole_arn(iam, account, within):
    trusted = trust({"Service": "lambda.amazonaws.com"})
    iam.create_role(RoleName="function", Path="/a/", AssumeRolePolicyDocument=trusted)

    def find(arn):
        return within(lambda call: call.cloud.identities.find_role(call, arn))

    found = find(f"arn:aws:iam::{account}:role/a/function")
    assert (found.name, found.account, found.trust_policy) == ("function", account, trusted)
    assert find(f"arn:aws:iam::{account}:role/function") is None
    assert find("nonsense") is None


def test_the_root_key_is_made_once_and_is_the_root_user(client, account, within):
    made = within(lambda call: call.cloud.identities.root_key(call))
    again = within(lambda call: call.cloud.identities.root_key(call))

    caller = client("sts", key=made[0], secret=made[1]).get_caller_identity()

    assert made == again
    assert caller["Arn"] == f"arn:aws:iam::{account}:root"


def test_a_real_root_user_assumes_no_role(iam, client, account, within, refusal):
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": account}))["Role"]["Arn"]
    key, secret = within(lambda call: call.cloud.identities.root_key(call))

    answer = refusal(client("sts", key=key, secret=secret).assume_role, RoleArn=arn, RoleSessionName="test")

    assert answer == ("AccessDenied", "Roles may not be assumed by root accounts.")


def test_a_token_of_somebody_else_is_unknown(within):
    found = within(
        lambda call: call.cloud.identities.find_credential(call, "ASIAIOSFODNN7EXAMPLE", "IQoJb3Jp")
    )

    assert found is None


def test_a_key_that_nobody_made_is_unknown(within):
    assert within(lambda call: call.cloud.identities.find_credential(call, "test", None)) is None
    assert within(lambda call: call.cloud.identities.find_account(call, "AKIAIOSFODNN7EXAMPLE")) is None


def test_an_account_without_anything_has_no_policies(within, account):
    stranger = replace(Principal.root("999999999999"), kind=Principal.anonymous().kind)

    assert within(lambda call: call.cloud.identities.policies_of(call, stranger)) == PrincipalPolicies()
