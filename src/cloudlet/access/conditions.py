"""Condition operators: what a policy says of a condition key, compiled to a test of a request's values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
Which keys a request has is context.py's business.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.access import wildcards
from cloudlet.access.variables import Template, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.access.policy import Condition
    from cloudlet.core.access import RequestContext

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Fits: TypeAlias = "Callable[[str, RequestContext], bool | None]"
"""Whether one of the request's values fits one of the policy's; None if a variable in it has no value."""


class Operator(Struct, frozen=True):
    """An operator without its qualifiers."""

    compile: Callable[[str, bool], Fits]
    """From a policy's value, and whether its version has variables."""
    negated: bool = False


class Test(Struct, frozen=True):
    """A condition, compiled."""

    key: str
    fits: tuple[Fits, ...]
    negated: bool
    if_exists: bool
    qualifier: str

    def holds(self, context: RequestContext) -> bool:
        """Whether the request meets the condition."""
        values = context.find(self.key)
        # To the set operators an empty text is an empty set.
        if not values or (self.qualifier and values == ("",)):
            return self._holds_without_key()
        if self.qualifier == "forallvalues" or (self.negated and not self.qualifier):
            return all(self._holds_for(value, context) for value in values)
        return any(self._holds_for(value, context) for value in values)

    def _holds_without_key(self) -> bool:
        if self.if_exists or self.qualifier == "forallvalues":
            return True
        return self.negated and self.qualifier == ""

    def _holds_for(self, value: str, context: RequestContext) -> bool:
        """A variable without a value neither matches nor fails to match: the statement does not apply."""
        unknown = False
        for fits in self.fits:
            found = fits(value, context)
            if found:
                return not self.negated
            unknown = unknown or found is None
        return self.negated and not unknown


class NullTest(Struct, frozen=True):
    """The Null operator: "true" asks that the key be absent, "false" that it be there."""

    key: str
    absent: frozenset[bool]

    def holds(self, context: RequestContext) -> bool:
        """Whether the request meets the condition."""
        return (not context.find(self.key)) in self.absent


def compile_condition(condition: Condition, *, variables: bool) -> Test | NullTest | None:
    """The condition as a test; None for an operator that does not exist."""
    name = condition.operator.lower()
    key = condition.key.lower()
    if name == "null":
        return NullTest(key, frozenset(value.lower() == "true" for value in condition.values))
    qualifier, colon, rest = name.partition(":")
    if not colon:
        qualifier, rest = "", name
    if_exists = rest.endswith("ifexists")
    found = OPERATORS.get(rest.removesuffix("ifexists"))
    if found is None or qualifier not in ("", "forallvalues", "foranyvalue"):
        return None
    fits = tuple(found.compile(value, variables) for value in condition.values)
    return Test(key, fits, found.negated, if_exists, qualifier)


def _never(_value: str, _context: RequestContext) -> bool:
    return False


def _text(tokens: list[wildcards.Token]) -> str:
    return "".join(token for token in tokens if isinstance(token, str))


def _string_equals(policy_value: str, variables: bool) -> Fits:
    expected = template(policy_value, variables=variables, wild=False)
    if not expected.has_variables:
        literal = _text(expected.fixed)
        return lambda value, _context: value == literal

    def fits(value: str, context: RequestContext) -> bool | None:
        tokens = expected.tokens(context)
        return None if tokens is None else value == _text(tokens)

    return fits


def _string_equals_ignore_case(policy_value: str, variables: bool) -> Fits:
    expected = template(policy_value, variables=variables, wild=False)

    def fits(value: str, context: RequestContext) -> bool | None:
        tokens = expected.tokens(context)
        return None if tokens is None else value.lower() == _text(tokens).lower()

    return fits


def _string_like(policy_value: str, variables: bool) -> Fits:
    return _like(template(policy_value, variables=variables, wild=True))


def _like(pattern: Template) -> Fits:
    if not pattern.has_variables:
        fixed = wildcards.compiled(pattern.fixed)
        return lambda value, _context: fixed.fullmatch(value) is not None

    def fits(value: str, context: RequestContext) -> bool | None:
        tokens = pattern.tokens(context)
        return None if tokens is None else wildcards.compiled(tokens).fullmatch(value) is not None

    return fits


