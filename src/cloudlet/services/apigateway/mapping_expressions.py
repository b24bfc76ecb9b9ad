"""Which parameter mappings AWS takes: their grammar, and that the method declares what they read and write.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
Maps nothing; `execute/mapping.py` does.
"""

from __future__ import annotations

from typing import Final

from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.model import Integration, IntegrationResponse, Method

_REQUEST_TARGETS: Final = (
    "integration.request.header.",
    "integration.request.querystring.",
    "integration.request.path.",
)
_REQUEST: Final = "method.request."
_REQUEST_SOURCES: Final = ("'", _REQUEST, "context.", "stageVariables.")
_RESPONSE_TARGETS: Final = ("method.response.header.",)
_RESPONSE_SOURCES: Final = ("'", "integration.response.", "context.", "stageVariables.")
_BODY: Final = "method.request.body"
_MULTIVALUE: Final = "multivalue"


def check_request_mappings(method: Method, integration: Integration) -> None:
    """Raises BadRequestException for what an integration's request cannot be made of."""
    declared = method.request_parameters or {}
    for target, source in (integration.request_parameters or {}).items():
        _check_grammar(target, _REQUEST_TARGETS)
        _check_grammar(source, _REQUEST_SOURCES)
        if source.startswith(_REQUEST) and not source.startswith(_BODY):
            name = f"{_REQUEST}{source.removeprefix(_REQUEST).removeprefix(_MULTIVALUE)}"
            if name not in declared:
                raise _invalid("mapping expression parameter", source)


def check_response_mappings(method: Method, response: IntegrationResponse) -> None:
    """Raises BadRequestException for what a method's response cannot be made of, or does not declare."""
    row = (method.method_responses or {}).get(response.status_code)
    declared = (row.response_parameters if row else None) or {}
    for target, source in (response.response_parameters or {}).items():
        _check_grammar(target, _RESPONSE_TARGETS)
        _check_grammar(source, _RESPONSE_SOURCES)
        if target not in declared:
            raise _invalid("mapping expression parameter", target)


def _check_grammar(text: str, beginnings: tuple[str, ...]) -> None:
    if not text.startswith(beginnings):
        raise _invalid("mapping expression", text)


def _invalid(what: str, text: str) -> BadRequestException:
    return BadRequestException(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[Invalid {what} specified: {text}]"
    )
