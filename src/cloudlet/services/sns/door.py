"""What people and programs visit without a signature: the certificate, and the links in messages.

    /SimpleNotificationService-{digest}.pem
    /?Action=ConfirmSubscription&TopicArn=...   /?Action=Unsubscribe&SubscriptionArn=...

At SNS's own host the edge would find the links' operations by itself; here they are found at any host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from cloudlet.core.access import Principal
from cloudlet.core.arn import find_arn
from cloudlet.core.http import HttpResponse
from cloudlet.core.operation import DataPlane
from cloudlet.services.sns.signing import MessageSigner

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest

_CERTIFICATE: Final = "/SimpleNotificationService-"
_LINKS: Final = ("Action=ConfirmSubscription&", "Action=Unsubscribe&")


def _claims(request: HttpRequest) -> bool:
    if request.method != "GET":
        return False
    if request.path == "/":
        return request.query.startswith(_LINKS) and request.header("authorization") is None
    return request.path.startswith(_CERTIFICATE)


async def _handle(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    return await (_certificate(cloud, request) if request.path != "/" else _follow(cloud, request))


async def _certificate(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    call = cloud.call("sns", Principal.anonymous(), "", "")
    signer = await cloud.component(MessageSigner).ready(call)
    if request.path != f"/{signer.key.name}":
        return HttpResponse(404, [("Content-Type", "text/plain")], b"")
    headers = [("Content-Type", "application/x-pem-file"), ("Cache-Control", "max-age=86400")]
    return HttpResponse(200, headers, signer.key.certificate.encode())


async def _follow(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    """Asks for the link's operation in the region that its ARN names."""
    parameters = parse_qs(request.query)
    named = parameters.get("TopicArn") or parameters.get("SubscriptionArn") or [""]
    arn = find_arn(named[0])
    if arn is None or arn.service != "sns":
        return None
    call = cloud.call("sns", Principal.anonymous(), "", arn.region)
    return await cloud.wire.request(call, "sns", None, request)


DATA_PLANE: Final = DataPlane(_claims, _handle)
