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
    ) -> None:
        super().__init__(message)
        self.response_type = response_type
        self.message = message
        self.error_type = error_type
        """What the header x-amzn-ErrorType says."""
        self.status = status
        """The status where it is not the gateway response's own."""
        self.validation_error = validation_error


def missing_authentication_token() -> GatewayError:
    """For a path or a method that is not there."""
    return GatewayError(
        "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", "MissingAuthenticationTokenException"
    )


def internal_server_error(status: int = 500) -> GatewayError:
    """For an integration that is set up badly (500), or that answers what nobody can use (502)."""
    return GatewayError("DEFAULT_5XX", "Internal server error", "InternalServerErrorException", status=status)


def configuration_error() -> GatewayError:
    """For an API that cannot work as it is set up."""
    return GatewayError("API_CONFIGURATION_ERROR", "Internal server error", "InternalServerErrorException")


def integration_failure() -> GatewayError:
    """For a backend that cannot be reached."""
    return GatewayError(
        "INTEGRATION_FAILURE", "Network error communicating with endpoint", "InternalServerErrorException"
    )


def integration_timeout() -> GatewayError:
    """For a backend that takes too long."""
    return GatewayError("INTEGRATION_TIMEOUT", "Endpoint request timed out", "InternalServerErrorException")


def unsupported_media_type() -> GatewayError:
    """For a content type that no template takes and that is not passed through."""
    return GatewayError("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type", "UnsupportedMediaTypeException")


def bad_parameters(names: list[str]) -> GatewayError:
    """For required parameters that were not sent."""
    text = f"Missing required request parameters: [{', '.join(names)}]"
    return GatewayError("BAD_REQUEST_PARAMETERS", text, "BadRequestException", validation_error=text)


def bad_body(message: str = "Invalid request body", detail: str | None = None) -> GatewayError:
    """For a body that its model does not allow."""
    return GatewayError("BAD_REQUEST_BODY", message, "BadRequestException", validation_error=detail)


def too_large() -> GatewayError:
    """For a body beyond 10 MB."""
    return GatewayError("REQUEST_TOO_LARGE", "Request Too Long", "RequestTooLargeException")
