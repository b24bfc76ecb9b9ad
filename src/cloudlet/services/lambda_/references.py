"""What callers write for a function: a name, a partial or whole ARN, with or without a qualifier.

It only reads names; whether the function exists is asked of state.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call

LATEST: Final = "$LATEST"
_FORM: Final = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_.]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)


class FunctionReference(Struct, frozen=True):
    """A function, version or alias that somebody named."""

    account: str
    region: str
    name: str
    qualifier: str | None = None

    @property
    def unqualified_arn(self) -> str:
        """The function's own ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def arn(self) -> str:
        """The ARN as it was named: with the qualifier if there is one."""
        return self.arn_of(self.qualifier)

    def arn_of(self, qualifier: str | None) -> str:
        """The ARN of one of the function's versions or aliases."""
        return f"{self.unqualified_arn}:{qualifier}" if qualifier else self.unqualified_arn

    def with_qualifier(self, qualifier: str | None) -> FunctionReference:
        """The same function by another version or alias."""
        return replace(self, qualifier=qualifier)


def parse(call: Call, text: str, qualifier: str | None = None) -> FunctionReference:
    """The function that a request names. Raises what AWS says to another region and to two qualifiers."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise InvalidParameterValueException(f"Could not parse function name: {text}")
    region = found["region"]
    if region and region != call.region:
        raise ResourceNotFoundException(
            f"Functions from '{region}' are not reachable in this region ('{call.region}')"
        )
    derived = found["qualifier"]
    if derived and qualifier and derived != qualifier:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    account = found["account"] or call.account
    return FunctionReference(account, call.region, found["name"], qualifier or derived)


def parse_unqualified(call: Call, text: str) -> FunctionReference:
    """The function that a request names. Raises what AWS says where it names a version or an alias."""
    reference = parse(call, text)
    if reference.qualifier is not None:
        raise InvalidParameterValueException(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this "
            "operation. Please specify either a function name or an unqualified function ARN."
        )
    return reference


def role_session_name(function_name: str) -> str:
    """What the session of a function's role is called: a function's name may have one character, its not."""
    return function_name if len(function_name) > 1 else f"{function_name}@lambda_function"


def is_version(qualifier: str) -> bool:
    """Whether a qualifier names a published version; aliases are never all digits."""
    return qualifier.isdecimal()
