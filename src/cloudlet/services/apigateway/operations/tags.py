"""Operations on the tags of everything that has an ARN and takes tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, state, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException
from cloudlet.services.apigateway.model import RestApi
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

T = TypeVar("T")
_ARN: Final = re.compile(r"arn:aws[^:]*:apigateway:[^:]*:[^:]*:/(?P<path>.+)")


@rest_operation("GetTags", "/tags/{resourceArn}")
def get_tags(call: Call, request: api.GetTagsRequestTypeDef) -> dict[str, Any]:
    """Shows the tags of a thing."""
    return {"tags": _tags(call, request["resourceArn"])}


@rest_operation("TagResource", "/tags/{resourceArn}")
def tag_resource(call: Call, request: api.TagResourceRequestTypeDef) -> None:
    """Adds tags to a thing."""
    arn = request["resourceArn"]
    _save(call, arn, {**_tags(call, arn), **request["tags"]})


@rest_operation("UntagResource", "/tags/{resourceArn}")
def untag_resource(call: Call, request: api.UntagResourceRequestTypeDef) -> None:
    """Takes tags from a thing."""
    gone = set(request["tagKeys"])
    tags = _tags(call, request["resourceArn"])
    _save(call, request["resourceArn"], {key: tags[key] for key in tags if key not in gone})


class _Taggable(Struct, Generic[T], frozen=True):
    """A kind of thing: how it is found by the names in its ARN, and written."""

    row: Callable[..., T]
    save: Callable[..., None]


def _api(call: Call, api_id: str) -> RestApi:
    row = state.find_api(call, api_id)
    if row is None:
        raise NotFoundException("Invalid API identifier specified")
    return row


def _save_stage(call: Call, row: Any, api_id: str, _: str) -> None:
    state.save_stage(call, api_id, row)


def _domain(call: Call, name: str) -> Any:
    host, _, domain_id = name.partition("+")
    return network_state.domain(call, host, domain_id or None)


def _one(save: Callable[[Call, Any], None]) -> Callable[..., None]:
    return lambda call, row, *_names: save(call, row)


_KINDS: Final[Mapping[re.Pattern[str], _Taggable[Any]]] = {
    re.compile(r"restapis/([^/]+)"): _Taggable(_api, _one(state.save_api)),
    re.compile(r"restapis/([^/]+)/stages/([^/]+)"): _Taggable(state.stage, _save_stage),
    re.compile(r"apikeys/([^/]+)"): _Taggable(usage_state.key, _one(usage_state.save_key)),
    re.compile(r"usageplans/([^/]+)"): _Taggable(usage_state.plan, _one(usage_state.save_plan)),
    re.compile(r"domainnames/([^/]+)"): _Taggable(_domain, _one(network_state.save_domain)),
    re.compile(r"vpclinks/([^/]+)"): _Taggable(network_state.vpc_link, _one(network_state.save_vpc_link)),
    re.compile(r"clientcertificates/([^/]+)"): _Taggable(
        network_state.certificate, _one(network_state.save_certificate)
    ),
}
_ASSOCIATION: Final = "domainnameaccessassociations/"


def _named(arn: str) -> tuple[_Taggable[Any], tuple[str, ...]]:
    found = _ARN.fullmatch(unquote(arn))
    path = found["path"] if found else ""
    if path.startswith(_ASSOCIATION):
        return _Taggable(network_state.association, _one(network_state.save_association)), (unquote(arn),)
    for pattern, kind in _KINDS.items():
        names = pattern.fullmatch(path)
        if names is not None:
            return kind, names.groups()
    raise BadRequestException(f"Invalid ARN specified in the request: {arn}")


def _tags(call: Call, arn: str) -> dict[str, str]:
    kind, names = _named(arn)
    return kind.row(call, *names).tags or {}


def _save(call: Call, arn: str, tags: dict[str, str]) -> None:
    kind, names = _named(arn)
    kind.save(call, replace(kind.row(call, *names), tags=tags or None), *names)
