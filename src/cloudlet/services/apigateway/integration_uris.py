"""The URIs of integrations with AWS services, taken apart: arn:aws:apigateway:region:service:action/what.

Asks nobody whether what they name is there.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from cloudlet.services.apigateway.errors import BadRequestException

_FUNCTION: Final = re.compile(
    r"(?P<version>\d{4}-\d{2}-\d{2})/functions/(?P<function>.+?)/(?P<kind>invocations|response-streaming-invocations)"
)
_LAMBDA_ARN: Final = re.compile(r"arn:aws[^:]*:lambda:[^:]+:[^:]+:function:.+")


class ServiceUri(Struct, frozen=True):
    """Which service an integration calls, and what there."""

    region: str
    subdomain: str
    """What AWS puts before the service's name in its host, such as a bucket; mostly empty."""
    service: str
    action: str | None
    """The action's name, or None where the URI gives a path."""
    path: str

    @classmethod
    def find(cls, uri: str) -> ServiceUri | None:
        """The parts of a URI, or None: a stage variable may have made anything of it."""
        try:
            return parsed(uri)
        except BadRequestException:
            return None

    @property
    def function(self) -> str | None:
        """The ARN or name of the function that it invokes, if it invokes one."""
        found = _FUNCTION.fullmatch(self.path) if self.service == "lambda" and self.action is None else None
        return found["function"] if found else None


def parsed(uri: str) -> ServiceUri:
    """The parts of a URI. Raises BadRequestException."""
    parts = uri.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise BadRequestException("Invalid ARN specified in the request")
    kind, _, rest = parts[5].partition("/")
    if kind not in ("path", "action") or not rest:
        raise BadRequestException("AWS ARN for integration must contain path or action")
    subdomain, _, service = parts[4].rpartition(".")
    if kind == "action":
        return ServiceUri(parts[3], subdomain, service, rest, "")
    return ServiceUri(parts[3], subdomain, service, None, rest)


def check_uri(kind: str, uri: str) -> None:
    """Whether an integration of a kind can have that URI. Raises BadRequestException."""
    if kind in ("HTTP", "HTTP_PROXY"):
        if not uri.startswith(("http://", "https://", "${stageVariables.")):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
        return
    target = parsed(uri)
    function = target.function
    if kind == "AWS_PROXY" and (function is None or not _is_function(function)):
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream "
            "invocations."
        )


def _is_function(text: str) -> bool:
    return "${stageVariables." in text or _LAMBDA_ARN.fullmatch(text) is not None
