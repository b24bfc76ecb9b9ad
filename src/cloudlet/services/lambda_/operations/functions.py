"""CreateFunction to DeleteFunction: functions and their $LATEST.

Nothing is run here; putting code into place is activation.py's, invoking is invocations.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import Arn
from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import (
    activation,
    configuration,
    downloads,
    environments,
    errors,
    model,
    permissions,
    provisioning,
    references,
    sources,
    state,
    tags,
    targets,
)
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.model import LATEST, Function, FunctionVersion, LayerReference
from cloudlet.services.lambda_.operations import code_signing
from cloudlet.services.lambda_.pages import page_of
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Configuration, Package
    from cloudlet.services.lambda_.references import FunctionReference

_CODE_STORAGE_LIMIT_BYTES: Final = 80_530_636_800


@operation("CreateFunction", permissions=permissions.on_configured_function("lambda:CreateFunction"))
async def create_function(call: Call, request: api.CreateFunctionRequestTypeDef) -> dict[str, Any]:
    """Stores a function, which is put into place right after the answer."""
    reference = references.parse(call, request["FunctionName"])
    configuration.check_name(reference.name)
    if reference.account != call.account:
        raise errors.AccessDeniedException("None")
    wanted = configuration.new(reference.name, request)
    configuration.check_layer_arns(request.get("Layers", ()), call.region)
    configuration.check_code({**request["Code"], "PublishTo": request.get("PublishTo")})
    tags.check(request.get("Tags", {}))
    await _check_language(call, wanted.runtime)
    await call.transact(
        lambda inner: _check_new(inner, reference, wanted, request.get("CodeSigningConfigArn"))
    )
    package = await sources.package(call, request["Code"])
    return await call.transact(lambda inner: _store_new(inner, reference, wanted, package, request))


@operation("GetFunction", permissions=permissions.on_function("lambda:GetFunction"), read_only=True)
def get_function(call: Call, request: api.GetFunctionRequestTypeDef) -> dict[str, Any]:
    """A function's configuration, where its code can be had, and its tags."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    version = state.qualified_version(call, reference)
    function = state.function(call, reference)
    reserved = function.reserved_concurrency
    return {
        "Configuration": environments.described(call, reference, version, reference.arn),
        "Code": {
            "RepositoryType": "S3",
            "Location": downloads.location(call.cloud, version.package.blob_id),
        },
        "Tags": function.tags or None,
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


@operation(
    "GetFunctionConfiguration",
    permissions=permissions.on_function("lambda:GetFunctionConfiguration"),
    read_only=True,
)
def get_function_configuration(
    call: Call, request: api.GetFunctionConfigurationRequestTypeDef
) -> dict[str, Any]:
    """A version's configuration."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    version = state.qualified_version(call, reference)
    return environments.described(call, reference, version, reference.arn)


@operation("ListFunctions", read_only=True)
def list_functions(call: Call, request: api.ListFunctionsRequestTypeDef) -> dict[str, Any]:
    """The functions of the account and region by name; with FunctionVersion=ALL each of their versions."""
    if request.get("MasterRegion", "ALL") != "ALL":
        return {"Functions": []}  # those that Lambda@Edge copied from there: nothing is copied here
    if request.get("FunctionVersion") == "ALL":
        return _list_every_version(call, request)
    functions = state.list_latest(call, request.get("Marker"))
    page, marker = page_of(functions, request, lambda version: version.name)
    return {"Functions": [_listed(call, version, None) for version in page], "NextMarker": marker}


@operation(
    "UpdateFunctionCode",
    permissions=permissions.on_unqualified_function("lambda:UpdateFunctionCode"),
)
async def update_function_code(call: Call, request: api.UpdateFunctionCodeRequestTypeDef) -> dict[str, Any]:
    """Gives $LATEST other code."""
    reference = _named_without_version(call, request["FunctionName"])
    await call.transact(
        lambda inner: _changeable(inner, reference, request.get("RevisionId")), read_only=True
    )
    if "ImageUri" in request:
        raise errors.InvalidParameterValueException(
            "Please don't provide ImageUri when updating a function with packageType Zip."
        )
    configuration.check_code(request)
    package = await sources.package(call, request)
    if request.get("DryRun"):
        return await call.transact(
            lambda inner: _describe(inner, reference, state.version(inner, reference, LATEST)),
            read_only=True,
        )
    return await call.transact(lambda inner: _store_code(inner, reference, package, request))


@operation(
    "UpdateFunctionConfiguration",
    permissions=permissions.on_configured_function("lambda:UpdateFunctionConfiguration"),
)
def update_function_configuration(
    call: Call, request: api.UpdateFunctionConfigurationRequestTypeDef
) -> dict[str, Any]:
    """Gives $LATEST another configuration."""
    reference = _named_without_version(call, request["FunctionName"])
    before = _changeable(call, reference, request.get("RevisionId"))
    configuration.check_layer_arns(request.get("Layers", ()), call.region)
    wanted = configuration.changed(reference.name, before.configuration, request)
    if "Role" in request:
        check_role(call, wanted.role)
    if "DeadLetterConfig" in request or "Role" in request:
        targets.check_dead_letters(call, wanted.role, wanted.dead_letter_target_arn)
    if "Layers" in request:
        layers = [_layer(call, arn) for arn in request["Layers"]]
        wanted = configuration.with_layers(wanted, layers, before.package)
    wanted = environments.sealed(call, reference, before.configuration, wanted, request)
    after = before.changed(
        configuration=wanted,
        package=before.package,
        generation=call.ids.uuid(),
        revision_id=call.ids.uuid(),
        now=call.time(),
    )
    state.save_version(call, reference, after)
    _put_into_place(call, reference, after)
    return _describe(call, reference, after)


@operation("DeleteFunction", permissions=permissions.on_function("lambda:DeleteFunction"))
def delete_function(call: Call, request: api.DeleteFunctionRequestTypeDef) -> dict[str, Any]:
    """Removes a function with all its versions, or one version."""
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    if reference.qualifier is None:
        _delete_whole(call, reference)
    elif reference.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function."
        )
    elif references.is_version(reference.qualifier):
        _delete_version(call, reference, reference.qualifier)
    else:
        _refuse_to_delete_alias(call, reference)
    return {"StatusCode": 204}


def check_role(call: Call, role_arn: str) -> None:
    """Raises what AWS says to a role that Lambda may not assume."""
    service = call.as_service("lambda.amazonaws.com")
    try:
        call.cloud.identities.assume_role(service, role_arn, "awslambda_check")
    except AccessDenied as error:
        raise errors.InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda."
        ) from error


async def _check_language(call: Call, runtime: str) -> None:
    """Raises our own word for a language that this machine does not have."""
    trouble = await activation.language_trouble(call.cloud, runtime)
    if trouble is not None:
        raise errors.InvalidParameterValueException(
            f"cloudlet cannot run {runtime} functions here: {trouble} Nothing was created or changed."
        )


def _check_new(
    call: Call, reference: FunctionReference, wanted: Configuration, code_signing_config_arn: str | None
) -> None:
    if state.find_function(call, reference) is not None:
        raise errors.ResourceConflictException(f"Function already exist: {reference.name}")
    if Arn.parse(wanted.role).account != call.account:
        raise errors.AccessDeniedException("Cross-account pass role is not allowed.")
    check_role(call, wanted.role)
    targets.check_dead_letters(call, wanted.role, wanted.dead_letter_target_arn)
    code_signing.check_code(call, code_signing_config_arn)


def _store_new(
    call: Call,
    reference: FunctionReference,
    wanted: Configuration,
    package: Package,
    request: api.CreateFunctionRequestTypeDef,
) -> dict[str, Any]:
    _check_new(call, reference, wanted, request.get("CodeSigningConfigArn"))
    count_code(call, package)
    layers = [_layer(call, arn) for arn in request.get("Layers", ())]
    wanted = environments.sealed(call, reference, wanted, wanted, request)
    latest = FunctionVersion(
        name=reference.name,
        version=LATEST,
        configuration=configuration.with_layers(wanted, layers, package),
        package=package,
        generation=call.ids.uuid(),
        revision_id=call.ids.uuid(),
        modified_at=call.time(),
    )
    function = Function(
        reference.name,
        tags=dict(request.get("Tags", {})),
        code_signing_config_arn=request.get("CodeSigningConfigArn"),
    )
    state.add_usage(call, functions=1)
    shown = latest
    if request.get("Publish"):
        shown = _published(call, latest, "1", None)
        latest = replace(latest, published_as="1")
        function = replace(function, last_version=1)
        count_code(call, package)
        state.save_version(call, reference, shown)
    state.save_version(call, reference, latest)
    state.save_function(call, reference, function)
    call.wake(activation.TOPIC)
    return environments.described(call, reference, shown, reference.unqualified_arn)


def _store_code(
    call: Call,
    reference: FunctionReference,
    package: Package,
    request: api.UpdateFunctionCodeRequestTypeDef,
) -> dict[str, Any]:
    before = _changeable(call, reference, request.get("RevisionId"))
    code_signing.check_code(call, state.function(call, reference).code_signing_config_arn)
    wanted = configuration.with_layers(before.configuration, before.configuration.layers, package)
    if "Architectures" in request:
        wanted = replace(wanted, architectures=tuple(request["Architectures"]))
    count_code(call, package)
    state.add_usage(call, code_bytes=-before.package.size_bytes)
    after = before.changed(
        configuration=wanted,
        package=package,
        generation=call.ids.uuid(),
        revision_id=call.ids.uuid(),
        now=call.time(),
    )
    _put_into_place(call, reference, after)
    if not request.get("Publish"):
        state.save_version(call, reference, after)
        return _describe(call, reference, after)
    published = publish(call, reference, after, None)
    return environments.described(call, reference, published, reference.arn_of(published.version))


def publish(
    call: Call, reference: FunctionReference, latest: FunctionVersion, description: str | None
) -> FunctionVersion:
    """Makes the next version of $LATEST, and saves both."""
    function = state.function(call, reference)
    number = function.last_version + 1
    version = _published(call, latest, str(number), description)
    if not latest.settled or latest.state == model.INACTIVE:
        version = replace(version, state=model.PENDING, update_status=None)
        call.wake(activation.TOPIC)
    count_code(call, latest.package)
    state.save_version(call, reference, version)
    state.save_version(
        call, reference, replace(latest, published_as=str(number), revision_id=call.ids.uuid())
    )
    state.save_function(call, reference, replace(function, last_version=number))
    return version


def _published(call: Call, latest: FunctionVersion, number: str, description: str | None) -> FunctionVersion:
    return latest.published(
        number, description, generation=call.ids.uuid(), revision_id=call.ids.uuid(), now=call.time()
    )


def count_code(call: Call, package: Package) -> None:
    """Counts a package among the account's code. Raises CodeStorageExceededException."""
    used = state.usage(call, call.account, call.region).code_bytes
    if used + package.size_bytes > _CODE_STORAGE_LIMIT_BYTES:
        raise errors.CodeStorageExceededException("Code storage limit exceeded.")
    state.add_usage(call, code_bytes=package.size_bytes)


def _put_into_place(call: Call, reference: FunctionReference, latest: FunctionVersion) -> None:
    """Wakes the worker that does it, and lets environments of the former code go."""
    pool = call.cloud.component(Pool)
    call.wake(activation.TOPIC)
    call.transaction.after_commit(lambda: pool.retire(reference.arn_of(LATEST), latest.generation))


def _changeable(call: Call, reference: FunctionReference, revision_id: str | None) -> FunctionVersion:
    """$LATEST, if it may be changed now."""
    latest = state.version(call, reference, LATEST)
    if latest.state == model.PENDING:
        raise errors.ResourceConflictException(
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        )
    if not latest.settled:
        raise errors.ResourceConflictException(
            "The operation cannot be performed at this time. "
            f"An update is in progress for resource: {reference.unqualified_arn}"
        )
    if revision_id is not None and revision_id != latest.revision_id:
        raise errors.wrong_revision()
    return latest


def _named_without_version(call: Call, name: str) -> FunctionReference:
    return references.parse_unqualified(call, name.removesuffix(f":{LATEST}"))


def _layer(call: Call, arn: str) -> LayerReference:
    _, _, _, region, account, _, name, number = arn.split(":")
    found = state.find_layer_version(call, account, region, name, int(number))
    if found is None:
        raise errors.InvalidParameterValueException(f"Layer version {arn} does not exist.")
    return LayerReference(arn, found.package)


def _delete_whole(call: Call, reference: FunctionReference) -> None:
    function = state.function(call, reference)
    versions = list(state.list_versions(call, reference))
    code_bytes = sum(version.package.size_bytes for version in versions)
    state.add_usage(
        call,
        code_bytes=-code_bytes,
        functions=-1,
        reserved_concurrency=-(function.reserved_concurrency or 0),
    )
    state.delete_function(call, reference)
    settings.delete_of_function(call, reference)
    call.wake(provisioning.TOPIC)
    pool = call.cloud.component(Pool)
    call.transaction.after_commit(lambda: pool.retire_function(reference.unqualified_arn))


def _delete_version(call: Call, reference: FunctionReference, name: str) -> None:
    if state.find_function(call, reference) is None:
        raise errors.function_not_found(reference.unqualified_arn)
    version = state.find_version(call, reference, name)
    if version is None:
        return
    users = [
        alias for alias in state.list_aliases(call, reference) if name in (alias.version, *alias.weights)
    ]
    if users:
        arns = ", ".join(reference.arn_of(alias.name) for alias in users)
        raise errors.ResourceConflictException(f"Version {name} is being referenced by aliases: [{arns}]")
    state.add_usage(call, code_bytes=-version.package.size_bytes)
    state.delete_version(call, reference, version)
    settings.delete_provisioned(call, reference, name)
    call.wake(provisioning.TOPIC)
    pool = call.cloud.component(Pool)
    call.transaction.after_commit(lambda: pool.retire(reference.arn_of(name), None))


def _refuse_to_delete_alias(call: Call, reference: FunctionReference) -> None:
    qualifier = reference.qualifier or ""
    if state.find_function(call, reference) is None and qualifier.lower() == LATEST.lower():
        raise errors.function_not_found(reference.unqualified_arn)
    raise errors.InvalidParameterValueException("Deletion of aliases is not currently supported.")


def _list_every_version(call: Call, request: api.ListFunctionsRequestTypeDef) -> dict[str, Any]:
    after = references.parse(call, request["Marker"]) if request.get("Marker") else None
    versions = state.list_all_versions(call, after)
    page, marker = page_of(versions, request, lambda version: f"{version.name}:{version.version}")
    return {
        "Functions": [_listed(call, version, version.version) for version in page],
        "NextMarker": marker,
    }


def _listed(call: Call, version: FunctionVersion, qualifier: str | None) -> dict[str, Any]:
    reference = references.FunctionReference(call.account, call.region, version.name, qualifier)
    return environments.described(call, reference, version, reference.arn, listed=True)


def _describe(call: Call, reference: FunctionReference, version: FunctionVersion) -> dict[str, Any]:
    return environments.described(call, reference, version, reference.unqualified_arn)
