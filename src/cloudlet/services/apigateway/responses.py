"""The gateway responses there are, what they say unless told otherwise, and which one serves for which.

No I/O. https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from cloudlet.services.apigateway.model import GatewayResponse

DEFAULT_TEMPLATES: Final = {"application/json": '{"message":$context.error.messageString}'}
STATUS: Final[Mapping[str, str | None]] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}


def response_for(put: Mapping[str, GatewayResponse], response_type: str) -> tuple[GatewayResponse, bool]:
    """The response that serves for a type, and whether it is not that type's own: then its family's."""
    own = put.get(response_type)
    if own is not None:
        return _complete(own, STATUS[response_type]), False
    status = STATUS[response_type]
    family = put.get(f"DEFAULT_{status[0]}XX") if status else None
    if family is not None:
        return replace(_complete(family, status), response_type=response_type), True
    return GatewayResponse(response_type, status, {}, DEFAULT_TEMPLATES), True


def _complete(response: GatewayResponse, status: str | None) -> GatewayResponse:
    return replace(
        response,
        status_code=response.status_code or status,
        response_templates=response.response_templates or DEFAULT_TEMPLATES,
    )
