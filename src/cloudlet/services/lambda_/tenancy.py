"""Tenant isolation: environments that serve one tenant each, and what functions that have it may not have.

https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html. The pool says which one serves whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from cloudlet.services.lambda_.model import Configuration

ENVIRONMENTS_LIMIT: Final = 2500
"""How many environments a function may have, idle ones too, for each 1,000 that may run at once."""


def check(configuration: Configuration, tenant_id: str | None) -> None:
    """Raises what AWS says to an invocation without a tenant where there must be one, and the other way."""
    if configuration.tenant_isolation_mode is None:
        if tenant_id is not None:
            raise InvalidParameterValueException(
                "The invoked function is not enabled with tenancy configuration. "
                "Remove the tenant ID from your request and try again."
            )
    elif tenant_id is None:
        raise InvalidParameterValueException(
            "The invoked function is enabled with tenancy configuration. "
            "Add a valid tenant ID in your request and try again."
        )


def refuse(configuration: Configuration, what: str) -> None:
    """Raises InvalidParameterValueException for what is not for functions that keep tenants apart."""
    if configuration.tenant_isolation_mode is not None:
        raise InvalidParameterValueException(
            f"{what} is not supported for functions enabled with tenancy configuration."
        )
