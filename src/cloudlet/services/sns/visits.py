"""What people and programs that visit without a signature get: the certificate, and what a link does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cloudlet.core.access import Principal
from cloudlet.core.arn import find_arn
from cloudlet.core.http import HttpResponse
from cloudlet.services.sns.signing import MessageSigner

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest


async def handle(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    """Answers a visitor; None for a link that is not SNS's."""
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
