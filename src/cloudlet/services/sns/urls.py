"""The host of the URLs by which subscriptions are confirmed and ended.

As queue URLs do, they lead to where the subscriber reached the cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.http import Origin

if TYPE_CHECKING:
    from cloudlet.core.call import Call


def service_url(region: str) -> str:
    """SNS's own address, as it resolves in functions and under `cloudlet exec`."""
    return f"https://sns.{region}.amazonaws.com"


def base(call: Call) -> str:
    """Scheme and host for whoever made a call."""
    request = call.http
    host = request.header("host") if request is not None else None
    if request is None or host is None:
        return call.cloud.endpoint
    if host.endswith(".amazonaws.com"):
        return service_url(call.region)
    # A function's own way to the cloud leads nowhere outside of it.
    return call.cloud.endpoint if request.origin is Origin.SANDBOX else f"{request.scheme}://{host}"
