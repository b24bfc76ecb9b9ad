"""PublishVersion and ListVersionsByFunction.

Versions are made in functions.py, where CreateFunction and UpdateFunctionCode make them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import configuration, environments, errors, permissions, references, state
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.operations.functions import publish
from cloudlet.services.lambda_.pages import page_of

if TYPE_CHECKING:
    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call


@operation("PublishVersion", permissions=permissions.on_unqualified_function("lambda:PublishVersion"))
def publish_version(call: Call, request: api.PublishVersionRequestTypeDef) -> dict[str, Any]:
    """Makes a version of $LATEST, or answers the last one if nothing has changed since."""
    configuration.check_code(request)
    reference = references.parse(call, request["FunctionName"]).with_qualifier(None)
    latest = state.version(call, reference, LATEST)
    if not latest.settled:
        raise errors.ResourceConflictException(
            "The operation cannot be performed at this time. "
            f"An update is in progress for resource: {reference.unqualified_arn}"
        )
    if request.get("RevisionId", latest.revision_id) != latest.revision_id:
        raise errors.wrong_revision()
    if (digest := request.get("CodeSha256") or latest.package.sha256) != latest.package.sha256:
        raise errors.InvalidParameterValueException(
            f"CodeSHA256 ({digest}) is different from current CodeSHA256 in $LATEST "
            f"({latest.package.sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    version = latest.published_as and state.find_version(call, reference, latest.published_as)
    if not version:
        version = publish(call, reference, latest, request.get("Description") or None)
    return environments.described(call, reference, version, reference.arn_of(version.version))


@operation(
    "ListVersionsByFunction",
    permissions=permissions.on_unqualified_function("lambda:ListVersionsByFunction"),
    read_only=True,
)
def list_versions_by_function(
    call: Call, request: api.ListVersionsByFunctionRequestTypeDef
) -> dict[str, Any]:
    """$LATEST, then the published versions in their order."""
    reference = references.parse(call, request["FunctionName"]).with_qualifier(None)
    state.function(call, reference)
    versions = state.list_versions(call, reference, request.get("Marker"))
    page, marker = page_of(versions, request, lambda version: version.version)
    return {
        "Versions": [
            environments.described(call, reference, version, reference.arn_of(version.version), listed=True)
            for version in page
        ],
        "NextMarker": marker,
    }