def _arn_like(policy_value: str, variables: bool) -> Fits:
    """Each of the six segments of the ARN is matched by itself; a wildcard does not cross a colon."""
    segments = _arn_segments(policy_value)
    if len(segments) != 6:
        return _never
    each_fits = [_like(template(segment, variables=variables, wild=True)) for segment in segments]

    def fits(value: str, context: RequestContext) -> bool | None:
        found = value.split(":", 5)
        if len(found) != 6:
            return False
        answers = [fit(part, context) for fit, part in zip(each_fits, found, strict=True)]
        return None if None in answers else all(answers)

    return fits


def _arn_segments(pattern: str) -> list[str]:
    """The pattern's segments; a colon inside ${...} separates nothing."""
    pieces = re.findall(r"\$\{[^}]*\}|:|[^:$]+|\$", pattern)
    segments = [""]
    for piece in pieces:
        if piece == ":" and len(segments) < 6:
            segments.append("")
        else:
            segments[-1] += piece
    return segments


def _numeric(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, bool], Fits]:
    def compile_value(policy_value: str, _variables: bool) -> Fits:
        expected = _find_number(policy_value)

        def fits(value: str, _context: RequestContext) -> bool:
            found = _find_number(value)
            return found is not None and expected is not None and compare(found, expected)

        return fits

    return compile_value


def _find_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(compare: Callable[[float, float], bool]) -> Callable[[str, bool], Fits]:
    def compile_value(policy_value: str, _variables: bool) -> Fits:
        expected = _find_instant(policy_value)

        def fits(value: str, _context: RequestContext) -> bool:
            found = _find_instant(value)
            return found is not None and expected is not None and compare(found, expected)

        return fits

    return compile_value


def _find_instant(text: str) -> float | None:
    """An ISO 8601 date in one of the W3C's forms, or seconds since 1970."""
    if (number := _find_number(text)) is not None and not re.fullmatch(r"\d{4}", text):
        return float(number)
    padded = text + "-01-01"[{4: 0, 7: 3}.get(len(text), 6) :]
    try:
        found = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _bool(policy_value: str, variables: bool) -> Fits:
    return _string_equals_ignore_case(policy_value, variables)


def _binary_equals(policy_value: str, _variables: bool) -> Fits:
    expected = _find_bytes(policy_value)
    return lambda value, _context: expected is not None and _find_bytes(value) == expected


def _find_bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _ip_address(policy_value: str, _variables: bool) -> Fits:
    network = _find_network(policy_value)

    def fits(value: str, _context: RequestContext) -> bool:
        address = _find_address(value)
        return address is not None and network is not None and address in network

    return fits


def _find_network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _find_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


OPERATORS: Final = {
    "stringequals": Operator(_string_equals),
    "stringnotequals": Operator(_string_equals, negated=True),
    "stringequalsignorecase": Operator(_string_equals_ignore_case),
    "stringnotequalsignorecase": Operator(_string_equals_ignore_case, negated=True),
    "stringlike": Operator(_string_like),
    "stringnotlike": Operator(_string_like, negated=True),
    "numericequals": Operator(_numeric(operator.eq)),
    "numericnotequals": Operator(_numeric(operator.eq), negated=True),
    "numericlessthan": Operator(_numeric(operator.lt)),
    "numericlessthanequals": Operator(_numeric(operator.le)),
    "numericgreaterthan": Operator(_numeric(operator.gt)),
    "numericgreaterthanequals": Operator(_numeric(operator.ge)),
    "dateequals": Operator(_date(operator.eq)),
    "datenotequals": Operator(_date(operator.eq), negated=True),
    "datelessthan": Operator(_date(operator.lt)),
    "datelessthanequals": Operator(_date(operator.le)),
    "dategreaterthan": Operator(_date(operator.gt)),
    "dategreaterthanequals": Operator(_date(operator.ge)),
    "bool": Operator(_bool),
    "binaryequals": Operator(_binary_equals),
    "ipaddress": Operator(_ip_address),
    "notipaddress": Operator(_ip_address, negated=True),
    "arnequals": Operator(_arn_like),
    "arnlike": Operator(_arn_like),
    "arnnotequals": Operator(_arn_like, negated=True),
    "arnnotlike": Operator(_arn_like, negated=True),
}
"""By name in lower case, without ForAllValues:, ForAnyValue: and IfExists."""
