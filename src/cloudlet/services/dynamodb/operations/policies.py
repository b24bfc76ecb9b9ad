"""Operations on the resource policies of tables and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import (
    MalformedPolicyDocument,
    Permission,
    PolicyDocument,
    PolicyKind,
    PrincipalPolicies,
    Reason,
)
from cloudlet.core.arn import find_arn
from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import on_policy
from cloudlet.services.dynamodb.errors import (
    PolicyNotFoundException,
    ResourceNotFoundException,
    ValidationException,
)
from cloudlet.services.dynamodb.policies import (
    NOT_FOUND,
    ResourcePolicy,
    canonical,
    check_bounded,
    check_revision,
    check_sids,
    check_size,
    invalid_document,
    next_revision,
)
from cloudlet.services.dynamodb.streams.model import Stream
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table


class _Holder(Struct, frozen=True):
    """What a policy is attached to."""

    table_name: str
    held: Table | Stream

    @property
    def policy(self) -> ResourcePolicy | None:
        return self.held.policy


class _Caller:
    """The condition keys by which a policy may tell its own writer from others."""

    def __init__(self, call: Call) -> None:
        principal = call.principal
        self._keys = {
            "aws:principalarn": principal.role_arn or principal.arn,
            "aws:principalaccount": principal.account,
            "aws:userid": principal.unique_id,
            "aws:sourceip": call.source_ip,
        }

    def find(self, key: str) -> tuple[str, ...] | None:
        value = self._keys.get(key)
        return None if value is None else (value,)


@operation("PutResourcePolicy", permissions=on_policy("PutResourcePolicy"))
def put_resource_policy(call: Call, request: Request) -> dict[str, Any]:
    """Says who else may use a table or a stream; the same policy again changes nothing."""
    text = checked_policy(call, request["Policy"])
    holder = _holder(call, request["ResourceArn"])
    check_revision(holder.policy, request.get("ExpectedRevisionId"), holder.table_name)
    if not request.get("ConfirmRemoveSelfResourceAccess"):
        _check_stays_changeable(call, request["ResourceArn"], text)
    if holder.policy is not None and holder.policy.text == text:
        return {"RevisionId": str(holder.policy.revision)}
    policy = ResourcePolicy(text, next_revision(holder.policy, call.time()))
    _save(call, holder, policy)
    return {"RevisionId": str(policy.revision)}


@operation("GetResourcePolicy", permissions=on_policy("GetResourcePolicy"), read_only=True)
def get_resource_policy(call: Call, request: Request) -> dict[str, Any]:
    """The policy of a table or a stream."""
    policy = _holder(call, request["ResourceArn"]).policy
    if policy is None or not policy.text:
        raise PolicyNotFoundException(f"{NOT_FOUND}{request['ResourceArn']}")
    return {"Policy": policy.text, "RevisionId": str(policy.revision)}


@operation("DeleteResourcePolicy", permissions=on_policy("DeleteResourcePolicy"))
def delete_resource_policy(call: Call, request: Request) -> dict[str, Any]:
    """Removes the policy of a table or a stream; where there is none, that is no error."""
    holder = _holder(call, request["ResourceArn"])
    check_revision(holder.policy, request.get("ExpectedRevisionId"), holder.table_name)
    policy = holder.policy
    if policy is None:
        return {}
    if policy.text:
        _save(call, holder, ResourcePolicy("", next_revision(policy, call.time())))
    return {"RevisionId": str(policy.revision)}


def checked_policy(call: Call, text: str) -> str:
    """A policy in the form in which it is kept. Raises ValidationException."""
    check_size(text)
    written = canonical(text)
    check_sids(written)
    try:
        call.cloud.access.validate(written, PolicyKind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise invalid_document(error.message) from error
    check_bounded(written)
    return written


def _holder(call: Call, text: str) -> _Holder:
    """The table or stream of an ARN. Raises ValidationException, ResourceNotFoundException."""
    if not text.startswith("arn:"):
        raise ValidationException(f"{INVALID}ARNs must start with 'arn:': {text}")
    arn = find_arn(text)
    if arn is None or (arn.partition, arn.service, arn.region) != ("aws", "dynamodb", call.region):
        raise ValidationException(f"{INVALID}Invalid resource Arn: {text}")
    if arn.account != call.account:
        raise ValidationException(
            "This action is only supported by accounts that match the resource owner\u2019s account."
        )
    kind, _, rest = arn.resource.partition("/")
    name, _, part = rest.partition("/")
    sort, _, label = part.partition("/")
    if kind != "table" or sort not in ("", "index", "stream"):
        raise ValidationException(f"{INVALID}Provided Arn is not a DynamoDB resource arn: {text}")
    if sort == "index":
        raise ValidationException(
            f"{INVALID}Invalid resource arn provided, only table or stream is accepted. "
            f"Provided resource arn: {text}"
        )
    if sort == "stream":
        return _Holder(name, _stream(call, name, label))
    return _Holder(name, state.managed_table(call, name))


def _stream(call: Call, table_name: str, label: str) -> Stream:
    stream = state.find_stream(call, table_name, label)
    if stream is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Stream: {label} not found for Table: {table_name}"
        )
    return stream


def _save(call: Call, holder: _Holder, policy: ResourcePolicy) -> None:
    held = holder.held
    if isinstance(held, Stream):
        state.save_stream(call, replace(held, policy=policy))
    else:
        state.save_table(call, replace(held, policy=policy))


def _check_stays_changeable(call: Call, arn: str, text: str) -> None:
    """Raises AccessDenied for a policy that forbids its writer to change it again."""
    permission = Permission(
        "dynamodb:PutResourcePolicy", arn, resource_policy=PolicyDocument("resource policy", text)
    )
    decision = call.cloud.access.decide(call.principal, PrincipalPolicies(), permission, _Caller(call))
    if decision.reason is Reason.EXPLICIT_DENY_RESOURCE:
        raise AccessDenied(
            "The new resource policy will not allow you to update the resource policy in the future."
        )
