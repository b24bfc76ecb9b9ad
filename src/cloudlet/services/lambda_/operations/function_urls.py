"""CreateFunctionUrlConfig to ListFunctionUrlConfigs.

Requests that come to the URLs are answered in function_urls/.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state, tenancy
from cloudlet.services.lambda_.pages import page_of
from cloudlet.services.lambda_.settings import state as settings
from cloudlet.services.lambda_.settings.model import FunctionUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.access import Permission
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

_ID_LENGTH: Final = 32
_MODES: Final = ("RESPONSE_STREAM", "BUFFERED")
_DEFAULT_MODE: Final = "BUFFERED"


def _on_url(action: str) -> Callable[[Call, Mapping[str, Any]], Sequence[Permission]]:
    """The permission on the function, with the kind of authentication that the request asks for or has."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))

        def keys() -> dict[str, tuple[str, ...]]:
            url = settings.find_url(call, reference)
            auth_type = request.get("AuthType") or (url.auth_type if url else None)
            return {"lambda:FunctionUrlAuthType": (auth_type,)} if auth_type else {}

        return [permissions.function_permission(call, action, reference, keys)]

    return judge


@operation("CreateFunctionUrlConfig", permissions=_on_url("lambda:CreateFunctionUrlConfig"))
def create_function_url_config(
    call: Call, request: api.CreateFunctionUrlConfigRequestTypeDef
) -> dict[str, Any]:
    """Gives a function or an alias a URL."""
    reference = _named(call, request)
    _check_there(call, reference)
    _check_mode(request)
    tenancy.refuse(state.qualified_version(call, reference).configuration, "Function URL")
    if settings.find_url(call, reference) is not None:
        raise errors.ResourceConflictException(
            f"Failed to create function url config for [functionArn = {reference.arn}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    url = FunctionUrl(
        qualifier=reference.qualifier or "",
        id=call.ids.lower(_ID_LENGTH),
        auth_type=request["AuthType"],
        created_at=call.time(),
        modified_at=call.time(),
        cors=_cors(request),
        invoke_mode=request.get("InvokeMode"),
    )
    settings.save_url(call, reference, url)
    return _described(reference, url)


@operation("GetFunctionUrlConfig", permissions=_on_url("lambda:GetFunctionUrlConfig"), read_only=True)
def get_function_url_config(call: Call, request: api.GetFunctionUrlConfigRequestTypeDef) -> dict[str, Any]:
    """The URL of a function or an alias."""
    reference = _named(call, request)
    return _told(reference, _url(call, reference))


@operation("UpdateFunctionUrlConfig", permissions=_on_url("lambda:UpdateFunctionUrlConfig"))
def update_function_url_config(
    call: Call, request: api.UpdateFunctionUrlConfigRequestTypeDef
) -> dict[str, Any]:
    """Changes what the request names of a URL."""
    reference = _named(call, request)
    _check_there(call, reference)
    _check_mode(request)
    before = _url(call, reference)
    after = replace(
        before,
        auth_type=request.get("AuthType", before.auth_type),
        cors=_cors(request) if "Cors" in request else before.cors,
        invoke_mode=request.get("InvokeMode", before.invoke_mode),
        modified_at=call.time(),
    )
    settings.save_url(call, reference, after)
    return {**_described(reference, after), "LastModifiedTime": _moment(after.modified_at)}


@operation("DeleteFunctionUrlConfig", permissions=_on_url("lambda:DeleteFunctionUrlConfig"))
def delete_function_url_config(call: Call, request: api.DeleteFunctionUrlConfigRequestTypeDef) -> None:
    """Takes a URL away."""
    reference = _named(call, request)
    settings.delete_url(call, reference, _url(call, reference))


@operation(
    "ListFunctionUrlConfigs",
    permissions=permissions.on_unqualified_function("lambda:ListFunctionUrlConfigs"),
    read_only=True,
)
def list_function_url_configs(
    call: Call, request: api.ListFunctionUrlConfigsRequestTypeDef
) -> dict[str, Any]:
    """The URLs of a function and of its aliases."""
    reference = references.parse(call, request["FunctionName"]).with_qualifier(None)
    _check_there(call, reference)
    urls = settings.list_urls(call, reference, request.get("Marker"))
    page, marker = page_of(urls, request, lambda url: url.qualifier)
    return {
        "FunctionUrlConfigs": [_told(reference.with_qualifier(url.qualifier or None), url) for url in page],
        "NextMarker": marker,
    }


def _named(call: Call, request: Mapping[str, Any]) -> FunctionReference:
    return references.parse(call, request["FunctionName"], request.get("Qualifier"))


def _check_there(call: Call, reference: FunctionReference) -> None:
    qualifier = reference.qualifier
    there = state.find_function(call, reference) if qualifier is None else None
    if there is None and (qualifier is None or state.find_alias(call, reference, qualifier) is None):
        raise errors.ResourceNotFoundException("Function does not exist")


def _check_mode(request: Mapping[str, Any]) -> None:
    if request.get("InvokeMode", _DEFAULT_MODE) not in _MODES:
        raise errors.not_of("invokeMode", request["InvokeMode"], _MODES)


def _url(call: Call, reference: FunctionReference) -> FunctionUrl:
    found = settings.find_url(call, reference)
    if found is None:
        raise errors.resource_does_not_exist()
    return found


def _cors(request: Mapping[str, Any]) -> dict[str, Any] | None:
    return dict(request["Cors"]) if request.get("Cors") else None


def _told(reference: FunctionReference, url: FunctionUrl) -> dict[str, Any]:
    return {
        **_described(reference, url),
        "InvokeMode": url.invoke_mode or _DEFAULT_MODE,
        "LastModifiedTime": _moment(url.modified_at),
    }


def _described(reference: FunctionReference, url: FunctionUrl) -> dict[str, Any]:
    return {
        "FunctionUrl": f"https://{url.id}.lambda-url.{reference.region}.on.aws/",
        "FunctionArn": reference.arn,
        "AuthType": url.auth_type,
        "Cors": url.cors,
        "CreationTime": _moment(url.created_at),
        "InvokeMode": url.invoke_mode,
    }


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
