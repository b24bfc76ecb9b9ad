"""What IAM is asked about Lambda's operations: which ARN, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html. It decides nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.services.lambda_ import references, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import ResourcePolicy
    from cloudlet.services.lambda_.references import FunctionReference

    Keys = Mapping[str, tuple[str, ...]]
    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]

_PASSED_TO: Final = "lambda.amazonaws.com"


def on_function(action: str) -> Judged:
    """The permission for an action on the function, version or alias that the request names."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
        return [function_permission(call, action, reference, lambda: asked_for(request))]

    return judge


def on_unqualified_function(action: str) -> Judged:
    """The permission for an action on the function itself, whatever qualifier the request has."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        reference = references.parse(call, request["FunctionName"])
        return [function_permission(call, action, reference.with_qualifier(None), lambda: asked_for(request))]

    return judge


def on_configured_function(action: str) -> Judged:
    """As on_unqualified_function, and the right to pass the role and use the layers in the request."""
    on_name = on_unqualified_function(action)

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        asked = list(on_name(call, request))
        if role := request.get("Role"):
            asked.append(Permission("iam:PassRole", role, {"iam:PassedToService": (_PASSED_TO,)}))
        return asked + [layer_permission(call, arn) for arn in request.get("Layers", ())]

    return judge


def function_permission(
    call: Call, action: str, reference: FunctionReference, more: Callable[[], Keys] | None = None
) -> Permission:
    """The permission for an action on a function, version or alias, with further condition keys."""
    policy = state.find_policy(call, reference)
    return Permission(
        action,
        reference.arn,
        context=LazyContext(lambda: {**_tags(call, reference), **(more() if more else {})}),
        resource_policy=None if policy is None else document(policy),
        resource_account=reference.account if reference.account != call.account else None,
    )


def asked_for(request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The condition keys that tell what a request asks for."""
    vpc, tags = request.get("VpcConfig", {}), request.get("Tags", {})
    keys: dict[str, tuple[str, ...]] = {
        "lambda:Layer": tuple(request.get("Layers", ())),
        "lambda:SubnetIds": tuple(vpc.get("SubnetIds", ())),
        "lambda:SecurityGroupIds": tuple(vpc.get("SecurityGroupIds", ())),
        "aws:TagKeys": tuple(request.get("TagKeys", tags)),
    }
    for member in ("CodeSigningConfigArn", "FunctionUrlAuthType", "Principal"):
        keys[f"lambda:{member}"] = (request[member],) if request.get(member) else ()
    keys |= {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
    return {key: values for key, values in keys.items() if values}


def layer_permission(call: Call, layer_version_arn: str) -> Permission:
    """The right to read a layer version, which its own policy may give to other accounts."""
    _, _, _, region, account, _, name, number = layer_version_arn.split(":")
    policy = state.find_layer_policy(call, account, region, name, int(number))
    return Permission(
        "lambda:GetLayerVersion",
        layer_version_arn,
        resource_policy=None if policy is None else document(policy),
        resource_account=account if account != call.account else None,
    )


def document(policy: ResourcePolicy) -> PolicyDocument:
    """A policy as GetPolicy shows it."""
    text = json.dumps(
        {"Version": "2012-10-17", "Id": "default", "Statement": list(policy.statements)},
        separators=(",", ":"),
    )
    return PolicyDocument("default", text)


def _tags(call: Call, reference: FunctionReference) -> dict[str, tuple[str, ...]]:
    function = state.find_function(call, reference)
    tags = {} if function is None else function.tags
    return {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
