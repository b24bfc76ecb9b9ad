"""TOKEN and REQUEST: a function says who the caller is and what that one may do.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
Judges no policy; `authorization.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError

from ..callers import caller_as
from ..deadline import within
from ..errors import GatewayError, authorizer_failed, authorizer_misconfigured, unauthorized
from ..execution_log import Level, java_map, masked
from ..integrations.functions import content, sent_to
from ..integrations.lambda_proxy import event_context, event_headers
from ..java_regex import PatternError
from ..method_arns import authorizer_arn, method_arn
from .answers import AuthorizerAnswer, RememberedAnswers, parsed
from .identity_sources import values_of

if TYPE_CHECKING:
    from ..invocation import Invocation
    from .answers import Key
    from .authorizer import CompiledAuthorizer

_TIMEOUT_SECONDS = 29.0
_UNAUTHORIZED = "Unauthorized"


async def ask(invocation: Invocation, authorizer: CompiledAuthorizer) -> AuthorizerAnswer:
    """What the authorizer says of a caller, now or a while ago. Raises GatewayError."""
    identity = identity_of(invocation, authorizer)
    if not authorizer.ttl_seconds or identity is None:
        return await ask_now(invocation, authorizer, identity)
    remembered = invocation.call.cloud.component(RememberedAnswers)
    key = _key(invocation, authorizer, identity)
    answer = remembered.find(key)
    if answer is None:
        answer = await ask_now(invocation, authorizer, identity)
        remembered.keep(key, answer, authorizer.ttl_seconds)
    return answer


def identity_of(invocation: Invocation, authorizer: CompiledAuthorizer) -> tuple[str, ...] | None:
    """What a request has at the authorizer's identity sources; None where it needs none.

    Raises GatewayError for a request without them, and for a token that is not even to be asked about.
    """
    identity = values_of(authorizer.sources, invocation)
    _tell(invocation, authorizer, identity)
    if identity is None and (authorizer.type == "TOKEN" or authorizer.ttl_seconds):
        raise unauthorized()
    _check_token(authorizer, identity)
    return identity


def _key(invocation: Invocation, authorizer: CompiledAuthorizer, identity: tuple[str, ...]) -> Key:
    stage = invocation.stage
    return (stage.api_id, stage.name, stage.authorizers_epoch, authorizer.id, *identity)


def _check_token(authorizer: CompiledAuthorizer, identity: tuple[str, ...] | None) -> None:
    if authorizer.type != "TOKEN" or authorizer.validation is None or identity is None:
        return
    try:
        if not authorizer.validation.matches(identity[0]):
            raise unauthorized()
    except PatternError as error:
        raise authorizer_misconfigured("Invalid identity validation expression") from error


async def ask_now(
    invocation: Invocation, authorizer: CompiledAuthorizer, identity: tuple[str, ...] | None
) -> AuthorizerAnswer:
    """What the function says, whatever it said a while ago. Raises GatewayError."""
    if authorizer.function is None:
        raise authorizer_misconfigured("Invalid authorizer URI")
    arn = authorizer_arn(invocation.stage, authorizer.id)
    try:
        call = await caller_as(invocation, authorizer.credentials, arn)
    except GatewayError as error:
        raise authorizer_misconfigured("Unable to assume the authorizer's role") from error
    call = replace(call, region=authorizer.region or call.region)
    event = msgspec.json.encode(_event(invocation, authorizer, identity))
    _tell_question(invocation, authorizer, event)
    started = call.time()
    request = {"FunctionName": authorizer.function, "InvocationType": "RequestResponse", "Payload": event}
    try:
        answer = await within(_TIMEOUT_SECONDS, call.ask("lambda", "Invoke", request))
    except ServiceError as error:
        raise authorizer_misconfigured("Invalid permissions on Lambda function") from error
    except GatewayError as error:
        raise authorizer_failed("Execution failed due to a timeout error") from error
    finally:
        invocation.authorizer_seconds = call.time() - started
    payload = await content(answer.get("Payload"))
    _tell_answer(invocation, payload)
    if answer.get("FunctionError") is not None:
        raise _function_failed(payload)
    return parsed(payload)


def _function_failed(payload: bytes) -> GatewayError:
    try:
        document: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        document = None
    message = document.get("errorMessage") if isinstance(document, dict) else None
    # Only this very word means the caller; anything else is the authorizer's own trouble.
    if message == _UNAUTHORIZED:
        return unauthorized()
    return authorizer_misconfigured("Authorizer function failed with an error")


def _event(
    invocation: Invocation, authorizer: CompiledAuthorizer, identity: tuple[str, ...] | None
) -> dict[str, Any]:
    arn = method_arn(invocation)
    if authorizer.type == "TOKEN":
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": identity[0] if identity else ""}
    headers, query = event_headers(invocation), invocation.querystring
    return {
        "type": "REQUEST",
        "methodArn": arn,
        "resource": invocation.matched.resource_path if invocation.matched is not None else "/",
        "path": invocation.event_path,
        "httpMethod": invocation.request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": invocation.path_parameters,
        "stageVariables": {**invocation.stage.variables},
        "requestContext": event_context(invocation),
    }


def _tell(invocation: Invocation, authorizer: CompiledAuthorizer, identity: tuple[str, ...] | None) -> None:
    log = invocation.log
    if log is not None:
        log.add(Level.INFO, f"Starting authorizer: {authorizer.id} for request: {invocation.request_id}")
        log.add(Level.INFO, f"Incoming identity: {','.join(map(masked, identity or ()))}")


def _tell_question(invocation: Invocation, authorizer: CompiledAuthorizer, event: bytes) -> None:
    log = invocation.log
    if log is not None and log.wants(Level.DATA):
        sent = sent_to(invocation, authorizer.function or "", authorizer.region)
        log.add(Level.DATA, f"Endpoint request URI: {sent.url}")
        log.add(Level.DATA, f"Endpoint request headers: {java_map(sent.headers)}")
        text = event[:4096].decode("utf-8", "replace")
        log.add(Level.DATA, f"Endpoint request body after transformations: {text}")
        log.add(Level.INFO, f"Sending request to {sent.url}")


def _tell_answer(invocation: Invocation, payload: bytes) -> None:
    if invocation.log is not None:
        text = payload[:4096].decode("utf-8", "replace")
        invocation.log.add(Level.DATA, f"Authorizer result body before parsing: {text}")
