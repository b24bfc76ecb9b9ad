"""What people and programs visit without a signature: the certificate, and the links in messages.

    /SimpleNotificationService-{digest}.pem
    /?Action=ConfirmSubscription&TopicArn=...   /?Action=Unsubscribe&SubscriptionArn=...

At SNS's own host the edge would find the links' operations by itself; here they are found at any host.
What they get is in visits.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.operation import DataPlane

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest, HttpResponse

_CERTIFICATE: Final = "/SimpleNotificationService-"
_LINKS: Final = ("Action=ConfirmSubscription&", "Action=Unsubscribe&")


def _claims(request: HttpRequest) -> bool:
    if request.method != "GET":
        return False
    if request.path == "/":
        return request.query.startswith(_LINKS) and request.header("authorization") is None
    return request.path.startswith(_CERTIFICATE)


async def _handle(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    from cloudlet.services.sns import visits  # noqa: PLC0415  start time: only topics need it

    return await visits.handle(cloud, request)


DATA_PLANE: Final = DataPlane(_claims, _handle)
