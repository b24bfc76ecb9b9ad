"""PublishLayerVersion to GetLayerVersionPolicy.

Laying layers over each other is the sandbox's business.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.access import Permission
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import downloads, errors, permissions, runtimes, sources, state, statements
from cloudlet.services.lambda_.model import Layer, LayerVersion
from cloudlet.services.lambda_.operations.functions import count_code
from cloudlet.services.lambda_.pages import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Package, ResourcePolicy


def _layer_arn(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.arn(f"layer:{name}")


def _on_version(action: str) -> Callable[[Call, Mapping[str, Any]], Sequence[Permission]]:
    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        arn = f"{_layer_arn(call, request['LayerName'])}:{request['VersionNumber']}"
        if action == "lambda:GetLayerVersion" and request["VersionNumber"] > 0:
            return [permissions.layer_permission(call, arn)]
        return [Permission(action, arn)]

    return judge


@operation(
    "PublishLayerVersion",
    permissions=lambda call, request: [
        Permission("lambda:PublishLayerVersion", _layer_arn(call, request["LayerName"]))
    ],
)
async def publish_layer_version(call: Call, request: api.PublishLayerVersionRequestTypeDef) -> dict[str, Any]:
    """Makes a layer's next version."""
    runtimes.check_compatible(request.get("CompatibleRuntimes", ()))
    package = await sources.package(call, request["Content"])
    return await call.transact(lambda inner: _store(inner, package, request))


@operation("GetLayerVersion", permissions=_on_version("lambda:GetLayerVersion"), read_only=True)
def get_layer_version(call: Call, request: api.GetLayerVersionRequestTypeDef) -> dict[str, Any]:
    """A layer version and where it can be had."""
    _check_number(request["VersionNumber"])
    return _get(call, f"{_layer_arn(call, request['LayerName'])}:{request['VersionNumber']}")


@operation(
    "GetLayerVersionByArn",
    permissions=lambda call, request: [permissions.layer_permission(call, request["Arn"])],
    read_only=True,
)
def get_layer_version_by_arn(call: Call, request: api.GetLayerVersionByArnRequestTypeDef) -> dict[str, Any]:
    """A layer version and where it can be had."""
    return _get(call, request["Arn"])


@operation("ListLayers", read_only=True)
def list_layers(call: Call, request: api.ListLayersRequestTypeDef) -> dict[str, Any]:
    """The account's layers with the newest fitting version of each."""
    runtimes.check_asked_for(request.get("CompatibleRuntime"))
    listed = (_listed(call, layer, request) for layer in state.list_layers(call, request.get("Marker")))
    fitting = (layer for layer in listed if layer is not None)
    page, marker = page_of(fitting, request, lambda layer: str(layer["LayerName"]))
    return {"Layers": page, "NextMarker": marker}


@operation(
    "ListLayerVersions",
    permissions=lambda call, request: [
        Permission("lambda:ListLayerVersions", _layer_arn(call, request["LayerName"]))
    ],
    read_only=True,
)
def list_layer_versions(call: Call, request: api.ListLayerVersionsRequestTypeDef) -> dict[str, Any]:
    """A layer's versions, the newest first."""
    runtimes.check_asked_for(request.get("CompatibleRuntime"))
    arn = _layer_arn(call, request["LayerName"])
    region, account, name = _parts(arn)
    marker = request.get("Marker")
    if marker and not (marker.isascii() and marker.isdecimal()):
        raise errors.InvalidParameterValueException("Invalid Marker")
    versions = state.list_layer_versions(call, account, region, name, marker)
    page, next_marker = page_of(_fitting(versions, request), request, lambda version: str(version.version))
    return {"LayerVersions": [version.describe(arn) for version in page], "NextMarker": next_marker}


@operation("DeleteLayerVersion", permissions=_on_version("lambda:DeleteLayerVersion"))
def delete_layer_version(call: Call, request: api.DeleteLayerVersionRequestTypeDef) -> None:
    """Removes a layer version; functions that use it keep it. One that is not there is no error."""
    _check_number(request["VersionNumber"])
    region, account, name = _parts(_layer_arn(call, request["LayerName"]))
    found = state.find_layer_version(call, account, region, name, request["VersionNumber"])
    if found is not None and account == call.account:
        state.add_usage(call, code_bytes=-found.package.size_bytes)
        state.delete_layer_version(call, found)


