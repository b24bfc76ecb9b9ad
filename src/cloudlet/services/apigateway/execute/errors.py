"""What the gateway refuses in its own name. Each error names the gateway response that words it.

Knows no HTTP; `gateway_responses.py` makes answers of these.
"""

from __future__ import annotations


class GatewayError(Exception):
    """A request that ends in the gateway."""

    def __init__(
        self,
        response_type: str,
        message: str | None,
        error_type: str,
        *,
        status: int | None = None,
        validation_error: str | None = None,
        logged: str | None = None,
    ) -> None:
        super().__init__(message)
        self.response_type = response_type
        self.message = message
        self.error_type = error_type
        """What the header x-amzn-ErrorType says."""
        self.status = status
        """The status where it is not the gateway response's own."""
        self.validation_error = validation_error
        self.logged = logged or f"Execution failed: {message}"
        """What the execution log says, which tells the API's owner more than the client learns."""


def missing_authentication_token() -> GatewayError:
    """For a path or a method that is not there."""
    return GatewayError(
        "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", "MissingAuthenticationTokenException"
    )


def unauthorized(logged: str = "Unauthorized request") -> GatewayError:
    """For a caller who shows no identity, or a wrong one."""
    return GatewayError("UNAUTHORIZED", "Unauthorized", "UnauthorizedException", logged=logged)


def access_denied(message: str, *, error_type: str = "AccessDeniedException") -> GatewayError:
    """For a caller who is known and may not."""
    text = f"The client is not authorized to perform this operation: {message}"
    return GatewayError("ACCESS_DENIED", message, error_type, logged=text)


def authorizer_misconfigured(reason: str) -> GatewayError:
    """For an authorizer that cannot be asked, or whose answer means nothing."""
    return GatewayError(
        "AUTHORIZER_CONFIGURATION_ERROR",
        None,
        "AuthorizerConfigurationException",
        logged=f"Execution failed due to configuration error: {reason}",
    )


def authorizer_failed(reason: str) -> GatewayError:
    """For an authorizer that does not answer."""
    return GatewayError("AUTHORIZER_FAILURE", None, "AuthorizerFailureException", logged=reason)


def invalid_api_key() -> GatewayError:
    """For a method that needs an API key, and a request without one that is good here."""
    return GatewayError(
        "INVALID_API_KEY", "Forbidden", "ForbiddenException", logged="API Key was not authorized: Forbidden"
    )


def throttled() -> GatewayError:
    """For more requests than a token bucket gives."""
    return GatewayError("THROTTLED", "Too Many Requests", "TooManyRequestsException")


def quota_exceeded() -> GatewayError:
    """For more requests than a usage plan allows in a period."""
    return GatewayError("QUOTA_EXCEEDED", "Limit Exceeded", "LimitExceededException")


def internal_server_error(status: int = 500, reason: str = "Internal server error") -> GatewayError:
    """For an integration that is set up badly (500), or that answers what nobody can use (502)."""
    return GatewayError(
        "DEFAULT_5XX",
        "Internal server error",
        "InternalServerErrorException",
        status=status,
        logged=f"Execution failed due to configuration error: {reason}",
    )


def configuration_error(reason: str = "Invalid configuration") -> GatewayError:
    """For an API that cannot work as it is set up."""
    return GatewayError(
        "API_CONFIGURATION_ERROR",
        "Internal server error",
        "InternalServerErrorException",
        logged=f"Execution failed due to configuration error: {reason}",
    )


def integration_failure() -> GatewayError:
    """For a backend that cannot be reached."""
    return GatewayError(
        "INTEGRATION_FAILURE",
        "Network error communicating with endpoint",
        "InternalServerErrorException",
        logged="Execution failed due to a network error communicating with endpoint",
    )


def integration_timeout() -> GatewayError:
    """For a backend that takes too long."""
    return GatewayError(
        "INTEGRATION_TIMEOUT",
        "Endpoint request timed out",
        "InternalServerErrorException",
        logged="Execution failed due to a timeout error",
    )


def unsupported_media_type() -> GatewayError:
    """For a content type that no template takes and that is not passed through."""
    return GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type", "UnsupportedMediaTypeException")


def bad_parameters(names: list[str]) -> GatewayError:
    """For required parameters that were not sent."""
    text = f"Missing required request parameters: [{', '.join(names)}]"
    return GatewayError(
        "BAD_REQUEST_PARAMETERS", text, "BadRequestException", validation_error=text, logged=text
    )


def bad_body(message: str = "Invalid request body", detail: str | None = None) -> GatewayError:
    """For a body that its model does not allow."""
    logged = f"Request body does not match model schema for content type {detail}" if detail else message
    return GatewayError(
        "BAD_REQUEST_BODY", message, "BadRequestException", validation_error=detail, logged=logged
    )


def too_large() -> GatewayError:
    """For a body beyond 10 MB."""
    return GatewayError("REQUEST_TOO_LARGE", "Request Too Long", "RequestTooLargeException")
