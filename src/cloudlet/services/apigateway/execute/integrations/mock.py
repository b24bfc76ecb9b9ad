"""MOCK: the rendered request template says which status was "answered".

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from ..errors import internal_server_error
from ..invocation import Answer
from ..lenient_json import LenientJsonError, parse

if TYPE_CHECKING:
    from ..invocation import Invocation

_LONGEST_KEPT: Final = 256


async def integrate(invocation: Invocation) -> None:
    """Answers with the status of the template. Its body is nothing that a response template could read."""
    text = invocation.integration_request.body.decode("utf-8", "replace")
    # Most templates say the same for every request; one that repeats what it was sent is not worth keeping.
    status = _known_status(text) if len(text) <= _LONGEST_KEPT else _status(text)
    if status is None:
        raise internal_server_error()
    invocation.answer = Answer(status, [], b"", selected_by=str(status))


@lru_cache(maxsize=1024)
def _known_status(text: str) -> int | None:
    return _status(text)


def _status(text: str) -> int | None:
    try:
        document: Any = parse(text)
    except LenientJsonError:
        return None
    status = document.get("statusCode") if isinstance(document, dict) else None
    if isinstance(status, str) and status.isdecimal():
        return int(status)
    return status if isinstance(status, int) and not isinstance(status, bool) else None