@operation("AddLayerVersionPermission", permissions=_on_version("lambda:AddLayerVersionPermission"))
def add_layer_version_permission(
    call: Call, request: api.AddLayerVersionPermissionRequestTypeDef
) -> dict[str, Any]:
    """Lets other accounts use a layer version."""
    arn, policy = _policy(call, request)
    made: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": statements.principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": arn,
    }
    if organization := request.get("OrganizationId"):
        made["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    after = statements.added(policy, made, call.ids.uuid())
    _check_revision(policy, request.get("RevisionId"))
    state.save_layer_policy(call, arn.split(":")[6], request["VersionNumber"], after)
    return {"Statement": json.dumps(made, separators=(",", ":")), "RevisionId": after.revision_id}


@operation("RemoveLayerVersionPermission", permissions=_on_version("lambda:RemoveLayerVersionPermission"))
def remove_layer_version_permission(
    call: Call, request: api.RemoveLayerVersionPermissionRequestTypeDef
) -> None:
    """Takes a statement back."""
    arn, policy = _policy(call, request)
    if policy is None:
        raise errors.ResourceNotFoundException("No policy is associated with the given resource.")
    after = statements.removed(policy, request["StatementId"], call.ids.uuid())
    _check_revision(policy, request.get("RevisionId"))
    state.save_layer_policy(call, arn.split(":")[6], request["VersionNumber"], after)


@operation("GetLayerVersionPolicy", permissions=_on_version("lambda:GetLayerVersionPolicy"), read_only=True)
def get_layer_version_policy(call: Call, request: api.GetLayerVersionPolicyRequestTypeDef) -> dict[str, Any]:
    """A layer version's policy."""
    _, policy = _policy(call, request)
    if policy is None:
        raise errors.ResourceNotFoundException("No policy is associated with the given resource.")
    return {"Policy": permissions.document(policy).text, "RevisionId": policy.revision_id}


def _store(call: Call, package: Package, request: api.PublishLayerVersionRequestTypeDef) -> dict[str, Any]:
    region, account, name = _parts(_layer_arn(call, request["LayerName"]))
    count_code(call, package)
    layer = state.find_layer(call, account, region, name) or Layer(name)
    version = LayerVersion(
        name=name,
        version=layer.last_version + 1,
        package=package,
        created_at=call.time(),
        description=request.get("Description", ""),
        license_info=request.get("LicenseInfo"),
        runtimes=_tuple(request.get("CompatibleRuntimes")),
        architectures=_tuple(request.get("CompatibleArchitectures")),
    )
    state.save_layer(call, Layer(name, version.version))
    state.save_layer_version(call, version)
    return _describe(call, version, call.arn(f"layer:{name}"))


def _get(call: Call, arn: str) -> dict[str, Any]:
    layer_arn, _, number = arn.rpartition(":")
    region, account, name = _parts(layer_arn)
    found = state.find_layer_version(call, account, region, name, int(number))
    if found is None:
        raise errors.resource_does_not_exist()
    return _describe(call, found, layer_arn)


def _describe(call: Call, version: LayerVersion, layer_arn: str) -> dict[str, Any]:
    content = {
        "Location": downloads.location(call.cloud, version.package.blob_id),
        "CodeSha256": version.package.sha256,
        "CodeSize": version.package.size_bytes,
    }
    return {**version.describe(layer_arn), "LayerArn": layer_arn, "Content": content}


def _listed(call: Call, layer: Layer, request: Mapping[str, Any]) -> dict[str, Any] | None:
    versions = state.list_layer_versions(call, call.account, call.region, layer.name)
    newest = next(_fitting(versions, request), None)
    if newest is None:
        return None
    arn = call.arn(f"layer:{layer.name}")
    return {"LayerName": layer.name, "LayerArn": arn, "LatestMatchingVersion": newest.describe(arn)}


def _fitting(versions: Iterable[LayerVersion], request: Mapping[str, Any]) -> Iterator[LayerVersion]:
    runtime, architecture = request.get("CompatibleRuntime"), request.get("CompatibleArchitecture")
    return (
        version
        for version in versions
        if (not runtime or runtime in (version.runtimes or ()))
        and (not architecture or architecture in (version.architectures or ()))
    )


def _policy(call: Call, request: Mapping[str, Any]) -> tuple[str, ResourcePolicy | None]:
    number = request["VersionNumber"]
    layer_arn = _layer_arn(call, request["LayerName"])
    region, account, name = _parts(layer_arn)
    if state.find_layer_version(call, account, region, name, number) is None:
        raise errors.ResourceNotFoundException(f"Layer version {layer_arn}:{number} does not exist.")
    return f"{layer_arn}:{number}", state.find_layer_policy(call, account, region, name, number)


def _check_revision(policy: ResourcePolicy | None, revision_id: str | None) -> None:
    if revision_id is not None and (policy is None or policy.revision_id != revision_id):
        raise errors.wrong_revision("GetLayerPolicy")


def _check_number(number: int) -> None:
    if number < 1:
        raise errors.InvalidParameterValueException("Layer Version Cannot be less than 1")


def _parts(layer_arn: str) -> tuple[str, str, str]:
    _, _, _, region, account, _, name = layer_arn.split(":")
    return region, account, name


def _tuple(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
