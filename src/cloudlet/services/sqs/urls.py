"""Queue URLs in all the forms that clients know: any host and port, the account and the name in the path.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
Asks for no queue.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from msgspec import Struct

from cloudlet.services.sqs.errors import InvalidAddress

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue

_URL: Final = re.compile(r"(?:(?:https?:)?//([^/]*))?/?(?:[^/]+/)*?([0-9]{12})/([^/?]+)/?")
_OWN_PATH: Final = re.compile(r"(/)()([A-Za-z0-9_.-]+)")
"""The path of a request that is sent to a queue of one's own by its name alone."""
_CLOUD_HOST: Final = re.compile(
    r"(?:(?:sqs\.|sqs-fips\.)?([a-z]{2}(?:-[a-z]+)+-[0-9])\.)?(?:queue|sqs)?[a-z0-9.-]*amazonaws\.com(?:\.cn)?(?::[0-9]+)?"
)


class QueueAddress(Struct, frozen=True):
    """Which queue a URL means."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{self.name}"


def address(call: Call, url: str) -> QueueAddress:
    """The queue that a URL means. Raises InvalidAddress."""
    found = _URL.fullmatch(url) or _OWN_PATH.fullmatch(url)
    if found is None:
        raise InvalidAddress(f"The address {url} is not valid for this endpoint.")
    host, account, name = found.groups()
    cloud = _CLOUD_HOST.fullmatch(host) if host else None
    if cloud is not None and cloud[1] not in (None, call.region):
        raise InvalidAddress(f"The address {url} is not valid for this endpoint.")
    return QueueAddress(account or call.account, call.region, unquote(name))


def queue_url(call: Call, queue: Queue | QueueAddress) -> str:
    """A queue's URL, at the host that the caller reached."""
    return f"{_endpoint(call)}/{queue.account}/{queue.name}"


def _endpoint(call: Call) -> str:
    request = call.http
    host = request.header("host") if request is not None else None
    if request is None or host is None:
        return call.cloud.endpoint
    if host.endswith(".amazonaws.com"):
        return f"{request.scheme}://sqs.{call.region}.amazonaws.com"
    return f"{request.scheme}://{host}"
