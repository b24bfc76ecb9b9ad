"""Where a custom resource's function says that it is done: a URL that nobody else can guess.

It takes answers only; who waits for them is in resources/custom_resource.py.
"""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.core.http import HttpRequest, HttpResponse
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.doors import PREFIX
from cloudlet.services.cloudformation.model import CustomRequest, CustomResponse

_LONGEST_BYTES: Final = 4096
_BODY_BYTES: Final = 1024 * 1024
_SERVICE: Final = Principal.of_service("cloudformation.amazonaws.com")


def response_url(call: Call, request_id: str, secret: str) -> str:
    """The URL for one answer, on a host that leads here from inside every function."""
    region = call.region
    host = f"cloudformation-custom-resource-response-{region.replace('-', '')}.s3.{region}.amazonaws.com"
    return f"https://{host}{PREFIX}{call.account}/{region}/{request_id}/{secret}"


async def take(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """Keeps the answer to a custom resource's request; 403 for a URL that nobody was given."""
    parts = request.path.removeprefix(PREFIX).split("/")
    if request.method != "PUT" or len(parts) != 4:
        return HttpResponse(403)
    account, region, request_id, secret = parts
    content = await request.body.read(_BODY_BYTES)
    call = cloud.call("cloudformation", _SERVICE, account, region)
    known = await call.transact(lambda inner: _store(inner, request_id, secret, _answer(content)))
    return HttpResponse(200 if known else 403)


def _store(call: Call, request_id: str, secret: str, answer: CustomResponse) -> bool:
    waiting = state.find_custom_request(call, request_id)
    if waiting is None or not hmac.compare_digest(waiting.secret.encode(), secret.encode()):
        return False
    state.save_custom_request(call, request_id, _answered(waiting, answer))
    call.wake(state.custom_topic(request_id))
    return True


def _answered(waiting: CustomRequest, answer: CustomResponse) -> CustomRequest:
    """The first answer counts."""
    return waiting if waiting.response is not None else replace(waiting, response=answer)


def _answer(content: bytes) -> CustomResponse:
    if len(content) > _LONGEST_BYTES:
        return CustomResponse("FAILED", "Response object is too long.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return CustomResponse("FAILED", "Invalid response object: it is not JSON.")
    if not isinstance(found, dict) or found.get("Status") not in ("SUCCESS", "FAILED"):
        return CustomResponse("FAILED", "Invalid response object: Status must be SUCCESS or FAILED.")
    return CustomResponse(
        found["Status"],
        str(found.get("Reason") or ""),
        _physical_id(found.get("PhysicalResourceId")),
        found["Data"] if isinstance(found.get("Data"), dict) else {},
    )


def _physical_id(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
